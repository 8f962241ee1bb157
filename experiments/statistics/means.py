"""Comparing means per user (saves per user): Welch's test, its interval, and Fieller's for the lift."""

import math

from scipy.special import betainc, stdtrit

from experiments.statistics.numerics import critical_value
from experiments.statistics.relative import fieller_interval, relative_lift
from experiments.statistics.values import Difference, Interval, MeanComparison, MeanSample, Unknown

TOO_FEW = "Each variant needs at least two users."
NO_VARIATION = "Within each variant all users have the same value, so chance cannot be told from effect."


def difference_of_means(treatment: MeanSample, control: MeanSample) -> Difference | Unknown:
    """Treatment's mean minus control's, each with its own variance (n - 1)."""
    if min(treatment.users, control.users) < 2:
        return Unknown(TOO_FEW)
    base = control.variance / control.users
    variance = treatment.variance / treatment.users + base
    if not variance:
        return Unknown(NO_VARIATION)
    mean = control.total / control.users
    return Difference(treatment.total / treatment.users - mean, variance, mean, base, -base)


def mean_interval(sample: MeanSample, confidence: float = 0.95) -> Interval | Unknown:
    """Student's t interval of one variant's mean."""
    if sample.users < 2:
        return Unknown(TOO_FEW)
    if not sample.variance:
        return Unknown(NO_VARIATION)
    critical_value(confidence)  # refuses what is no confidence
    half = -stdtrit(sample.users - 1, (1 - confidence) / 2) * math.sqrt(sample.variance / sample.users)
    mean = sample.total / sample.users
    return Interval(float(mean - half), float(mean + half))


def compare_means(
    treatment: MeanSample, control: MeanSample, confidence: float = 0.95
) -> MeanComparison | Unknown:
    """Welch's two-sided t test with its intervals.

    Source: Welch (1947), Biometrika 34; scipy `ttest_ind_from_stats(equal_var=False)`.
    """
    difference = difference_of_means(treatment, control)
    if isinstance(difference, Unknown):
        return difference
    share = difference.control_variance / difference.variance
    degrees = welch_degrees(share, treatment.users, control.users)
    return student_comparison(difference, degrees, confidence)


def welch_degrees(control_share: float, treatment_users: int, control_users: int) -> float:
    """Welch and Satterthwaite's degrees of freedom; `control_share` of the variance (0 to 1) is control's.

    Between the smaller variant's users - 1 and all users - 2.
    """
    return 1 / ((1 - control_share) ** 2 / (treatment_users - 1) + control_share**2 / (control_users - 1))


def student_comparison(difference: Difference, degrees: float, confidence: float) -> MeanComparison:
    """Student's t test of the difference, and both intervals with the same quantile."""
    critical_value(confidence)  # refuses what is no confidence
    statistic = difference.value / difference.standard_error
    # The tail by the incomplete beta function: small p-values keep their digits.
    p_value = float(betainc(degrees / 2, 0.5, degrees / (degrees + statistic**2)))
    quantile = float(-stdtrit(degrees, (1 - confidence) / 2))
    return comparison(difference, statistic, p_value, quantile, degrees)


def comparison(
    difference: Difference, statistic: float, p_value: float, quantile: float, degrees: float | None
) -> MeanComparison:
    half = quantile * difference.standard_error
    return MeanComparison(
        difference=difference,
        degrees_of_freedom=degrees,
        statistic=statistic,
        p_value=p_value,
        interval=Interval(difference.value - half, difference.value + half),
        relative_lift=relative_lift(difference),
        relative_interval=fieller_interval(difference, quantile),
    )
