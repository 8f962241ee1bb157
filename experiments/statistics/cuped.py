"""Taking out of a metric what users' past already explains, so that the same users show smaller effects.

Source: Deng, Xu, Kohavi and Walker (2013), "Improving the Sensitivity of Online Controlled Experiments by
Utilizing Pre-Experiment Data".
"""

from dataclasses import dataclass

from experiments.statistics.means import NO_VARIATION, TOO_FEW, student_comparison, welch_degrees
from experiments.statistics.values import Difference, MeanComparison, PairedSample, Unknown

LEAST_COVERAGE = 0.5
NO_PAST_VARIATION = "Before the experiment all users had the same value, so the past explains nothing."


@dataclass(frozen=True, slots=True)
class Adjusted:
    """`theta`: how much of the past's deviation is taken out. `variance_reduction`: 1 is all of it."""

    comparison: MeanComparison
    theta: float
    variance_reduction: float


def compare_adjusted_means(
    treatment: PairedSample, control: PairedSample, coverage: float, confidence: float = 0.95
) -> Adjusted | Unknown:
    """Welch's test on x - theta * (y - mean of y over both): x the metric, y the same before exposure.

    Theta is one for both variants: the slope of x on y over all users of both, taken together. The relative
    lift is relative to control's unadjusted mean, and its interval knows how the two go together. `coverage`
    is the share (0 to 1) of users with any past; the others count with y = 0. Below one half the adjustment
    is switched off and the reason says so.
    """
    if not 0 <= coverage <= 1:
        raise ValueError(f"A coverage of {coverage} is no share; give the users with a past over all users.")
    if min(treatment.users, control.users) < 2:
        return Unknown(TOO_FEW)
    if coverage < LEAST_COVERAGE:
        return Unknown(
            f"Only {coverage:.0%} of users have a past to adjust by; {LEAST_COVERAGE:.0%} are needed."
        )
    both = treatment + control
    if not both.variance_y:
        return Unknown(NO_PAST_VARIATION)
    theta = both.covariance / both.variance_y
    return _adjusted(treatment, control, theta, confidence)


def _adjusted(
    treatment: PairedSample, control: PairedSample, theta: float, confidence: float
) -> Adjusted | Unknown:
    base = _residual_variance(control, theta) / control.users
    variance = _residual_variance(treatment, theta) / treatment.users + base
    if not variance:
        return Unknown(NO_VARIATION)
    unadjusted = treatment.variance_x / treatment.users + control.variance_x / control.users
    difference = Difference(
        value=_residual_mean(treatment, theta) - _residual_mean(control, theta),
        variance=variance,
        control=control.x / control.users,
        control_variance=control.variance_x / control.users,
        covariance=-(control.variance_x - theta * control.covariance) / control.users,
    )
    degrees = welch_degrees(base / variance, treatment.users, control.users)
    reduction = 1 - variance / unadjusted if unadjusted else 0.0
    return Adjusted(student_comparison(difference, degrees, confidence), theta, reduction)


def _residual_mean(sample: PairedSample, theta: float) -> float:
    """Of x - theta * y; the overall mean of y, which both variants share, falls out of their difference."""
    return (sample.x - theta * sample.y) / sample.users


def _residual_variance(sample: PairedSample, theta: float) -> float:
    return max(sample.variance_x - 2 * theta * sample.covariance + theta**2 * sample.variance_y, 0.0)
