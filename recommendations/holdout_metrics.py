"""The challenger, the champion and popularity on one temporal hold-out, as it is stored and shown."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recommendations.algorithms.confidence import Confidence
from recommendations.algorithms.dataset import Interactions
from recommendations.algorithms.fitting import fit_each
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.popularity import Popularity
from recommendations.evaluation.breakdown import by_city, by_history
from recommendations.evaluation.calibration import FEWEST_PEOPLE, confidence_fit, held_out_reliability
from recommendations.evaluation.compare import Comparison, bootstrap_intervals, paired_comparison
from recommendations.evaluation.evaluate import (
    Evaluation,
    Panel,
    Summary,
    per_person,
    sample,
    share_empty,
    share_like,
    summary,
)
from recommendations.evaluation.splits import HoldOut, temporal_hold_out
from recommendations.live_model import ServedModel

# Measured; drawn at random when there are more. A mean NDCG over 1,000 has a standard error of about 0.013,
# and what the gate compares was measured on the same people, so that most of it cancels out.
MOST_USERS = 1_000
FEWEST_USERS = 30
HELD_OUT_SHARE = 0.1  # of the likings, the newest, when there is no champion to be fair to
K = 10
# What a metric of `Summary` is called where it is stored.
STORED = {
    "precision": "precision_at_10",
    "recall": "recall_at_10",
    "ndcg": "ndcg_at_10",
    "map": "map",
    "mrr": "mrr",
    "coverage": "coverage",
    "novelty": "novelty",
    "diversity": "diversity",
}


@dataclass(frozen=True, slots=True)
class HoldoutReport:
    cut: float  # Unix seconds
    users: int
    main_algorithm: str
    evaluations: Mapping[str, Evaluation]
    champion: Evaluation | None  # None: no champion, or it has learned from this hold-out
    has_champion: bool
    confidence: Mapping[str, Confidence]  # by algorithm; the champion's where too few people taught it
    city_names: Mapping[int, str]  # by token
    seed: int

    @property
    def challenger_ndcg(self) -> float:
        return self._summary(self.main_algorithm).ndcg

    @property
    def popularity_ndcg(self) -> float:
        return self._summary(Popularity.name).ndcg

    @property
    def champion_ndcg(self) -> float | None:
        return None if self.champion is None else summary(self.champion, k=K).ndcg

    @property
    def over_popularity(self) -> Comparison | None:
        """NDCG@10 of the main algorithm less popularity's; None without people."""
        return self._over(self.evaluations[Popularity.name])

    @property
    def over_champion(self) -> Comparison | None:
        return None if self.champion is None else self._over(self.champion)

    @property
    def _main(self) -> Evaluation:
        return self.evaluations[self.main_algorithm]

    def _summary(self, name: str) -> Summary:
        return summary(self.evaluations[name], k=K)

    def _over(self, other: Evaluation) -> Comparison | None:
        if not self.users:
            return None
        generator = np.random.default_rng(self.seed)
        return paired_comparison(self._main.at(K).ndcg, other.at(K).ndcg, generator=generator)

    def lines(self) -> list[str]:
        """For the run's log."""
        cut = datetime.fromtimestamp(self.cut, UTC)
        rows = [f"Hold-out from {cut:%Y-%m-%d %H:%M} UTC: {self.users} people"]
        for name in self.evaluations:
            one = self._summary(name)
            rows.append(
                f"  {name:<24} NDCG@10 {one.ndcg:.4f} (s.e. {one.ndcg_standard_error:.4f})  "
                f"recall@10 {one.recall:.4f}  coverage {one.coverage:.3f}"
            )
        if self.champion_ndcg is not None:
            rows.append(f"  {'champion':<24} NDCG@10 {self.champion_ndcg:.4f}")
        rows.append(self._confidence_line())
        return rows

    def as_json(self) -> dict[str, Any]:
        """The main algorithm's metrics, popularity's beside them, everybody's by name, and the parts."""
        popularity = self.evaluations[Popularity.name]
        facts: dict[str, Any] = {
            **self._measured(self._main),
            "popularity": self._measured(popularity),
            "by_algorithm": {name: _metrics(self._summary(name)) for name in self.evaluations},
            "algorithm": self.main_algorithm,
            "users": self.users,
            "hold_out_from": datetime.fromtimestamp(self.cut, UTC).isoformat(),
            "empty_lists": round(share_empty(self._main), 6),
            "same_as_popularity": round(share_like(self._main, popularity, k=K), 6),
            "by_history": self._parts(by_history(self._main)),
            "by_city": self._parts(by_city(self._main, self.city_names)),
            "confidence": self._confidence(),
        }
        if self.over_popularity is not None:
            facts["difference_from_popularity"] = _difference(self.over_popularity)
        if self.champion is not None:
            facts["champion"] = self._measured(self.champion)
        if self.over_champion is not None:
            facts["difference_from_champion"] = _difference(self.over_champion)
        return facts

    def _measured(self, evaluation: Evaluation) -> dict[str, Any]:
        """The metrics, and 95 % bootstrap intervals of those that are means over people."""
        facts: dict[str, Any] = _metrics(summary(evaluation, k=K))
        if len(evaluation.user):
            found = bootstrap_intervals(
                per_person(evaluation, k=K), generator=np.random.default_rng(self.seed)
            )
            facts["intervals"] = {
                STORED[name]: [round(one.low, 6), round(one.high, 6)] for name, one in found.items()
            }
        return facts

    def _parts(self, parts: Mapping[str, Evaluation]) -> dict[str, Any]:
        return {name: {"users": len(part.user), **self._measured(part)} for name, part in parts.items()}

    @property
    def _confidence_instead(self) -> str:
        if self.main_algorithm in self.confidence:
            return "what was learned for the champion"
        return "a rule of thumb, which is no probability,"

    def _confidence_line(self) -> str:
        found = held_out_reliability(self._main)
        if found is None:
            return f"Confidence: too little to learn it from, {self._confidence_instead} is served"
        error = found.expected_calibration_error
        return f"Confidence of {self.main_algorithm}: expected calibration error {error:.4f}"

    def _confidence(self) -> dict[str, Any]:
        found = held_out_reliability(self._main)
        if found is None:
            return {
                "not_learned": f"Fewer than {FEWEST_PEOPLE} people to learn it from, or nothing was chosen: "
                f"{self._confidence_instead} is served."
            }
        return {
            "expected_calibration_error": round(found.expected_calibration_error, 6),
            "brier_score": round(found.brier, 6),
            "reliability": {
                str(number): {name: round(value, 6) for name, value in asdict(one).items()}
                for number, one in enumerate(found.bins, start=1)
            },
        }


