"""Is one algorithm better than another, or were these people lucky?

The bootstrap (Efron and Tibshirani, 1993). People are drawn, not rows: where one person was measured in
several folds, their rows come and go together, since they are no new evidence each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import Float64, Int64

RESAMPLES = 2_000
BATCH = 200  # resamples held at once
LEVEL = 0.95


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


def _resampled_means(
    values: Float64, people: Int64 | None, generator: np.random.Generator, resamples: int
) -> Float64:
    """(resamples, columns) means of `values`, (rows, columns), each over as many people drawn anew."""
    sums, sizes = values, np.ones(len(values))
    if people is not None:
        _, place = np.unique(people, return_inverse=True)
        sizes = np.bincount(place).astype(np.float64)
        sums = np.stack([np.bincount(place, column) for column in values.T], axis=1)
    n = len(sums)
    parts = []
    for first in range(0, resamples, BATCH):
        rounds = min(BATCH, resamples - first)
        drawn = generator.integers(0, n, (rounds, n)) + n * np.arange(rounds)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rounds * n).reshape(rounds, n).astype(np.float64)
        parts.append((times @ sums) / (times @ sizes)[:, None])
    return np.concatenate(parts)


def clustered_error(values: Float64, people: Int64) -> float:
    """The standard error of the mean of `values`, (rows,), where a person's rows are no new evidence each
    (Liang and Zeger, 1986). With one row each it is the usual one, dividing by n. Rows: at least one."""
    _, place = np.unique(people, return_inverse=True)
    off = np.bincount(place, values - values.mean())
    return float(np.sqrt(off @ off) / len(values))


def bootstrap_intervals(
    values: Mapping[str, Float64],
    *,
    generator: np.random.Generator,
    people: Int64 | None = None,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Percentile intervals of the means of several numbers a row, each (rows,), from the same resamples.

    people: (rows,) who each row is of, where somebody may have several; None: everybody has one.
    """
    table = np.stack(list(values.values()), axis=1)
    if len(table) == 0:
        raise ValueError("an interval needs at least one person")
    means = _resampled_means(table, people, generator, resamples)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {
        name: Interval(float(mean), float(least), float(most))
        for name, mean, least, most in zip(values, table.mean(axis=0), low, high, strict=True)
    }


def paired_comparison(
    challenger: Float64,
    champion: Float64,
    *,
    generator: np.random.Generator,
    people: Int64 | None = None,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Both arrays (rows,), the same people in the same order: what differs between people cancels out."""
    if challenger.shape != champion.shape:
        raise ValueError("a paired comparison needs the same people in both")
    difference = challenger - champion
    if len(difference) == 0:
        raise ValueError("a comparison needs at least one person")
    means = _resampled_means(difference[:, None], people, generator, resamples)[:, 0]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    ahead = float(np.mean(means > 0) + 0.5 * np.mean(means == 0))
    return Comparison(Interval(float(difference.mean()), float(low), float(high)), ahead)
