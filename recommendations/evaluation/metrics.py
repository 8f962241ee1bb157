"""Ranking metrics over all candidates, binary relevance.

recall@k     hits@k / targets                               (as LightGCN and BARS)
precision@k  hits@k / k
ndcg@k       DCG@k / ideal DCG@min(k, targets), gain 1, discount 1 / log2(rank + 1)
             (Järvelin and Kekäläinen, 2002)
map@k        average precision at k over min(k, targets), mean over people
mrr@k        1 / rank of the first hit, 0 without one among k
coverage@k   share of the candidates that somebody is shown among their first k
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Bool, Float64, Int64


@dataclass(frozen=True, slots=True)
class PerUser:
    """One number a person, for a mean, its standard error, a bootstrap or a paired comparison."""

    recall: Float64  # (users,)
    precision: Float64
    ndcg: Float64
    average_precision: Float64
    reciprocal_rank: Float64


def ranking_metrics(hits: Bool, targets: Int64, k: int) -> PerUser:
    """Metrics of each person's first `k`.

    hits: (users, at least k) whether the candidate at each rank is a target; an empty slot is no hit.
    targets: (users,) how many targets each person has, 1 or more.
    """
    if hits.shape[1] < k:
        raise ValueError(f"{hits.shape[1]} ranks are given, {k} are needed")
    if len(targets) and targets.min() < 1:
        raise ValueError("everybody measured needs a target")
    hits = hits[:, :k]
    ranks = np.arange(1, k + 1)
    discount = 1.0 / np.log2(ranks + 1.0)
    found = hits.sum(axis=1)
    reachable = np.minimum(targets, k)
    precision_at = np.cumsum(hits, axis=1) / ranks
    first = np.where(found > 0, hits.argmax(axis=1) + 1.0, np.inf)
    return PerUser(
        recall=found / targets,
        precision=found / k,
        ndcg=(hits @ discount) / np.cumsum(discount)[reachable - 1],
        average_precision=(precision_at * hits).sum(axis=1) / reachable,
        reciprocal_rank=1.0 / first,
    )


def coverage(shown: npt.NDArray[np.integer], candidates: int) -> float:
    """Share of `candidates` that occur in `shown`, rows of candidate numbers with -1 for an empty slot."""
    return len(np.unique(shown[shown >= 0])) / candidates if candidates else 0.0


def top(scores: Float64, k: int, masked: npt.NDArray[np.integer]) -> Int64:
    """(k,) the candidates of highest score, best first, without the masked ones; -1 where there are no more.

    Ties go to the candidate that comes first, so that a list is the same on every machine.
    """
    ranked, is_masked = np.asarray(scores, np.float64).copy(), np.zeros(len(scores), np.bool_)
    is_masked[masked] = True
    ranked[is_masked] = -np.inf
    available = len(ranked) - int(is_masked.sum())
    best = np.full(k, -1, np.int64)
    kept = min(k, available)
    if 0 < kept < len(ranked):
        edge = np.partition(ranked, len(ranked) - kept)[len(ranked) - kept]
        near = np.flatnonzero(ranked >= edge)
    else:
        near = np.arange(len(ranked))
    best[:kept] = near[np.argsort(-ranked[near], kind="stable")][:kept]
    return best
