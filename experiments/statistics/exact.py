"""Small samples: an exact test where the normal approximation of the score test is not to be relied on."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from experiments.statistics.proportions import NOBODY
from experiments.statistics.values import Proportion, Unknown

Array = NDArray[np.float64]

LEAST_EXPECTED = 5.0
MOST_USERS = 4_000  # beyond, Boschloo's p takes too long and is close to Fisher's
_TIE = 1 + 1e-9
_LEAST = 1e-300  # no p-value below: the smallest doubles have no digits left
_ROWS = 256  # worked on at a time, which bounds the memory
_PEAKS = 4  # of the chance over the common rate, the highest ones are refined


class ExactMethod(StrEnum):
    BOSCHLOO = "boschloo"
    FISHER = "fisher"


@dataclass(frozen=True, slots=True)
class ExactTest:
    """`p_value`: two-sided. Fisher's is never below Boschloo's."""

    method: ExactMethod
    p_value: float


def is_small(treatment: Proportion, control: Proportion) -> bool:
    """Whether a cell of the 2x2 table has fewer than 5 people expected under equal rates."""
    users = treatment.users + control.users
    if not users:
        return True
    conversions = treatment.conversions + control.conversions
    return (
        min(treatment.users, control.users) * min(conversions, users - conversions) < LEAST_EXPECTED * users
    )


def exact_test(treatment: Proportion, control: Proportion) -> ExactTest | Unknown:
    """Boschloo's unconditional exact test of equal rates: twice the smaller one-sided p, at most 1.

    With more than 4,000 users it is Fisher's exact test instead, also twice the smaller tail.
    Source: Boschloo (1970), Statistica Neerlandica 24; scipy `boschloo_exact`, which takes 4 s and 25 MB
    more for 500 users a variant.
    """
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    conversions = treatment.conversions + control.conversions
    if conversions in (0, treatment.users + control.users):
        return ExactTest(ExactMethod.BOSCHLOO, 1.0)
    if treatment.users + control.users > MOST_USERS:
        return ExactTest(
            ExactMethod.FISHER, _twice(_fisher_tail(treatment, control), _fisher_tail(control, treatment))
        )
    return ExactTest(
        ExactMethod.BOSCHLOO, _twice(_boschloo(treatment, control), _boschloo(control, treatment))
    )


def _twice(one: float, other: float) -> float:
    return min(1.0, 2 * min(one, other))


def _boschloo(better: Proportion, worse: Proportion) -> float:
    """Largest chance, over all common rates, of tables whose one-sided Fisher p is at most the one observed.

    Given the conversions of both variants together, such tables are a hypergeometric tail that does not
    depend on the common rate; so the chance is a mean of tails over the binomial distribution of the sum.
    """
    observed = _fisher_tail(better, worse)
    if observed <= _LEAST:
        return observed
    totals = np.arange(better.users + worse.users + 1, dtype=np.float64)
    parts = np.array_split(totals, math.ceil(totals.size / _ROWS))
    return _largest_mean(
        np.concatenate([_reached(part, better.users, worse.users, observed) for part in parts])
    )


def _reached(totals: Array, better: int, worse: int, observed: float) -> Array:
    """The largest upper tail that is at most `observed`, for each of `totals`; 0 where there is none."""
    tails = _tails(totals, better, worse, _reach(totals, better, worse, observed))[1]
    return np.asarray(np.where(tails <= observed * _TIE, tails, 0.0).max(axis=1))


def _fisher_tail(better: Proportion, worse: Proportion) -> float:
    """P(the better has at least its conversions, given those of both together)."""
    totals = np.array([better.conversions + worse.conversions], dtype=np.float64)
    mean = totals[0] * better.users / (better.users + worse.users)
    reach = abs(better.conversions - mean) + _reach(totals, better.users, worse.users, 1.0)
    counts, tails = _tails(totals, better.users, worse.users, reach)
    return max(float(tails[0, np.searchsorted(counts[0], better.conversions)]), _LEAST)


def _reach(totals: Array, better: int, worse: int, observed: float) -> float:
    """How far from its mean a count is followed: what lies beyond is 1e-17 of `observed`.

    Source: Hoeffding's (1963) inequality for sampling without replacement.
    """
    drawn = np.minimum(totals, better + worse - totals).max()
    return 2 + math.sqrt(min(better, worse, drawn) * (39 - math.log(observed)) / 2)


def _tails(totals: Array, better: int, worse: int, reach: float) -> tuple[Array, Array]:
    """Counts of the better variant around the mean, and P(at least that many | total); a row per total.

    By ratios of neighbouring chances, normalised at the end: factorials of millions would cancel badly.
    """
    total = totals[:, None]
    lowest = np.maximum(np.maximum(0, total - worse), np.floor(total * (better / (better + worse)) - reach))
    counts = lowest + np.arange(min(2.0 * math.ceil(reach), better) + 2)
    x = counts[:, :-1]
    ahead = np.maximum(better - x, 0) * np.maximum(total - x, 0)
    with np.errstate(divide="ignore"):  # past the end of the support the chance is 0, its logarithm -inf
        steps = np.log(ahead) - np.log((x + 1) * (worse - total + x + 1))
    logarithms = np.concatenate([np.zeros_like(lowest), np.cumsum(steps, axis=1)], axis=1)
    chances = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    tails = np.cumsum(chances[:, ::-1], axis=1)[:, ::-1]
    return counts, tails / tails[:, :1]


def _largest_mean(values: Array) -> float:
    """The largest mean of `values` over a binomial distribution on 0, 1, ... of any rate.

    Seen on a grid finer than the distribution is wide (the angle whose squared sine is the rate makes it
    equally wide everywhere), then refined around the highest peaks.
    """
    size = values.size - 1
    totals = np.arange(values.size)
    ways = gammaln(size + 1) - gammaln(totals + 1) - gammaln(size - totals + 1)

    def mean(angle: float) -> float:
        log, log_other = 2 * math.log(math.sin(angle)), 2 * math.log(math.cos(angle))
        return float(np.exp(ways + totals * (log - log_other) + size * log_other) @ values)

    angles = np.linspace(0, math.pi / 2, 64 + 8 * math.ceil(math.sqrt(size)))[1:-1]
    means = np.array([mean(angle) for angle in angles])
    peaks = sorted(range(1, angles.size - 1), key=lambda i: means[i], reverse=True)
    peaks = [i for i in peaks if means[i] >= max(means[i - 1], means[i + 1])][:_PEAKS]
    refined = [_highest(mean, float(angles[i - 1]), float(angles[i + 1])) for i in peaks]
    return max([float(means.max()), *refined])


def _highest(function: Callable[[float], float], low: float, high: float) -> float:
    """The maximum of a function with one peak between `low` and `high`, by golden sections."""
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(40):
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return max(at_left, at_right)
