"""The algorithms of the library `implicit` that ours stand beside on plain matrices, set as suits them.

They read nothing of an event but who chose it, so on new events they have nothing to say: matrices only.
"""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from recommendations.algorithms.dataset import Float64, Int64, Interactions, Person, Slate, UInt64

NEIGHBOURS = 500
ITERATIONS = 15


def user_items(data: Interactions) -> sparse.csr_matrix:
    """(people, events) the sums of the weights; the old matrix type is what `implicit` takes."""
    shape = (data.n_users, len(data.events))
    return sparse.csr_matrix((data.weight, (data.user, data.event)), shape=shape)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The events of the training part by their key."""

    keys: UInt64  # ascending
    row: Int64

    @classmethod
    def of(cls, keys: UInt64) -> "Catalogue":
        order = np.argsort(keys)
        return cls(keys[order], order.astype(np.int64))

    def rows(self, keys: UInt64) -> Int64:
        """The row of each key, all of them known."""
        return self.row[np.searchsorted(self.keys, keys)]

    def person(self, person: Person) -> sparse.csr_matrix:
        """(1, events) what the person did."""
        rows = self.rows(person.events.keys)
        shape = (1, len(self.keys))
        return sparse.csr_matrix((person.weight, (np.zeros(len(rows), np.int64), rows)), shape=shape)


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A fitted model of `implicit`; each subclass makes one and says how it scores."""

    name: ClassVar[str]

    model: Any
    catalogue: Catalogue

    @classmethod
    def make(cls, seed: int) -> Any:
        raise NotImplementedError

    @classmethod
    def fit(cls, data: Interactions, *, generator: np.random.Generator) -> Self:
        model = cls.make(int(generator.integers(2**31)))
        with threadpool_limits(1, "blas"), warnings.catch_warnings():  # it has threads of its own
            warnings.simplefilter("ignore")  # it warns of matrices that it converts itself
            model.fit(user_items(data), show_progress=False)
        return cls(model, Catalogue.of(data.events.keys))

    def prepare(self, slate: Slate, *, now: float) -> Int64:
        return self.catalogue.rows(slate.events.keys)

    def score(self, person: Person, prepared: Int64) -> Float64:
        raise NotImplementedError


class LeastSquares(Counterpart):
    """Implicit alternating least squares (Hu, Koren and Volinsky, 2008); people are folded in."""

    factors: ClassVar[int]
    regularisation: ClassVar[float]
    alpha: ClassVar[float]

    @classmethod
    def make(cls, seed: int) -> Any:
        from implicit.cpu.als import AlternatingLeastSquares

        return AlternatingLeastSquares(
            factors=cls.factors,
            regularization=cls.regularisation,
            alpha=cls.alpha,
            iterations=ITERATIONS,
            random_state=seed,
            num_threads=1,  # people are folded in one by one: threads take longer to start than they save
        )

    def score(self, person: Person, prepared: Int64) -> Float64:
        factors = self.model.recalculate_user(0, self.catalogue.person(person))
        return np.asarray(self.model.item_factors[prepared] @ np.ravel(factors), np.float64)


class LeastSquares64(LeastSquares):
    name = "implicit_als_64"
    factors, regularisation, alpha = 64, 3.0, 10.0


class LeastSquares128(LeastSquares):
    name = "implicit_als_128"
    factors, regularisation, alpha = 128, 10.0, 1.0


class ItemNeighbours(Counterpart):
    """Item-item nearest neighbours (Sarwar and others, 2001)."""

    def score(self, person: Person, prepared: Int64) -> Float64:
        return np.ravel((self.catalogue.person(person) @ self.model.similarity).toarray())[prepared]


class Cosine(ItemNeighbours):
    name = "implicit_cosine"

    @classmethod
    def make(cls, seed: int) -> Any:
        from implicit.nearest_neighbours import CosineRecommender

        return CosineRecommender(K=NEIGHBOURS)


class TfIdf(ItemNeighbours):
    name = "implicit_tfidf"

    @classmethod
    def make(cls, seed: int) -> Any:
        from implicit.nearest_neighbours import TFIDFRecommender

        return TFIDFRecommender(K=NEIGHBOURS)


class Bm25(ItemNeighbours):
    name = "implicit_bm25"

    @classmethod
    def make(cls, seed: int) -> Any:
        from implicit.nearest_neighbours import BM25Recommender

        return BM25Recommender(K=NEIGHBOURS, K1=1.2, B=0.2)


COUNTERPARTS: dict[str, type[Counterpart]] = {
    each.name: each for each in (Cosine, TfIdf, Bm25, LeastSquares64, LeastSquares128)
}
