import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms.dataset import EventTable, Interactions
from recommendations.algorithms.encoding import person_words
from recommendations.algorithms.user_knn import Neighbourhood, UserKNN, largest_per_row
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import NOW, concert, slate_of, somebody


class TestUserKNN(AlgorithmContract):
    algorithm = UserKNN


# Ann and Bob follow Bicep; Bob and Cat follow Kneecap; Dan follows a trad band that nobody else does.
EVENTS = [
    concert("1", artists=["Bicep"]),
    concert("2", artists=["Kneecap"]),
    concert("3", artists=["Lankum"]),
]
ANN, BOB, CAT, DAN = range(4)


def four_people() -> Interactions:
    pairs = [(ANN, 0), (BOB, 0), (BOB, 1), (CAT, 1), (DAN, 2)]
    user, event = np.array(pairs, np.int32).T
    ones = np.ones(len(pairs), np.float32)
    return Interactions(EventTable.of(EVENTS), 4, user, event, ones, np.full(len(pairs), NOW - 5.0), NOW)


def test_the_nearest_neighbours_are_those_with_the_same_past() -> None:
    people, cosine = Neighbourhood.of(four_people()).likeness(person_words(somebody([EVENTS[0]])))
    assert people.tolist() == [ANN, BOB]
    assert cosine[0] == pytest.approx(1.0)
    # Bob holds the same words as much again: half of his squared length, as every word is held by two.
    assert cosine[1] == pytest.approx(np.sqrt(0.5))


def test_it_recommends_what_the_neighbours_like() -> None:
    fitted = UserKNN.fit(four_people(), generator=np.random.default_rng(0))
    slate = slate_of([concert("x", artists=["Kneecap"]), concert("y", artists=["Lankum"])])
    kneecap, lankum = fitted.score(somebody([EVENTS[0]]), fitted.prepare(slate, now=NOW))
    assert kneecap > lankum == 0.0


def test_a_stranger_to_everybody_sees_the_popular_events_in_order() -> None:
    fitted = UserKNN.fit(four_people(), generator=np.random.default_rng(0))
    slate = slate_of([concert("x"), concert("y"), concert("z")], [1.0, 9.0, 4.0])
    scores = fitted.score(somebody([concert("q", artists=["Nobody Knows"])]), fitted.prepare(slate, now=NOW))
    assert np.argsort(-scores).tolist() == [1, 2, 0]


def test_it_keeps_the_largest_entries_of_each_row() -> None:
    matrix = sparse.csr_array(np.array([[1.0, -5.0, 3.0, 0.0], [0.0, 0.0, 2.0, 0.0], [4.0, 4.0, 4.0, 9.0]]))
    kept = largest_per_row(matrix, 2).toarray()
    np.testing.assert_array_equal(kept, [[0, -5, 3, 0], [0, 0, 2, 0], [4, 0, 0, 9]])
