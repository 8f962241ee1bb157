"""A read-out, not a stopping rule: how likely is it that a variant's true rate is above the control's?

Each rate has the posterior Beta(1 + conversions, 1 + users - conversions), from a flat prior.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, xlog1py, xlogy

from experiments.statistics.values import Proportion

Array = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_QUANTILES = np.array([1e-15, 1e-9, 1e-5, 1e-3, 0.05, 0.3, 0.7, 0.95])


def chance_to_beat_control(treatment: Proportion, control: Proportion) -> float:
    """P(treatment's rate > control's rate), 0 to 1, by Gauss-Legendre quadrature to about 1e-9.

    The range is cut at quantiles of both posteriors: with 90 % of people in one variant, one posterior is
    many times narrower than the other and a single rule over the range would step over it.
    """
    cuts = np.unique(np.concatenate([_quantiles(treatment), _quantiles(control)]))
    own = _quantiles(treatment)
    cuts = cuts[(cuts >= own[0]) & (cuts <= own[-1])]
    half = np.diff(cuts)[:, None] / 2
    rates = cuts[:-1, None] + half * (1 + _POINTS)
    mass = _density(treatment, rates) * half * _WEIGHTS
    below = betainc(1 + control.conversions, 1 + control.users - control.conversions, rates)
    return float(np.clip((mass * below).sum() / mass.sum(), 0.0, 1.0))


def _quantiles(sample: Proportion) -> Array:
    a, b = 1 + sample.conversions, 1 + sample.users - sample.conversions
    lower = betaincinv(a, b, _QUANTILES)
    upper = 1 - betaincinv(b, a, _QUANTILES)
    return np.unique(np.concatenate([lower, upper]))


def _density(sample: Proportion, rates: Array) -> Array:
    """The posterior's density up to a factor, which divides out."""
    logarithm = xlogy(sample.conversions, rates) + xlog1py(sample.users - sample.conversions, -rates)
    return np.asarray(np.exp(logarithm - logarithm.max()))
