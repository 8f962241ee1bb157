import numpy as np
import pytest

from experiments.statistics.means import NO_VARIATION, TOO_FEW
from experiments.statistics.ratios import EMPTY_DENOMINATOR, compare_ratios, ratio_interval
from experiments.statistics.values import PairedSample, Unknown
from tests.experiments.oracle import CLOSED_FORM, STATISTICS
from tests.experiments.samples import bounds, excludes_zero, known, paired_sample


def test_it_is_the_linearised_test_with_fiellers_interval() -> None:
    case = STATISTICS["ratio"]
    treatment, control = (
        paired_sample(one["num"], one["den"])
        for one in (case["input"]["treatment"], case["input"]["control"])
    )
    found = known(compare_ratios(treatment, control))
    assert found.difference.control == pytest.approx(case["ratio_control"], rel=CLOSED_FORM)
    assert found.difference.value == pytest.approx(case["diff"], rel=CLOSED_FORM)
    assert found.difference.standard_error == pytest.approx(case["se"], rel=CLOSED_FORM)
    assert found.p_value == pytest.approx(case["p_z"], rel=CLOSED_FORM)
    assert found.degrees_of_freedom is None
    assert bounds(found.relative_interval) == pytest.approx(tuple(case["ci_rel_fieller_z"]), abs=CLOSED_FORM)


def test_one_variants_interval_is_that_of_its_linearised_users() -> None:
    x, y = np.array([1, 0, 3, 2]), np.array([4, 5, 6, 5])
    ratio = 6 / 20
    error = float(np.std(x - ratio * y, ddof=1)) / 2 / 5
    sample = paired_sample(x, y)
    expected = (ratio - 1.959963984540054 * error, ratio + 1.959963984540054 * error)
    assert bounds(ratio_interval(sample)) == pytest.approx(expected, rel=1e-9)
    assert sample.ratio == ratio
    assert ratio_interval(paired_sample([1], [2])) == Unknown(TOO_FEW)
    assert ratio_interval(paired_sample([0, 0], [0, 0])) == Unknown(EMPTY_DENOMINATOR)
    assert ratio_interval(paired_sample([0, 0], [2, 3])) == Unknown(NO_VARIATION)
    assert paired_sample([0], [0]).ratio is None


def clicks(generator: np.random.Generator, users: int) -> PairedSample:
    """Each user has a taste of their own, so their clicks go together; 0.2 a recommendation on average."""
    shown = 1 + generator.poisson(9, users)
    return paired_sample(generator.binomial(shown, generator.beta(1, 4, users)), shown)


def test_without_an_effect_it_rejects_five_times_in_a_hundred() -> None:
    generator = np.random.default_rng(11)
    rejected = 0
    for _ in range(1000):
        found = known(compare_ratios(clicks(generator, 200), clicks(generator, 400)))
        assert excludes_zero(found.interval) == (found.p_value < 0.05)
        rejected += found.p_value < 0.05
    assert 30 <= rejected <= 72


@pytest.mark.parametrize(
    ("treatment", "control", "reason"),
    [
        (paired_sample([], []), paired_sample([1, 0], [2, 2]), TOO_FEW),
        (paired_sample([0, 0], [0, 0]), paired_sample([1, 0], [2, 2]), EMPTY_DENOMINATOR),
        (paired_sample([0, 0], [3, 4]), paired_sample([0, 0], [2, 2]), NO_VARIATION),
    ],
)
def test_what_cannot_be_judged_has_a_reason(
    treatment: PairedSample, control: PairedSample, reason: str
) -> None:
    assert compare_ratios(treatment, control) == Unknown(reason)


def test_a_control_that_never_clicked_has_no_relative_lift() -> None:
    found = known(compare_ratios(paired_sample([1, 0, 2], [3, 4, 5]), paired_sample([0, 0], [2, 3])))
    assert isinstance(found.relative_lift, Unknown)
    assert isinstance(found.relative_interval, Unknown)
    assert bounds(found.interval)
