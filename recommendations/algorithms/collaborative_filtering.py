"""What goes with what, in closed form: EASE (Steck, 2019), over the events and over the words that persist.

With Z the people by (events, artists, venues, promoters, genres, tags) matrix, each event added once as a
person of its own, and P = (Z'Z + r I)^-1, the weights that best predict Z from itself are I - r P; an event
may not predict itself, so its column is -P / diag(P) with a diagonal of zero instead. A person's row times
these weights says how much they like each word, so events that nobody has touched are reached by theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from recommendations.algorithms.dataset import (
    Bool,
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
    N_BLOCKS,
    WORD_FIELDS,
    PersonWords,
    SlateWords,
    Vocabulary,
    block_matrices,
    field_words,
    liked,
    person_words,
    recent,
    turned_down,
)
from recommendations.algorithms.own_words import by_signal, contributions, dislike
from recommendations.algorithms.parameters import Parameters, number
from recommendations.algorithms.popularity import popular
from recommendations.algorithms.protocol import Arrays, Contribution, Signal
from recommendations.algorithms.user_knn import MOST_LIKING

LEAST_SUPPORT = 2  # people; a word that one person holds says nothing of others
BYTES_PER_WEIGHT = 32  # at the peak, when the largest weights of each row are found
ROWS_AT_ONCE = 2_000

# How much an occurrence of a word says about the person, and about the event that carries it.
IN_WEIGHTS = {
    Field.ARTIST: 1.0,
    Field.VENUE: 0.5,
    Field.PROMOTER: 1.0,
    Field.GENRE: 0.5,
    Field.TAG: 0.3,
    Field.CITY: 0.0,
}
OUT_WEIGHTS = {
    Field.ARTIST: 1.0,
    Field.VENUE: 0.5,
    Field.PROMOTER: 1.0,
    Field.GENRE: 0.1,
    Field.TAG: 0.1,
    Field.CITY: 0.0,
}
IN_BLOCKS = np.array([*(IN_WEIGHTS[kind] for kind in WORD_FIELDS), 0.5], np.float32)
OUT_BLOCKS = np.array([*(OUT_WEIGHTS[kind] for kind in WORD_FIELDS), 0.3], np.float32)
DISLIKE = 0.1  # what turning down one event takes off its like
CARRIED_DOUBT = 2.0  # events' worth of doubt about how rare a word is
TIE_BREAK = 1e-3  # so that events nothing is known of for this person come by popularity


@dataclass(frozen=True, slots=True)
class CollaborativeFilteringParameters(Parameters):
    """How many words weights are learned between, and how boldly.

    memory_mb: for the solve at its peak, in MB (10^6 bytes). The words that most actions speak of are kept:
        1,500 of them take 72 MB and a third of a second, 4,000 take 512 MB and five
    ridge: what is added to the diagonal of Z'Z, in occurrences; more makes rare words say less
    neighbours: the largest weights of each word that are kept
    own_word: for a word of one's own, on top of what was learned: rare words have learned nothing
    """

    memory_mb: float = number(72.0, least=0.1, most=100_000.0)
    ridge: float = number(30.0, least=0.001, most=1_000_000.0)
    neighbours: int = number(100, least=1, most=100_000)
    own_word: float = number(1.0, least=0.0, most=100.0)

    @classmethod
    def search_space(cls) -> Sequence["CollaborativeFilteringParameters"]:
        return (
            *(cls(ridge=ridge) for ridge in (10.0, 90.0)),
            *(cls(own_word=own_word) for own_word in (0.5, 2.0)),
            *(cls(neighbours=neighbours) for neighbours in (30, 1_500)),
            cls(neighbours=2_500, memory_mb=200.0),
        )


DEFAULTS = CollaborativeFilteringParameters()


def columns_within(memory_mb: float) -> int:
    """How many words so much memory is enough for."""
    return max(isqrt(int(memory_mb * 1e6) // BYTES_PER_WEIGHT), 1)


@dataclass(frozen=True, slots=True)
class ItemWeights:
    """The learned weights from word to word, the largest of each row; a word's own is kept apart."""

    own_word: float  # see the parameters
    vocabulary: Vocabulary
    own: Float32  # (v,)
    carried: Float32  # (v,) how many events carried the word
    word: Int32  # (v, k) the columns it says most of
    weight: Float32  # (v, k)

    @classmethod
    def of(cls, data: Interactions, parameters: CollaborativeFilteringParameters = DEFAULTS) -> "ItemWeights":
        vocabulary, rows, is_event = training_rows(data, columns=columns_within(parameters.memory_mb))
        carried = np.bincount(rows[data.n_users :].indices, minlength=len(vocabulary))
        weights = closed_form(rows, is_event, ridge=parameters.ridge)
        own = np.diag(weights).astype(np.float32)
        np.fill_diagonal(weights, 0.0)
        return cls(
            parameters.own_word,
            vocabulary,
            own,
            carried.astype(np.float32),
            *strongest(weights, parameters.neighbours),
        )

    def others(self, words: PersonWords, *, least: float = -np.inf) -> Float32:
        """(v + 1,) how much the person's words speak for each other word; a last 0 for unknown ones.

        least: weights below it count as that much.
        """
        n = len(self.vocabulary)
        mine = self.vocabulary.add_up(words.words, words.weights * IN_BLOCKS[words.blocks])
        held = np.flatnonzero(mine != 0)
        values = np.maximum(self.weight[held], np.float32(least)) * mine[held, None].astype(np.float32)
        return np.bincount(self.word[held].ravel(), values.ravel(), minlength=n + 1).astype(np.float32)

    def to_arrays(self) -> Arrays:
        return {
            "words": self.vocabulary.words,
            "own": self.own,
            "carried": self.carried,
            "word": self.word,
            "weight": self.weight,
        }

    @classmethod
    def from_arrays(
        cls, arrays: Arrays, parameters: CollaborativeFilteringParameters = DEFAULTS
    ) -> "ItemWeights":
        if arrays["weight"].ndim != 2:
            raise ValueError("the weights are stored as an earlier release did: train again")
        names = ("own", "carried", "word", "weight")
        return cls(parameters.own_word, Vocabulary(arrays["words"]), *(arrays[name] for name in names))


