"""Is a guardrail at most a margin worse than control's? One-sided, and the margin is chosen beforehand.

Not having found harm is not enough: with few users nothing is ever found. Here the null is "worse by the
margin", and only its rejection passes.
"""

import math

from scipy.special import ndtr, stdtr

from experiments.statistics.proportions import NOBODY, score_statistic
from experiments.statistics.values import MeanComparison, Proportion, ScoreTest, Unknown


def non_inferior_rate(
    treatment: Proportion, control: Proportion, margin: float, higher_is_better: bool
) -> ScoreTest | Unknown:
    """One-sided score test of "worse by `margin` (absolute, above 0 and below 1) or more".

    Dual to the score interval: p is below alpha exactly when the bound of the two-sided interval of
    confidence 1 - 2 alpha lies within the margin. A positive statistic speaks for the treatment.
    Source: Farrington and Manning (1990), Statistics in Medicine 9.
    """
    if not 0 < margin < 1:
        raise ValueError(f"A margin of {margin}: give a difference of rates above 0 and below 1.")
    if not treatment.users or not control.users:
        return Unknown(NOBODY)
    better, worse = (treatment, control) if higher_is_better else (control, treatment)
    statistic = score_statistic(better, worse, -margin)
    return ScoreTest(statistic, float(ndtr(-statistic)))


def non_inferior_mean(
    compared: MeanComparison | Unknown, margin: float, higher_is_better: bool
) -> ScoreTest | Unknown:
    """The same for a mean or a ratio already compared; `margin` (above 0) in the metric's own unit."""
    if not 0 < margin < math.inf:
        raise ValueError(f"A margin of {margin}: give a difference above 0.")
    if isinstance(compared, Unknown):
        return compared
    gain = compared.difference.value if higher_is_better else -compared.difference.value
    statistic = (gain + margin) / compared.difference.standard_error
    degrees = compared.degrees_of_freedom
    p_value = ndtr(-statistic) if degrees is None else stdtr(degrees, -statistic)
    return ScoreTest(statistic, float(p_value))
