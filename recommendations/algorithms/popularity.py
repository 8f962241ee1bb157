"""What everybody likes just now: the control of every experiment, and the list for people we know nothing of.

An action counts by its weight, halved every half-life. An event that nobody has touched yet is expected to
do as its artist, venue and promoter did (a mean shrunk towards zero: few events, little trust).
Of the person only two things count: the city they state, and what they turned down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommendations.algorithms.dataset import Field, Float32, Float64, Interactions, Person, Slate
from recommendations.algorithms.encoding import (
    EVENT_BLOCK,
    WORD_FIELDS,
    SlateWords,
    Vocabulary,
    block_matrices,
    field_words,
    recent,
)
from recommendations.algorithms.own_words import contributions, dislike
from recommendations.algorithms.parameters import Parameters, number
from recommendations.algorithms.protocol import Arrays, Contribution, Signal

DAY = 86_400.0
HALF_LIFE = 14 * DAY  # of an action's weight in the interest that everybody's slate is given
TELLING_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER)
DISLIKE = 1.0  # what turning down one event takes off its like, on the scale of log interest


@dataclass(frozen=True, slots=True)
class PopularityParameters(Parameters):
    """How far to trust what is known of an event's artists, venue and promoter, and when and where it is.

    record_half_life_days: an event of theirs counts half after so many days; 0: old ones count in full
    doubt: events' worth of doubt about what they draw
    own_city: what being in a city the person named is worth, on the scale of log interest
    soon: what being the next event rather than the last of the slate is worth, on the same scale
    """

    record_half_life_days: float = number(0.0, least=0.0, most=3_650.0)
    doubt: float = number(2.0, least=0.0, most=1_000.0)
    own_city: float = number(1.0, least=0.0, most=100.0)
    soon: float = number(0.0, least=-100.0, most=100.0)

    @classmethod
    def search_space(cls) -> Sequence["PopularityParameters"]:
        return (
            *(cls(doubt=doubt) for doubt in (0.5, 8.0)),
            *(cls(record_half_life_days=days) for days in (30.0, 120.0)),
            *(cls(soon=soon) for soon in (-0.5, 0.5)),
        )


DEFAULTS = PopularityParameters()


def decayed(weight: npt.NDArray[np.floating], age_seconds: npt.NDArray[np.floating]) -> Float64:
    """Each action's weight, halved every `HALF_LIFE` of age. Actions not yet made count nothing."""
    age = np.asarray(age_seconds, np.float64)
    return np.where(age >= 0, weight * np.exp2(-np.maximum(age, 0.0) / HALF_LIFE), 0.0)


