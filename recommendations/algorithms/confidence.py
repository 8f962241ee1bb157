"""How sure a recommendation is: the chance that the person chooses this event, given that they choose any
of those that are on.

A logistic function of the event's score within its list and of how much is known of the person (Platt, 1999,
with one more column), learned on a hold-out; it never falls as the score rises. A model that was trained with
too few people to learn it from takes over its predecessor's; without one it uses a rule of thumb instead,
which orders but is no probability.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Float64, Int64

HALF_SURE_AFTER = 4.0  # actions, by the rule of thumb


def unit_scores(scores: Float64, rows: Int64) -> Float64:
    """`scores` scaled so that `rows`, the candidates of this list, lie between 0 and 1; all equal is 0.5."""
    if len(rows) == 0:
        return scores
    low, high = scores[rows].min(), scores[rows].max()
    if high <= low:
        return np.full(len(scores), 0.5)
    return np.asarray((scores - low) / (high - low))


def columns(scores: npt.ArrayLike, history: npt.ArrayLike) -> Float64:
    """(n, 3): 1, the score within its list (0-1), and the logarithm of 1 + the person's actions."""
    unit, known = np.broadcast_arrays(np.asarray(scores, np.float64), np.asarray(history, np.float64))
    return np.stack([np.ones(len(unit)), unit, np.log1p(known)], axis=1)


@dataclass(frozen=True, slots=True)
class Confidence:
    """Learned; see `recommendations.evaluation.calibration`."""

    weights: Float64  # (3,) of `columns`; that of the score is never negative

    def of(self, scores: npt.ArrayLike, history: npt.ArrayLike) -> Float64:
        """(n,) chances; scores: (n,) within their list; history: actions known of the person, or (n,)."""
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * (columns(scores, history) @ self.weights)))


def rule_of_thumb(scores: npt.ArrayLike, history: npt.ArrayLike) -> Float64:
    """(n,) between 0 and 1, 0 for somebody unknown, more the more is known and the higher the score."""
    unit, known = np.asarray(scores, np.float64), np.asarray(history, np.float64)
    return np.asarray(known / (known + HALF_SURE_AFTER) * (0.5 + 0.5 * unit))


def confidence_from_arrays(arrays: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, Confidence]:
    """By algorithm. Weights of another shape are another release's: that algorithm goes without."""
    return {name: Confidence(weights) for name, weights in arrays.items() if weights.shape == (3,)}
