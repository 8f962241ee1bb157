"""People like you: cosine neighbours over what people did, and what the neighbours like among the candidates.

A person is the sum of their events' words (the event itself, artist, venue, promoter, genre), so this gig
and last year's both find neighbours, and what these like reaches events that nobody has touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommendations.algorithms.dataset import (
    Field,
    Float32,
    Float64,
    Int32,
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
    Vocabulary,
    block_matrices,
    field_words,
    gather_rows,
    liked,
    person_words,
    recent,
)
from recommendations.algorithms.own_words import by_signal, contributions, dislike, liking
from recommendations.algorithms.parameters import Parameters, number
from recommendations.algorithms.popularity import popular
from recommendations.algorithms.protocol import Arrays, Contribution, Signal


@dataclass(frozen=True, slots=True)
class UserKNNParameters(Parameters):
    """Who counts as a neighbour, what their votes weigh, and how much of everybody is kept and read.

    neighbours: people who vote
    sharpness: the power of the cosine that a vote counts by; more listens to the very nearest
    rarity: the power of the inverse frequency that a word makes neighbours by; 0 makes all words alike
    rarity_voted: the same for what neighbours vote for: more brings forward what few people hold
    length: the power of a neighbour's length that their votes are divided by: 1 gives everybody as much to
        say, less listens more to people who did a lot
    memory_mb: of the table of everybody's words, in MB (10^6 bytes); people keep their heaviest words
    read: entries of the table that a request adds up to find neighbours: the holders of the person's
        rarest words, as far as these have no more together
    """

    neighbours: int = number(50, least=1, most=10_000)
    sharpness: float = number(1.0, least=0.0, most=10.0)
    rarity: float = number(1.0, least=0.0, most=10.0)
    rarity_voted: float = number(0.5, least=0.0, most=10.0)
    length: float = number(1.0, least=0.0, most=1.0)
    memory_mb: float = number(20.0, least=0.1, most=100_000.0)
    read: int = number(8_000, least=1, most=1_000_000_000)

    @classmethod
    def search_space(cls) -> Sequence["UserKNNParameters"]:
        keen = partial(cls, neighbours=100, sharpness=2.0)
        return (
            *(cls(neighbours=neighbours) for neighbours in (25, 100)),
            cls(length=0.5),
            keen(),
            keen(length=0.5),
            keen(length=0.5, rarity=0.5),
            keen(length=0.0, rarity=0.5),
        )


DEFAULTS = UserKNNParameters()
MOST_LIKING = 1.5  # one event can say this much about a person, however often they act on it

FIELD_WEIGHTS = {
    Field.ARTIST: 1.0,
    Field.VENUE: 0.4,
    Field.PROMOTER: 1.0,
    Field.GENRE: 0.3,
    Field.TAG: 0.0,
    Field.CITY: 0.0,
}
BLOCK_WEIGHTS = np.array([*(FIELD_WEIGHTS[kind] for kind in WORD_FIELDS), 1.0], np.float32)
OWN_WORDS = 1.0  # a person is a neighbour of their own: a brand-new artist has no others yet
DISLIKE = 0.3  # what turning down one event takes off its like
# So that a person whose neighbours know none of the candidates sees the popular ones in order.
TIE_BREAK = 1e-3
BYTES_PER_ENTRY = 16  # where it stands and its value, by person and by word


def largest_per_row(matrix: sparse.csr_array, limit: int) -> sparse.csr_array:
    """The `limit` entries of largest absolute value in each row, the first on ties."""
    lengths = np.diff(matrix.indptr)
    if lengths.max(initial=0) <= limit:
        return matrix
    kept, size = np.ones(matrix.nnz, np.bool_), np.abs(matrix.data)
    for row in np.flatnonzero(lengths > limit):
        start = matrix.indptr[row]
        order = np.argsort(-size[start : start + lengths[row]], kind="stable")
        kept[start + order[limit:]] = False
    indptr = np.concatenate([[0], np.cumsum(np.minimum(lengths, limit))])
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def limit_within(counts: npt.NDArray[np.integer], total: int) -> int:
    """How many entries every row may keep for all to keep `total` at most, and one at least.

    counts: (n,) how many each row has.
    """
    longer = len(counts) - np.cumsum(np.bincount(counts))  # [k]: rows of more than k entries
    return max(int(np.searchsorted(np.cumsum(longer), total, side="right")), 1)


def row_lengths(rows: sparse.csr_array) -> Float32:
    """(n,) the Euclidean length of each row, never 0."""
    squares = np.asarray((rows * rows).sum(axis=1))
    return np.asarray(np.maximum(np.sqrt(squares), 1e-9), np.float32)


def scale_rows(rows: sparse.csr_array, by: Float32) -> None:
    """Each row times its number, in place."""
    rows.data *= np.repeat(by, np.diff(rows.indptr)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Everybody's words by person (to vote) and by word (to be found, as rows of length 1)."""

    parameters: UserKNNParameters
    vocabulary: Vocabulary
    idf: Float32  # (v,) rarer words say more
    person_start: Int64  # (u + 1,)
    person_word: Int32
    person_value: Float32
    word_start: Int64  # (v + 1,)
    word_person: Int32
    word_value: Float32

    @classmethod
    def of(cls, data: Interactions, parameters: UserKNNParameters = DEFAULTS) -> "Neighbourhood":
        touched, event = data.touched()
        events = data.events.take(touched)
        vocabulary = Vocabulary.of(field_words(events))
        acted = sparse.csr_array(
            sparse.coo_array((data.weight, (data.user, event)), shape=(data.n_users, len(touched)))
        )
        acted.data = np.clip(acted.data, -MOST_LIKING, MOST_LIKING).astype(np.float32)
        carried = sparse.csr_array((len(touched), len(vocabulary)), dtype=np.float32)
        for matrix, weight in zip(block_matrices(events, vocabulary), BLOCK_WEIGHTS, strict=True):
            carried = carried + matrix * weight
        carried.eliminate_zeros()
        people = sparse.csr_array(acted @ carried)
        people.eliminate_zeros()
        return cls._of_people(people, vocabulary, parameters)

    @classmethod
    def _of_people(
        cls, people: sparse.csr_array, vocabulary: Vocabulary, parameters: UserKNNParameters
    ) -> "Neighbourhood":
        n_users, n_words = people.shape
        holders = np.bincount(people.indices, minlength=n_words)
        rareness = np.log((1.0 + n_users) / (1.0 + holders)) + 0.1
        idf = (rareness**parameters.rarity).astype(np.float32)
        voted = (rareness ** (parameters.rarity_voted - parameters.rarity)).astype(np.float32)
        people.data = (people.data * idf[people.indices]).astype(np.float32)
        entries = int(parameters.memory_mb * 1e6) // BYTES_PER_ENTRY
        people = largest_per_row(people, limit_within(np.diff(people.indptr), entries))
        votes = people.copy()
        votes.data *= voted[votes.indices]
        length = row_lengths(votes)
        usual = (
            float(length.mean()) if n_users else 1.0
        )  # so that votes are about as large whatever the power
        scale_rows(votes, usual ** (parameters.length - 1.0) * length**-parameters.length)
        scale_rows(people, 1.0 / row_lengths(people))
        found = sparse.csr_array(people.T)
        return cls(
            parameters,
            vocabulary,
            idf,
            votes.indptr.astype(np.int64),
            votes.indices.astype(np.int32),
            votes.data.astype(np.float32),
            found.indptr.astype(np.int64),
            found.indices.astype(np.int32),
            found.data.astype(np.float32),
        )

    def likeness(self, words: PersonWords) -> tuple[Int64, Float64]:
        """(people, likeness) of the nearest neighbours, nearest first; only those with a word in common."""
        n_users = len(self.person_start) - 1
        mine = self.vocabulary.add_up(words.words, words.weights * BLOCK_WEIGHTS[words.blocks]) * self.idf
        held = np.flatnonzero(mine != 0)
        if len(held) == 0 or n_users == 0:
            return np.empty(0, np.int64), np.empty(0)
        holders = self.word_start[held + 1] - self.word_start[held]
        rarest = np.argsort(holders, kind="stable")  # what everybody holds tells nobody apart
        within = np.searchsorted(np.cumsum(holders[rarest]), self.parameters.read, side="right")
        held = held[rarest[: max(int(within), 1)]]
        positions, holders = gather_rows(self.word_start, held)
        shared = self.word_value[positions] * np.repeat(mine[held], holders)
        alike = np.bincount(self.word_person[positions], shared, minlength=n_users)
        near, limit = np.flatnonzero(alike > 0), self.parameters.neighbours
        if len(near) > limit:
            near = near[np.argpartition(-alike[near], limit - 1)[:limit]]
        near = near[np.argsort(-alike[near], kind="stable")]
        return near.astype(np.int64), alike[near] / np.linalg.norm(mine)

    def votes(self, words: PersonWords) -> Float64:
        """(v + 1,) what the neighbours like, word by word, by likeness; a last 0 for unknown words."""
        people, cosine = self.likeness(words)
        if len(people) == 0:
            return np.zeros(len(self.vocabulary) + 1)
        positions, lengths = gather_rows(self.person_start, people)
        say = cosine**self.parameters.sharpness
        values = self.person_value[positions] * np.repeat(say / say.sum(), lengths)
        votes = np.bincount(self.person_word[positions], values, minlength=len(self.vocabulary) + 1)
        return votes.astype(np.float64)

    def to_arrays(self) -> Arrays:
        return {
            "words": self.vocabulary.words,
            "idf": self.idf,
            "person_start": self.person_start,
            "person_word": self.person_word,
            "person_value": self.person_value,
            "word_start": self.word_start,
            "word_person": self.word_person,
            "word_value": self.word_value,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, parameters: UserKNNParameters = DEFAULTS) -> "Neighbourhood":
        names = (
            "idf",
            "person_start",
            "person_word",
            "person_value",
            "word_start",
            "word_person",
            "word_value",
        )
        return cls(parameters, Vocabulary(arrays["words"]), *(arrays[name] for name in names))


