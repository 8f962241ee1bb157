"""Hidden factors, in closed form: a truncated SVD over events and words, with popular columns held back.

With Z the rows and columns of `collaborative_filtering` and D the norms of its columns, the factors are of
Z D^-b (EigenRec: Nikolakopoulos and others, 2019): the more of D is divided out, the less they are about what
everybody likes. A factor of strength s^2 counts s^2 / (s^2 + r), as in the closed form
of the regularised low-rank autoencoder (Jin and others, 2021), so that the faintest do not count like the
strongest. A person's factors are one small product at request time: what they did a second ago counts, and
newcomers need no training.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from recommendations.algorithms.collaborative_filtering import (
    IN_BLOCKS,
    TIE_BREAK,
    gram_matrix,
    popular_share,
    rated_blocks,
    sum_of_blocks,
    training_rows,
)
from recommendations.algorithms.dataset import Float32, Float64, Int64, Interactions, Person, Slate
from recommendations.algorithms.encoding import (
    WORD_FIELDS,
    PersonWords,
    SlateWords,
    Vocabulary,
    liked,
    person_words,
    recent,
)
from recommendations.algorithms.own_words import by_signal, contributions, dislike, liking
from recommendations.algorithms.parameters import Parameters, number
from recommendations.algorithms.protocol import Arrays, Contribution, Signal

BYTES_PER_PAIR = 16  # of rows, or of words, at the peak of the decomposition
BYTES_PER_FACTOR = 8  # of each word: in the decomposition, and turned back into words
DISLIKE = 0.1  # what turning down one event takes off its like


@dataclass(frozen=True, slots=True)
class MatrixFactorizationParameters(Parameters):
    """How many hidden factors, and what they are about.

    factors: kept, the strongest first, at most half as many as there are words; fewer generalise more
    scaling: the power of a column's norm that is divided out: 0 nothing, 0.5 half, 1 all popularity
    own_words: what the words a person likes count beside the factors, so that a brand-new artist counts too
    shrinkage: a factor as strong as the weakest kept counts 1 / (1 + shrinkage), stronger ones more
    memory_mb: for the decomposition at its peak, in MB (10^6 bytes). 60 hold 1,900 rows with any number of
        words, as far as these have room for their factors, or any number of rows with 1,900 words
    rows: people and events that the factors are learned from, drawn at random; more add time and little else
    """

    factors: int = number(256, least=1, most=10_000)
    scaling: float = number(0.25, least=0.0, most=1.0)
    shrinkage: float = number(4.0, least=0.0, most=10_000.0)
    own_words: float = number(0.3, least=0.0, most=100.0)
    memory_mb: float = number(60.0, least=0.1, most=100_000.0)
    rows: int = number(5_000, least=1, most=10_000_000)

    @classmethod
    def search_space(cls) -> Sequence["MatrixFactorizationParameters"]:
        return (
            cls(factors=128),
            cls(factors=64, shrinkage=1.0),
            cls(shrinkage=16.0),
            cls(scaling=0.0, shrinkage=16.0),
            cls(scaling=0.5),
            *(cls(own_words=own_words) for own_words in (0.1, 1.0)),
            cls(factors=64, scaling=0.5, shrinkage=1.0),
            cls(memory_mb=200.0),
        )


DEFAULTS = MatrixFactorizationParameters()


def columns_for(data: Interactions, parameters: MatrixFactorizationParameters) -> int:
    """How many words the memory is enough for: any number of them where the rows are few, as far as their
    factors fit in, for the decomposition is of the smaller side."""
    size = parameters.memory_mb * 1e6
    side = max(isqrt(int(size / BYTES_PER_PAIR)), 1)
    if min(rows_at_most(data), parameters.rows) > side:
        return side
    return max(int(size / (BYTES_PER_FACTOR * parameters.factors)), side)


def rows_at_most(data: Interactions) -> int:
    """People who acted, and events with a word besides their own."""
    touched, _ = data.touched()
    worded = np.zeros(len(touched), np.bool_)
    for kind in WORD_FIELDS:
        worded |= data.events.words[kind].lengths()[touched] > 0
    return len(np.unique(data.user)) + int(worded.sum())


@dataclass(frozen=True, slots=True)
class Factors:
    """Z is about (Z * scale) @ directions @ diag(kept) @ directions' / scale, column by column."""

    directions: Float32  # (v, k)
    scale: Float32  # (v,)
    kept: Float32  # (k,) what each factor counts, 0 to 1

    @classmethod
    def of(cls, rows: sparse.csr_array, parameters: MatrixFactorizationParameters) -> "Factors":
        """The strongest factors of (rows, v)."""
        n, v = rows.shape
        if min(n, v) == 0:
            return cls(np.zeros((v, 0), np.float32), np.ones(v, np.float32), np.zeros(0, np.float32))
        held = np.asarray((rows * rows).sum(axis=0)).ravel()
        scale = (np.where(held > 0, held, 1.0) ** (-0.5 * parameters.scaling)).astype(np.float32)
        scaled = sparse.csr_array(rows * scale)
        by_row = n < v  # the same factors, from the smaller of the two Gram matrices
        gram = gram_matrix(sparse.csr_array(scaled.T) if by_row else scaled)
        last = len(gram) - 1
        strongest = [last + 1 - min(parameters.factors, n, v), last]
        strength, directions = linalg.eigh(gram.T, subset_by_index=strongest, overwrite_a=True)
        strength = np.maximum(strength, np.float32(1e-6))
        if by_row:
            directions = scaled.T @ directions / np.sqrt(strength)
        kept = strength / (strength + parameters.shrinkage * strength[0])
        return cls(directions.astype(np.float32), scale, kept.astype(np.float32))

    def person(self, columns: npt.NDArray[np.integer], values: npt.NDArray[np.floating]) -> Float32:
        """(k,) the factors of a row with these entries, weighed by what they count."""
        held = values.astype(np.float32) * self.scale[columns]
        return np.asarray((held @ self.directions[columns]) * self.kept, np.float32)

    def words(self, columns: Int64) -> Float32:
        """(len(columns), k) what each factor says of these columns."""
        return np.asarray(self.directions[columns] / self.scale[columns, None], np.float32)


