"""What is known about one person and each candidate, as a matrix: one row a column of evidence, one column an event.

Every row is about 0 to 1 (logarithms of counts may pass it), 0 where nothing is known, and negative where the
person turned such things down. `content_based` and `hybrid` are weighted sums of these rows.
"""

from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import Field, Float32, Int64, Interactions, Person, Slate
from recommendations.algorithms.encoding import (
    EVENT_BLOCK,
    WORD_FIELDS,
    PersonWords,
    SlateWords,
    person_words,
    recent,
)
from recommendations.algorithms.places import SlatePlaces, near_home, own_hours, own_places
from recommendations.algorithms.popularity import TrackRecords, popular
from recommendations.algorithms.protocol import Arrays, Signal
from recommendations.algorithms.text import DocumentFrequencies, SlateText
from recommendations.algorithms.user_knn import Neighbourhood


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    signal: Signal


BLOCK = {kind: number for number, kind in enumerate(WORD_FIELDS)}
FIELD_SIGNALS = {
    Field.ARTIST: Signal.ARTIST,
    Field.VENUE: Signal.VENUE,
    Field.PROMOTER: Signal.PROMOTER,
    Field.GENRE: Signal.GENRE,
    Field.TAG: Signal.GENRE,
    Field.CITY: Signal.CITY,
}
RATED_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER)
VOTED_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER, Field.GENRE)
RATE_SHRINKAGE = 2.0  # events' worth of doubt about a share of somebody's events

