"""Always valid: an interval that may be looked at as often as one likes, and stopped at whenever one likes.

The price is width: about half again that of a fixed-horizon interval around the size it is tuned for.
Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), Annals of Statistics 52, "Time-uniform central
limit theory and asymptotic confidence sequences": the normal mixture.
"""

import math
from dataclasses import dataclass

from experiments.statistics.relative import fieller_interval
from experiments.statistics.values import Difference, Interval, Unknown


@dataclass(frozen=True, slots=True)
class AlwaysValid:
    """`critical_value`: the half width in standard errors. `p_value` may be adjusted as any other.

    For a share the interval may reach beyond -1 and 1: early on it knows nothing.
    """

    critical_value: float
    p_value: float
    interval: Interval
    relative_interval: Interval | Unknown


def confidence_sequence(
    difference: Difference, users: int, planned_users: int, alpha: float = 0.05
) -> AlwaysValid:
    """Interval and p-value after `users` in both variants; narrowest around `planned_users` in both.

    `planned_users` must be chosen before the data; it moves the width, never the validity. The p-value is
    below `alpha` exactly when the interval excludes 0.
    """
    if users < 1:
        raise ValueError("Count the users of both variants; there must be at least one.")
    rho = mixture_rho(planned_users, alpha)
    gain = users * rho**2
    quantile = math.sqrt((gain + 1) / gain * (math.log1p(gain) - 2 * math.log(alpha)))
    half = quantile * difference.standard_error
    statistic2 = difference.value**2 / difference.variance
    log_p = math.log1p(gain) / 2 - statistic2 * gain / (2 * (gain + 1))
    return AlwaysValid(
        critical_value=quantile,
        p_value=math.exp(min(log_p, 0.0)),
        interval=Interval(difference.value - half, difference.value + half),
        relative_interval=fieller_interval(difference, quantile),
    )


def mixture_rho(planned_users: int, alpha: float = 0.05) -> float:
    """The mixture's scale that makes the interval narrowest at `planned_users` (both variants together)."""
    if planned_users < 1:
        raise ValueError("Plan at least one user; the width is tuned to their number.")
    if not 0 < alpha < 1:
        raise ValueError(f"An alpha of {alpha} is not between 0 and 1; give 0.05 for 5 %.")
    log = -2 * math.log(alpha)
    return math.sqrt((log + math.log(log + 1)) / planned_users)
