"""What is known about one person and each candidate: one row a kind of evidence, one column an event.

Every row is about 0 to 1 (logarithms of counts may pass it), 0 where nothing is known. Of a person, all rows
but `turned_down`, which is negative, are about likings alone, so that what speaks for an event is something
they liked. `content_based` and `hybrid` are weighted sums of these rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.collaborative_filtering import ItemWeights, WeightedSlate
from recommendations.algorithms.dataset import (
    Bool,
    EventTable,
    Field,
    Float32,
    Int64,
    Interactions,
    Person,
    Slate,
)
from recommendations.algorithms.encoding import (
    EVENT_BLOCK,
    WORD_FIELDS,
    PersonWords,
    SlateWords,
    liked,
    person_words,
    recent,
    turned_down,
)
from recommendations.algorithms.own_words import dislike
from recommendations.algorithms.places import SlatePlaces, near_home, own_hours, own_places
from recommendations.algorithms.popularity import TrackRecords, percentile, popular
from recommendations.algorithms.protocol import Arrays, Signal
from recommendations.algorithms.text import DocumentFrequencies, SlateText
from recommendations.algorithms.user_knn import Neighbourhood


@dataclass(frozen=True, slots=True)
class Evidence:
    """Some rows of the signal matrix, each value once: many candidates share a place or an hour."""

    rows: Sequence[int]
    values: Float32  # (len(rows), m)
    of: Int64 | None = None  # (n,) which value is each candidate's; None: each has its own

    def spread(self) -> Float32:
        """(len(rows), n)"""
        return self.values if self.of is None else self.values.take(self.of, axis=1)

    def weighed(self, weights: Float32) -> Float32:
        """(n,) the rows' weighted sum; weights: (len(COLUMNS),)."""
        added = np.asarray(weights[self.rows] @ self.values, np.float32)
        return added if self.of is None else added.take(self.of)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    signal: Signal


FIELD_SIGNALS = {
    Field.ARTIST: Signal.ARTIST,
    Field.VENUE: Signal.VENUE,
    Field.PROMOTER: Signal.PROMOTER,
    Field.GENRE: Signal.GENRE,
    Field.TAG: Signal.GENRE,
    Field.CITY: Signal.CITY,
}
SHARED_FIELDS = (Field.ARTIST, Field.PROMOTER, Field.GENRE, Field.CITY)
COUNTED_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER, Field.GENRE, Field.TAG)
RATED_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER)
VOTED_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER, Field.GENRE)
FOLLOWED_FIELDS = (Field.PROMOTER, Field.ARTIST)
DISLIKED_TEXT = 0.5  # a text like that of what was turned down, where an artist or promoter counts 1
VOTE_SCALE = 20.0  # a vote is a share of what the neighbours like: about one in twenty is a lot
TOGETHER_SCALE = 0.2  # about the most that one event can say of another
TOGETHER_LOG_SCALE = 0.02
BLOCK = {kind: number for number, kind in enumerate(WORD_FIELDS)}
# The blocks of each.
SHARED, COUNTED, RATED, VOTED, FOLLOWED = (
    [BLOCK[kind] for kind in kinds]
    for kinds in (SHARED_FIELDS, COUNTED_FIELDS, RATED_FIELDS, VOTED_FIELDS, FOLLOWED_FIELDS)
)
VOTED.append(EVENT_BLOCK)
RATE_SHRINKAGE = 2.0  # events' worth of doubt about a share of somebody's events

