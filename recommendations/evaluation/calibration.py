"""Does `confidence` say how often people choose what they are shown? Learned and checked on a hold-out.

Each place of each list is one case: what was predicted for it, and whether the person went on to choose it.
"""

from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.confidence import Confidence, columns
from recommendations.algorithms.dataset import Bool, Float64, Int64
from recommendations.evaluation.evaluate import Evaluation

FEWEST_PEOPLE = 100  # with fewer, nothing is learned
BINS = 10
RIDGE = 1.0  # the pull of the weights, not of the base rate, to nothing
STEPS = 50


@dataclass(frozen=True, slots=True)
class Cases:
    """Filled places of the lists that the algorithm itself made."""

    score: Float64  # (m,) within its list, 0-1
    history: Int64  # (m,) actions known of its person
    chosen: Bool  # (m,)
    person: Int64  # (m,)

    def of(self, kept: Bool) -> "Cases":
        return Cases(self.score[kept], self.history[kept], self.chosen[kept], self.person[kept])


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases with similar predictions: a row of a reliability table."""

    cases: int
    predicted: float  # mean
    chosen: float  # share


@dataclass(frozen=True, slots=True)
class Reliability:
    bins: tuple[Bin, ...]
    expected_calibration_error: float  # mean distance of predicted from chosen over bins, by cases
    brier: float  # mean squared distance of the prediction from 0 or 1


def cases_of(evaluation: Evaluation) -> Cases:
    line, place = np.nonzero((evaluation.shown >= 0) & evaluation.is_personal[:, None])
    return Cases(
        evaluation.unit[line, place],
        evaluation.history[line],
        evaluation.hits[line, place],
        evaluation.user[line],
    )


def confidence_fit(evaluation: Evaluation) -> Confidence | None:
    """What the hold-out teaches; None with fewer than `FEWEST_PEOPLE`, or if none or all was chosen."""
    cases = cases_of(evaluation)
    if len(np.unique(cases.person)) < FEWEST_PEOPLE or cases.chosen.all() or not cases.chosen.any():
        return None
    return _fit(cases)


def held_out_reliability(evaluation: Evaluation) -> Reliability | None:
    """How far what half the people teach holds for the other half, both ways round; None as above."""
    cases = cases_of(evaluation)
    if confidence_fit(evaluation) is None:
        return None
    predicted = np.zeros(len(cases.person))
    for half in (cases.person % 2 == 0, cases.person % 2 == 1):
        learned = _fit(cases.of(~half))
        predicted[half] = learned.of(cases.score[half], cases.history[half])
    return reliability(predicted, cases.chosen)


def reliability(predicted: Float64, chosen: Bool, *, bins: int = BINS) -> Reliability:
    """The reliability table, the expected calibration error (Guo et al., 2017) and the Brier score (1950).

    The bins hold equally many cases (Nixon et al., 2019): of equal width, nearly all would be in the lowest.
    Equal predictions stay together. predicted: (m,) chances, m at least 1; chosen: (m,).
    """
    edges = np.unique(np.quantile(predicted, np.arange(1, bins) / bins))
    place = np.searchsorted(edges, predicted)
    cases = np.bincount(place)
    held = cases > 0
    mean = np.bincount(place, predicted)[held] / cases[held]
    share = np.bincount(place, chosen)[held] / cases[held]
    return Reliability(
        bins=tuple(
            Bin(int(count), float(one), float(other))
            for count, one, other in zip(cases[held], mean, share, strict=True)
        ),
        expected_calibration_error=float(np.average(np.abs(mean - share), weights=cases[held])),
        brier=float(np.mean((predicted - chosen) ** 2)),
    )


def _fit(cases: Cases) -> Confidence:
    """Without the score, where a higher one would make an event less likely: the order of a list stands."""
    table = columns(cases.score, cases.history)
    weights = _logistic(table, cases.chosen)
    if weights[1] < 0:
        weights = _logistic(table * [1.0, 0.0, 1.0], cases.chosen)
    return Confidence(weights)


def _logistic(table: Float64, chosen: Bool) -> Float64:
    """(columns,) of logistic regression by Newton's method, the first column being the base rate."""
    pull = np.array([1e-6, *[RIDGE] * (table.shape[1] - 1)])
    rate = (chosen.sum() + 0.5) / (len(chosen) + 1.0)
    weights = np.zeros(table.shape[1])
    weights[0] = np.log(rate / (1.0 - rate))
    for _ in range(STEPS):
        chance = 0.5 + 0.5 * np.tanh(0.5 * (table @ weights))
        slope = table.T @ (chance - chosen) + pull * weights
        curve = (table * (chance * (1.0 - chance))[:, None]).T @ table + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        weights = weights - np.clip(step, -5.0, 5.0)  # a full step may overshoot far from the answer
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(weights, np.float64)
