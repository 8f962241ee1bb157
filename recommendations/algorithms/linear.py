"""A weighted sum of signals: the score, and the same sum taken apart for the reasons."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Float32, Float64, Person
from recommendations.algorithms.protocol import Contribution, Signal
from recommendations.algorithms.signals import (
    CIRCUMSTANCE_ROWS,
    COLUMNS,
    FOLLOWED_ROW,
    FOLLOWED_ROWS,
    INDEX,
    SignalModel,
    SignalSlate,
    personal_evidence,
    signal_matrix,
)


@dataclass(frozen=True, slots=True)
class LinearSlate:
    """A slate with what does not depend on the person weighed already."""

    signals: SignalSlate
    anybody: Float32  # (n,) what the event's circumstances add for everybody
    follower: Float32  # (n,) and what more for a follower

    @classmethod
    def of(cls, signals: SignalSlate, weights: Float64) -> "LinearSlate":
        weighed = weights.astype(np.float32)
        expected = weighed[INDEX["expected"]] * signals.expected
        return cls(
            signals,
            weighed[CIRCUMSTANCE_ROWS] @ signals.circumstances + expected,
            weighed[FOLLOWED_ROWS] @ signals.circumstances,
        )


def linear_score(weights: Float64, model: SignalModel, person: Person, prepared: LinearSlate) -> Float64:
    """(n,) the weighted sum of `signal_matrix`."""
    weighed = weights.astype(np.float32)
    score = prepared.anybody.copy()
    for evidence in personal_evidence(model, person, prepared.signals):
        score += evidence.weighed(weighed)
        if evidence.rows is FOLLOWED_ROW:
            score += prepared.follower * evidence.values[0]
    return score.astype(np.float64)


def linear_reasons(
    weights: Float64,
    model: SignalModel,
    person: Person,
    prepared: LinearSlate,
    rows: npt.NDArray[np.integer],
) -> list[list[Contribution]]:
    """The same sum taken apart, of these candidates only."""
    matrix = signal_matrix(model, person, prepared.signals.take(rows))
    return contributions(weights, matrix, np.arange(len(rows)))


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
