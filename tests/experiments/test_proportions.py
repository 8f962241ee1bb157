import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.bayes import chance_to_beat_control
from experiments.statistics.proportions import (
    difference_interval,
    relative_lift,
    relative_lift_interval,
    score_test,
    wilson_interval,
)
from experiments.statistics.values import Interval, Proportion, ScoreTest, Unknown

ORACLE = json.loads((Path(__file__).parent / "oracles/proportions.json").read_text())
CASES = pytest.mark.parametrize("case", ORACLE["cases"], ids=lambda case: case["name"])
CLOSED_FORM = 1e-9
QUADRATURE = 1e-7


@st.composite
def samples(draw: st.DrawFn, least: int = 1) -> Proportion:
    users = draw(st.integers(least, 5000))
    return Proportion(draw(st.integers(0, users)), users)


def interval(value: Interval | Unknown) -> Interval:
    assert isinstance(value, Interval)
    return value


def p_value(treatment: Proportion, control: Proportion) -> float:
    test = score_test(treatment, control)
    assert isinstance(test, ScoreTest)
    return test.p_value


def pair(case: dict[str, Any]) -> tuple[Proportion, Proportion]:
    return Proportion(*case["treatment"]), Proportion(*case["control"])


@CASES
def test_the_score_test_gives_the_published_p_value(case: dict[str, Any]) -> None:
    assert p_value(*pair(case)) == pytest.approx(case["p_value"], rel=CLOSED_FORM)


@CASES
def test_wilsons_interval_is_the_published_one(case: dict[str, Any]) -> None:
    treatment, control = pair(case)
    for sample, expected in ((treatment, case["wilson_treatment"]), (control, case["wilson_control"])):
        found = interval(wilson_interval(sample))
        assert (found.lower, found.upper) == pytest.approx(tuple(expected), abs=CLOSED_FORM)


@CASES
def test_the_relative_lift_and_its_interval_are_the_published_ones(case: dict[str, Any]) -> None:
    found = interval(relative_lift_interval(*pair(case)))
    lower, upper = case["relative_lift_interval"]
    assert found.lower == pytest.approx(lower, abs=QUADRATURE)
    assert found.upper == (None if upper is None else pytest.approx(upper, abs=QUADRATURE))
    lift = relative_lift(*pair(case))
    if case["relative_lift"] is None:
        assert isinstance(lift, Unknown)
    else:
        assert lift == pytest.approx(case["relative_lift"], abs=CLOSED_FORM)


@CASES
def test_the_chance_to_beat_control_is_the_exact_one(case: dict[str, Any]) -> None:
    assert chance_to_beat_control(*pair(case)) == pytest.approx(
        case["chance_to_beat_control"], abs=QUADRATURE
    )