@dataclass(frozen=True, slots=True)
class NeighbourSlate:
    words: SlateWords
    columns: Int64  # (v of the slate,) the neighbourhood's column of each word, -1 unknown
    popular: Float64  # (n,) 0 to 1


@dataclass(frozen=True, slots=True)
class UserKNN:
    name: ClassVar[str] = "user_knn"
    settings: ClassVar[type[Parameters]] = UserKNNParameters

    neighbourhood: Neighbourhood

    @classmethod
    def fit(
        cls, data: Interactions, *, generator: np.random.Generator, parameters: UserKNNParameters = DEFAULTS
    ) -> Self:
        return cls(Neighbourhood.of(data, parameters))

    def prepare(self, slate: Slate, *, now: float) -> NeighbourSlate:
        words = SlateWords.of(slate.events)
        liking = popular(slate, np.zeros(len(slate.events), np.float32))
        liking = liking / max(float(liking.max(initial=0.0)), 1.0)
        return NeighbourSlate(words, self.neighbourhood.vocabulary.columns(words.vocabulary), liking)

    def _parts(self, person: Person, prepared: NeighbourSlate) -> dict[Signal, Float64]:
        """What each signal adds, each (n,)."""
        person = recent(person)
        words = person_words(liked(person))
        votes = self.neighbourhood.votes(words)
        voted = BLOCK_WEIGHTS[:, None] * prepared.words.match(votes[prepared.columns])
        return {
            Signal.SIMILAR_PEOPLE: voted[EVENT_BLOCK].astype(np.float64),
            Signal.SIMILAR_TASTE: voted[:EVENT_BLOCK].sum(axis=0, dtype=np.float64),
            **by_signal(OWN_WORDS * liking(words, prepared.words)),
            Signal.TURNED_DOWN: -DISLIKE * dislike(person, prepared.words).astype(np.float64),
            Signal.POPULAR: TIE_BREAK * prepared.popular,
        }

    def score(self, person: Person, prepared: NeighbourSlate) -> Float64:
        return np.asarray(sum(self._parts(person, prepared).values()), np.float64)

    def explain(
        self, person: Person, prepared: NeighbourSlate, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        return contributions(self._parts(person, prepared), rows)

    def to_arrays(self) -> Arrays:
        return self.neighbourhood.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: UserKNNParameters = DEFAULTS) -> Self:
        return cls(Neighbourhood.from_arrays(arrays, parameters))
