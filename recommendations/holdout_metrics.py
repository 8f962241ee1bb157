"""The challenger, the champion and popularity on one temporal hold-out, as it is stored and shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recommendations.algorithms.dataset import Interactions
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.evaluation.compare import Comparison, bootstrap_interval, paired_comparison
from recommendations.evaluation.evaluate import Evaluation, Summary, evaluate, sample, summary
from recommendations.evaluation.splits import HoldOut, temporal_hold_out
from recommendations.live_model import ServedModel

# Measured; drawn at random when there are more. A mean NDCG over 1,000 has a standard error of about 0.013,
# and what the gate compares was measured on the same people, so that most of it cancels out.
MOST_USERS = 1_000
FEWEST_USERS = 30
HELD_OUT_SHARE = 0.1  # of the likings, the newest, when there is no champion to be fair to
K = 10


@dataclass(frozen=True, slots=True)
class HoldoutReport:
    cut: float  # Unix seconds
    users: int
    main_algorithm: str
    evaluations: Mapping[str, Evaluation]
    champion: Evaluation | None  # None: no champion, or it has learned from this hold-out
    has_champion: bool
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

    def _summary(self, name: str) -> Summary:
        return summary(self.evaluations[name], k=K)

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
        return rows

    def as_json(self) -> dict[str, Any]:
        """The main algorithm's metrics, popularity's beside them, and everybody's by name."""
        by_name = {name: _metrics(self._summary(name)) for name in self.evaluations}
        facts: dict[str, Any] = {
            **by_name[self.main_algorithm],
            "popularity": by_name[Popularity.name],
            "by_algorithm": by_name,
            "algorithm": self.main_algorithm,
            "users": self.users,
            "hold_out_from": datetime.fromtimestamp(self.cut, UTC).isoformat(),
        }
        if self.users:
            facts["ndcg_at_10_interval"] = self._interval()
        if self.champion is not None:
            facts["champion"] = _metrics(summary(self.champion, k=K))
            facts["difference_from_champion"] = self._difference(self.champion)
        return facts

    def _interval(self) -> list[float]:
        ndcg = self.evaluations[self.main_algorithm].at(K).ndcg
        found = bootstrap_interval(ndcg, generator=np.random.default_rng(self.seed))
        return [round(found.low, 6), round(found.high, 6)]

    def _difference(self, champion: Evaluation) -> dict[str, float]:
        found: Comparison = paired_comparison(
            self.evaluations[self.main_algorithm].at(K).ndcg,
            champion.at(K).ndcg,
            generator=np.random.default_rng(self.seed),
        )
        return {
            "ndcg_at_10": round(found.difference.mean, 6),
            "low": round(found.difference.low, 6),
            "high": round(found.difference.high, 6),
            "chance_better": round(found.chance_better, 4),
        }


def _metrics(one: Summary) -> dict[str, float]:
    return {
        "precision_at_10": round(one.precision, 6),
        "recall_at_10": round(one.recall, 6),
        "ndcg_at_10": round(one.ndcg, 6),
        "map": round(one.map, 6),
        "coverage": round(one.coverage, 6),
    }


def holdout_report(
    data: Interactions,
    *,
    names: Sequence[str],
    main_algorithm: str,
    champion: ServedModel | None,
    champion_cutoff: float | None,
    seed: int,
    on_step: Callable[[float, str], None],
) -> HoldoutReport:
    """Fit each of `names` on what came before the cut, and measure all on what people did after it.

    The cut is the champion's own cutoff where enough happened since, so that neither side has learned from
    what it is measured on; else the newest tenth of the likings, and the champion stays out of it.
    """
    hold_out, is_fair = _hold_out(data, champion_cutoff)
    people = sample(hold_out, MOST_USERS, np.random.default_rng(seed))
    evaluations = {}
    for place, name in enumerate(names):
        on_step(place / len(names), name)
        fitted = ALGORITHMS[name].fit(hold_out.train, generator=np.random.default_rng(seed))
        evaluations[name] = evaluate(fitted, hold_out, people=people)
    served = champion.algorithms.get(main_algorithm) if champion and is_fair else None
    return HoldoutReport(
        cut=hold_out.now,
        users=len(people),
        main_algorithm=main_algorithm,
        evaluations=evaluations,
        champion=evaluate(served, hold_out, people=people) if served else None,
        has_champion=champion_cutoff is not None,
        seed=seed,
    )


def _hold_out(data: Interactions, champion_cutoff: float | None) -> tuple[HoldOut, bool]:
    if champion_cutoff is not None:
        since = temporal_hold_out(data, champion_cutoff)
        if len(since) >= FEWEST_USERS:
            return since, True
    liked_at = data.occurred_at[data.weight > 0]
    cut = float(np.quantile(liked_at, 1 - HELD_OUT_SHARE)) if len(liked_at) else data.cutoff
    return temporal_hold_out(data, cut), False
