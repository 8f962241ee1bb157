from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.power import plan_for_means, plan_for_rates, users_for_means, users_for_rates
from experiments.statistics.proportions import score_test
from experiments.statistics.values import Proportion, ScoreTest, Unknown
from tests.experiments.oracle import CLOSED_FORM, STATISTICS


@pytest.mark.parametrize("case", STATISTICS["power"], ids=lambda case: str(case["baseline"]))
def test_a_rate_takes_fleiss_number_of_users(case: dict[str, Any]) -> None:
    found = users_for_rates(
        case["baseline"], case["mde_relative"], case["alpha"], case["power"], case["ratio"]
    )
    assert found == pytest.approx(case["control_users"], rel=CLOSED_FORM)


def test_a_mean_takes_the_number_of_the_noncentral_t() -> None:
    case = STATISTICS["power_means"]
    found = users_for_means(case["sd"], case["mde_abs"])
    assert found == pytest.approx(case["n_t_per_arm(TTestIndPower)"], rel=CLOSED_FORM)
    assert found - case["n_z_per_arm"] == pytest.approx(1.9600**2 / 4, abs=0.01)


def test_with_that_many_users_the_score_test_finds_the_effect_as_often_as_planned() -> None:
    users = round(users_for_rates(0.2, 0.25))
    generator = np.random.default_rng(1)
    found = 0
    for x, y in zip(generator.binomial(users, 0.25, 2000), generator.binomial(users, 0.2, 2000), strict=True):
        test = score_test(Proportion(int(x), users), Proportion(int(y), users))
        found += isinstance(test, ScoreTest) and test.p_value < 0.05
    assert 0.78 <= found / 2000 <= 0.82


@given(st.floats(0.001, 0.4), st.floats(0.01, 1), st.floats(0.2, 5))
def test_smaller_effects_and_errors_take_more_users(baseline: float, lift: float, ratio: float) -> None:
    users = users_for_rates(baseline, lift, 0.05, 0.8, ratio)
    assert 0 < users < users_for_rates(baseline, lift / 2, 0.05, 0.8, ratio)
    assert users < users_for_rates(baseline, lift, 0.01, 0.8, ratio)
    assert users < users_for_rates(baseline, lift, 0.05, 0.9, ratio)


@given(st.floats(0.01, 100), st.floats(0.0001, 100), st.floats(0.1, 10))
def test_a_mean_takes_a_finite_number_whatever_the_effect(
    deviation: float, difference: float, ratio: float
) -> None:
    users = users_for_means(deviation, difference, ratio=ratio)
    assert 2 <= users < 1e15
    assert users == pytest.approx(users_for_means(deviation, -difference, ratio=ratio))


def test_a_plan_adds_a_tenth_for_looking_daily_and_counts_the_days() -> None:
    plan = plan_for_rates(0.1, 0.2, [0.5, 0.5], users_per_day=100)
    assert plan.users_per_variant == (4225, 4225)  # 3840.85 and a tenth
    assert (plan.users, plan.days) == (8450, 85)


def test_more_treatments_are_each_tested_at_their_part_of_alpha() -> None:
    plan = plan_for_rates(0.1, 0.2, [0.25] * 4, users_per_day=1000)
    assert plan.users_per_variant[1] == pytest.approx(1.1 * users_for_rates(0.1, 0.2, 0.05 / 3), abs=1)


def test_unequal_weights_are_planned_for_the_smallest_treatment() -> None:
    plan = plan_for_rates(0.1, 0.2, [0.6, 0.3, 0.1, 0.0], users_per_day=1000)
    control = 1.1 * users_for_rates(0.1, 0.2, 0.05 / 2, ratio=1 / 6)
    expected = [control, control / 2, control / 6, 0]
    assert list(plan.users_per_variant) == pytest.approx(expected, abs=1)


def test_a_mean_is_planned_alike() -> None:
    plan = plan_for_means(4.1, 0.32, [1, 1], users_per_day=500)
    assert plan.users_per_variant == (2836, 2836)
    assert plan.days == 12


def test_without_traffic_there_are_no_days_but_the_reason() -> None:
    assert isinstance(plan_for_rates(0.1, 0.2, [0.5, 0.5], users_per_day=0).days, Unknown)


@pytest.mark.parametrize(
    ("baseline", "lift", "alpha", "power", "message"),
    [
        (0, 0.2, 0.05, 0.8, "both rates"),
        (1, -0.2, 0.05, 0.8, "both rates"),
        (0.5, 1.0, 0.05, 0.8, "both rates"),
        (0.5, float("nan"), 0.05, 0.8, "both rates"),
        (0.1, 0, 0.05, 0.8, "no effect"),
        (0.1, 0.2, 0, 0.8, "Alpha"),
        (0.1, 0.2, 0.05, 1, "Alpha"),
        (0.1, 0.2, 0.05, 0.03, "Alpha"),
    ],
)
def test_what_no_number_of_users_can_find_is_refused(
    baseline: float, lift: float, alpha: float, power: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        users_for_rates(baseline, lift, alpha, power)


@pytest.mark.parametrize(("deviation", "difference"), [(0, 1), (float("inf"), 1), (1, 0), (1, float("nan"))])
def test_a_mean_without_variation_or_effect_is_refused(deviation: float, difference: float) -> None:
    with pytest.raises(ValueError, match=r"deviation|no effect"):
        users_for_means(deviation, difference)


@pytest.mark.parametrize("weights", [[], [1.0], [0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.2, -0.2]])
def test_a_plan_needs_control_and_a_treatment(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight above 0"):
        plan_for_rates(0.1, 0.2, weights, users_per_day=10)
