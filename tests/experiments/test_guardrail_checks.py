"""Guardrails through the real tables."""

import random

import pytest

from experiments.models import Experiment
from experiments.reports import GuardrailCheck, GuardrailState
from experiments.results import experiment_report
from experiments.verdicts import VerdictState
from feedback.models import Prediction
from tests.experiments.factories import DAY, HOUR, NOON, act_many, expose_many, serve

LATER = NOON + 8 * DAY


def checks(experiment: Experiment) -> dict[str, GuardrailCheck]:
    found = experiment_report(experiment=experiment, as_of=LATER)
    return {one.metric.key: one for one in found.guardrails}


def exposed(experiment: Experiment, users: int) -> dict[str, list[str]]:
    return {key: expose_many(experiment, key, users, 0) for key in ("control", "treatment")}


def serve_many(
    people: list[str], latency_ms: float, spread: float, fallbacks: int = 0, empty: bool = False
) -> None:
    dice = random.Random(latency_ms)
    rows = [
        Prediction(
            recommendation_id=f"00000000-0000-0000-0000-{dice.randrange(16**12):012x}",
            user_id=person,
            served_at=NOON,
            algorithm="hybrid",
            fallback_reason="error" if number < fallbacks else "",
            latency_ms=latency_ms + spread * dice.random(),
            items=[] if empty else [["gig", 0.5]],
        )
        for number, person in enumerate(people)
    ]
    Prediction.objects.bulk_create(rows)


def test_with_nothing_logged_a_guardrail_is_unmeasured(experiment: Experiment) -> None:
    exposed(experiment, 60)
    assert checks(experiment)["latency_ms"].state is GuardrailState.UNMEASURED


def test_with_lists_in_one_variant_only_it_stays_open(experiment: Experiment) -> None:
    people = exposed(experiment, 60)
    serve_many(people["control"], 5, 2)
    latency = checks(experiment)["latency_ms"]
    assert latency.state is GuardrailState.OPEN
    assert "one of the two variants" in latency.reason


def test_fewer_than_fifty_people_prove_nothing_either_way(experiment: Experiment) -> None:
    people = exposed(experiment, 49)
    act_many(people["treatment"], "hide", NOON + HOUR)
    assert checks(experiment)["hide_rate"].state is GuardrailState.OPEN


def test_many_more_hides_are_harm_and_roll_back_without_a_look(experiment: Experiment) -> None:
    people = exposed(experiment, 200)
    act_many(people["control"][:10], "hide", NOON + HOUR)
    act_many(people["treatment"][:60], "hide", NOON + HOUR)
    found = experiment_report(experiment=experiment, as_of=NOON + DAY)
    hides = next(one for one in found.guardrails if one.metric.key == "hide_rate")
    assert hides.state is GuardrailState.HARMED
    assert hides.harm_p_value is not None
    assert hides.harm_p_value < 0.05
    assert found.verdict.state is VerdictState.ROLL_BACK


def test_fewer_hides_are_no_harm_however_certain(experiment: Experiment) -> None:
    people = exposed(experiment, 200)
    act_many(people["control"][:60], "hide", NOON + HOUR)
    assert checks(experiment)["hide_rate"].state is GuardrailState.PASSED


@pytest.mark.parametrize(
    ("treatment_ms", "state"),
    [(5.0, GuardrailState.PASSED), (15.0, GuardrailState.PASSED), (80.0, GuardrailState.HARMED)],
)
def test_some_milliseconds_more_are_tolerated(
    experiment: Experiment, treatment_ms: float, state: GuardrailState
) -> None:
    people = exposed(experiment, 100)
    serve_many(people["control"], 5.0, 4)
    serve_many(people["treatment"], treatment_ms + 0.5, 4)
    assert checks(experiment)["latency_ms"].state is state


def test_where_all_are_alike_the_values_are_compared(experiment: Experiment) -> None:
    people = exposed(experiment, 60)
    serve_many(people["control"], 5, 2)
    serve_many(people["treatment"], 5.5, 2, empty=True)
    found = checks(experiment)
    assert found["empty_share"].state is GuardrailState.HARMED
    assert found["fallback_share"].state is GuardrailState.PASSED
    assert found["fallback_share"].harm_p_value is None


def test_a_few_failures_leave_it_open(experiment: Experiment) -> None:
    people = exposed(experiment, 100)
    serve_many(people["control"], 5, 2)
    serve_many(people["treatment"], 5.5, 2, fallbacks=2)
    serve(people["treatment"][0], NOON + HOUR, ["gig"])
    assert checks(experiment)["fallback_share"].state is GuardrailState.OPEN
