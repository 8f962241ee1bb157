"""Did people arrive in the shares that were planned? If not, the comparison cannot be trusted.

Variants of weight zero do not count; a person in one is a failure of its own.
"""

import math
from collections.abc import Sequence

from scipy.special import chdtrc, gammaln, xlogy

from experiments.statistics.values import (
    SAMPLE_RATIO_FAIL_BELOW,
    SAMPLE_RATIO_WARN_BELOW,
    SampleRatio,
    SampleRatioState,
    SequentialSampleRatio,
)

CONCENTRATION = 100.0
WEIGHT_ZERO = "People were served a variant of weight 0."
NOBODY = "Nobody was exposed yet."
ONE_VARIANT = "Only one variant has a weight."


def sample_ratio_test(users: Sequence[int], weights: Sequence[float]) -> SampleRatio:
    """Chi-square test that `users` per variant follow `weights` (shares, any positive total).

    Source: Pearson's chi-square on first exposures; Fabijan and others (2019), "Diagnosing Sample Ratio
    Mismatch in Online Controlled Experiments".
    """
    counts, shares = _open_variants(users, weights)
    people = sum(users)
    if sum(counts) != people:
        return SampleRatio(SampleRatioState.FAIL, None, None, WEIGHT_ZERO)
    if reason := _nothing_to_test(counts):
        return SampleRatio(SampleRatioState.OK, None, None, reason)
    expected = [people * share for share in shares]
    statistic = sum((count - e) ** 2 / e for count, e in zip(counts, expected, strict=True))
    p_value = float(chdtrc(len(counts) - 1, statistic))
    return SampleRatio(_state(p_value), p_value, statistic)


def sequential_sample_ratio_test(users: Sequence[int], weights: Sequence[float]) -> SequentialSampleRatio:
    """The same question, asked as often as one likes: an early warning, which never fails an experiment.

    The evidence is the chance of the counts under shares from Dirichlet(100 * weights) over their chance
    under the weights; the p-value is 1 over it. It is a little slower than chi-square at any one look.
    Source: Lindon and Malek (2022), "Anytime-Valid Inference for Multinomial Count Data".
    """
    counts, shares = _open_variants(users, weights)
    if sum(counts) != sum(users):
        return SequentialSampleRatio(SampleRatioState.FAIL, None, None, WEIGHT_ZERO)
    if reason := _nothing_to_test(counts):
        return SequentialSampleRatio(SampleRatioState.OK, None, None, reason)
    evidence = _log_evidence(counts, shares)
    p_value = math.exp(min(-evidence, 0.0))
    state = SampleRatioState.WARN if p_value < SAMPLE_RATIO_WARN_BELOW else SampleRatioState.OK
    return SequentialSampleRatio(state, p_value, evidence)


def _log_evidence(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Logarithm of Dirichlet-multinomial over multinomial.

    Gamma functions of millions would cancel to a few digits. Stirling's formula is therefore taken apart:
    what is large in it becomes a sum of deviations from the shares, and only what is small is left over.
    """
    before = [CONCENTRATION * share for share in shares]
    after = [a + count for a, count in zip(before, counts, strict=True)]
    return _log_gammas(after, shares) - _log_gammas(before, shares)


def _log_gammas(parameters: Sequence[float], shares: Sequence[float]) -> float:
    """sum(lgamma(a)) - lgamma(sum(a)) - sum(a * log(share))."""
    whole = sum(parameters)
    large = math.fsum(a * _log_ratio(a, whole * s) for a, s in zip(parameters, shares, strict=True))
    halves = (math.log(whole) - math.fsum(math.log(a) for a in parameters)) / 2
    rest = math.fsum(_stirling_rest(a) for a in parameters) - _stirling_rest(whole)
    return large + halves + rest


def _log_ratio(one: float, other: float) -> float:
    return math.log1p((one - other) / other) if 0.5 < one / other < 2 else math.log(one / other)


def _stirling_rest(x: float) -> float:
    """lgamma(x) - ((x - 1/2) log(x) - x)."""
    if x < 20:
        return float(gammaln(x)) - float(xlogy(x - 0.5, x)) + x
    inverse = 1 / (x * x)
    series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / x
    return math.log(2 * math.pi) / 2 + series


def _open_variants(users: Sequence[int], weights: Sequence[float]) -> tuple[list[int], list[float]]:
    """Users and shares (summing to 1) of the variants that have a weight."""
    if any(count < 0 for count in users) or not all(0 <= weight < math.inf for weight in weights):
        raise ValueError("Users and weights are counts and shares: none may be below 0.")
    whole = math.fsum(weights)
    rows = [(count, weight / whole) for count, weight in zip(users, weights, strict=True) if weight]
    return [count for count, _ in rows], [share for _, share in rows]


def _nothing_to_test(counts: Sequence[int]) -> str:
    if not sum(counts):
        return NOBODY
    return ONE_VARIANT if len(counts) < 2 else ""


def _state(p_value: float) -> SampleRatioState:
    if p_value < SAMPLE_RATIO_FAIL_BELOW:
        return SampleRatioState.FAIL
    return SampleRatioState.WARN if p_value < SAMPLE_RATIO_WARN_BELOW else SampleRatioState.OK
