"""Comparing ratios of sums (clicks per recommendation shown), with the user as the unit.

One person's clicks go together, so clicks are not independent of one another and a binomial test on them
claims too much. Each user's x - ratio * y is one number instead, and the users are independent.
"""

import math

from scipy.special import ndtr

from experiments.statistics.means import NO_VARIATION, TOO_FEW, comparison
from experiments.statistics.numerics import critical_value
from experiments.statistics.values import Difference, Interval, MeanComparison, PairedSample, Unknown

EMPTY_DENOMINATOR = "A variant's denominator is 0, so it has no ratio yet."


def difference_of_ratios(treatment: PairedSample, control: PairedSample) -> Difference | Unknown:
    """Treatment's ratio minus control's, each sum(x) / sum(y) over users."""
    if min(treatment.users, control.users) < 2:
        return Unknown(TOO_FEW)
    if treatment.y <= 0 or control.y <= 0:
        return Unknown(EMPTY_DENOMINATOR)
    base = _variance_of_ratio(control)
    variance = _variance_of_ratio(treatment) + base
    if not variance:
        return Unknown(NO_VARIATION)
    ratio = control.x / control.y
    return Difference(treatment.x / treatment.y - ratio, variance, ratio, base, -base)


def ratio_interval(sample: PairedSample, confidence: float = 0.95) -> Interval | Unknown:
    """Interval of one variant's ratio, by the same linearisation."""
    if sample.users < 2:
        return Unknown(TOO_FEW)
    if sample.y <= 0:
        return Unknown(EMPTY_DENOMINATOR)
    variance = _variance_of_ratio(sample)
    if not variance:
        return Unknown(NO_VARIATION)
    half = critical_value(confidence) * math.sqrt(variance)
    return Interval(sample.x / sample.y - half, sample.x / sample.y + half)


def compare_ratios(
    treatment: PairedSample, control: PairedSample, confidence: float = 0.95
) -> MeanComparison | Unknown:
    """Two-sided z test with its intervals.

    Source: the delta method per user; Deng, Knoblich and Lu (2018), "Applying the Delta Method in Metric
    Analytics".
    """
    difference = difference_of_ratios(treatment, control)
    if isinstance(difference, Unknown):
        return difference
    statistic = difference.value / difference.standard_error
    return comparison(
        difference, statistic, float(2 * ndtr(-abs(statistic))), critical_value(confidence), None
    )


def _variance_of_ratio(sample: PairedSample) -> float:
    ratio = sample.x / sample.y
    of_user = sample.variance_x - 2 * ratio * sample.covariance + ratio**2 * sample.variance_y
    return max(of_user, 0.0) * sample.users / sample.y**2