def interest(data: Interactions, *, now: float) -> Float32:
    """(events,) decayed weight of everybody's actions on each event. Turning one down takes nothing off."""
    liking = decayed(np.maximum(data.weight, 0.0), now - data.occurred_at)
    return np.bincount(data.event, liking, minlength=len(data.events)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class TrackRecords:
    """How the events of each artist, venue, promoter, genre and tag have done."""

    vocabulary: Vocabulary
    events: Float32  # (v,) how many events carried the word, old ones counting less
    liking: Float32  # (v,) their actions' weights, by the events' age alone

    @classmethod
    def of(cls, data: Interactions, parameters: PopularityParameters = DEFAULTS) -> "TrackRecords":
        touched, _ = data.touched()
        events = data.events.take(touched)
        vocabulary = Vocabulary.of(field_words(events)[:EVENT_BLOCK])
        carried = sparse.csr_array((len(touched), len(vocabulary)), dtype=np.float32)
        for matrix in block_matrices(events, vocabulary)[:EVENT_BLOCK]:
            carried = carried + (matrix > 0)
        liked = np.bincount(data.event, np.maximum(data.weight, 0.0), minlength=len(data.events))[touched]
        if parameters.record_half_life_days:
            age = np.maximum(data.cutoff - events.starts_at, 0.0) / DAY
            counts = np.exp2(-age / parameters.record_half_life_days).astype(np.float32)
            carried = sparse.csr_array(sparse.diags_array(counts) @ carried)
        return cls(
            vocabulary,
            np.asarray(carried.sum(axis=0), np.float32),
            np.asarray(carried.T @ liked.astype(np.float32), np.float32),
        )

    def of_words(self, words: Vocabulary) -> tuple[Float32, Float32]:
        """(events, liking) of each word of `words`, 0 for those never seen."""
        place = words.columns(self.vocabulary)
        seen, rows = place[place >= 0], np.flatnonzero(place >= 0)
        events, liking = np.zeros(len(words), np.float32), np.zeros(len(words), np.float32)
        events[seen], liking[seen] = self.events[rows], self.liking[rows]
        return events, liking

    def expected(self, slate: SlateWords, doubt: float = DEFAULTS.doubt) -> Float32:
        """(n,) the best of what its artists, venue and promoter lead one to expect of each candidate."""
        events, liking = self.of_words(slate.vocabulary)
        mean = liking / np.maximum(events + np.float32(doubt), np.float32(1e-6))
        blocks = slate.match(mean)
        return np.asarray(
            blocks[[WORD_FIELDS.index(kind) for kind in TELLING_FIELDS]].max(axis=0), np.float32
        )

    def to_arrays(self) -> Arrays:
        return {"words": self.vocabulary.words, "events": self.events, "liking": self.liking}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "TrackRecords":
        return cls(Vocabulary(arrays["words"]), arrays["events"], arrays["liking"])


@dataclass(frozen=True, slots=True)
class PopularSlate:
    words: SlateWords
    popular: Float64  # (n,) log of the interest so far
    expected: Float64  # (n,) what more the interest to expect adds
    soon: Float64  # (n,) what being on soon adds


@dataclass(frozen=True, slots=True)
class Popularity:
    name: ClassVar[str] = "popularity"
    settings: ClassVar[type[Parameters]] = PopularityParameters

    records: TrackRecords
    parameters: PopularityParameters

    @classmethod
    def fit(
        cls,
        data: Interactions,
        *,
        generator: np.random.Generator,
        parameters: PopularityParameters = DEFAULTS,
    ) -> Self:
        return cls(TrackRecords.of(data, parameters), parameters)

    def prepare(self, slate: Slate, *, now: float) -> PopularSlate:
        words = SlateWords.of(slate.events)
        seen = popular(slate, np.zeros(words.n, np.float32))
        hoped = popular(slate, self.records.expected(words, self.parameters.doubt)) - seen
        sooner = 1.0 - percentile(slate.events.starts_at).astype(np.float64)
        return PopularSlate(words, seen, hoped, self.parameters.soon * sooner)

    def _city(self, person: Person, prepared: PopularSlate) -> Float64:
        stated = person.taste.words.get(Field.CITY)
        if stated is None or len(stated) == 0:
            return np.zeros(prepared.words.n)
        wanted = prepared.words.vocabulary.add_up(stated, np.ones(len(stated), np.float32))
        blocks = prepared.words.match(np.minimum(wanted, 1.0))
        return np.asarray(self.parameters.own_city * blocks[WORD_FIELDS.index(Field.CITY)], np.float64)

    def _parts(self, person: Person, prepared: PopularSlate) -> dict[Signal, Float64]:
        """What each signal adds, each (n,)."""
        return {
            Signal.POPULAR: prepared.popular,
            Signal.EXPECTED: prepared.expected,
            Signal.LEAD_TIME: prepared.soon,
            Signal.CITY: self._city(person, prepared),
            Signal.TURNED_DOWN: -DISLIKE * dislike(recent(person), prepared.words).astype(np.float64),
        }

    def score(self, person: Person, prepared: PopularSlate) -> Float64:
        return np.asarray(sum(self._parts(person, prepared).values()), np.float64)

    def explain(
        self, person: Person, prepared: PopularSlate, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        return contributions(self._parts(person, prepared), rows)

    def to_arrays(self) -> Arrays:
        return self.records.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: PopularityParameters = DEFAULTS) -> Self:
        return cls(TrackRecords.from_arrays(arrays), parameters)


def popular(slate: Slate, expected: Float32) -> Float64:
    """(n,) log of what an event has and is expected to get: a save more matters less the more there are."""
    seen = np.nan_to_num(np.maximum(slate.interest, 0.0), nan=0.0, posinf=0.0)
    return np.log1p(seen.astype(np.float64) + expected)


def percentile(starts_at: Float64) -> Float32:
    """(n,) the share of the slate that starts sooner; equal times share a place. Days would not travel from
    one slate to another: a percentile does."""
    if len(starts_at) < 2:
        return np.zeros(len(starts_at), np.float32)
    times = np.nan_to_num(starts_at, nan=np.inf)
    return (np.searchsorted(np.sort(times), times) / (len(times) - 1)).astype(np.float32)
