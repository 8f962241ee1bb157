"""The parts of an evaluation: everybody in exactly one, and together the whole."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from recommendations.algorithms.dataset import Field, Taste, token
from recommendations.algorithms.popularity import Popularity
from recommendations.evaluation.breakdown import MOST_CITIES, by_city, by_history
from recommendations.evaluation.evaluate import UNKNOWN_CITY, Evaluation, city_of, evaluate, per_person
from recommendations.evaluation.splits import temporal_hold_out
from tests.algorithms.worlds import DAY, NOW, concert, nobody, somebody, world

CITIES = {token(Field.CITY, name): name for name in ("Dublin", "Cork", "Galway")}
DUBLIN, CORK, GALWAY = CITIES


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """People with 0 to 5 actions before the cut, most in Dublin."""
    held = temporal_hold_out(world(n_users=150, actions=6).data, NOW - 20 * DAY)
    return evaluate(Popularity.fit(held.train, generator=np.random.default_rng(0)), held)


Breakdown = Callable[[Evaluation], dict[str, Evaluation]]


@pytest.mark.parametrize("breakdown", [by_history, lambda whole: by_city(whole, CITIES)])
def test_the_parts_make_up_the_whole(evaluation: Evaluation, breakdown: Breakdown) -> None:
    parts = breakdown(evaluation)
    assert len(parts) > 1
    assert sorted(np.concatenate([part.user for part in parts.values()])) == evaluation.user.tolist()
    for name, whole in per_person(evaluation).items():
        summed = sum(per_person(part)[name].sum() for part in parts.values())
        assert summed == pytest.approx(whole.sum())


@pytest.mark.parametrize(
    ("actions", "part"),
    [(0, "0"), (1, "1"), (2, "2 to 5"), (5, "2 to 5"), (6, "6 to 20"), (20, "6 to 20"), (21, "over 20"),
     (500, "over 20")],
)  # fmt: skip
def test_a_history_is_in_the_part_that_names_its_length(
    evaluation: Evaluation, actions: int, part: str
) -> None:
    same = replace(evaluation, history=np.full(len(evaluation.user), actions))
    assert list(by_history(same)) == [part]


def test_the_largest_cities_have_parts_of_their_own(evaluation: Evaluation) -> None:
    names = {number: f"city {number}" for number in range(1, MOST_CITIES + 3)}
    city = np.resize(np.array([UNKNOWN_CITY, *names, 1], np.uint64), len(evaluation.user))
    parts = by_city(replace(evaluation, city=city), names)
    assert next(iter(parts)) == "city 1"
    assert list(parts)[-2:] == ["others", "unknown"]
    assert len(parts) == MOST_CITIES + 2


def test_a_city_without_a_name_is_among_the_others(evaluation: Evaluation) -> None:
    same = replace(evaluation, city=np.full(len(evaluation.user), 7, np.uint64))
    assert list(by_city(same, CITIES)) == ["others"]


def test_a_city_is_the_stated_one_or_where_most_of_the_history_is() -> None:
    gigs = [concert(str(number), city=city) for number, city in enumerate(["Cork", "Cork", "Dublin", ""])]
    person = somebody(gigs)
    assert city_of(person) == CORK
    assert city_of(nobody()) == UNKNOWN_CITY

    def stating(*cities: int) -> Taste:
        return Taste(words={Field.CITY: np.array(cities, np.uint64)})

    assert city_of(replace(person, taste=stating(GALWAY))) == GALWAY
    assert city_of(replace(person, taste=stating(GALWAY, DUBLIN))) == DUBLIN
    assert city_of(replace(nobody(), taste=stating(DUBLIN))) == DUBLIN
    assert city_of(replace(person, taste=stating())) == CORK