@pytest.mark.parametrize(
    ("treatment", "control", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0533, 0.3377),
        ((9, 10), (3, 10), 0.1821, 0.8370),
    ],
)
def test_the_difference_interval_is_mees_in_published_examples(
    treatment: tuple[int, int], control: tuple[int, int], lower: float, upper: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17, table II, method of Mee."""
    found = interval(difference_interval(Proportion(*treatment), Proportion(*control)))
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=5e-5)


@CASES
def test_each_bound_of_the_difference_is_where_the_most_likely_rates_give_z_1_96(
    case: dict[str, Any],
) -> None:
    """The likelihood is maximised by brute force here, independently of the cubic's formula."""
    treatment, control = pair(case)
    found = interval(difference_interval(treatment, control))
    for bound in (found.lower, found.upper):
        assert bound is not None
        statistic = abs(_difference_statistic(treatment, control, bound))
        assert statistic == pytest.approx(1.959964, abs=2e-4)


def _difference_statistic(treatment: Proportion, control: Proportion, difference: float) -> float:
    low, high = max(0.0, -difference), min(1.0, 1 - difference)
    for _ in range(8):  # ever finer grids around the best point
        grid = np.linspace(low, high, 2001)
        best = int(np.argmax(_log_likelihood(treatment, control, grid, difference)))
        low, high = grid[max(best - 2, 0)], grid[min(best + 2, 2000)]
    base = float(grid[best])
    other = base + difference
    variance = other * (1 - other) / treatment.users + base * (1 - base) / control.users
    return ((treatment.rate or 0) - (control.rate or 0) - difference) / math.sqrt(variance)


def _log_likelihood(
    treatment: Proportion, control: Proportion, grid: "np.ndarray[Any, Any]", difference: float
) -> "np.ndarray[Any, Any]":
    from scipy.special import xlog1py, xlogy

    other = np.clip(grid + difference, 0, 1)
    return np.asarray(
        xlogy(treatment.conversions, other)
        + xlog1py(treatment.users - treatment.conversions, -other)
        + xlogy(control.conversions, grid)
        + xlog1py(control.users - control.conversions, -grid)
    )


@given(samples(), samples())
def test_intervals_exclude_no_difference_exactly_when_the_test_rejects(
    treatment: Proportion, control: Proportion
) -> None:
    p = p_value(treatment, control)
    if abs(p - 0.05) < 1e-7:
        return
    difference = interval(difference_interval(treatment, control))
    assert _excludes_zero(difference) == (p < 0.05)
    ratio = relative_lift_interval(treatment, control)
    if isinstance(ratio, Interval):
        assert _excludes_zero(ratio) == (p < 0.05)


def _excludes_zero(found: Interval) -> bool:
    return found.lower > 0 or (found.upper is not None and found.upper < 0)


@given(samples(), samples())
def test_every_number_is_finite_and_every_interval_holds_its_estimate(
    treatment: Proportion, control: Proportion
) -> None:
    difference = interval(difference_interval(treatment, control))
    assert difference.upper is not None
    estimate = (treatment.rate or 0) - (control.rate or 0)
    assert -1 <= difference.lower <= estimate + 1e-9
    assert estimate - 1e-9 <= difference.upper <= 1
    assert 0 <= p_value(treatment, control) <= 1
    assert 0 <= chance_to_beat_control(treatment, control) <= 1
    wilson = interval(wilson_interval(treatment))
    assert 0 <= wilson.lower <= (treatment.rate or 0) + 1e-12
    lift = relative_lift_interval(treatment, control)
    assert isinstance(lift, Interval) == (treatment.conversions + control.conversions > 0)


@given(samples(), samples())
def test_swapping_the_variants_mirrors_the_answers(one: Proportion, other: Proportion) -> None:
    assert p_value(one, other) == pytest.approx(p_value(other, one), rel=1e-12)
    assert chance_to_beat_control(one, other) + chance_to_beat_control(other, one) == pytest.approx(
        1, abs=1e-7
    )
    there, back = interval(difference_interval(one, other)), interval(difference_interval(other, one))
    assert there.upper is not None
    assert there.upper == pytest.approx(-back.lower, abs=1e-8)


def test_nobody_exposed_gives_no_number_but_the_reason() -> None:
    nobody, some = Proportion(0, 0), Proportion(1, 10)
    for found in (
        score_test(some, nobody),
        wilson_interval(nobody),
        difference_interval(nobody, some),
        relative_lift(nobody, some),
        relative_lift_interval(some, nobody),
    ):
        assert found == Unknown("Nobody was exposed yet.")


def test_a_control_without_conversions_bounds_the_lift_from_below_only() -> None:
    found = interval(relative_lift_interval(Proportion(6, 500), Proportion(0, 500)))
    assert found.upper is None
    assert found.lower > 0


def test_p_values_far_beyond_a_double_of_1_minus_cdf_are_real() -> None:
    assert 0 < p_value(Proportion(9000, 10000), Proportion(7000, 10000)) < 1e-200


def test_more_conversions_than_people_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot have converted"):
        Proportion(3, 2)
