import numpy as np
import pytest

from recommendations.algorithms.dataset import Field, Person, Taste, token
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.signals import COLUMNS, SignalModel, signal_matrix
from tests.algorithms.worlds import NOW, World, nobody, somebody, world


@pytest.fixture(scope="module")
def small() -> World:
    return world()


@pytest.fixture(scope="module")
def weighed(small: World) -> Hybrid:
    """Every signal counts, each differently."""
    weights = np.random.default_rng(3).normal(size=len(COLUMNS))
    return Hybrid(SignalModel.fit(small.data), weights)


def stated() -> Person:
    empty = nobody()
    words = {Field.GENRE: np.array([token(Field.GENRE, "folk")], np.uint64)}
    taste = Taste(words, latitude=53.35, longitude=-6.26, radius_km=5.0, budget_max=20.0)
    return Person(empty.events, empty.weight, empty.occurred_at, taste)


def test_the_score_is_the_weighted_sum_of_the_signal_matrix(small: World, weighed: Hybrid) -> None:
    prepared = weighed.prepare(small.slate(), now=NOW)
    for person in [
        nobody(),
        stated(),
        somebody(small.events[:9], [1.0, -1.0, 0.0] * 3),
        *(small.person(user) for user in range(10)),
    ]:
        matrix = signal_matrix(weighed.model, person, prepared.signals)
        assert matrix.shape == (len(COLUMNS), len(small.upcoming))
        expected = weighed.weights @ matrix
        np.testing.assert_allclose(weighed.score(person, prepared), expected, rtol=1e-4, atol=1e-5)


def test_every_signal_tells_something_of_somebody(small: World, weighed: Hybrid) -> None:
    """Or the sum above would be right of rows that nobody fills."""
    prepared = weighed.prepare(small.slate(), now=NOW)
    sour = somebody(small.upcoming[:3], [1.0, -1.0, -1.0])
    people = [stated(), sour, *(small.person(user) for user in range(10))]
    told = sum(
        np.abs(signal_matrix(weighed.model, person, prepared.signals)).sum(axis=1) for person in people
    )
    assert [column.name for column, sum_ in zip(COLUMNS, told, strict=True) if sum_ == 0] == []


def test_actions_that_count_nothing_change_nothing(small: World, weighed: Hybrid) -> None:
    prepared = weighed.prepare(small.slate(), now=NOW)
    events = small.events[:4]
    with_noughts = weighed.score(somebody(events, [0.0, 1.0, 0.0, -1.0]), prepared)
    without = weighed.score(somebody([events[1], events[3]], [1.0, -1.0]), prepared)
    np.testing.assert_allclose(with_noughts, without, rtol=1e-5, atol=1e-5)
