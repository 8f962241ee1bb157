"""Which settings suit these data: candidates tried on a validation slice inside the training part.

What a model is measured on later is never looked at. A candidate takes the place of the defaults only when
people's NDCG@10 gets better by more than chance would have the best of so many candidates do in one run of
twenty (a one-sided t test of the paired difference, Bonferroni-corrected). The best of nine that are all as
good as the defaults is ahead by one standard error in every second or third run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from recommendations.algorithms.dataset import Float64, Interactions
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm, Scorer
from recommendations.evaluation.evaluate import Panel, sample
from recommendations.evaluation.splits import HoldOut, random_hold_out, temporal_hold_out

K = 10
NEWEST_SHARE = 0.1  # of the likings, to validate on
RANDOM_SHARE = 0.1  # of everybody's, where nothing has a time
FEWEST_PEOPLE = 30  # fewer tell nothing
MOST_PEOPLE = 2_000
ERROR_RATE = 0.05  # how often the defaults may be left where nothing is better than them


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
            return [f"{self.algorithm}: {self.chosen}, {self.users} people are too few to tune on"]
        tried = [
            f"  {each.parameters!s:<40} NDCG@10 {each.ndcg:.4f} "
            f"({each.gain:+.4f}, s.e. {each.standard_error:.4f})"
            for each in self.trials
        ]
        return [
            f"{self.algorithm}: {self.chosen}, tuned on {self.users} people; a gain has to be over "
            f"{bound(len(self.trials), self.users):.2f} s.e.",
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
    # strangers are served by popularity whatever the parameters: the gate measures so, and so does this
    popularity = Popularity.fit(validation.train, generator=np.random.default_rng(seed))
    strangers = None if algorithm.name == Popularity.name else popularity
    panel = Panel.of(validation, people)
    usual = _ndcg(algorithm, defaults, panel, strangers, seed)
    trials = []
    for place, candidate in enumerate(candidates, start=1):
        on_trial(place / (1 + len(candidates)), str(candidate))
        ndcg = _ndcg(algorithm, candidate, panel, strangers, seed)
        trials.append(_trial(candidate, ndcg, usual))
    needed = bound(len(trials), len(people))
    better = [each for each in trials if each.gain > needed * each.standard_error]
    best = max(better, key=lambda each: each.gain).parameters if better else defaults
    return Tuning(algorithm.name, len(people), float(usual.mean()), tuple(trials), best)


def bound(candidates: int, people: int) -> float:
    """How many standard errors a gain has to be, with so many candidates tried on so many people."""
    return float(stdtrit(people - 1, 1.0 - ERROR_RATE / candidates))


def _ndcg(
    algorithm: type[Algorithm], parameters: Parameters, panel: Panel, strangers: Scorer | None, seed: int
) -> Float64:
    train = panel.hold_out.train
    fitted = algorithm.fit(train, generator=np.random.default_rng(seed), parameters=parameters)
    return panel.evaluate(fitted, strangers=strangers).at(K).ndcg


def _trial(candidate: Parameters, ndcg: Float64, usual: Float64) -> Trial:
    gain = ndcg - usual
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    return Trial(candidate, float(ndcg.mean()), float(gain.mean()), error)