COLUMNS: tuple[Column, ...] = (
    *(Column(f"{kind}_share", FIELD_SIGNALS[kind]) for kind in SHARED_FIELDS),
    *(Column(f"{kind}_count", FIELD_SIGNALS[kind]) for kind in COUNTED_FIELDS),
    *(Column(f"{kind}_rate", FIELD_SIGNALS[kind]) for kind in RATED_FIELDS),
    *(Column(f"similar_{kind}", Signal.SIMILAR_TASTE) for kind in VOTED_FIELDS),
    Column("similar_event", Signal.SIMILAR_PEOPLE),
    Column("similar_log", Signal.SIMILAR_TASTE),
    Column("goes_with", Signal.GOES_WITH),
    Column("goes_with_log", Signal.GOES_WITH),
    Column("text", Signal.TEXT),
    Column("near_nearest", Signal.NEARBY),
    Column("near_town", Signal.NEARBY),
    Column("near_density", Signal.NEARBY),
    Column("home", Signal.HOME),
    Column("week_hour", Signal.TIME_OF_WEEK),
    Column("day_hour", Signal.TIME_OF_WEEK),
    Column("price", Signal.PRICE),
    Column("popular", Signal.POPULAR),
    Column("expected", Signal.EXPECTED),
    Column("untouched", Signal.UNTRIED),
    Column("lead", Signal.LEAD_TIME),
    Column("next", Signal.DIARY),
    Column("alone", Signal.DIARY),
    Column("followed", Signal.FOLLOWED),
    Column("followed_popular", Signal.POPULAR),
    Column("followed_untouched", Signal.UNTRIED),
    Column("followed_lead", Signal.LEAD_TIME),
    Column("followed_next", Signal.DIARY),
    Column("followed_alone", Signal.DIARY),
    Column("turned_down", Signal.TURNED_DOWN),
)
# What of an event matters more, or otherwise, to people who follow its promoter or an artist of it.
CIRCUMSTANCES = ("popular", "untouched", "lead", "next", "alone")
INDEX = {column.name: number for number, column in enumerate(COLUMNS)}
SHARE_ROWS = [INDEX[f"{kind}_share"] for kind in SHARED_FIELDS]
COUNT_ROWS = [INDEX[f"{kind}_count"] for kind in COUNTED_FIELDS]
RATE_ROWS = [INDEX[f"{kind}_rate"] for kind in RATED_FIELDS]
VOTE_ROWS = [*(INDEX[f"similar_{kind}"] for kind in VOTED_FIELDS), INDEX["similar_event"]]
FOLLOWED_ROW = [INDEX["followed"]]
PLACE_ROWS = [INDEX[f"near_{name}"] for name in ("nearest", "town", "density")]
HOUR_ROWS = [INDEX["week_hour"], INDEX["day_hour"]]
CIRCUMSTANCE_ROWS = [INDEX[name] for name in CIRCUMSTANCES]
FOLLOWED_ROWS = [INDEX[f"followed_{name}"] for name in CIRCUMSTANCES]


@dataclass(frozen=True, slots=True)
class SignalSlate:
    """A slate with everything that does not depend on the person worked out."""

    words: SlateWords
    places: SlatePlaces
    text: SlateText
    weighted: WeightedSlate
    neighbour_columns: Int64  # (v,) the neighbourhood's column of each word, -1 unknown
    rates: Float32  # (len(RATED_FIELDS), n) one over the events that carried the candidate's words before
    circumstances: Float32  # (len(CIRCUMSTANCES), n)
    expected: Float32  # (n,) log of what its artists, venue and promoter lead one to expect
    log_price: Float32  # (n,) log1p of the lowest price, 0 unknown
    priced: Bool  # (n,) whether the price is known

    def take(self, rows: npt.NDArray[np.integer]) -> "SignalSlate":
        """These candidates only, as they stand among all."""
        return SignalSlate(
            words=self.words.take(rows),
            places=self.places.take(rows),
            text=self.text.take(rows),
            weighted=self.weighted.take(rows),
            neighbour_columns=self.neighbour_columns,
            rates=self.rates[:, rows],
            circumstances=self.circumstances[:, rows],
            expected=self.expected[rows],
            log_price=self.log_price[rows],
            priced=self.priced[rows],
        )


