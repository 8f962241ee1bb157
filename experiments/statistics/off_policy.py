"""What would another policy have earned, judged by what was logged under this one?"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.statistics.numerics import critical_value
from experiments.statistics.values import Interval, Unknown

LEAST_EFFECTIVE = 100.0
NOTHING_LOGGED = "Nothing was logged."
NO_OVERLAP = "The policy would never have done what was logged."
NO_VARIATION = "All rewards that count are the same, so chance cannot be estimated."


@dataclass(frozen=True, slots=True)
class OffPolicyEstimate:
    """`value` is the self-normalised estimate (SNIPS), `plain` the unnormalised one (IPS).

    `effective_sample_size`: as many rewards logged under the policy itself would tell about as much.
    `warning` is empty or says why the estimate should not be trusted.
    """

    value: float
    standard_error: float
    interval: Interval | Unknown
    plain: float
    plain_standard_error: float | None
    effective_sample_size: float
    warning: str


def off_policy_estimate(
    rewards: ArrayLike, logged: ArrayLike, target: ArrayLike, confidence: float = 0.95
) -> OffPolicyEstimate | Unknown:
    """SNIPS with a linearised standard error, and IPS. Three arrays of one length, one entry a decision.

    `logged` and `target` are the chances of the decision under the logging and the other policy: above 0 to
    1, and 0 to 1. Raises ValueError otherwise.
    Source: Swaminathan and Joachims (2015), "The Self-Normalized Estimator for Counterfactual Learning";
    effective sample size: Kish (1965).
    """
    reward, weight = _weighed(rewards, logged, target)
    if not weight.size:
        return Unknown(NOTHING_LOGGED)
    whole = float(weight.sum())
    if not whole:
        return Unknown(NO_OVERLAP)
    value = float((weight * reward).sum()) / whole
    error = math.sqrt(float(((weight * (reward - value)) ** 2).sum())) / whole
    effective = whole**2 / float((weight**2).sum())
    half = critical_value(confidence) * error
    return OffPolicyEstimate(
        value=value,
        standard_error=error,
        interval=Interval(value - half, value + half) if error else Unknown(NO_VARIATION),
        plain=float((weight * reward).mean()),
        plain_standard_error=_standard_error(weight * reward),
        effective_sample_size=effective,
        warning=_warning(effective),
    )


def _weighed(
    rewards: ArrayLike, logged: ArrayLike, target: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    reward, behaviour, wanted = (np.asarray(one, dtype=np.float64) for one in (rewards, logged, target))
    if not reward.shape == behaviour.shape == wanted.shape or reward.ndim != 1:
        raise ValueError("Rewards and both propensities must be lists of one length.")
    if not np.isfinite(reward).all():
        raise ValueError("A reward is not a finite number; leave out decisions without one.")
    if not ((behaviour > 0) & (behaviour <= 1)).all():
        raise ValueError("A logged propensity is not above 0 and at most 1; what was logged was possible.")
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ValueError("A target propensity is not between 0 and 1.")
    return reward, wanted / behaviour


def _standard_error(values: NDArray[np.float64]) -> float | None:
    if values.size < 2:
        return None
    return float(values.std(ddof=1)) / math.sqrt(values.size)


def _warning(effective: float) -> str:
    if effective >= LEAST_EFFECTIVE:
        return ""
    return (
        f"The logs are worth only {effective:.0f} decisions of this policy's own; "
        f"below {LEAST_EFFECTIVE:.0f} the estimate and its interval are not to be trusted."
    )
