"""Comparing two shares of people. One question, one answer: test and intervals are the same score method,
so an interval excludes "no difference" exactly when the test rejects.

Of scipy only `special` is used: `optimize` would cost a web process 22 MB more, and `stats` still more.
"""

import math
from collections.abc import Callable

from scipy.special import ndtr

from experiments.statistics.numerics import critical_value, root
from experiments.statistics.values import Difference, Interval, Proportion, ScoreTest, Unknown

NOBODY = "Nobody was exposed yet."
NOBODY_CONVERTED = "Nobody converted in either variant, so a ratio of rates has no meaning."
NO_VARIATION = "Within each variant all users did the same, so chance cannot be told from effect."
CONTROL_NEVER_CONVERTED = "Nobody in control converted, so a ratio to it has no meaning."
_STEP = 1e-12  # a hair away from the estimate, where the variance of an extreme sample is no longer 0


def score_test(treatment: Proportion, control: Proportion) -> ScoreTest | Unknown:
    """Two-sided score test of equal rates: pooled z without continuity correction.

    Source: Pearson's chi-square for a 2x2 table; statsmodels `proportions_ztest`.
    """
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    users = treatment.users + control.users
    conversions = treatment.conversions + control.conversions
    if conversions in (0, users):  # everybody did the same: no evidence of any difference
        return ScoreTest(0.0, 1.0)
    pooled = conversions / users
    error = math.sqrt(pooled * (1 - pooled) * (1 / treatment.users + 1 / control.users))
    z = (_rate(treatment) - _rate(control)) / error
    return ScoreTest(z, float(2 * ndtr(-abs(z))))


def wilson_interval(sample: Proportion, confidence: float = 0.95) -> Interval | Unknown:
    """Interval of one rate. Source: Wilson (1927), JASA 22; statsmodels "wilson"."""
    if not sample.users:
        return Unknown(NOBODY)
    return Interval(*_wilson(sample, critical_value(confidence)))


def difference_interval(
    treatment: Proportion, control: Proportion, confidence: float = 0.95
) -> Interval | Unknown:
    """Score interval of treatment rate minus control rate, without correction.

    Source: Mee (1984), Biometrics 40, that is Miettinen and Nurminen (1985) without the factor n/(n-1);
    worked examples in Newcombe (1998), Statistics in Medicine 17. statsmodels (to 0.15 at least) differs
    by up to some hundredths in small samples: its constrained estimate takes a count for a sample size
    (its bug report 10269) and so is not the likelihood's maximum.
    """
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    z2 = critical_value(confidence) ** 2
    estimate = _rate(treatment) - _rate(control)

    def excess(difference: float) -> float:
        variance = _variance_given_difference(treatment, control, difference)
        return (estimate - difference) ** 2 - z2 * variance

    lower = -1.0 if estimate <= -1 else root(excess, -1.0, estimate - _STEP)
    upper = 1.0 if estimate >= 1 else root(excess, estimate + _STEP, 1.0)
    return Interval(lower, upper)


def score_statistic(treatment: Proportion, control: Proportion, difference: float) -> float:
    """z of the score test that the rates differ by `difference`, above -1 and below 1; both have users.

    Source: Farrington and Manning (1990), Statistics in Medicine 9; at 0 it is the pooled z.
    """
    variance = _variance_given_difference(treatment, control, difference)
    return (_rate(treatment) - _rate(control) - difference) / math.sqrt(variance)


def newcombe_interval(
    treatment: Proportion, control: Proportion, confidence: float = 0.95
) -> Interval | Unknown:
    """Treatment rate minus control rate from the two Wilson intervals, for comparison with other tools.

    Not dual to the score test. Source: Newcombe (1998), Statistics in Medicine 17, method 10; statsmodels
    "newcomb".
    """
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    z = critical_value(confidence)
    (low, high), (base_low, base_high) = _wilson(treatment, z), _wilson(control, z)
    rate, base = _rate(treatment), _rate(control)
    return Interval(
        rate - base - math.hypot(rate - low, base_high - base),
        rate - base + math.hypot(high - rate, base - base_low),
    )


def difference_of_rates(treatment: Proportion, control: Proportion) -> Difference | Unknown:
    """Treatment rate minus control rate with unpooled variance, for confidence sequences."""
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    base = _rate(control) * (1 - _rate(control)) / control.users
    variance = _rate(treatment) * (1 - _rate(treatment)) / treatment.users + base
    if not variance:
        return Unknown(NO_VARIATION)
    return Difference(_rate(treatment) - _rate(control), variance, _rate(control), base, -base)


def relative_lift(treatment: Proportion, control: Proportion) -> float | Unknown:
    """The treatment's rate over the control's, minus 1."""
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    if not control.conversions:
        return Unknown(CONTROL_NEVER_CONVERTED)
    return _rate(treatment) / _rate(control) - 1