def training_rows(data: Interactions, *, columns: int) -> tuple[Vocabulary, sparse.csr_array, Bool]:
    """(vocabulary, (people + events, v) rows, which columns are events); v is at most `columns`."""
    touched, event = data.touched()
    events = data.events.take(touched)
    everything = Vocabulary.of(field_words(events))
    acted = sparse.csr_array(
        sparse.coo_array((data.weight, (data.user, event)), shape=(data.n_users, len(touched)))
    )
    acted.data = np.clip(acted.data, -MOST_LIKING, MOST_LIKING).astype(np.float32)
    blocks = block_matrices(events, everything)
    carried = blocks[EVENT_BLOCK] * IN_BLOCKS[EVENT_BLOCK]
    for matrix, weight in zip(blocks[:EVENT_BLOCK], IN_BLOCKS, strict=False):
        carried = carried + matrix * weight
    carried.eliminate_zeros()
    kept = supported(acted, carried, columns)
    carried = sparse.csr_array(carried[:, kept])
    vocabulary = Vocabulary(everything.words[kept])
    rows = sparse.csr_array(sparse.vstack([acted @ carried, carried], format="csr"))
    return vocabulary, rows, np.isin(vocabulary.words, events.keys)


def supported(acted: sparse.csr_array, carried: sparse.csr_array, limit: int) -> Int64:
    """The columns that most actions speak of, at least `LEAST_SUPPORT` and at most `limit`, ascending."""
    actions = np.bincount(acted.indices, minlength=acted.shape[1]).astype(np.float32)
    support = np.asarray((carried > 0).T.astype(np.float32) @ actions)
    columns = np.argsort(-support, kind="stable")[:limit]
    return np.sort(columns[support[columns] >= LEAST_SUPPORT]).astype(np.int64)


def closed_form(rows: sparse.csr_array, is_event: Bool, *, ridge: float) -> Float64:
    """(v, v) the weights that predict column j from the others' row i; see the module."""
    gram = gram_matrix(rows).astype(np.float64)
    if len(gram) == 0:
        return gram
    gram[np.diag_indices_from(gram)] += ridge
    inverse = linalg.inv(gram, assume_a="pos", overwrite_a=True)
    scale = np.full(len(gram), -ridge)
    scale[is_event] = -1.0 / np.diag(inverse)[is_event]
    inverse *= scale
    inverse[np.diag_indices_from(inverse)] = np.where(is_event, 0.0, 1.0 + np.diag(inverse))
    return inverse


def gram_matrix(rows: sparse.csr_array) -> Float32:
    """(v, v) rows' x rows, dense and some at a time: in a large city a sparse product takes twice as long."""
    gram = np.zeros((rows.shape[1], rows.shape[1]), np.float32)
    for start in range(0, rows.shape[0], ROWS_AT_ONCE):
        dense = rows[start : start + ROWS_AT_ONCE].toarray()
        gram += dense.T @ dense
    return gram


def strongest(weights: Float64, limit: int) -> tuple[Int32, Float32]:
    """(columns, values), each (v, k): the `limit` largest of each row by absolute value."""
    kept = np.broadcast_to(np.arange(len(weights)), weights.shape)
    if len(weights) > limit:
        order = np.argpartition(-np.abs(weights), limit, axis=1)
        kept = np.sort(order[:, :limit], axis=1)
    return kept.astype(np.int32), np.take_along_axis(weights, kept, axis=1).astype(np.float32)


def rated_blocks(words: SlateWords, carried: Float32) -> sparse.csr_array:
    """(N_BLOCKS * n, v) the candidates' words, scaled by what they count; carried: events with each before.

    Two of somebody's three nights say more than two of their fifty, and a promoter's many coming nights share
    what the person thinks of the promoter: a word counts by its rarity, then and now.
    """
    blocks = words.matrix.copy()
    sharing = np.bincount(blocks.indices, minlength=len(words.vocabulary))
    rarity = 1.0 / (np.sqrt(1.0 + sharing) * (CARRIED_DOUBT + carried))
    scale = np.repeat(np.repeat(OUT_BLOCKS, words.n), np.diff(blocks.indptr))
    blocks.data = (blocks.data * scale * rarity[blocks.indices]).astype(np.float32)
    blocks.eliminate_zeros()
    return blocks