def _metrics(one: Summary) -> dict[str, float]:
    return {stored: round(getattr(one, name), 6) for name, stored in STORED.items()}


def _difference(found: Comparison) -> dict[str, float]:
    return {
        "ndcg_at_10": round(found.difference.mean, 6),
        "low": round(found.difference.low, 6),
        "high": round(found.difference.high, 6),
        "chance_better": round(found.chance_better, 4),
    }


def holdout_report(
    data: Interactions,
    *,
    parameters: Mapping[str, Parameters],
    main_algorithm: str,
    champion: ServedModel | None,
    champion_cutoff: float | None,
    city_names: Mapping[int, str],
    seed: int,
    on_step: Callable[[float, str], None],
) -> HoldoutReport:
    """Fit each algorithm named in `parameters` with them on what came before the cut, and measure all on what
    people did after it.

    The cut is the champion's own cutoff where enough happened since, so that neither side has learned from
    what it is measured on; else the newest tenth of the likings, and the champion stays out of it. People of
    whom nothing was known at the cut are measured too, with the list of popularity that they would be served.
    """
    hold_out, is_fair = hold_out_for(data, champion_cutoff)
    people = sample(hold_out, MOST_USERS, np.random.default_rng(seed))
    popularity = Popularity.fit(hold_out.train, generator=np.random.default_rng(seed))
    panel = Panel.of(hold_out, people)
    evaluations = {
        name: panel.evaluate(fitted, strangers=None if name == Popularity.name else popularity)
        for name, fitted in fit_each(hold_out.train, parameters, seed=seed, on_step=on_step)
    }
    before = champion.confidence if champion else {}
    confidence = {name: confidence_fit(each) or before.get(name) for name, each in evaluations.items()}
    return HoldoutReport(
        cut=hold_out.now,
        users=len(people),
        main_algorithm=main_algorithm,
        evaluations=evaluations,
        champion=_champion_evaluation(champion, main_algorithm, panel) if champion and is_fair else None,
        has_champion=champion_cutoff is not None,
        confidence={name: one for name, one in confidence.items() if one is not None},
        city_names=city_names,
        seed=seed,
    )


def _champion_evaluation(champion: ServedModel, name: str, panel: Panel) -> Evaluation | None:
    """None if the champion has no such algorithm."""
    served = champion.algorithms.get(name)
    if served is None:
        return None
    strangers = None if name == Popularity.name else champion.algorithms.get(Popularity.name)
    return panel.evaluate(served, strangers=strangers)


def hold_out_for(data: Interactions, champion_cutoff: float | None) -> tuple[HoldOut, bool]:
    """The hold-out, and whether it is fair to the champion."""
    if champion_cutoff is not None:
        since = temporal_hold_out(data, champion_cutoff)
        if len(since) >= FEWEST_USERS:
            return since, True
    liked_at = data.occurred_at[data.weight > 0]
    cut = float(np.quantile(liked_at, 1 - HELD_OUT_SHARE)) if len(liked_at) else data.cutoff
    return temporal_hold_out(data, cut), False
