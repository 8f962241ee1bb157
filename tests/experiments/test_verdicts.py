"""The rules in their order: each case keeps what would trigger every later rule."""

from dataclasses import replace

import pytest

from experiments.statistics.values import SampleRatio, SampleRatioState
from experiments.verdicts import Evidence, TreatmentEvidence, ab_verdict, verdict_at_once

WINNER = TreatmentEvidence("Hybrid", is_better=True, is_worse=False, harmed=(), unproven=())
NEUTRAL = replace(WINNER, is_better=False)
LOSER = replace(NEUTRAL, is_worse=True)
RUNNING = Evidence(
    has_started=True,
    has_ended=False,
    has_plan=True,
    participants=1000,
    mixed=0,
    sample_ratio=SampleRatio(SampleRatioState.OK, 0.5, 0.4),
    waits_for="",
    treatments=(NEUTRAL,),
    unmeasured=(),
    days_run=8.0,
    days_left=6,
    is_plan_reached=False,
    information=0.4,
)
SHIPPABLE = replace(RUNNING, treatments=(WINNER,))
HARMED = replace(WINNER, harmed=("People who hid something",))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"sample_ratio": SampleRatio(SampleRatioState.FAIL, 1e-5, 20.0)}, "Sample-ratio mismatch"),
        ({"mixed": 11}, "More than 1% of people saw two variants"),
        ({"has_plan": False}, "No plan"),
    ],
)
def test_invalid_comes_before_everything_and_at_once(change: dict[str, object], rule: str) -> None:
    evidence = replace(SHIPPABLE, treatments=(HARMED,), **change)  # type: ignore[arg-type]
    verdict = ab_verdict(evidence)
    assert (verdict.state, verdict.rule) == ("invalid", rule)
    assert verdict_at_once(evidence) == verdict


def test_ten_of_a_thousand_who_saw_both_are_still_one_per_cent() -> None:
    assert ab_verdict(replace(SHIPPABLE, participants=990, mixed=10)).state == "ship"


def test_a_harmed_guardrail_rolls_back_before_any_gain_ships_and_at_once() -> None:
    evidence = replace(SHIPPABLE, treatments=(HARMED, WINNER))
    verdict = ab_verdict(evidence)
    assert verdict.state == "roll_back"
    assert "People who hid something" in verdict.explanation
    assert verdict_at_once(evidence) == verdict


def test_a_treatment_that_does_worse_on_what_decides_is_rolled_back_at_a_look_only() -> None:
    evidence = replace(RUNNING, treatments=(LOSER,))
    assert ab_verdict(evidence).state == "roll_back"
    assert verdict_at_once(evidence) is None


def test_a_loser_beside_a_winner_does_not_keep_the_winner_back() -> None:
    verdict = ab_verdict(replace(RUNNING, treatments=(WINNER, replace(LOSER, name="Content"))))
    assert verdict.state == "ship"
    assert "Worse than control: Content." in verdict.explanation


def test_a_gain_ships_after_a_whole_week_with_all_guardrails_held() -> None:
    assert ab_verdict(SHIPPABLE).state == "ship"
    for waiting in (
        replace(SHIPPABLE, days_run=6.9),
        replace(SHIPPABLE, waits_for="each variant needs 50 people"),
        replace(SHIPPABLE, treatments=(replace(WINNER, unproven=("Lists with nothing in them",)),)),
        replace(SHIPPABLE, days_run=6.9, is_plan_reached=True),
    ):
        verdict = ab_verdict(waiting)
        assert verdict.state == "keep_running"
        assert verdict.rule == "Better, but not yet to be shipped"


def test_what_was_not_measured_is_said() -> None:
    verdict = ab_verdict(replace(SHIPPABLE, unmeasured=("Milliseconds to make a list",)))
    assert verdict.state == "ship"
    assert "Not measured at all: Milliseconds to make a list." in verdict.explanation


def test_it_keeps_running_until_the_plan_is_reached_and_says_how_long() -> None:
    verdict = ab_verdict(RUNNING)
    assert verdict.state == "keep_running"
    assert "6 days are left" in verdict.explanation
    assert "40%" in verdict.explanation


def test_a_plan_reached_without_a_gain_is_no_effect_found() -> None:
    verdict = ab_verdict(replace(RUNNING, is_plan_reached=True, information=1.02))
    assert verdict.state == "no_effect_found"
    assert "missed" not in verdict.explanation
    too_few = ab_verdict(replace(RUNNING, is_plan_reached=True, information=0.4))
    assert too_few.state == "no_effect_found"
    assert "missed" in too_few.explanation


def test_one_stopped_early_has_shown_nothing() -> None:
    verdict = ab_verdict(replace(RUNNING, has_ended=True))
    assert (verdict.state, verdict.rule) == ("keep_running", "Ended before the plan was reached")


def test_a_draft_and_an_experiment_nobody_saw_say_so() -> None:
    assert ab_verdict(replace(RUNNING, has_started=False)).rule == "Not started"
    assert ab_verdict(replace(RUNNING, participants=0)).rule == "Nobody exposed yet"