@dataclass(frozen=True, slots=True)
class FactorSlate:
    words: SlateWords
    factors: Float32  # (n, k) the sum of each candidate's words' factors, by what they count
    popular: Float64  # (n,) 0 to 1


@dataclass(frozen=True, slots=True)
class MatrixFactorization:
    name: ClassVar[str] = "matrix_factorization"
    settings: ClassVar[type[Parameters]] = MatrixFactorizationParameters

    vocabulary: Vocabulary
    carried: Float32  # (v,) how many events carried each word
    factors: Factors
    parameters: MatrixFactorizationParameters

    @classmethod
    def fit(
        cls,
        data: Interactions,
        *,
        generator: np.random.Generator,
        parameters: MatrixFactorizationParameters = DEFAULTS,
    ) -> Self:
        vocabulary, rows, _ = training_rows(data, columns=columns_for(data, parameters))
        carried = np.bincount(rows[data.n_users :].indices, minlength=len(vocabulary)).astype(np.float32)
        entries = np.diff(rows.indptr)
        entries[data.n_users :] -= 1  # an event with one word tells nothing of what goes with it
        active = np.flatnonzero(entries > 0)
        if len(active) > parameters.rows:
            active = np.sort(generator.choice(active, parameters.rows, replace=False))
        # With as many factors as words, every word would stand for itself and say nothing of the others.
        few = max(min(parameters.factors, len(vocabulary) // 2, len(active) // 2), 1)
        factors = Factors.of(sparse.csr_array(rows[active]), replace(parameters, factors=few))
        return cls(vocabulary, carried, factors, parameters)

    def prepare(self, slate: Slate, *, now: float) -> FactorSlate:
        words = SlateWords.of(slate.events)
        columns = self.vocabulary.columns(words.vocabulary)
        carried = np.append(self.carried, np.float32(0.0))[columns]
        matrix = sum_of_blocks(rated_blocks(words, carried), words.n)
        known = columns >= 0
        factors = np.asarray(matrix[:, known] @ self.factors.words(columns[known]), np.float32)
        return FactorSlate(words, factors, popular_share(slate))

    def _person(self, words: PersonWords) -> Float32:
        mine = self.vocabulary.add_up(words.words, words.weights * IN_BLOCKS[words.blocks])
        held: Int64 = np.flatnonzero(mine)
        return self.factors.person(held, mine[held])

    def _parts(self, person: Person, prepared: FactorSlate) -> dict[Signal, Float64]:
        """What each signal adds, each (n,)."""
        person = recent(person)
        words = person_words(liked(person))
        return {
            Signal.GOES_WITH: (prepared.factors @ self._person(words)).astype(np.float64),
            **by_signal(self.parameters.own_words * liking(words, prepared.words)),
            Signal.TURNED_DOWN: -DISLIKE * dislike(person, prepared.words).astype(np.float64),
            Signal.POPULAR: TIE_BREAK * prepared.popular,
        }

    def score(self, person: Person, prepared: FactorSlate) -> Float64:
        return np.asarray(sum(self._parts(person, prepared).values()), np.float64)

    def explain(
        self, person: Person, prepared: FactorSlate, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        return contributions(self._parts(person, prepared), rows)

    def to_arrays(self) -> Arrays:
        return {
            "words": self.vocabulary.words,
            "carried": self.carried,
            "directions": self.factors.directions,
            "scale": self.factors.scale,
            "kept": self.factors.kept,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: MatrixFactorizationParameters = DEFAULTS) -> Self:
        factors = Factors(arrays["directions"], arrays["scale"], arrays["kept"])
        return cls(Vocabulary(arrays["words"]), arrays["carried"], factors, parameters)
