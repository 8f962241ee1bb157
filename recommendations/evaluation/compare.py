"""Is one algorithm better than another, or were these people lucky?

The bootstrap (Efron and Tibshirani, 1993).
"""

from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import Float64

RESAMPLES = 2_000
BATCH = 200  # resamples held at once


@dataclass(frozen=True, slots=True)
class Interval:
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mean difference per person, challenger less champion."""

    difference: Interval
    chance_better: float  # share of the resamples in which the challenger is ahead


def _resampled_means(values: Float64, generator: np.random.Generator, resamples: int) -> Float64:
    parts = []
    for first in range(0, resamples, BATCH):
        size = (min(BATCH, resamples - first), len(values))
        parts.append(values[generator.integers(0, len(values), size)].mean(axis=1))
    return np.concatenate(parts)


def bootstrap_interval(
    values: Float64, *, generator: np.random.Generator, level: float = 0.95, resamples: int = RESAMPLES
) -> Interval:
    """Percentile interval of the mean of one number a person, (users,)."""
    if len(values) == 0:
        raise ValueError("an interval needs at least one person")
    means = _resampled_means(values, generator, resamples)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def paired_comparison(
    challenger: Float64,
    champion: Float64,
    *,
    generator: np.random.Generator,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Both arrays (users,), the same people in the same order: what differs between people cancels out."""
    if challenger.shape != champion.shape:
        raise ValueError("a paired comparison needs the same people in both")
    difference = challenger - champion
    if len(difference) == 0:
        raise ValueError("a comparison needs at least one person")
    means = _resampled_means(difference, generator, resamples)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    ahead = float(np.mean(means > 0) + 0.5 * np.mean(means == 0))
    return Comparison(Interval(float(difference.mean()), float(low), float(high)), ahead)
