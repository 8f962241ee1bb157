"""Did people arrive in the shares that were planned? If not, the comparison cannot be trusted.

Source: Pearson's chi-square on first exposures; Fabijan and others (2019), "Diagnosing Sample Ratio
Mismatch in Online Controlled Experiments".
"""

from collections.abc import Sequence

from scipy.special import chdtrc

from experiments.statistics.values import (
    SAMPLE_RATIO_FAIL_BELOW,
    SAMPLE_RATIO_WARN_BELOW,
    SampleRatio,
    SampleRatioState,
)


def sample_ratio_test(users: Sequence[int], weights: Sequence[float]) -> SampleRatio:
    """Chi-square test that `users` per variant follow `weights` (shares, any positive total).

    Variants of weight zero do not count as degrees of freedom; a person in one is a failure of its own.
    """
    if any(count and not weight for count, weight in zip(users, weights, strict=True)):
        return SampleRatio(SampleRatioState.FAIL, None, None, "People were served a variant of weight 0.")
    open_to = [(count, weight) for count, weight in zip(users, weights, strict=True) if weight]
    people = sum(users)
    if len(open_to) < 2 or not people:
        reason = "Nobody was exposed yet." if not people else "Only one variant has a weight."
        return SampleRatio(SampleRatioState.OK, None, None, reason)
    whole = sum(weight for _, weight in open_to)
    expected = [people * weight / whole for _, weight in open_to]
    statistic = sum((count - e) ** 2 / e for (count, _), e in zip(open_to, expected, strict=True))
    p_value = float(chdtrc(len(open_to) - 1, statistic))
    return SampleRatio(_state(p_value), p_value, statistic)


def _state(p_value: float) -> SampleRatioState:
    if p_value < SAMPLE_RATIO_FAIL_BELOW:
        return SampleRatioState.FAIL
    return SampleRatioState.WARN if p_value < SAMPLE_RATIO_WARN_BELOW else SampleRatioState.OK
