"""A weighted sum of signals: the score, and the same sum taken apart for the reasons."""

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Float32, Float64
from recommendations.algorithms.protocol import Contribution, Signal
from recommendations.algorithms.signals import COLUMNS


def weighted_sum(weights: Float64, matrix: Float32) -> Float64:
    """(n,) finite scores."""
    return np.asarray(weights.astype(np.float32) @ matrix, np.float64)


def contributions(
    weights: Float64, matrix: Float32, rows: npt.NDArray[np.integer]
) -> list[list[Contribution]]:
    """Per row, one contribution a signal: `value` is the mean of its columns, weighted as they count.

    value x weight adds up to the score, because weight is the sum of the columns' absolute weights.
    """
    parts = weights[:, None] * matrix[:, rows].astype(np.float64)
    by_signal: dict[Signal, tuple[npt.NDArray[np.float64], float]] = {}
    for column, part, weight in zip(COLUMNS, parts, np.abs(weights), strict=True):
        added, total = by_signal.get(column.signal, (np.zeros(len(rows)), 0.0))
        by_signal[column.signal] = (added + part, total + float(weight))
    return [
        sorted(
            (
                Contribution(signal, float(added[row]) / total, total)
                for signal, (added, total) in by_signal.items()
                if added[row] != 0
            ),
            key=lambda each: -abs(each.value * each.weight),
        )
        for row in range(len(rows))
    ]
