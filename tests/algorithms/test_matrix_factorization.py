import numpy as np
from scipy import sparse

from recommendations.algorithms.dataset import EventTable, Interactions
from recommendations.algorithms.matrix_factorization import (
    PULL,
    UNSEEN,
    Factors,
    MatrixFactorization,
    word_factors,
)
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import NOW, concert, nobody, slate_of, somebody


class TestMatrixFactorization(AlgorithmContract):
    algorithm = MatrixFactorization


def test_a_row_is_the_weighted_least_squares_solution() -> None:
    generator = np.random.default_rng(3)
    words = generator.normal(size=(6, 2)).astype(np.float32)
    values = np.array([1.0, 0.0, -0.5, 0.0, 2.0, 0.0])
    weight = UNSEEN + np.abs(values)
    aim = np.where(values != 0, values / weight, 0.0)
    pull = PULL * (np.abs(values).sum() + UNSEEN * 6)
    wide = words.astype(np.float64)
    expected = np.linalg.solve(wide.T @ (wide * weight[:, None]) + pull * np.eye(2), wide.T @ (weight * aim))
    held = np.flatnonzero(values)
    np.testing.assert_allclose(Factors.of(words).solve(held, values[held]), expected, rtol=1e-5)


def test_the_factors_tell_two_scenes_apart() -> None:
    block = np.kron(np.eye(2), np.ones((10, 3)))
    found = word_factors(sparse.csr_array(block), np.random.default_rng(0))
    factors = Factors.of(found)
    liking = found @ factors.solve(np.array([0]), np.array([1.0]))
    assert liking[:3].min() > 0.1
    assert np.abs(liking[3:]).max() < liking[:3].min() / 10


def test_it_reaches_an_unseen_event_through_what_goes_with_its_artist() -> None:
    events = [
        concert("1", artists=["Bicep"]),
        concert("2", artists=["Kneecap"]),
        concert("3", artists=["Lankum"]),
    ]
    pairs = [(user, event) for user in range(30) for event in (0, 1)] + [(user, 2) for user in range(30, 60)]
    user, event = np.array(pairs, np.int32).T
    ones = np.ones(len(pairs), np.float32)
    data = Interactions(EventTable.of(events), 60, user, event, ones, np.full(len(pairs), NOW - 5.0), NOW)
    model = MatrixFactorization.fit(data, generator=np.random.default_rng(0))
    slate = slate_of([concert("x", artists=["Kneecap"]), concert("y", artists=["Lankum"])])
    kneecap, lankum = model.score(somebody([events[0]]), model.prepare(slate, now=NOW))
    assert kneecap > 2 * abs(lankum)


def test_a_stranger_sees_the_popular_events_in_order() -> None:
    model = MatrixFactorization.fit(Interactions.empty(), generator=np.random.default_rng(0))
    slate = slate_of([concert("x"), concert("y"), concert("z")], [1.0, 9.0, 4.0])
    assert np.argsort(-model.score(nobody(), model.prepare(slate, now=NOW))).tolist() == [1, 2, 0]
