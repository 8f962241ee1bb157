"""How many users a test needs, and how many days they take to come by."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.special import nctdtr, ndtri, stdtrit

from experiments.statistics.numerics import root
from experiments.statistics.values import Unknown

SEQUENTIAL_INFLATION = 1.10
NO_TRAFFIC = "Nobody comes by, so it would never end."


@dataclass(frozen=True, slots=True)
class Plan:
    """Users to plan for, in whole people: of each variant, of all, and the days they take."""

    users_per_variant: tuple[int, ...]
    users: int
    days: int | Unknown


def users_for_rates(
    baseline: float, relative_lift: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> float:
    """Control users for a score test to find `relative_lift` on a rate of `baseline`; one look, not rounded.

    `ratio`: treatment users per control user. Divide `alpha` by the number of treatments before.
    Source: Fleiss, Levin and Paik (2003), "Statistical Methods for Rates and Proportions", 4.2: variance
    pooled under the null, as the score test has it.
    """
    rate = baseline * (1 + relative_lift)
    if not 0 < baseline < 1 or not 0 < rate < 1:
        raise ValueError(f"From {baseline} to {rate:g}: both rates must be above 0 and below 1.")
    if rate == baseline:
        raise ValueError("To find no effect at all takes endless users; name the smallest that matters.")
    _check(alpha, power, ratio)
    pooled = (baseline + ratio * rate) / (1 + ratio)
    null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    alternative = math.sqrt(baseline * (1 - baseline) + rate * (1 - rate) / ratio)
    return ((-ndtri(alpha / 2) * null + ndtri(power) * alternative) / (rate - baseline)) ** 2


def users_for_means(
    deviation: float, difference: float, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> float:
    """Control users for a t test to find `difference` where users' numbers have standard `deviation`.

    As exact as equal deviations allow: noncentral t; one look, not rounded, at least 2.
    Source: statsmodels `TTestIndPower`.
    """
    if not 0 < deviation < math.inf:
        raise ValueError(f"A standard deviation of {deviation}: give one above 0, measured on past users.")
    if not 0 < abs(difference) < math.inf:
        raise ValueError("To find no effect at all takes endless users; name the smallest that matters.")
    _check(alpha, power, ratio)
    effect = abs(difference) / deviation
    least = max(2.0, 2.0 / ratio)  # users of which both variants have two

    def lacking(users: float) -> float:
        return power - _power_of_t(users, effect, alpha, ratio)

    high = 2 * least
    while lacking(high) > 0:
        high *= 2
    return root(lacking, least, high) if lacking(least) > 0 else least


def plan_for_rates(
    baseline: float,
    relative_lift: float,
    weights: Sequence[float],
    users_per_day: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> Plan:
    """Users and days to find `relative_lift` on a rate of `baseline` in a group-sequential design.

    `weights`: the shares of the variants, control's first; a treatment of weight 0 is not compared. Each
    treatment is tested at alpha over their number; 10 % more users pay for looking daily.
    """
    return _plan(
        lambda ratio, level: users_for_rates(baseline, relative_lift, level, power, ratio),
        weights,
        users_per_day,
        alpha,
    )


def plan_for_means(
    deviation: float,
    difference: float,
    weights: Sequence[float],
    users_per_day: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> Plan:
    """The same for a mean per user, of standard `deviation`, and the smallest absolute `difference`."""
    return _plan(
        lambda ratio, level: users_for_means(deviation, difference, level, power, ratio),
        weights,
        users_per_day,
        alpha,
    )


def _plan(
    control_users: Callable[[float, float], float],
    weights: Sequence[float],
    users_per_day: float,
    alpha: float,
) -> Plan:
    if not users_per_day >= 0:
        raise ValueError(f"{users_per_day} users a day cannot be; give what was measured.")
    control, *treatments = [weight / math.fsum(weights) for weight in weights] if any(weights) else [0.0]
    compared = [weight for weight in treatments if weight]
    if not compared or control <= 0 or min(compared) < 0:
        raise ValueError("Control and at least one treatment need a weight above 0.")
    level = alpha / len(compared)
    whole = max(control_users(weight / control, level) for weight in compared) / control
    users_of = tuple(math.ceil(whole * SEQUENTIAL_INFLATION * weight) for weight in (control, *treatments))
    users = sum(users_of)
    return Plan(users_of, users, math.ceil(users / users_per_day) if users_per_day else Unknown(NO_TRAFFIC))


def _power_of_t(users: float, effect: float, alpha: float, ratio: float) -> float:
    degrees = users * (1 + ratio) - 2
    shift = effect * math.sqrt(users * ratio / (1 + ratio))
    quantile = -stdtrit(degrees, alpha / 2)
    return float(nctdtr(degrees, -shift, -quantile) + nctdtr(degrees, shift, -quantile))


def _check(alpha: float, power: float, ratio: float) -> None:
    if not 0 < alpha < power < 1:
        raise ValueError(
            f"Alpha {alpha} and power {power}: give 0 < alpha < power < 1, such as 0.05 and 0.8."
        )
    if not 0 < ratio < math.inf:
        raise ValueError(f"A ratio of {ratio}: give treatment users per control user, above 0.")
