"""Which of the events on would this person choose? The conditional logit (McFadden, 1974), towards a prior.

A chance of choosing is the softmax of weighted signals over one person's alternatives, so what makes people
busy or events plentiful cancels out. A signal that the data say nothing about (nobody stated a home yet)
keeps its prior weight and works from the first day; the more the data say, the less the prior matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommendations.algorithms.dataset import Bool, Float32, Float64, Int64

STEPS = 40
TOLERANCE = 1e-6
# What the prior may be multiplied by to become a likelihood's weights; 1 first, for a prior of nothing.
SHARPNESS = 2.0 ** np.array(sorted(np.arange(-4.0, 4.1, 0.25), key=abs))


@dataclass(frozen=True, slots=True)
class Choice:
    """One person's alternatives, at least one chosen and one not."""

    signals: Float32  # (alternatives, columns)
    chosen: Bool  # (alternatives,)


@dataclass(frozen=True, slots=True)
class _Problem:
    x: Float64  # (alternatives, columns)
    share: Float64  # (alternatives,) of the person's choices: one over how many, 0 if not chosen
    start: Int64  # (people,) where each person's alternatives begin
    centre: Float64  # (columns,) the prior
    strength: Float64  # (columns,)

    def likelihood(self, score: Float64) -> tuple[Float64, float]:
        """(chance of each alternative, negative log likelihood) of these scores."""
        lengths = np.diff(np.append(self.start, len(self.x)))
        score = score - np.repeat(np.maximum.reduceat(score, self.start), lengths)
        odds = np.exp(score)
        total = np.add.reduceat(odds, self.start)
        return odds / np.repeat(total, lengths), float(np.log(total).sum() - score @ self.share)

    def chances(self, beta: Float64) -> tuple[Float64, float]:
        """(chance of each alternative, penalised negative log likelihood)."""
        chance, loss = self.likelihood(self.x @ beta)
        return chance, loss + 0.5 * float(np.sum(self.strength * (beta - self.centre) ** 2))

    def step(self, beta: Float64, chance: Float64) -> Float64:
        """Newton's step: the curvature is the spread of the signals within each person's alternatives."""
        slope = self.x.T @ (chance - self.share) + self.strength * (beta - self.centre)
        weighted = self.x * chance[:, None]
        means = np.add.reduceat(weighted, self.start, axis=0)
        curve = weighted.T @ self.x - means.T @ means + self.strength * np.eye(len(beta))
        return np.asarray(np.linalg.solve(curve, slope), np.float64)


def fit_weights(choices: Sequence[Choice], prior: Float64, *, strength: float | Float64) -> Float64:
    """(columns,) the likeliest weights in the prior's units, everybody counting the same.

    strength: the pull to the prior, in people's choices, one number or one a column
    """
    if not choices:
        return prior.copy()
    lengths = [len(choice.chosen) for choice in choices]
    problem = _Problem(
        x=np.concatenate([choice.signals for choice in choices]).astype(np.float64),
        share=np.concatenate([choice.chosen / choice.chosen.sum() for choice in choices]),
        start=np.cumsum([0, *lengths[:-1]]),
        centre=prior,
        strength=np.broadcast_to(np.asarray(strength, np.float64), prior.shape),
    )
    sharpness = _sharpness(problem)
    return np.asarray(_minimum(replace(problem, centre=sharpness * prior)) / sharpness, np.float64)


def _sharpness(problem: _Problem) -> float:
    """What to multiply the prior by: its weights rank well, but how surely people follow them is unknown."""
    score = problem.x @ problem.centre
    return float(min(SHARPNESS, key=lambda times: problem.likelihood(times * score)[1]))


def _minimum(problem: _Problem) -> Float64:
    beta = problem.centre.copy()
    chance, loss = problem.chances(beta)
    for _ in range(STEPS):
        step = problem.step(beta, chance)
        size = 1.0
        while size > 1e-4:  # the loss is convex: some shorter step always lowers it
            tried_chance, tried_loss = problem.chances(beta - size * step)
            if tried_loss <= loss:
                break
            size /= 2
        else:
            break
        gained, beta, chance, loss = loss - tried_loss, beta - size * step, tried_chance, tried_loss
        if gained < TOLERANCE * len(problem.start):
            break
    return np.asarray(beta, np.float64)
