import numpy as np
import pytest

from experiments.statistics.cuped import NO_PAST_VARIATION, compare_adjusted_means
from experiments.statistics.means import NO_VARIATION, TOO_FEW, compare_means
from experiments.statistics.values import MeanSample, PairedSample, Unknown
from tests.experiments.oracle import CLOSED_FORM, STATISTICS
from tests.experiments.samples import bounds, excludes_zero, known, paired_sample


def oracle_samples() -> tuple[PairedSample, PairedSample]:
    case = STATISTICS["cuped"]["input"]
    treatment, control = (
        paired_sample(case[name]["post"], case[name]["pre"]) for name in ("treatment", "control")
    )
    return treatment, control


def correlated(generator: np.random.Generator, users: int, effect: float) -> PairedSample:
    past = generator.gamma(2.0, 1.0, users)
    return paired_sample(past + generator.normal(effect, 1, users), past)


def test_it_is_cuped_with_one_theta() -> None:
    case = STATISTICS["cuped"]
    found = known(compare_adjusted_means(*oracle_samples(), coverage=1))
    compared = found.comparison
    assert found.theta == pytest.approx(case["theta"], rel=CLOSED_FORM)
    assert found.variance_reduction == pytest.approx(case["variance_reduction"], rel=CLOSED_FORM)
    assert compared.difference.value == pytest.approx(case["diff"], rel=CLOSED_FORM)
    assert compared.difference.standard_error == pytest.approx(case["se"], rel=CLOSED_FORM)
    assert compared.degrees_of_freedom == pytest.approx(case["dof"], rel=CLOSED_FORM)
    assert compared.p_value == pytest.approx(case["p_welch"], rel=CLOSED_FORM)
    assert bounds(compared.interval) == pytest.approx(tuple(case["ci"]), abs=CLOSED_FORM)
    assert compared.relative_lift == pytest.approx(
        case["relative_to_unadjusted_control_mean"], abs=CLOSED_FORM
    )


def test_the_lift_is_relative_to_the_unadjusted_control_and_its_interval_covers_it() -> None:
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(1000):
        treatment, control = correlated(generator, 200, 0.2), correlated(generator, 300, 0.0)
        found = known(compare_adjusted_means(treatment, control, coverage=1)).comparison
        assert excludes_zero(known(found.relative_interval)) == (found.p_value < 0.05)
        lower, upper = bounds(found.relative_interval)
        covered += lower <= 0.1 <= upper
    assert 930 <= covered <= 970


def test_a_past_that_explains_nothing_changes_nothing() -> None:
    values, unrelated = [1, 2, 3, 4], [1, -1, -1, 1]
    found = known(
        compare_adjusted_means(
            paired_sample([value + 1 for value in values], unrelated),
            paired_sample(values, unrelated),
            coverage=1,
        )
    )
    plain = known(compare_means(MeanSample(4, 14, 54), MeanSample(4, 10, 30)))
    assert found.theta == 0
    assert found.variance_reduction == pytest.approx(0)
    assert found.comparison.p_value == pytest.approx(plain.p_value)


def test_little_coverage_switches_it_off_and_says_so() -> None:
    found = compare_adjusted_means(*oracle_samples(), coverage=0.49)
    assert isinstance(found, Unknown)
    assert "49%" in found.reason


@pytest.mark.parametrize(
    ("treatment", "control", "reason"),
    [
        (paired_sample([1], [1]), paired_sample([1, 2], [1, 2]), TOO_FEW),
        (paired_sample([1, 2], [3, 3]), paired_sample([1, 2], [3, 3]), NO_PAST_VARIATION),
        (paired_sample([0, 0], [1, 3]), paired_sample([0, 0], [3, 4]), NO_VARIATION),
        (paired_sample([1, 3], [1, 3]), paired_sample([3, 4], [3, 4]), NO_VARIATION),
    ],
)
def test_what_cannot_be_judged_has_a_reason(
    treatment: PairedSample, control: PairedSample, reason: str
) -> None:
    assert compare_adjusted_means(treatment, control, coverage=1) == Unknown(reason)


def test_a_coverage_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="no share"):
        compare_adjusted_means(*oracle_samples(), coverage=1.2)
