"""Which of the events on would this person choose? The conditional logit (McFadden, 1974), towards a prior.

A chance of choosing is the softmax of weighted signals over one person's alternatives, so what makes people
busy or events plentiful cancels out. A signal that the data say nothing about (nobody stated a home yet)
keeps its prior weight and works from the first day. How far the data may lead away from the prior is tried
on moments held out: where learning does not rank them better, the prior stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Bool, Float32, Float64, Int64

STEPS = 40
TOLERANCE = 1e-6
# What the prior may be multiplied by to become a likelihood's weights; 1 first, for a prior of nothing.
SHARPNESS = 2.0 ** np.array(sorted(np.arange(-4.0, 4.1, 0.25), key=abs))
RANKS = 10  # that a list shows
TIE = 2.0  # standard errors


@dataclass(frozen=True, slots=True)
class Choice:
    """One person's alternatives, at least one chosen and one not."""

    person: int
    signals: Float32  # (alternatives, columns)
    chosen: Bool  # (alternatives,)


@dataclass(frozen=True, slots=True)
class _Moment:
    """The choices of one moment, end to end."""

    x: Float64  # (alternatives, columns)
    share: Float64  # (alternatives,) of the person's choices: one over how many, 0 if not chosen
    start: Int64  # (choices,) where the alternatives of each begin
    length: Int64  # (choices,)
    person: Int64  # (choices,)

    @classmethod
    def of(cls, choices: Sequence[Choice]) -> "_Moment":
        length = np.array([len(choice.chosen) for choice in choices])
        return cls(
            x=np.concatenate([choice.signals for choice in choices]).astype(np.float64),
            share=np.concatenate([choice.chosen / choice.chosen.sum() for choice in choices]),
            start=np.cumsum(length) - length,
            length=length,
            person=np.array([choice.person for choice in choices]),
        )

    def chances(self, score: Float64) -> tuple[Float64, float]:
        """(chance of each alternative, negative log likelihood), everybody counting the same."""
        score = score - np.repeat(np.maximum.reduceat(score, self.start), self.length)
        odds = np.exp(score)
        total = np.add.reduceat(odds, self.start)
        return odds / np.repeat(total, self.length), float(np.log(total).sum() - score @ self.share)

    def derivatives(self, beta: Float64) -> tuple[Float64, Float64]:
        """(slope, curvature) of the loss: the curvature is the spread of the signals within each choice."""
        chance, _ = self.chances(self.x @ beta)
        weighted = self.x * chance[:, None]
        means = np.add.reduceat(weighted, self.start, axis=0)
        return self.x.T @ (chance - self.share), weighted.T @ self.x - means.T @ means

    def gains(self, beta: Float64) -> Float64:
        """(choices,) NDCG of each person's alternatives, ranked by these weights."""
        choice = np.repeat(np.arange(len(self.start)), self.length)
        order = np.lexsort((-(self.x @ beta), choice))
        rank = np.arange(len(order)) - self.start[choice]
        gain = np.where(rank < RANKS, 1.0 / np.log2(rank + 2.0), 0.0)
        chosen = self.share > 0
        first = rank < np.repeat(np.add.reduceat(chosen, self.start, dtype=np.int64), self.length)
        got, best = (np.add.reduceat(gain * taken, self.start) for taken in (chosen[order], first))
        return np.asarray(got / best, np.float64)


@dataclass(frozen=True, slots=True)
class _Problem:
    moments: Sequence[_Moment]
    centre: Float64  # (columns,) the prior
    strength: Float64  # (columns,)

    def loss(self, beta: Float64) -> float:
        likelihood = sum(moment.chances(moment.x @ beta)[1] for moment in self.moments)
        return likelihood + 0.5 * float(np.sum(self.strength * (beta - self.centre) ** 2))

    def derivatives(self, beta: Float64) -> tuple[Float64, Float64, list[tuple[Float64, Float64]]]:
        """(slope, curvature, both of each moment's own part)."""
        parts = [moment.derivatives(beta) for moment in self.moments]
        slope = np.sum([slope for slope, _ in parts], axis=0) + self.strength * (beta - self.centre)
        return slope, np.sum([curve for _, curve in parts], axis=0) + np.diag(self.strength), parts

    def minimum(self, beta: Float64) -> Float64:
        """By Newton's method, from `beta` on."""
        loss = self.loss(beta)
        for _ in range(STEPS):
            slope, curve, _ = self.derivatives(beta)
            step, size = np.linalg.solve(curve, slope), 1.0
            while (tried := self.loss(beta - size * step)) > loss:
                size /= 2  # the loss is convex: some shorter step always lowers it
                if size < 1e-4:
                    return beta
            gained, beta, loss = loss - tried, beta - size * step, tried
            if gained < TOLERANCE * sum(len(moment.start) for moment in self.moments):
                break
        return beta

    def held_out(self, beta: Float64) -> Float64:
        """(choices,) the NDCG at each moment of weights from the others: one Newton step from the minimum."""
        slope, curve, parts = self.derivatives(beta)
        return np.concatenate(
            [
                moment.gains(beta - np.linalg.solve(curve - own_curve, slope - own_slope))
                for moment, (own_slope, own_curve) in zip(self.moments, parts, strict=True)
            ]
        )


def fit_weights(
    moments: Sequence[Sequence[Choice]], prior: Float64, *, strengths: Sequence[float | Float64]
) -> Float64:
    """(columns,) the likeliest weights, in the prior's units.

    moments: choices by when they were made; those of one moment are of the same events, so that they err
        together, and are held out together
    strengths: pulls to the prior, a number each or one for every column, from the strongest to the weakest
    """
    told = [_Moment.of(choices) for choices in moments if choices]
    if not told:
        return prior.copy()
    sharpness = _sharpness(told, prior)
    centre, held_out, fits = sharpness * prior, [], []
    beta = centre
    for strength in strengths:
        problem = _Problem(told, centre, np.broadcast_to(np.asarray(strength, np.float64), prior.shape))
        beta = problem.minimum(beta)
        fits.append(beta)
        if len(strengths) > 1:
            held_out.append(problem.held_out(beta))
    person = np.concatenate([moment.person for moment in told])
    best = _strongest_of_the_best(held_out, person) if len(strengths) > 1 else 0
    return np.asarray(fits[best] / sharpness, np.float64)


def _sharpness(moments: Sequence[_Moment], prior: Float64) -> float:
    """What to multiply the prior by: its weights rank well, but how surely people follow them is unknown."""
    scores = [moment.x @ prior for moment in moments]
    losses = [
        sum(moment.chances(times * score)[1] for moment, score in zip(moments, scores, strict=True))
        for times in SHARPNESS
    ]
    return float(SHARPNESS[np.argmin(losses)])


def _strongest_of_the_best(held_out: Sequence[Float64], person: npt.NDArray[np.integer]) -> int:
    """The first not worse than the best by more than chance: `TIE` standard errors over people."""
    _, row = np.unique(person, return_inverse=True)
    gains = [np.bincount(row, gain) for gain in held_out]
    best = max(gains, key=lambda gain: float(gain.sum()))
    for number, gain in enumerate(gains):
        worse = best - gain
        if worse.mean() <= TIE * worse.std() / np.sqrt(len(worse)):
            return number
    raise AssertionError("the best is as good as itself")