@dataclass(frozen=True, slots=True)
class SignalModel:
    """What the signals need to have learned, before anything is weighted."""

    records: TrackRecords
    frequencies: DocumentFrequencies
    neighbourhood: Neighbourhood
    items: ItemWeights

    @classmethod
    def fit(
        cls,
        data: Interactions,
        *,
        neighbourhood: Neighbourhood | None = None,
        items: ItemWeights | None = None,
    ) -> "SignalModel":
        """neighbourhood, items: as learned of the same data with default parameters, if that is known."""
        return cls(
            TrackRecords.of(data),
            DocumentFrequencies.of(data.events.words[Field.TEXT]),
            Neighbourhood.of(data) if neighbourhood is None else neighbourhood,
            ItemWeights.of(data) if items is None else items,
        )

    @classmethod
    def of_nobody_else(cls, data: Interactions) -> "SignalModel":
        """Without what people do alike, which a person's own taste can do without."""
        nobody = Interactions.empty()
        return cls.fit(data, neighbourhood=Neighbourhood.of(nobody), items=ItemWeights.of(nobody))

    def prepare(self, slate: Slate, *, now: float) -> SignalSlate:
        events = slate.events
        words = SlateWords.of(events)
        carried, _ = self.records.of_words(words.vocabulary)
        priced = np.isfinite(events.price)
        rates = words.match(1.0 / (carried + RATE_SHRINKAGE))
        return SignalSlate(
            words=words,
            places=SlatePlaces.of(events),
            text=SlateText.of(events, self.frequencies),
            weighted=WeightedSlate.of(slate, words, self.items),
            neighbour_columns=self.neighbourhood.vocabulary.columns(words.vocabulary),
            rates=rates[RATED],
            circumstances=circumstances(slate),
            expected=np.log1p(self.records.expected(words)),
            log_price=np.log1p(np.maximum(np.where(priced, events.price, 0.0), 0.0)).astype(np.float32),
            priced=priced,
        )

    def to_arrays(self) -> Arrays:
        parts = {
            "records": self.records.to_arrays(),
            "text": self.frequencies.to_arrays(),
            "neighbours": self.neighbourhood.to_arrays(),
            "items": self.items.to_arrays(),
        }
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "SignalModel":
        def part(prefix: str) -> Arrays:
            return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}

        return cls(
            TrackRecords.from_arrays(part("records.")),
            DocumentFrequencies.from_arrays(part("text.")),
            Neighbourhood.from_arrays(part("neighbours.")),
            ItemWeights.from_arrays(part("items.")),
        )


def circumstances(slate: Slate) -> Float32:
    """(len(CIRCUMSTANCES), n): how wanted an event is, and when it is, against the others on the slate."""
    events = slate.events
    liking = popular(slate, np.zeros(len(events), np.float32)).astype(np.float32)
    lead = percentile(events.starts_at) - 0.5
    following, alone = among_its_promoters(events)
    return np.stack([liking, liking <= 0, lead, following, alone]).astype(np.float32)


def among_its_promoters(events: EventTable) -> tuple[Float32, Float32]:
    """(next, alone), each (n,): one over its place in the promoter's diary, and the root of its length."""
    lists = events.words[Field.PROMOTER]
    rows, place, size = lists.rows_of_tokens(), np.ones(len(events)), np.ones(len(events))
    order = np.lexsort((events.starts_at[rows], lists.tokens))
    _, start, count = np.unique(lists.tokens[order], return_index=True, return_counts=True)
    place[rows[order]] = np.arange(len(order)) - np.repeat(start, count) + 1
    size[rows[order]] = np.repeat(count, count)
    return (1.0 / place).astype(np.float32), (1.0 / np.sqrt(size)).astype(np.float32)


def signed_log(values: Float32) -> Float32:
    size = np.abs(values)
    return np.copysign(np.log1p(size, out=size), values, out=size)


def signal_matrix(model: SignalModel, person: Person, slate: SignalSlate) -> Float32:
    """(len(COLUMNS), n) the evidence, row by row as `COLUMNS` names it."""
    out = np.zeros((len(COLUMNS), slate.words.n), np.float32)
    for evidence in personal_evidence(model, person, slate):
        out[evidence.rows] = evidence.spread()
    out[CIRCUMSTANCE_ROWS] = slate.circumstances
    out[INDEX["expected"]] = slate.expected
    out[FOLLOWED_ROWS] = slate.circumstances * out[INDEX["followed"]]
    return out


