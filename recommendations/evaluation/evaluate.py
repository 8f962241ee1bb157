"""How good a fitted algorithm's lists are on a hold-out: all candidates ranked with `score`, as served."""

from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import Bool, Float64, Int64
from recommendations.algorithms.protocol import Scorer
from recommendations.evaluation.metrics import PerUser, coverage, ranking_metrics, top
from recommendations.evaluation.splits import Histories, HoldOut

CUTS = (10, 20)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One algorithm on one hold-out: the lists, and the metrics of each person."""

    algorithm: str
    user: Int64  # (q,) the people measured
    history: Int64  # (q,) actions known of each
    shown: Int64  # (q, max k) rows of the slate, best first, -1 for an empty slot
    hits: Bool  # (q, max k)
    targets: Int64  # (q,) how many targets each has
    candidates: int

    def at(self, k: int) -> PerUser:
        return ranking_metrics(self.hits, self.targets, k)

    def coverage(self, k: int) -> float:
        return coverage(self.shown[:, :k], self.candidates)


@dataclass(frozen=True, slots=True)
class Summary:
    """The means, as they are recorded and compared."""

    algorithm: str
    users: int
    k: int
    recall: float
    precision: float
    ndcg: float
    ndcg_standard_error: float
    map: float
    mrr: float
    coverage: float


def sample(hold_out: HoldOut, limit: int | None, generator: np.random.Generator) -> Int64:
    """Which of the hold-out's people to measure: all, or `limit` drawn without replacement."""
    if limit is None or len(hold_out) <= limit:
        return np.arange(len(hold_out))
    return np.sort(generator.choice(len(hold_out), limit, replace=False))


def evaluate(algorithm: Scorer, hold_out: HoldOut, *, people: Int64 | None = None) -> Evaluation:
    """Rank all candidates for each of `people` (numbers from `sample`; all by default), seen ones masked."""
    people = np.arange(len(hold_out)) if people is None else people
    prepared = algorithm.prepare(hold_out.slate, now=hold_out.now)
    histories = Histories(hold_out)
    shown = np.full((len(people), max(CUTS)), -1, np.int64)
    hits = np.zeros(shown.shape, np.bool_)
    known = np.zeros(len(people), np.int64)
    for line, number in enumerate(people):
        history = histories.of(int(hold_out.user[number]))
        shown[line] = top(algorithm.score(history.person, prepared), max(CUTS), history.seen)
        hits[line] = np.isin(shown[line], hold_out.targets_of(int(number)))
        known[line] = len(history.person)
    targets = np.diff(hold_out.start)[people]
    n = len(hold_out.slate.events)
    return Evaluation(algorithm.name, hold_out.user[people], known, shown, hits, targets, n)


def summary(evaluation: Evaluation, *, k: int = 10) -> Summary:
    each = evaluation.at(k)
    n = len(evaluation.user)

    def mean(values: Float64) -> float:
        return float(values.mean()) if n else 0.0

    return Summary(
        algorithm=evaluation.algorithm,
        users=n,
        k=k,
        recall=mean(each.recall),
        precision=mean(each.precision),
        ndcg=mean(each.ndcg),
        ndcg_standard_error=float(each.ndcg.std() / np.sqrt(n)) if n else 0.0,
        map=mean(each.average_precision),
        mrr=mean(each.reciprocal_rank),
        coverage=evaluation.coverage(k),
    )
