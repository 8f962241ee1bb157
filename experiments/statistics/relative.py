"""The lift relative to control, for means and ratios: an interval dual to the test of the difference."""

import math

from experiments.statistics.values import Difference, Interval, Unknown

CONTROL_NOT_POSITIVE = "Control's mean is not above 0, so a lift relative to it has no meaning."
CONTROL_NEAR_ZERO = "Control's mean is not clearly above 0, so a lift relative to it has no bounded interval."


def relative_lift(difference: Difference) -> float | Unknown:
    """The difference as a share of control's mean."""
    if difference.control <= 0:
        return Unknown(CONTROL_NOT_POSITIVE)
    return difference.value / difference.control


def fieller_interval(difference: Difference, critical_value: float) -> Interval | Unknown:
    """All lifts r for which "difference - r * control = 0" is not rejected at `critical_value`.

    It excludes 0 exactly when |difference| > critical_value * its standard error, whichever quantile that
    is: normal, Student's t or a confidence sequence's.
    Source: Fieller (1954), Journal of the Royal Statistical Society B 16.
    """
    if difference.control <= 0:
        return Unknown(CONTROL_NOT_POSITIVE)
    scale, q2 = difference.control, critical_value**2
    lift = difference.value / scale
    # a r² - 2 b r + c <= 0, everything in units of control's mean
    a = 1 - q2 * difference.control_variance / scale**2
    b = lift - q2 * difference.covariance / scale**2
    c = lift**2 - q2 * difference.variance / scale**2
    if a <= 0:
        return Unknown(CONTROL_NEAR_ZERO)
    # The larger root by addition, the other from the product of the two: neither cancels, and the sign of
    # c, which is the test's decision, is the sign of the smaller root.
    larger = b + math.copysign(math.sqrt(max(b * b - a * c, 0.0)), b)
    roots = sorted((larger / a, c / larger if larger else 0.0))
    return Interval(roots[0], roots[1])
