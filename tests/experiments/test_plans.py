"""People and days from measured traffic, and warnings where a plan falls short of its own effect."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from experiments.models import Experiment
from experiments.plans import PlanQuestion, plan_suggest, plan_warnings
from experiments.services import experiment_start
from experiments.start_checks import PLAN, start_checklist
from experiments.statistics.power import plan_for_rates
from experiments.statistics.values import Unknown
from feedback.models import Prediction
from tests.experiments.factories import DAY, HOUR, NOON, act, draft, serve

pytestmark = pytest.mark.django_db
HALVES = (0.5, 0.5)


def traffic(people: int, converted: int, surface: str = "") -> None:
    """Everybody twice within the last two weeks, some of whom saved."""
    for number in range(people):
        for days in (1, 10):
            serve(f"p{number}", NOON - days * DAY)
        if number < converted:
            act(f"p{number}", "save", NOON - DAY + HOUR)
    Prediction.objects.filter(surface="").update(surface=surface)


def asked(**facts: Any) -> PlanQuestion:
    return replace(PlanQuestion(minimum_effect=0.1, weights=HALVES), **facts)


def test_people_are_those_the_sample_size_asks_for_at_the_measured_rate() -> None:
    traffic(140, 28)
    suggested = plan_suggest(asked(), now=NOON)
    expected = plan_for_rates(0.2, 0.1, HALVES, 10)
    assert (suggested.traffic.users, suggested.users_per_day, suggested.rate) == (140, 10, 0.2)
    assert suggested.users == expected.users
    assert isinstance(suggested.days, int)
    assert isinstance(expected.days, int)
    assert suggested.days % 7 == 0
    assert 0 <= suggested.days - expected.days < 7


def test_a_rate_that_is_expected_and_a_part_of_the_traffic_are_taken_as_said() -> None:
    traffic(140, 28)
    suggested = plan_suggest(asked(expected_rate=0.5, share_of_traffic=0.3), now=NOON)
    assert suggested.users == plan_for_rates(0.5, 0.1, HALVES, 3).users
    assert suggested.users_per_day == pytest.approx(3)


def test_only_the_surfaces_it_is_for_are_measured() -> None:
    traffic(28, 7, surface="digest")
    assert plan_suggest(asked(surfaces=("home",)), now=NOON).traffic.users == 0
    assert plan_suggest(asked(surfaces=("home", "digest")), now=NOON).traffic.users == 28


def test_older_traffic_does_not_count() -> None:
    serve("1", NOON - 15 * DAY)
    assert plan_suggest(asked(expected_rate=0.2), now=NOON).users_per_day == 0


def test_without_traffic_or_a_rate_it_says_what_is_missing() -> None:
    assert isinstance(plan_suggest(asked(), now=NOON).users, Unknown)
    suggested = plan_suggest(asked(expected_rate=0.2), now=NOON)
    assert isinstance(suggested.users, int)
    assert isinstance(suggested.days, Unknown)
    assert "Nobody comes by" in suggested.days.reason


def test_an_effect_beyond_everybody_is_explained() -> None:
    suggested = plan_suggest(asked(expected_rate=0.6, minimum_effect=2.0), now=NOON)
    assert isinstance(suggested.users, Unknown)
    assert "below 1" in suggested.users.reason


def test_a_plan_too_small_for_its_effect_is_said_so_in_the_checklist_but_may_start() -> None:
    for number in range(14):
        serve(f"p{number}", timezone.now() - DAY)
    experiment = draft()
    check = next(one for one in start_checklist(experiment) if one.name == PLAN)
    needed = plan_for_rates(0.2, 0.1, HALVES, 1).users
    assert check.holds
    assert check.warnings == (
        f"2,000 people are too few to find a change of 10%: about {needed:,} are needed.",
        "At 1 people a day, as measured, 14 days bring 14 of the 2,000 people planned.",
    )
    experiment_start(experiment=experiment, actor="staff:ann", reason="Ready", now=NOON)


def test_a_plan_that_is_large_enough_is_left_alone() -> None:
    traffic(140, 28)
    experiment = draft()
    Experiment.objects.update(planned_users=10_000, planned_days=1001, minimum_effect=0.2)
    experiment.refresh_from_db()
    assert plan_warnings(experiment, now=NOON) == []
