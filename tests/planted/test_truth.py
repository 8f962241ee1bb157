from collections import Counter
from datetime import timedelta

import pytest

from recommendations.planted.truth import WINDOW, Act, Truth, acts_of

DAY = timedelta(days=1)


def truth(**changes: float) -> Truth:
    known = {"users": 500, "days": 10, "variants": 3, "baseline": 0.2, "lift": 0.5, "seed": 1}
    return Truth(**(known | changes))  # type: ignore[arg-type]


def by_person(acts: list[Act]) -> dict[int, list[Act]]:
    return {person: [act for act in acts if act.person == person] for person in range(500)}


def test_only_the_first_treatment_has_the_lift() -> None:
    planted = truth(variants=4)
    assert planted.treatments == ("treatment", "treatment_2", "treatment_3")
    assert [planted.lift_of(one) for one in ("control", *planted.treatments)] == [0, 0.5, 0, 0]
    assert [round(planted.rate_of(one), 3) for one in ("control", *planted.treatments)] == [
        0.2,
        0.3,
        0.2,
        0.2,
    ]


def test_everybody_visits_before_they_may_convert_once_and_within_the_window() -> None:
    for acts in by_person(acts_of(truth(), 1)).values():
        assert acts[0].draw is None
        assert acts[0].at < 10 * DAY
        converting = [act for act in acts if act.draw is not None]
        assert len(converting) == 1
        assert timedelta(0) <= converting[0].at - acts[0].at < WINDOW


def test_people_come_over_all_days_and_some_come_back() -> None:
    acts = by_person(acts_of(truth(), 1)).values()
    first_days = Counter(person[0].at // DAY for person in acts)
    assert sorted(first_days) == list(range(10))
    assert max(first_days.values()) < 100
    visits = Counter(sum(act.draw is None for act in person) for person in acts)
    assert visits[1] + visits[2] == 500
    assert 150 < visits[2] < 250


def test_all_is_over_by_the_last_look() -> None:
    acts = acts_of(truth(), 1)
    assert [act.at for act in acts] == sorted(act.at for act in acts)
    assert acts[-1].at < truth().looks * DAY


def test_seed_and_repetition_are_all_that_chance_depends_on() -> None:
    assert acts_of(truth(), 1) == acts_of(truth(lift=0.0), 1)
    assert acts_of(truth(), 1) != acts_of(truth(), 2)
    assert acts_of(truth(), 1) != acts_of(truth(seed=2), 1)


def test_a_plan_is_for_whole_weeks_and_looks_go_on_until_all_windows_are_over() -> None:
    assert [(truth(days=days).planned_days, truth(days=days).looks) for days in (3, 7, 28)] == [
        (7, 9),
        (7, 9),
        (28, 30),
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"baseline": 0.0}, "above 0 and below 1"),
        ({"baseline": 0.5, "lift": 1.0}, "makes 100%"),
        ({"lift": -1.0}, "makes 0%"),
        ({"variants": 1}, "at least two variants"),
        ({"users": 2}, "one person for each"),
    ],
)
def test_what_cannot_be_planted_is_refused_with_what_to_give(changes: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        truth(**changes)
