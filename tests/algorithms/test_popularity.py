import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms.dataset import EventTable, Field, Interactions, Person, Taste, token
from recommendations.algorithms.popularity import HALF_LIFE, Popularity, decayed, interest
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import DAY, NOW, concert, nobody, slate_of


class TestPopularity(AlgorithmContract):
    algorithm = Popularity
    personal = False


def three_saves_on(rows: list[int], weights: list[float] | None = None) -> Interactions:
    events = EventTable.of([concert("a", promoter="Big"), concert("b", promoter="Small"), concert("c")])
    m = len(rows)
    return Interactions(
        events,
        m,
        np.arange(m, dtype=np.int32),
        np.array(rows, np.int32),
        np.array(weights or [1.0] * m, np.float32),
        np.full(m, NOW - HALF_LIFE),
        NOW,
    )


def test_it_halves_an_action_every_half_life() -> None:
    np.testing.assert_allclose(
        decayed(np.array([1.0, 1.0, 2.0]), HALF_LIFE * np.array([0, 1, 3])), [1, 0.5, 0.25]
    )


def test_it_does_not_count_actions_that_are_still_to_come() -> None:
    assert decayed(np.array([1.0]), np.array([-1.0]))[0] == 0.0


def test_it_adds_up_the_decayed_actions_of_each_event() -> None:
    np.testing.assert_allclose(interest(three_saves_on([0, 0, 1]), now=NOW), [1.0, 0.5, 0.0])


def test_turning_an_event_down_takes_nothing_off_its_interest() -> None:
    np.testing.assert_allclose(interest(three_saves_on([0, 0], [1.0, -1.0]), now=NOW), [0.5, 0.0, 0.0])


def test_it_puts_the_most_wanted_event_first() -> None:
    fitted = Popularity.fit(Interactions.empty(), generator=np.random.default_rng(0))
    prepared = fitted.prepare(slate_of([concert("a"), concert("b"), concert("c")], [1.0, 5.0, 3.0]), now=NOW)
    assert np.argsort(-fitted.score(nobody(), prepared)).tolist() == [1, 2, 0]


def test_it_expects_of_an_untouched_event_what_its_promoter_drew_before() -> None:
    fitted = Popularity.fit(three_saves_on([0, 0, 0, 1]), generator=np.random.default_rng(0))
    slate = slate_of(
        [concert("x", promoter="Small"), concert("y", promoter="Big"), concert("z", promoter="New")]
    )
    small, big, new = fitted.score(nobody(), fitted.prepare(slate, now=NOW))
    # Three saves on one event, shrunk by two events' worth of doubt: 3 / (1 + 2) = 1; and 1 / 3.
    assert big == pytest.approx(np.log1p(1.0))
    assert small == pytest.approx(np.log1p(1.0 / 3.0))
    assert new == 0.0


def test_it_prefers_the_city_that_a_person_names() -> None:
    fitted = Popularity.fit(Interactions.empty(), generator=np.random.default_rng(0))
    prepared = fitted.prepare(slate_of([concert("a", city="Cork"), concert("b", city="Dublin")]), now=NOW)
    empty = nobody()
    cork = Taste({Field.CITY: np.array([token(Field.CITY, "cork")], np.uint64)})
    scores = fitted.score(Person(empty.events, empty.weight, empty.occurred_at, cork), prepared)
    assert scores[0] > scores[1]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_more_interest_never_means_a_lower_score(wanted: list[float]) -> None:
    fitted = Popularity.fit(Interactions.empty(), generator=np.random.default_rng(0))
    prepared = fitted.prepare(slate_of([concert(str(row)) for row in range(len(wanted))], wanted), now=NOW)
    scores = fitted.score(nobody(), prepared)
    assert (np.diff(scores[np.argsort(np.array(wanted, np.float32), kind="stable")]) >= 0).all()


def test_the_age_of_an_action_matters() -> None:
    data = three_saves_on([0, 1])
    aged = Interactions(
        data.events, 2, data.user, data.event, data.weight, NOW - np.array([1.0, 30.0]) * DAY, NOW
    )
    fresh, stale, _ = interest(aged, now=NOW)
    assert fresh > stale > 0
