"""Hidden factors: implicit alternating least squares (Hu, Koren and Volinsky, 2008) over events and words.

The rows and columns are those of `collaborative_filtering`. Everything not acted on counts a little against
(`UNSEEN`), and the pull to zero grows with how often a row or column occurs (Rendle and others, 2022). Only
the words' factors are kept: a person's are found at request time by one small solve, so that what they did a
second ago counts and newcomers need no training.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommendations.algorithms.collaborative_filtering import (
    IN_BLOCKS,
    TIE_BREAK,
    popular_share,
    rated_blocks,
    sum_of_blocks,
    training_rows,
)
from recommendations.algorithms.dataset import Float32, Float64, Int64, Interactions, Person, Slate
from recommendations.algorithms.encoding import (
    PersonWords,
    SlateWords,
    Vocabulary,
    liked,
    person_words,
    recent,
)
from recommendations.algorithms.own_words import by_signal, contributions, dislike, liking
from recommendations.algorithms.protocol import Arrays, Contribution, Signal

FACTORS = 32
SWEEPS = 5
UNSEEN = 0.01  # what not acting counts, where acting counts 1
PULL = 0.005  # to zero, for each occurrence
OWN_WORDS = 0.3  # so that a word without factors yet, a brand-new artist, counts for those who like it
DISLIKE = 0.1  # what turning down one event takes off its like
ROW_LIMIT = 3_000  # people that the words' factors are learned from; more add time and little else


@dataclass(frozen=True, slots=True)
class Factors:
    """What one small solve needs: the words' factors and their second moment."""

    words: Float32  # (v, k)
    moment: Float64  # (k, k) UNSEEN times the sum of their outer products

    @classmethod
    def of(cls, words: npt.NDArray[np.floating]) -> "Factors":
        wide = np.asarray(words, np.float64)
        return cls(np.asarray(words, np.float32), UNSEEN * wide.T @ wide)

    def solve(self, columns: npt.NDArray[np.integer], values: npt.NDArray[np.floating]) -> Float64:
        """(k,) the factors of a row with these entries; the sign of a value is liking, its size trust."""
        held = self.words[columns].astype(np.float64)
        trust = np.abs(values).astype(np.float64)
        pull = PULL * (trust.sum() + UNSEEN * len(self.words))
        curve = self.moment + (held * trust[:, None]).T @ held
        curve.flat[:: len(curve) + 1] += max(pull, 1e-6)
        return np.asarray(np.linalg.solve(curve, held.T @ values.astype(np.float64)), np.float64)

    def solve_rows(self, rows: sparse.csr_array) -> Float32:
        """(rows, k) the factors of every row."""
        out = np.zeros((rows.shape[0], self.words.shape[1]), np.float32)
        for row in np.flatnonzero(np.diff(rows.indptr)):
            held = slice(rows.indptr[row], rows.indptr[row + 1])
            out[row] = self.solve(rows.indices[held], rows.data[held])
        return out


def word_factors(rows: sparse.csr_array, generator: np.random.Generator) -> Float32:
    """(v, k) by turns: the rows' factors given the words', and the words' given the rows'."""
    found = generator.normal(0.0, 0.1 / np.sqrt(FACTORS), (rows.shape[1], FACTORS)).astype(np.float32)
    columns = sparse.csr_array(rows.T)
    for _ in range(SWEEPS):
        found = Factors.of(Factors.of(found).solve_rows(rows)).solve_rows(columns)
    return found


@dataclass(frozen=True, slots=True)
class FactorSlate:
    words: SlateWords
    factors: Float32  # (n, k) the sum of each candidate's words' factors, by what they count
    popular: Float64  # (n,) 0 to 1


@dataclass(frozen=True, slots=True)
class MatrixFactorization:
    name: ClassVar[str] = "matrix_factorization"

    vocabulary: Vocabulary
    carried: Float32  # (v,) how many events carried each word
    factors: Factors

    @classmethod
    def fit(cls, data: Interactions, *, generator: np.random.Generator) -> Self:
        vocabulary, rows, _ = training_rows(data)
        carried = np.bincount(rows[data.n_users :].indices, minlength=len(vocabulary)).astype(np.float32)
        active = np.flatnonzero(np.diff(rows.indptr))
        if len(active) > ROW_LIMIT:
            active = np.sort(generator.choice(active, ROW_LIMIT, replace=False))
        return cls(vocabulary, carried, Factors.of(word_factors(rows[active], generator)))

    def prepare(self, slate: Slate, *, now: float) -> FactorSlate:
        words = SlateWords.of(slate.events)
        columns = self.vocabulary.columns(words.vocabulary)
        carried = np.append(self.carried, np.float32(0.0))[columns]
        matrix = sum_of_blocks(rated_blocks(words, carried), words.n)
        nothing = np.zeros((1, self.factors.words.shape[1]), np.float32)
        known = np.concatenate([self.factors.words, nothing])[columns]
        return FactorSlate(words, np.asarray(matrix @ known, np.float32), popular_share(slate))

    def _person(self, words: PersonWords) -> Float32:
        mine = self.vocabulary.add_up(words.words, words.weights * IN_BLOCKS[words.blocks])
        held: Int64 = np.flatnonzero(mine)
        return self.factors.solve(held, mine[held]).astype(np.float32)

    def _parts(self, person: Person, prepared: FactorSlate) -> dict[Signal, Float64]:
        """What each signal adds, each (n,)."""
        person = recent(person)
        words = person_words(liked(person))
        return {
            Signal.GOES_WITH: (prepared.factors @ self._person(words)).astype(np.float64),
            **by_signal(OWN_WORDS * liking(words, prepared.words)),
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
        return {"words": self.vocabulary.words, "carried": self.carried, "factors": self.factors.words}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        return cls(Vocabulary(arrays["words"]), arrays["carried"], Factors.of(arrays["factors"]))
