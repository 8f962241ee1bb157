from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.confidence_sequence import confidence_sequence, mixture_rho
from experiments.statistics.means import difference_of_means
from experiments.statistics.multiple_testing import holm
from experiments.statistics.proportions import NO_VARIATION, NOBODY, difference_of_rates
from experiments.statistics.values import Difference, MeanSample, Proportion, Unknown
from tests.experiments.oracle import CLOSED_FORM, PROPORTIONS, RATE_CASES, STATISTICS
from tests.experiments.samples import bounds, excludes_zero, known, proportions, rate_pair


@RATE_CASES
@pytest.mark.parametrize("planned", [5000, 20000])
def test_it_is_the_normal_mixture_sequence_of_rates(case: dict[str, Any], planned: int) -> None:
    expected = case["always_valid"][str(planned)]
    treatment, control = rate_pair(case)
    found = confidence_sequence(
        known(difference_of_rates(treatment, control)), treatment.users + control.users, planned
    )
    assert mixture_rho(planned) == pytest.approx(expected["rho"], rel=CLOSED_FORM)
    assert found.critical_value == pytest.approx(expected["critical_value"], rel=CLOSED_FORM)
    assert bounds(found.interval) == pytest.approx(tuple(expected["interval"]), abs=CLOSED_FORM)
    assert found.p_value == pytest.approx(expected["p_value"], rel=CLOSED_FORM)
    if expected["relative_interval"] is None:
        assert isinstance(found.relative_interval, Unknown)
    else:
        assert bounds(found.relative_interval) == pytest.approx(
            tuple(expected["relative_interval"]), abs=CLOSED_FORM
        )


@pytest.mark.parametrize("case", STATISTICS["means"].values(), ids=STATISTICS["means"])
@pytest.mark.parametrize("planned", [5000, 20000])
def test_it_is_the_normal_mixture_sequence_of_means(case: dict[str, Any], planned: int) -> None:
    expected = case[f"always_valid_N{planned}"]
    treatment, control = (
        MeanSample(one["n"], one["sum"], one["sum_squares"])
        for one in (case["input"]["treatment"], case["input"]["control"])
    )
    difference = known(difference_of_means(treatment, control))
    found = confidence_sequence(difference, treatment.users + control.users, planned)
    lower, upper = bounds(found.interval)
    assert (upper - lower) / 2 == pytest.approx(expected["halfwidth"], rel=CLOSED_FORM)
    assert found.p_value == pytest.approx(expected["p"], rel=CLOSED_FORM)


def test_its_p_values_are_adjusted_by_holm() -> None:
    expected = STATISTICS["always_valid_holm"]
    found = {}
    for case in PROPORTIONS["cases"]:
        experiment, _, variant = case["name"].partition("/")
        if experiment == "P02_recsys_4arm":
            treatment, control = rate_pair(case)
            difference = known(difference_of_rates(treatment, control))
            users = treatment.users + control.users
            found[variant] = confidence_sequence(difference, users, expected["planned"]).p_value
    adjusted = dict(zip(found, holm(list(found.values())), strict=True))
    assert adjusted == pytest.approx(expected["adjusted"], rel=CLOSED_FORM)


@given(
    proportions(), proportions(), st.integers(1, 10**9), st.sampled_from([0.05, 0.01, 0.025]),
)  # fmt: skip
def test_the_intervals_exclude_no_effect_exactly_when_p_is_below_alpha(
    treatment: Proportion, control: Proportion, planned: int, alpha: float
) -> None:
    difference = difference_of_rates(treatment, control)
    if isinstance(difference, Unknown):
        return
    found = confidence_sequence(difference, treatment.users + control.users, planned, alpha)
    assert 0 <= found.p_value <= 1
    assert np.isfinite([found.critical_value, *bounds(found.interval)]).all()
    if abs(found.p_value / alpha - 1) < 1e-9:
        return
    assert excludes_zero(found.interval) == (found.p_value < alpha)
    if not isinstance(found.relative_interval, Unknown):
        assert excludes_zero(found.relative_interval) == (found.p_value < alpha)


def test_it_is_narrowest_about_the_planned_size() -> None:
    """As a share of the plan; the optimum is flat, so that a plan half or twice as large costs little."""
    quantiles = {
        users: confidence_sequence(Difference(0, 1, 1, 1, -1), users, 10_000).critical_value
        for users in (100, 1000, 5000, 10_000, 20_000, 100_000, 1_000_000)
    }
    assert min(quantiles, key=lambda users: quantiles[users]) == 10_000
    assert quantiles[5000] < 1.05 * quantiles[10_000]
    assert quantiles[20_000] < 1.05 * quantiles[10_000]


def test_looked_at_every_day_it_errs_less_often_than_alpha() -> None:
    """2,000 experiments without an effect, 20 looks; a fixed horizon errs often."""
    generator = np.random.default_rng(8)
    converted = generator.binomial(100, 0.2, (2, 2000, 60)).cumsum(axis=2)
    ever = fixed = 0
    for one, other in zip(*converted, strict=True):
        crossed = crossed_fixed = False
        for day in range(0, 60, 3):
            users = 100 * (day + 1)
            difference = known(
                difference_of_rates(Proportion(int(one[day]), users), Proportion(int(other[day]), users))
            )
            found = confidence_sequence(difference, 2 * users, 6000)
            crossed |= found.p_value < 0.05
            crossed_fixed |= abs(difference.value) > 1.96 * difference.standard_error
        ever += crossed
        fixed += crossed_fixed
    assert ever <= 100
    assert fixed >= 300


def test_what_cannot_be_judged_has_a_reason() -> None:
    assert difference_of_rates(Proportion(0, 0), Proportion(1, 2)) == Unknown(NOBODY)
    assert difference_of_rates(Proportion(0, 9), Proportion(0, 9)) == Unknown(NO_VARIATION)
    assert difference_of_rates(Proportion(9, 9), Proportion(0, 9)) == Unknown(NO_VARIATION)


@pytest.mark.parametrize(("users", "planned", "alpha"), [(0, 9, 0.05), (9, 0, 0.05), (9, 9, 0), (9, 9, 1)])
def test_what_is_no_plan_is_refused(users: int, planned: int, alpha: float) -> None:
    with pytest.raises(ValueError, match=r"users|user|alpha"):
        confidence_sequence(Difference(0, 1, 1, 1, -1), users, planned, alpha)
