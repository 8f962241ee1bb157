import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.guardrails import non_inferior_mean, non_inferior_rate
from experiments.statistics.means import TOO_FEW, compare_means
from experiments.statistics.proportions import NOBODY, difference_interval
from experiments.statistics.values import MeanSample, Proportion, Unknown
from tests.experiments.samples import bounds, known, mean_sample, mean_samples, proportions

MARGINS = st.floats(0.001, 0.9)


@given(proportions(), proportions(), MARGINS)
def test_a_rate_passes_exactly_when_the_interval_lies_within_the_margin(
    treatment: Proportion, control: Proportion, margin: float
) -> None:
    lower, upper = bounds(difference_interval(treatment, control, 0.9))
    higher = known(non_inferior_rate(treatment, control, margin, higher_is_better=True))
    less = known(non_inferior_rate(treatment, control, margin, higher_is_better=False))
    assert 0 <= higher.p_value <= 1
    if abs(higher.p_value - 0.05) > 1e-6:
        assert (higher.p_value < 0.05) == (lower > -margin)
    if abs(less.p_value - 0.05) > 1e-6:
        assert (less.p_value < 0.05) == (upper < margin)


@given(mean_samples(), mean_samples(), st.floats(0.001, 1e6))
def test_a_mean_passes_exactly_when_the_interval_lies_within_the_margin(
    treatment: MeanSample, control: MeanSample, margin: float
) -> None:
    compared = compare_means(treatment, control, 0.9)
    found = non_inferior_mean(compared, margin, higher_is_better=True)
    if isinstance(compared, Unknown):
        assert found == compared
        return
    lower, _ = bounds(compared.interval)
    if abs(known(found).p_value - 0.05) > 1e-6:
        assert (known(found).p_value < 0.05) == (lower > -margin)


def test_at_the_margin_it_errs_five_times_in_a_hundred() -> None:
    generator = np.random.default_rng(3)
    treatments, controls = generator.binomial(1500, 0.18, 1000), generator.binomial(1500, 0.2, 1000)
    passed = sum(
        known(
            non_inferior_rate(Proportion(int(x), 1500), Proportion(int(y), 1500), 0.02, higher_is_better=True)
        ).p_value
        < 0.05
        for x, y in zip(treatments, controls, strict=True)
    )
    assert 30 <= passed <= 72


def test_not_having_found_harm_does_not_pass() -> None:
    few = known(non_inferior_rate(Proportion(1, 20), Proportion(1, 20), 0.01, higher_is_better=False))
    many = known(
        non_inferior_rate(Proportion(5000, 10**5), Proportion(5000, 10**5), 0.01, higher_is_better=False)
    )
    assert few.p_value > 0.3
    assert many.p_value < 1e-9


def test_what_cannot_be_judged_has_a_reason() -> None:
    found = non_inferior_rate(Proportion(0, 0), Proportion(1, 2), 0.1, higher_is_better=True)
    assert found == Unknown(NOBODY)
    compared = compare_means(mean_sample([1]), mean_sample([1, 2]))
    assert non_inferior_mean(compared, 1, higher_is_better=True) == Unknown(TOO_FEW)


@pytest.mark.parametrize("margin", [0, -0.1, 1, float("nan")])
def test_what_is_no_margin_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        non_inferior_rate(Proportion(1, 2), Proportion(1, 2), margin, higher_is_better=True)
    if margin != 1:
        with pytest.raises(ValueError, match="margin"):
            non_inferior_mean(Unknown(""), margin, higher_is_better=True)
