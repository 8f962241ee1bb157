"""The test that decides, look after look, from numbers alone."""

import json
import math
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from experiments.reports import Finding, HistoryDay, SequentialMethod
from experiments.sequential import Looked, Plan, findings, look_at
from experiments.statistics.multiple_testing import holm
from experiments.statistics.values import Proportion
from experiments.verdicts import Verdict, VerdictState
from tests.experiments.factories import NOON

ORACLE = json.loads((Path(__file__).parent / "oracles" / "statistics.json").read_text())
PLAN = Plan(2000, {"control": 0.5, "treatment": 0.5})
THREE = Plan(3000, {"control": 1 / 3, "a": 1 / 3, "b": 1 / 3})


def day_of(looked: Looked, number: int, phase: int = 1) -> HistoryDay:
    at = NOON + timedelta(days=number)
    nothing = Verdict(VerdictState.KEEP_RUNNING, "", "")
    return HistoryDay(
        at.date(),
        at,
        phase,
        looked.information,
        looked.is_counted,
        looked.alpha_spent,
        nothing,
        (),
        looked.tests,
    )


def looks(samples: Sequence[dict[str, Proportion]], plan: Plan = PLAN, phase: int = 1) -> list[HistoryDay]:
    history: list[HistoryDay] = []
    for number, one in enumerate(samples):
        history.append(day_of(look_at(one, "control", plan, history, phase), number, phase))
    return history


def halves(users: int, control: int, treatment: int) -> dict[str, Proportion]:
    return {"control": Proportion(control, users), "treatment": Proportion(treatment, users)}


@pytest.mark.parametrize("number", [5, 28])
def test_equal_looks_have_the_boundaries_that_others_computed(number: int) -> None:
    plan = Plan(2 * number * 100, PLAN.shares)
    history = looks([halves(100 * k, 20 * k, 20 * k) for k in range(1, number + 1)], plan)
    found = [day.tests[0].critical_value for day in history]
    assert found == pytest.approx(ORACLE["group_sequential"][str(number)], abs=1e-3)
    assert history[-1].alpha_spent == pytest.approx(0.05)


def test_each_of_two_treatments_is_tested_at_half_of_alpha() -> None:
    same = {key: Proportion(200, 1000) for key in ("control", "a", "b")}
    looked = look_at(same, "control", THREE, [], 1)
    assert [test.critical_value for test in looked.tests] == pytest.approx([2.2414, 2.2414], abs=1e-4)
    assert looked.alpha_spent == pytest.approx(0.05)


def test_before_the_burn_in_nothing_is_spent_and_nothing_found() -> None:
    for samples in (halves(49, 5, 49), halves(500, 4, 490)):
        looked = look_at(samples, "control", PLAN, [], 1)
        assert (looked.is_counted, looked.alpha_spent) == (False, 0.0)
        assert looked.tests[0].finding is None
        assert looked.tests[0].reason
    assert look_at(halves(50, 5, 49), "control", PLAN, [], 1).tests[0].finding is Finding.BETTER


def test_a_boundary_once_crossed_stays_crossed() -> None:
    history = looks([halves(300, 30, 90), halves(600, 150, 151)])
    assert history[1].tests[0].finding is None
    assert findings(history, 1) == {"treatment": Finding.BETTER}
    assert findings(history, 2) == {}


def test_the_interval_of_a_look_excludes_zero_exactly_when_the_look_finds_something() -> None:
    for treatment in range(100, 140):
        test = look_at(halves(500, 100, treatment), "control", PLAN, [], 1).tests[0]
        assert test.interval is not None
        assert (test.interval.lower > 0) == (test.finding is Finding.BETTER)


def test_past_the_plan_the_test_is_always_valid_and_adjusted_by_holm() -> None:
    whole = {"control": Proportion(200, 1000), "a": Proportion(205, 1000), "b": Proportion(210, 1000)}
    more = {"control": Proportion(240, 1200), "a": Proportion(330, 1200), "b": Proportion(250, 1200)}
    history = looks([whole, more], THREE)
    assert {test.method for test in history[0].tests} == {SequentialMethod.GROUP_SEQUENTIAL}
    a, b = history[1].tests
    assert {a.method, b.method} == {SequentialMethod.ALWAYS_VALID}
    assert (a.finding, b.finding) == (Finding.BETTER, None)
    assert a.p_value is not None
    assert b.p_value is not None
    assert holm([a.p_value / 2, b.p_value]) == pytest.approx([a.p_value, b.p_value])


def test_without_a_plan_it_is_always_valid_from_the_start() -> None:
    looked = look_at(halves(500, 50, 60), "control", Plan(None, PLAN.shares), [], 1)
    assert looked.information is None
    assert looked.tests[0].method is SequentialMethod.ALWAYS_VALID


def test_a_new_phase_has_what_the_one_before_left_of_alpha() -> None:
    first = looks([halves(700, 140, 140)])
    assert first[0].alpha_spent == pytest.approx(0.05 * 0.7**2)
    second = look_at(halves(1000, 200, 200), "control", PLAN, first, 2)
    assert first[0].alpha_spent + second.alpha_spent == pytest.approx(0.05)
    third = look_at(halves(1000, 200, 200), "control", PLAN, [*first, day_of(second, 1, 2)], 3)
    assert third.tests[0].method is SequentialMethod.ALWAYS_VALID


def test_a_look_with_nobody_new_decides_nothing() -> None:
    history = looks([halves(500, 100, 110), halves(500, 100, 110)])
    assert history[1].tests[0].critical_value is None
    assert history[1].alpha_spent == history[0].alpha_spent


def test_looking_every_day_at_nothing_finds_something_once_in_twenty_times() -> None:
    """200 experiments without any effect, 14 looks each; a z test read daily would be wrong in 40 or more."""
    dice = random.Random(7)
    wrong = sum(bool(findings(null_experiment(dice), 1)) for _ in range(200))
    assert wrong <= 20  # of 10 expected: more has a chance below 0.002


def null_experiment(dice: random.Random) -> list[HistoryDay]:
    control = treatment = 0
    samples = []
    for day in range(1, 15):
        control += binomial(dice, 72, 0.2)
        treatment += binomial(dice, 72, 0.2)
        samples.append(halves(72 * day, control, treatment))
    return looks(samples)


def binomial(dice: random.Random, count: int, rate: float) -> int:
    return sum(dice.random() < rate for _ in range(count))


def test_no_number_is_ever_infinite() -> None:
    for treatment in (0, 5, 500, 1000):
        for test in look_at(halves(1000, 5, treatment), "control", PLAN, [], 1).tests:
            numbers = [test.statistic, test.critical_value, test.p_value]
            assert all(math.isfinite(number) for number in numbers if number is not None)
