"""Looking several times at a test of planned size, at one error rate in all.

Each look may spend part of alpha; its boundary is where the chance of crossing now, not having crossed
before, is exactly that part. Under the null the score S = Z * sqrt(information) has independent normal
increments, so its density among those still undecided is carried from look to look by quadrature.
Source: Lan and DeMets (1983), Biometrika 70; Armitage, McPherson and Rowe (1969), JRSS A 132.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

LEAST_GROWTH = 1e-3  # a look that adds less to the information so far is none
LEAST_SPENT = 1e-12  # less is kept for the next look: its boundary would lie beyond 7 standard errors
_PRECISION = 1e-11
_MOST_STEPS = 100
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(8)


class Spending(StrEnum):
    """How much of alpha is spent by a share t of the planned information."""

    POWER = "power"  # alpha * t²: what this project uses
    OBRIEN_FLEMING = "obrien_fleming"
    POCOCK = "pocock"


@dataclass(frozen=True, slots=True)
class Boundary:
    """One look. Reject where |Z| reaches `critical_value`; where that is None the look decides nothing.

    `information`: the share of the plan, above 1 where it was overrun. `alpha_spent`: in all so far.
    """

    information: float
    alpha_spent: float
    critical_value: float | None


@dataclass(frozen=True, slots=True)
class _Undecided:
    """Nodes of the score at one look, and the mass at each of those who have crossed no boundary so far."""

    information: float
    critical_value: float
    scores: Array
    mass: Array


@dataclass(frozen=True, slots=True)
class _Look:
    """A look taken, and the state before it; None before the first."""

    before: _Undecided | None
    information: float
    critical_value: float


def group_sequential_boundaries(
    information: Sequence[float], alpha: float = 0.05, spending: Spending = Spending.POWER
) -> tuple[Boundary, ...]:
    """Two-sided boundaries for looks at these shares of the planned information, in order; to about 1e-9.

    The boundary of a look depends only on the looks up to it, so earlier ones never change as looks are
    added. The first look at or past 1 spends all that is left; later ones decide nothing. Nor does a look
    that adds less than a thousandth to the information so far, or one so early that it would spend less
    than 1e-12: what it would have spent is left to the next.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"An alpha of {alpha} is not between 0 and 1; give 0.05 for 5 %.")
    state = _START
    spent = 0.0
    boundaries = []
    for share in information:
        _check_information(share)
        target = _spent_by(spending, alpha, min(share, 1.0))
        critical = None
        if target - spent >= LEAST_SPENT and share >= state.information * (1 + LEAST_GROWTH):
            before = _spread(state, share)
            critical = _critical_value(before, share, target - spent)
            state, spent = _Look(before, share, critical), target
        boundaries.append(Boundary(share, spent, critical))
    return tuple(boundaries)


def crossing_chances(boundaries: Sequence[Boundary], drift: float = 0.0) -> tuple[float, ...]:
    """The chance (0 to 1) to have crossed, in either direction, by the end of each look.

    `drift` is what Z is expected to be at the planned information: 0 under the null; the sum of the two
    normal quantiles (1.96 + 0.84) where a single look would have 80 % power.
    """
    state = _START
    crossed = 0.0
    chances = []
    for boundary in boundaries:
        if boundary.critical_value is not None:
            before = _spread(state, boundary.information, drift)
            crossed += _crossing(before, boundary.information, boundary.critical_value, drift)
            state = _Look(before, boundary.information, boundary.critical_value)
        chances.append(min(crossed, 1.0))
    return tuple(chances)


def _spent_by(spending: Spending, alpha: float, share: float) -> float:
    if share == 0:
        return 0.0
    if spending is Spending.OBRIEN_FLEMING:
        return float(4 * ndtr(ndtri(alpha / 4) / math.sqrt(share)))  # each side spends half of alpha
    if spending is Spending.POCOCK:
        return alpha * math.log1p((math.e - 1) * share)
    return alpha * share**2


def _check_information(share: float) -> None:
    if not 0 <= share < math.inf:
        raise ValueError(f"Information of {share} is no share of a plan; give users over planned users.")


def _critical_value(before: _Undecided, information: float, spend: float) -> float:
    """Where exactly `spend` crosses, by Newton's steps on the logarithm, or halving.

    It cannot lie beyond where a first look would put it: those who have crossed before are gone.
    """
    low, high = 0.0, float(-ndtri(spend / 2))
    value = min(before.critical_value, high)
    for _ in range(_MOST_STEPS):
        crossing, slope = _crossing(before, information, value), _slope(before, information, value)
        low, high = (value, high) if crossing > spend else (low, value)
        step = math.log(crossing / spend) * crossing / slope if crossing and slope else math.inf
        following = value + step if low <= value + step <= high else (low + high) / 2
        if abs(following - value) < _PRECISION:
            break
        value = following
    return following


def _crossing(before: _Undecided, information: float, critical: float, drift: float = 0.0) -> float:
    """The chance to be undecided before this look and beyond +-critical at it."""
    step = information - before.information
    centre, deviation = before.scores + drift * step, math.sqrt(step)
    bound = critical * math.sqrt(information)
    outside = ndtr((centre - bound) / deviation) + ndtr((-centre - bound) / deviation)
    return float(before.mass @ outside)


def _slope(before: _Undecided, information: float, critical: float) -> float:
    """How fast the chance of crossing falls as the boundary moves out; no drift."""
    step = information - before.information
    bound = critical * math.sqrt(information)
    density = np.exp(-((before.scores - bound) ** 2) / (2 * step)) / math.sqrt(2 * math.pi * step)
    return 2 * math.sqrt(information) * float(before.mass @ density)


def _spread(look: _Look, following: float, drift: float = 0.0) -> _Undecided:
    """Those still undecided after `look`, at nodes close enough for the step there and the step to come."""
    before = look.before
    if before is None:
        return _Undecided(0.0, math.inf, np.zeros(1), np.ones(1))
    step = look.information - before.information
    bound = look.critical_value * math.sqrt(look.information)
    scores, widths = _nodes(bound, math.sqrt(min(step, following - look.information)))
    distance = scores[:, None] - before.scores - drift * step
    density = np.exp(-(distance**2) / (2 * step)) @ before.mass / math.sqrt(2 * math.pi * step)
    return _Undecided(look.information, look.critical_value, scores, density * widths)


def _nodes(bound: float, deviation: float) -> tuple[Array, Array]:
    """Gauss-Legendre points on -bound to bound, panels no wider than two standard deviations of a step."""
    panels = math.ceil(bound / deviation)
    edges = np.linspace(-bound, bound, panels + 1)
    half = np.diff(edges)[:, None] / 2
    scores = (edges[:-1, None] + half * (1 + _POINTS)).ravel()
    return scores, (half * _WEIGHTS).ravel()


_START = _Look(None, 0.0, math.inf)