def sum_of_blocks(blocks: sparse.csr_array, n: int) -> sparse.csr_array:
    """(n, v) each candidate's words of all blocks."""
    matrix = blocks[:n]
    for block in range(1, N_BLOCKS):
        matrix = matrix + blocks[block * n : (block + 1) * n]
    return matrix


def popular_share(slate: Slate) -> Float64:
    """(n,) how popular each candidate is already, 0 to 1."""
    liking = popular(slate, np.zeros(len(slate.events), np.float32))
    return np.asarray(liking / max(float(liking.max(initial=0.0)), 1.0), np.float64)


@dataclass(frozen=True, slots=True)
class WeightedSlate:
    """The candidates as `rated_blocks` counts their words."""

    n: int
    words: SlateWords
    blocks: sparse.csr_array  # (N_BLOCKS * n, v)
    matrix: sparse.csr_array  # (n, v) the sum of the blocks
    columns: Int64  # (v,) the model's column of each word, -1 unknown
    own: Float32  # (v,) what a word of one's own counts, 0 for events
    popular: Float64  # (n,) 0 to 1

    @classmethod
    def of(cls, slate: Slate, words: SlateWords, weights: ItemWeights) -> "WeightedSlate":
        n = words.n
        columns = weights.vocabulary.columns(words.vocabulary)
        blocks = rated_blocks(words, np.append(weights.carried, np.float32(0.0))[columns])
        learned = np.append(weights.own, np.float32(0.0))[columns]
        own = np.where(np.isin(words.vocabulary.words, slate.events.keys), 0.0, learned + weights.own_word)
        matrix = sum_of_blocks(blocks, n)
        return cls(n, words, blocks, matrix, columns, own.astype(np.float32), popular_share(slate))

    def take(self, rows: npt.NDArray[np.integer]) -> "WeightedSlate":
        """These candidates only, over the same vocabulary."""
        kept = (np.arange(N_BLOCKS)[:, None] * self.n + rows).ravel()
        blocks, matrix = self.blocks[kept], self.matrix[rows]
        words = self.words.take(rows)
        return WeightedSlate(len(rows), words, blocks, matrix, self.columns, self.own, self.popular[rows])

    def speak(self, words: PersonWords, weights: ItemWeights) -> tuple[Float32, Float32]:
        """(own, others), each (v,): what the person's same words, and their other ones, say of each word."""
        mine = self.words.vocabulary.add_up(words.words, words.weights * IN_BLOCKS[words.blocks])
        return mine.astype(np.float32) * self.own, weights.others(words)[self.columns]


@dataclass(frozen=True, slots=True)
class CollaborativeFiltering:
    name: ClassVar[str] = "collaborative_filtering"
    settings: ClassVar[type[Parameters]] = CollaborativeFilteringParameters

    weights: ItemWeights

    @classmethod
    def fit(
        cls,
        data: Interactions,
        *,
        generator: np.random.Generator,
        parameters: CollaborativeFilteringParameters = DEFAULTS,
    ) -> Self:
        return cls(ItemWeights.of(data, parameters))

    def prepare(self, slate: Slate, *, now: float) -> WeightedSlate:
        return WeightedSlate.of(slate, SlateWords.of(slate.events), self.weights)

    def score(self, person: Person, prepared: WeightedSlate) -> Float64:
        person = recent(person)
        own, others = prepared.speak(person_words(liked(person)), self.weights)
        together = prepared.matrix @ (own + others) - self._against(person, prepared)
        return np.asarray(together + TIE_BREAK * prepared.popular, np.float64)

    def explain(
        self, person: Person, prepared: WeightedSlate, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        person, shown = recent(person), prepared.take(rows)
        own, others = shown.speak(person_words(liked(person)), self.weights)
        parts = {
            **by_signal((shown.blocks @ own).reshape(N_BLOCKS, -1)[:EVENT_BLOCK]),
            Signal.GOES_WITH: (shown.matrix @ others).astype(np.float64),
            Signal.TURNED_DOWN: -self._against(person, shown),
            Signal.POPULAR: TIE_BREAK * shown.popular,
        }
        return contributions(parts, np.arange(len(rows)))

    def _against(self, person: Person, prepared: WeightedSlate) -> Float64:
        """(n,) what is like what the person turned down, or goes with it; never less than 0."""
        against = DISLIKE * dislike(person, prepared.words).astype(np.float64)
        if (person.weight < 0).any():
            disliked = person_words(turned_down(person))
            others = self.weights.others(disliked, least=0.0)[prepared.columns]
            against -= prepared.matrix @ others
        return against

    def to_arrays(self) -> Arrays:
        return self.weights.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: CollaborativeFilteringParameters = DEFAULTS) -> Self:
        return cls(ItemWeights.from_arrays(arrays, parameters))
