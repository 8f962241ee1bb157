"""Which settings suit these data: candidates tried on a validation slice inside the training part.

What a model is measured on later is never looked at. A candidate takes the place of the defaults only when
people's NDCG@10 gets better by more than one standard error of the paired difference: the simpler choice
wins where the data cannot tell (the one-standard-error rule of Breiman and others, 1984).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommendations.algorithms.dataset import Float64, Int64, Interactions
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.protocol import Algorithm
from recommendations.evaluation.evaluate import evaluate, sample
from recommendations.evaluation.splits import HoldOut, random_hold_out, temporal_hold_out

K = 10
NEWEST_SHARE = 0.1  # of the likings, to validate on
RANDOM_SHARE = 0.1  # of everybody's, where nothing has a time
FEWEST_PEOPLE = 30  # fewer tell nothing
MOST_PEOPLE = 2_000


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate against the defaults, on the same people."""

    parameters: Parameters
    ndcg: float
    gain: float
    standard_error: float  # of the gain


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was tried for one algorithm, and what came of it."""

    algorithm: str
    users: int
    default_ndcg: float
    trials: tuple[Trial, ...]
    chosen: Parameters

    def lines(self) -> list[str]:
        """For a log."""
        if not self.trials:
            return [f"{self.algorithm}: the defaults, {self.users} people are too few to tune on"]
        tried = [
            f"  {each.parameters!s:<40} NDCG@10 {each.ndcg:.4f} "
            f"({each.gain:+.4f}, s.e. {each.standard_error:.4f})"
            for each in self.trials
        ]
        return [
            f"{self.algorithm}: {self.chosen}, tuned on {self.users} people",
            f"  {'the defaults':<40} NDCG@10 {self.default_ndcg:.4f}",
            *tried,
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "chosen": str(self.chosen),
            "users": self.users,
            "tried": {
                "the defaults": {"ndcg_at_10": round(self.default_ndcg, 6)},
                **{
                    str(each.parameters): {
                        "ndcg_at_10": round(each.ndcg, 6),
                        "gain": round(each.gain, 6),
                        "standard_error": round(each.standard_error, 6),
                    }
                    for each in self.trials
                },
            },
        }


def validation_slice(train: Interactions, *, seed: int) -> HoldOut:
    """The newest tenth of the likings to predict from the others, as in life. Where everything happened at
    one time, a tenth of each person's, drawn at random."""
    liked_at = train.occurred_at[train.weight > 0]
    if len(liked_at) == 0 or np.ptp(liked_at) == 0:
        return random_hold_out(train, RANDOM_SHARE, np.random.default_rng(seed))
    return temporal_hold_out(train, float(np.quantile(liked_at, 1 - NEWEST_SHARE)))


def tune(
    algorithm: type[Algorithm],
    validation: HoldOut,
    *,
    seed: int,
    on_trial: Callable[[float, str], None] = lambda share, words: None,
) -> Tuning:
    """The best of the algorithm's search space on `validation`, or the defaults if none is clearly better.

    on_trial: called before each fit with the share of them that is done and what is tried.
    """
    people = sample(validation, MOST_PEOPLE, np.random.default_rng(seed))
    defaults = algorithm.settings()
    candidates = algorithm.settings.search_space() if len(people) >= FEWEST_PEOPLE else ()
    if not candidates:
        return Tuning(algorithm.name, len(people), 0.0, (), defaults)
    on_trial(0.0, str(defaults))
    usual = _ndcg(algorithm, defaults, validation, people, seed)
    trials = []
    for place, candidate in enumerate(candidates, start=1):
        on_trial(place / (1 + len(candidates)), str(candidate))
        ndcg = _ndcg(algorithm, candidate, validation, people, seed)
        trials.append(_trial(candidate, ndcg, usual))
    better = [each for each in trials if each.gain > each.standard_error]
    best = max(better, key=lambda each: each.gain).parameters if better else defaults
    return Tuning(algorithm.name, len(people), float(usual.mean()), tuple(trials), best)


def _ndcg(
    algorithm: type[Algorithm], parameters: Parameters, validation: HoldOut, people: Int64, seed: int
) -> Float64:
    fitted = algorithm.fit(validation.train, generator=np.random.default_rng(seed), parameters=parameters)
    return evaluate(fitted, validation, people=people).at(K).ndcg


def _trial(candidate: Parameters, ndcg: Float64, usual: Float64) -> Trial:
    gain = ndcg - usual
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    return Trial(candidate, float(ndcg.mean()), float(gain.mean()), error)