def relative_lift_interval(
    treatment: Proportion, control: Proportion, confidence: float = 0.95
) -> Interval | Unknown:
    """Score interval of the ratio of rates, minus 1. Unbounded above when no control person converted.

    Source: Koopman (1984), Biometrics 40; statsmodels
    `confint_proportions_2indep(method="score", correction=False, compare="ratio")`.
    """
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    if not treatment.conversions + control.conversions:
        return Unknown(NOBODY_CONVERTED)
    z2 = critical_value(confidence) ** 2

    def excess(log_ratio: float) -> float:
        ratio = math.exp(log_ratio)
        p_control = _control_rate_given_ratio(treatment, control, ratio)
        p_treatment = min(p_control * ratio, 1.0)
        distance = _rate(treatment) - ratio * _rate(control)
        # Divided by the larger scale, so that ratios of 1e-6 and 1e6 weigh alike.
        scale = max(1.0, ratio) ** 2
        return (distance**2 - z2 * _variance(p_treatment, p_control, ratio, treatment, control)) / scale

    return Interval(
        _ratio_bound(excess, treatment, control, -1) - 1, _upper_minus_one(excess, treatment, control)
    )


def _upper_minus_one(
    excess: Callable[[float], float], treatment: Proportion, control: Proportion
) -> float | None:
    return _ratio_bound(excess, treatment, control, 1) - 1 if control.conversions else None


def _ratio_bound(
    excess: Callable[[float], float], treatment: Proportion, control: Proportion, direction: int
) -> float:
    """Lower (-1) or upper (1) bound of the ratio: the root of `excess` on that side of the estimate."""
    if direction < 0 and not treatment.conversions:
        return 0.0
    if treatment.conversions and control.conversions:
        near = math.log(_rate(treatment) / _rate(control)) + direction * _STEP
    else:  # the estimate is 0 or unbounded: start far on the other side and look inwards
        near = -direction * 40.0
    far = near + direction
    while excess(far) <= 0:
        near, far = far, far + direction
    low, high = sorted((near, far))
    return math.exp(root(excess, low, high))


def _wilson(sample: Proportion, z: float) -> tuple[float, float]:
    z2, n, rate = z**2, sample.users, _rate(sample)
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    lower = 0.0 if sample.conversions == 0 else centre - half
    upper = 1.0 if sample.conversions == n else centre + half
    return lower, upper


def _variance_given_difference(treatment: Proportion, control: Proportion, difference: float) -> float:
    p_control = _control_rate_given_difference(treatment, control, difference)
    p_treatment = min(max(p_control + difference, 0.0), 1.0)
    return _variance(p_treatment, p_control, 1.0, treatment, control)


def _control_rate_given_difference(treatment: Proportion, control: Proportion, difference: float) -> float:
    """The control rate most likely when the rates differ by `difference`: a cubic's middle root.

    Source: Miettinen and Nurminen (1985), Statistics in Medicine 4, appendix I.
    """
    n, m = treatment.users, control.users
    x, y, d = treatment.conversions, control.conversions, difference
    # Terms of the cubic a3 p^3 + a2 p^2 + a1 p + a0, all divided by the number of people.
    total = n + m
    a3 = 1.0
    a2 = ((n + 2 * m) * d - total - x - y) / total
    a1 = (m * d * d - (total + 2 * y) * d + x + y) / total
    a0 = y * d * (1 - d) / total
    q = (a2 / 3) ** 3 - a2 * a1 / 6 + a0 / 2
    p = math.copysign(math.sqrt(max((a2 / 3) ** 2 - a1 / 3, 0.0)), q)
    cosine = q / p**3 if p else 0.0
    angle = (math.pi + math.acos(min(max(cosine, -1.0), 1.0))) / 3
    rate = 2 * p * math.cos(angle) - a2 / (3 * a3)
    return min(max(rate, 0.0, -d), 1.0, 1.0 - d)


def _control_rate_given_ratio(treatment: Proportion, control: Proportion, ratio: float) -> float:
    """The control rate most likely when treatment rate = ratio * control rate. Source: Koopman (1984)."""
    n, m = treatment.users, control.users
    x, y = treatment.conversions, control.conversions
    a = (n + m) * ratio
    b = n * ratio + x + m + y * ratio
    c = x + y
    # 2c / (b + root) rather than (b - root) / 2a: no cancellation at extreme ratios.
    rate = 2 * c / (b + math.sqrt(max(b * b - 4 * a * c, 0.0)))
    return min(rate, 1.0, 1.0 / ratio)


def _variance(
    p_treatment: float, p_control: float, ratio: float, treatment: Proportion, control: Proportion
) -> float:
    return (
        p_treatment * (1 - p_treatment) / treatment.users
        + ratio**2 * p_control * (1 - p_control) / control.users
    )


def _rate(sample: Proportion) -> float:
    return sample.conversions / sample.users
