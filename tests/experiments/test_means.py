from typing import Any

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import sem, t

from experiments.statistics.means import NO_VARIATION, TOO_FEW, compare_means, mean_interval
from experiments.statistics.relative import CONTROL_NEAR_ZERO, CONTROL_NOT_POSITIVE
from experiments.statistics.values import Interval, MeanSample, Unknown
from tests.experiments.oracle import CLOSED_FORM, STATISTICS
from tests.experiments.samples import bounds, excludes_zero, known, mean_sample, mean_samples


@pytest.mark.parametrize("case", STATISTICS["means"].values(), ids=STATISTICS["means"])
def test_it_is_welchs_test_with_fiellers_interval(case: dict[str, Any]) -> None:
    treatment, control = (
        MeanSample(one["n"], one["sum"], one["sum_squares"])
        for one in (case["input"]["treatment"], case["input"]["control"])
    )
    found = known(compare_means(treatment, control))
    assert found.difference.value == pytest.approx(case["diff"], rel=CLOSED_FORM)
    assert found.difference.standard_error == pytest.approx(case["se"], rel=CLOSED_FORM)
    assert found.statistic == pytest.approx(case["welch_t"], rel=CLOSED_FORM)
    assert found.degrees_of_freedom == pytest.approx(case["dof"], rel=CLOSED_FORM)
    assert found.p_value == pytest.approx(case["welch_p"], rel=CLOSED_FORM)
    assert bounds(found.interval) == pytest.approx(tuple(case["ci_diff"]), abs=CLOSED_FORM)
    assert found.relative_lift == pytest.approx(case["relative"], abs=CLOSED_FORM)
    assert bounds(found.relative_interval) == pytest.approx(tuple(case["ci_rel_fieller_t"]), abs=CLOSED_FORM)


@given(mean_samples(), mean_samples())
def test_both_intervals_exclude_no_effect_exactly_when_the_test_rejects(
    treatment: MeanSample, control: MeanSample
) -> None:
    found = compare_means(treatment, control)
    if isinstance(found, Unknown):
        assert treatment.variance == control.variance == 0
        return
    if abs(found.p_value - 0.05) < 1e-9:
        return
    assert excludes_zero(found.interval) == (found.p_value < 0.05)
    if isinstance(found.relative_interval, Interval):
        assert excludes_zero(found.relative_interval) == (found.p_value < 0.05)


@given(mean_samples(), mean_samples())
def test_every_number_is_finite_and_swapping_mirrors(treatment: MeanSample, control: MeanSample) -> None:
    found, mirrored = compare_means(treatment, control), compare_means(control, treatment)
    if isinstance(found, Unknown):
        assert mirrored == found
        return
    back = known(mirrored)
    assert np.isfinite([found.statistic, found.p_value, *bounds(found.interval)]).all()
    assert back.p_value == pytest.approx(found.p_value, rel=1e-9)
    assert back.difference.value == -found.difference.value
    if isinstance(found.relative_interval, Interval):
        lower, upper = bounds(found.relative_interval)
        assert lower - 1e-9 <= known(found.relative_lift) <= upper + 1e-9


def test_the_interval_covers_the_truth_in_95_of_100_experiments() -> None:
    generator = np.random.default_rng(4)
    covered = covered_lift = 0
    for _ in range(1000):
        found = known(
            compare_means(
                mean_sample(generator.exponential(1.2, 150)), mean_sample(generator.exponential(1.0, 300))
            )
        )
        lower, upper = bounds(found.interval)
        covered += lower <= 0.2 <= upper
        lower, upper = bounds(found.relative_interval)
        covered_lift += lower <= 0.2 <= upper
    assert 930 <= covered <= 970
    assert 930 <= covered_lift <= 970


def test_one_variants_interval_is_students() -> None:
    values = [1.0, 4.0, 2.0, 8.0, 5.0]
    expected = t.interval(0.9, 4, loc=np.mean(values), scale=sem(values))
    assert bounds(mean_interval(mean_sample(values), 0.9)) == pytest.approx(expected, rel=1e-9)
    assert mean_interval(mean_sample([1])) == Unknown(TOO_FEW)
    assert mean_interval(mean_sample([2, 2])) == Unknown(NO_VARIATION)
    assert mean_sample([]).mean is None


def test_whole_numbers_keep_their_digits_with_a_billion_users() -> None:
    users, half = 10**9, 5 * 10**8
    base = 10**9
    sample = MeanSample(users, half * base + half * (base + 1), half * base**2 + half * (base + 1) ** 2)
    assert sample.variance == pytest.approx(0.25, rel=1e-8)


def test_p_values_far_out_are_real() -> None:
    found = known(
        compare_means(MeanSample(10**6, 2 * 10**6, 5 * 10**6), MeanSample(10**6, 1970000, 5 * 10**6))
    )
    assert 0 < found.p_value < 1e-80


@pytest.mark.parametrize(
    ("treatment", "control", "reason"),
    [
        ([], [1, 2], TOO_FEW),
        ([1], [1, 2], TOO_FEW),
        ([0, 0], [0, 0, 0], NO_VARIATION),
        ([3, 3], [2, 2, 2], NO_VARIATION),
    ],
)
def test_what_cannot_be_judged_has_a_reason(
    treatment: list[float], control: list[float], reason: str
) -> None:
    assert compare_means(mean_sample(treatment), mean_sample(control)) == Unknown(reason)


def test_one_variant_without_variation_is_still_judged() -> None:
    found = known(compare_means(mean_sample([5, 5, 5]), mean_sample([1, 2, 3])))
    assert found.degrees_of_freedom == pytest.approx(2)
    assert found.p_value < 0.05


@pytest.mark.parametrize(
    ("control", "reason"), [([-1, 0, -2], CONTROL_NOT_POSITIVE), ([-1, 0, 1.1], CONTROL_NEAR_ZERO)]
)
def test_a_lift_relative_to_nothing_has_no_interval_but_the_difference_has(
    control: list[float], reason: str
) -> None:
    found = known(compare_means(mean_sample([1, 2, 3]), mean_sample(control)))
    assert found.relative_interval == Unknown(reason)
    assert bounds(found.interval)


@pytest.mark.parametrize("confidence", [0, 1, -0.1, float("nan")])
def test_what_is_no_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        compare_means(mean_sample([1, 2]), mean_sample([2, 4]), confidence)


def test_a_sum_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        MeanSample(3, float("nan"), 1.0)
    with pytest.raises(ValueError, match="users"):
        MeanSample(-1, 0, 0)
