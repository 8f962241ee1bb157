"""A read-out, not a stopping rule: how likely is it that a variant's true rate is the best?

Each rate has the posterior Beta(1 + conversions, 1 + users - conversions), from a flat prior.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, betaincinv, xlog1py, xlogy

from experiments.statistics.values import Proportion

Array = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_QUANTILES = np.array([1e-15, 1e-9, 1e-5, 1e-3, 0.05, 0.3, 0.7, 0.95])


@dataclass(frozen=True, slots=True)
class Standing:
    """`chance_to_be_best`: 0 to 1, over all variants 1. `expected_loss`: by how much, in rate (0 to 1), the
    best variant is expected to be better if this one is chosen."""

    chance_to_be_best: float
    expected_loss: float


def standings(samples: Sequence[Proportion]) -> tuple[Standing, ...]:
    """How each of the variants stands among all, in the given order; quadrature to about 1e-9.

    One variant alone is the best and loses nothing.
    """
    if not samples:
        return ()
    rates, widths = _nodes(samples)
    below = np.array([betainc(*_parameters(sample), rates) for sample in samples])
    # A chance of 1 to be above is certainty: its logarithm of minus infinity is what is meant.
    with np.errstate(divide="ignore"):
        log_below = np.array([np.log1p(-betaincc(*_parameters(sample), rates)) for sample in samples])
    others = [np.delete(log_below, index, axis=0).sum(axis=0) for index in range(len(samples))]
    chances = [
        _mean_over_posterior(sample, np.exp(log), rates, widths)
        for sample, log in zip(samples, others, strict=True)
    ]
    # The integral of P(own rate below r, some other above r): nothing cancels, so small losses are exact.
    losses = [float((own * -np.expm1(log)) @ widths) for own, log in zip(below, others, strict=True)]
    return tuple(Standing(chance / sum(chances), loss) for chance, loss in zip(chances, losses, strict=True))


def chance_to_beat_control(treatment: Proportion, control: Proportion) -> float:
    """P(treatment's rate > control's rate), 0 to 1, by quadrature to about 1e-9."""
    return standings([treatment, control])[0].chance_to_be_best


def _mean_over_posterior(sample: Proportion, values: Array, rates: Array, widths: Array) -> float:
    mass = _density(sample, rates) * widths
    return float(values @ mass / mass.sum())


def _nodes(samples: Sequence[Proportion]) -> tuple[Array, Array]:
    """Gauss-Legendre points over all posteriors, and how much of the range each stands for.

    The range is cut at quantiles of all posteriors: with 90 % of people in one variant, one posterior is
    many times narrower than another and a single rule over the range would step over it.
    """
    cuts = np.unique(np.concatenate([_quantiles(sample) for sample in samples]))
    half = np.diff(cuts)[:, None] / 2
    return (cuts[:-1, None] + half * (1 + _POINTS)).ravel(), (half * _WEIGHTS).ravel()


def _quantiles(sample: Proportion) -> Array:
    a, b = _parameters(sample)
    return np.concatenate([betaincinv(a, b, _QUANTILES), 1 - betaincinv(b, a, _QUANTILES)])


def _parameters(sample: Proportion) -> tuple[int, int]:
    return 1 + sample.conversions, 1 + sample.users - sample.conversions


def _density(sample: Proportion, rates: Array) -> Array:
    """The posterior's density up to a factor, which divides out."""
    logarithm = xlogy(sample.conversions, rates) + xlog1py(sample.users - sample.conversions, -rates)
    return np.asarray(np.exp(logarithm - logarithm.max()))