def personal_evidence(model: SignalModel, person: Person, slate: SignalSlate) -> Iterator[Evidence]:
    """The same, without what the slate alone decides; what is left out is zero.

    A few rows at a time: to score, each is weighed and dropped while it is still in the processor's cache.
    """
    if slate.words.n == 0:
        return
    everything = recent(person)
    if (everything.weight < 0).any():
        yield Evidence([INDEX["turned_down"]], disliked(everything, slate)[None])
    person = liked(everything)
    words = person_words(person)
    if len(words.words):
        yield from _word_evidence(model, words, slate)
    if len(person):
        yield from _history_evidence(person, words.total, slate)
    yield Evidence([INDEX["home"]], near_home(person, slate.places)[None], slate.places.place)
    yield Evidence([INDEX["price"]], price_fit(person, slate)[None])


def disliked(person: Person, slate: SignalSlate) -> Float32:
    """(n,) 0 or less: how much is like what the person turned down, by its words and its text."""
    text = np.minimum(signed_log(slate.text.similarity(turned_down(person))), 0.0)
    return np.asarray(DISLIKED_TEXT * text - dislike(person, slate.words), np.float32)


def _word_evidence(model: SignalModel, words: PersonWords, slate: SignalSlate) -> Iterator[Evidence]:
    counted = slate.words.match(slate.words.vocabulary.add_up(words.words, words.weights))
    yield Evidence(SHARE_ROWS, counted[SHARED] * np.float32(1.0 / words.total))
    yield Evidence(COUNT_ROWS, np.log1p(counted[COUNTED]))
    yield Evidence(RATE_ROWS, counted[RATED] * slate.rates)
    yield Evidence(FOLLOWED_ROW, np.minimum(counted[FOLLOWED].sum(axis=0, keepdims=True), 1.0))
    votes = np.maximum(model.neighbourhood.votes(words), 0.0).astype(np.float32)
    voted = slate.words.match(votes[slate.neighbour_columns])
    yield Evidence(VOTE_ROWS, voted[VOTED])
    most = voted[FOLLOWED].max(axis=0, keepdims=True)
    yield Evidence([INDEX["similar_log"]], np.log1p(np.float32(VOTE_SCALE) * most))
    same, others = slate.weighted.speak(words, model.items)
    together = slate.weighted.matrix @ (same + others)
    share = together * np.float32(1.0 / (words.total * TOGETHER_SCALE))
    log = signed_log(together * np.float32(1.0 / TOGETHER_LOG_SCALE))
    yield Evidence([INDEX["goes_with"], INDEX["goes_with_log"]], np.stack([share, log]))


def _history_evidence(person: Person, total: float, slate: SignalSlate) -> Iterator[Evidence]:
    yield Evidence([INDEX["text"]], slate.text.similarity(person)[None])
    yield Evidence(PLACE_ROWS, own_places(person, slate.places), slate.places.place)
    yield Evidence(HOUR_ROWS, own_hours(person, total), slate.places.hour)


def price_fit(person: Person, slate: SignalSlate) -> Float32:
    """(n,) 1 at the person's usual price, falling with the ratio; less 1 over a stated budget; 0 unknown."""
    fit = np.zeros(slate.words.n, np.float32)
    paid = np.isfinite(person.events.price) & (person.weight > 0)
    if paid.any():
        prices = np.log1p(np.maximum(person.events.price[paid], 0.0))
        usual = np.float32(np.average(prices, weights=person.weight[paid]))
        fit = np.where(slate.priced, np.exp(-np.abs(slate.log_price - usual)), fit)
    budget = person.taste.budget_max
    if budget is not None and np.isfinite(budget):
        fit = fit - (slate.priced & (slate.log_price > np.float32(np.log1p(max(budget, 0.0)))))
    return fit