COLUMNS: tuple[Column, ...] = (
    *(Column(f"{kind}_share", FIELD_SIGNALS[kind]) for kind in WORD_FIELDS),
    *(Column(f"{kind}_count", FIELD_SIGNALS[kind]) for kind in WORD_FIELDS),
    *(Column(f"{kind}_rate", FIELD_SIGNALS[kind]) for kind in RATED_FIELDS),
    *(Column(f"similar_{kind}", Signal.SIMILAR_PEOPLE) for kind in VOTED_FIELDS),
    Column("similar_event", Signal.SIMILAR_PEOPLE),
    Column("text_share", Signal.TEXT),
    Column("text_sum", Signal.TEXT),
    Column("near_nearest", Signal.NEARBY),
    Column("near_density", Signal.NEARBY),
    Column("home", Signal.HOME),
    Column("week_hour", Signal.TIME_OF_WEEK),
    Column("day_hour", Signal.TIME_OF_WEEK),
    Column("price", Signal.PRICE),
    Column("popular", Signal.POPULAR),
    Column("expected", Signal.POPULAR),
    Column("crowded", Signal.PROMOTER),
    Column("lead", Signal.LEAD_TIME),
    Column("lead_promoter", Signal.LEAD_TIME),
)
INDEX = {column.name: number for number, column in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class SignalSlate:
    """A slate with everything that does not depend on the person worked out."""

    words: SlateWords
    places: SlatePlaces
    text: SlateText
    neighbour_columns: Int64  # (v,) the neighbourhood's column of each word, -1 unknown
    rate_scale: Float32  # (v,) one over the events that carried the word
    share_scale: Float32  # (v,) one over the candidates that carry the word
    popular: Float32  # (n,)
    expected: Float32  # (n,)
    lead: Float32  # (n,) 0 the soonest, 1 the furthest away: the percentile within the slate
    log_price: Float32  # (n,) NaN unknown
    price: Float32  # (n,) NaN unknown


@dataclass(frozen=True, slots=True)
class SignalModel:
    """What the signals need to have learned, before anything is weighted."""

    records: TrackRecords
    frequencies: DocumentFrequencies
    neighbourhood: Neighbourhood

    @classmethod
    def fit(cls, data: Interactions) -> "SignalModel":
        return cls(
            TrackRecords.of(data),
            DocumentFrequencies.of(data.events.words[Field.TEXT]),
            Neighbourhood.of(data),
        )

    def prepare(self, slate: Slate, *, now: float) -> SignalSlate:
        events = slate.events
        words = SlateWords.of(events)
        carried, _ = self.records.of_words(words.vocabulary)
        together = np.asarray((words.matrix > 0).sum(axis=0), np.float32)
        expected = self.records.expected(words)
        return SignalSlate(
            words=words,
            places=SlatePlaces.of(events),
            text=SlateText.of(events, self.frequencies),
            neighbour_columns=self.neighbourhood.vocabulary.columns(words.vocabulary),
            rate_scale=1.0 / (carried + RATE_SHRINKAGE),
            share_scale=1.0 / np.maximum(together, 1.0),
            popular=popular(slate, np.zeros_like(expected)).astype(np.float32),
            expected=np.log1p(expected),
            lead=percentile(events.starts_at),
            log_price=np.log1p(np.maximum(events.price, 0.0)),
            price=np.asarray(events.price),
        )

    def to_arrays(self) -> Arrays:
        parts = {
            "records": self.records.to_arrays(),
            "text": self.frequencies.to_arrays(),
            "neighbours": self.neighbourhood.to_arrays(),
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
        )


def percentile(starts_at: np.ndarray) -> Float32:
    """(n,) the share of the slate that starts sooner; equal times share a place. Days would not travel from one
    slate to another: a percentile does."""
    if len(starts_at) < 2:
        return np.zeros(len(starts_at), np.float32)
    times = np.nan_to_num(starts_at, nan=np.inf)
    return (np.searchsorted(np.sort(times), times) / (len(times) - 1)).astype(np.float32)


def signed_log(values: Float32) -> Float32:
    return np.sign(values) * np.log1p(np.abs(values))


def signal_matrix(model: SignalModel, person: Person, slate: SignalSlate) -> Float32:
    """(len(COLUMNS), n) the evidence, row by row as `COLUMNS` names it."""
    person = recent(person)
    out = np.zeros((len(COLUMNS), slate.words.n), np.float32)
    if slate.words.n == 0:
        return out
    words = person_words(person)
    _word_rows(out, model, words, slate)
    if len(person):
        similar = slate.text.similarity(person)
        out[INDEX["text_share"]] = similar / words.total
        out[INDEX["text_sum"]] = signed_log(similar)
        out[INDEX["near_nearest"]], out[INDEX["near_density"]] = own_places(person, slate.places)
        out[INDEX["week_hour"]], out[INDEX["day_hour"]] = own_hours(person, slate.places, words.total)
    out[INDEX["home"]] = near_home(person, slate.places)
    out[INDEX["price"]] = price_fit(person, slate)
    out[INDEX["popular"]], out[INDEX["expected"]] = slate.popular, slate.expected
    out[INDEX["lead"]] = slate.lead
    out[INDEX["lead_promoter"]] = slate.lead * np.minimum(out[INDEX["promoter_count"]], 1.0)
    return out


def _word_rows(out: Float32, model: SignalModel, words: PersonWords, slate: SignalSlate) -> None:
    own = slate.words.vocabulary.add_up(words.words, words.weights)
    votes = model.neighbourhood.votes(words)[slate.neighbour_columns]
    counted, rated, crowded, voted = slate.words.match(
        [own, own * slate.rate_scale, np.sign(own) * slate.share_scale, votes]
    )
    first = INDEX[f"{WORD_FIELDS[0]}_share"]
    out[first : first + EVENT_BLOCK] = counted[:EVENT_BLOCK] / words.total
    first = INDEX[f"{WORD_FIELDS[0]}_count"]
    out[first : first + EVENT_BLOCK] = signed_log(counted[:EVENT_BLOCK])
    for kind in RATED_FIELDS:
        out[INDEX[f"{kind}_rate"]] = rated[BLOCK[kind]]
    for kind in VOTED_FIELDS:
        out[INDEX[f"similar_{kind}"]] = voted[BLOCK[kind]]
    out[INDEX["similar_event"]] = voted[EVENT_BLOCK]
    out[INDEX["crowded"]] = crowded[BLOCK[Field.PROMOTER]]


def price_fit(person: Person, slate: SignalSlate) -> Float32:
    """(n,) 1 at the person's usual price, falling with the ratio; less 1 over a stated budget; 0 unknown."""
    fit = np.zeros(slate.words.n, np.float32)
    known = np.isfinite(slate.price)
    paid = np.isfinite(person.events.price) & (person.weight > 0)
    if paid.any():
        prices = np.log1p(np.maximum(person.events.price[paid], 0.0))
        usual = np.average(prices, weights=person.weight[paid])
        fit[known] = np.exp(-np.abs(slate.log_price[known] - usual))
    budget = person.taste.budget_max
    if budget is not None and np.isfinite(budget):
        fit[known] -= slate.price[known] > budget
    return fit
