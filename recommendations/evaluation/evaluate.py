"""How good a fitted algorithm's lists are on a hold-out: all candidates ranked with `score`, as served."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from recommendations.algorithms.confidence import unit_scores
from recommendations.algorithms.dataset import Bool, Field, Float64, Int64, Person, UInt64
from recommendations.algorithms.protocol import Scorer
from recommendations.evaluation.beyond_accuracy import (
    acted_matrix,
    diversity,
    novelty,
    self_information,
    unit_words,
)
from recommendations.evaluation.compare import clustered_error
from recommendations.evaluation.metrics import PerUser, coverage, ranking_metrics, top
from recommendations.evaluation.splits import Histories, History, HoldOut

CUTS = (10, 20)
UNKNOWN_CITY = 0
_EACH = (
    "user", "history", "city", "is_personal", "shown", "unit", "hits", "targets", "novelty", "diversity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One algorithm on one hold-out, or on several (`pooled`): the lists, and what became of each."""

    algorithm: str
    user: Int64  # (q,) the people measured
    history: Int64  # (q,) actions known of each
    city: UInt64  # (q,) the token of each one's city, UNKNOWN_CITY where nothing tells
    is_personal: Bool  # (q,) False: a stranger, who was served what strangers are
    shown: Int64  # (q, max k) rows of the slate, best first, -1 for an empty slot
    unit: Float64  # (q, max k) the scores between 0 and 1, as served; 0 for an empty slot
    hits: Bool  # (q, max k)
    targets: Int64  # (q,) how many targets each has
    novelty: Float64  # (q,) of the first 10
    diversity: Float64  # (q,) of the first 10
    candidates: int

    def at(self, k: int) -> PerUser:
        return ranking_metrics(self.hits, self.targets, k)

    def coverage(self, k: int) -> float:
        return coverage(self.shown[:, :k], self.candidates)

    def of(self, kept: Bool) -> "Evaluation":
        """The same, of these people only."""
        return replace(self, **{name: getattr(self, name)[kept] for name in _EACH})


@dataclass(frozen=True, slots=True)
class Summary:
    """The means, as they are recorded and compared."""

    algorithm: str
    users: int
    k: int
    recall: float
    precision: float
    ndcg: float
    ndcg_standard_error: float  # by person: the folds of one person count as one
    map: float
    mrr: float
    coverage: float
    novelty: float
    diversity: float


def sample(hold_out: HoldOut, limit: int | None, generator: np.random.Generator) -> Int64:
    """Which of the hold-out's people to measure: all, or `limit` drawn without replacement."""
    if limit is None or len(hold_out) <= limit:
        return np.arange(len(hold_out))
    return np.sort(generator.choice(len(hold_out), limit, replace=False))


@dataclass(frozen=True, slots=True)
class Panel:
    """The people of a hold-out who are measured, looked up once for all algorithms."""

    hold_out: HoldOut
    people: Int64  # (q,) their numbers in the hold-out
    histories: Sequence[History]  # (q,)
    is_stranger: Bool  # (q,)
    city: UInt64  # (q,)
    acted: sparse.csr_array  # (q, events) what they had acted on
    information: Float64  # (candidates,) bits
    words: sparse.csr_array  # (candidates, words) of length 1

    @classmethod
    def of(cls, hold_out: HoldOut, people: Int64 | None = None) -> "Panel":
        """people: numbers from `sample`; all by default."""
        people = np.arange(len(hold_out)) if people is None else people
        look_up, acted = Histories(hold_out), acted_matrix(hold_out.train)
        histories = [look_up.of(int(user)) for user in hold_out.user[people]]
        return cls(
            hold_out=hold_out,
            people=people,
            histories=histories,
            is_stranger=np.array([is_stranger(history.person) for history in histories], np.bool_),
            city=np.array([city_of(history.person) for history in histories], np.uint64),
            acted=acted[hold_out.user[people]],
            information=self_information(acted)[hold_out.rows],
            words=unit_words(hold_out.slate.events),
        )

    def evaluate(self, algorithm: Scorer, *, strangers: Scorer | None = None) -> Evaluation:
        """Rank all candidates for each person, seen ones masked.

        strangers: what ranks for people of whom nothing is known or stated, as the service has popularity do;
        None: the algorithm itself.
        """
        hold_out = self.hold_out
        own = algorithm.prepare(hold_out.slate, now=hold_out.now)
        others = None if strangers is None else strangers.prepare(hold_out.slate, now=hold_out.now)
        is_personal = ~self.is_stranger if strangers is not None else np.ones(len(self.people), np.bool_)
        shown = np.full((len(self.people), max(CUTS)), -1, np.int64)
        unit = np.zeros(shown.shape)
        hits = np.zeros(shown.shape, np.bool_)
        is_target = np.zeros(len(hold_out.slate.events), np.bool_)
        for line, (number, history) in enumerate(zip(self.people, self.histories, strict=True)):
            if strangers is None or is_personal[line]:
                scores = algorithm.score(history.person, own)
            else:
                scores = strangers.score(history.person, others)
            shown[line] = top(scores, max(CUTS), history.seen)
            unit[line] = _units(scores, shown[line], history.seen)
            is_target[hold_out.targets_of(int(number))] = True
            hits[line] = is_target[shown[line]] & (shown[line] >= 0)
            is_target[:] = False
        _require_sound(shown, hold_out, self.acted)
        first = shown[:, : min(CUTS)]
        return Evaluation(
            algorithm=algorithm.name,
            user=hold_out.user[self.people],
            history=np.array([len(history.person) for history in self.histories], np.int64),
            city=self.city,
            is_personal=is_personal,
            shown=shown,
            unit=unit,
            hits=hits,
            targets=np.diff(hold_out.start)[self.people],
            novelty=novelty(first, self.information),
            diversity=diversity(first, self.words),
            candidates=len(hold_out.slate.events),
        )


def evaluate(
    algorithm: Scorer,
    hold_out: HoldOut,
    *,
    people: Int64 | None = None,
    strangers: Scorer | None = None,
) -> Evaluation:
    """`Panel.evaluate` of one algorithm."""
    return Panel.of(hold_out, people).evaluate(algorithm, strangers=strangers)


def _units(scores: Float64, shown: Int64, seen: Int64) -> Float64:
    """The scores of one list as they are served; 0 for an empty slot."""
    served = unit_scores(scores, np.delete(np.arange(len(scores)), seen))
    return np.where(shown >= 0, served[shown], 0.0) if len(served) else np.zeros(len(shown))


def is_stranger(person: Person) -> bool:
    """Whether nothing is known of what they did or like: the service has popularity rank for them."""
    taste = person.taste
    return (
        len(person) == 0 and taste.latitude is None and not any(len(words) for words in taste.words.values())
    )


def city_of(person: Person) -> int:
    """The token of the city they named, else of the one most of their history is in; UNKNOWN_CITY without.

    Who named several is of the one among them that most of their history is in. Ties: the smaller token.
    """
    lived = Counter(person.events.words[Field.CITY].tokens.tolist())
    stated = person.taste.words.get(Field.CITY)
    cities = list(lived) if stated is None or len(stated) == 0 else stated.tolist()
    return max(sorted(cities), key=lambda city: lived[city], default=UNKNOWN_CITY)


def _require_sound(shown: Int64, hold_out: HoldOut, acted: sparse.csr_array) -> None:
    """No list may hold an event twice, one that has started, or one that its person had acted on."""
    ordered = np.sort(shown, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise ValueError("a list holds an event twice")
    line, slot = np.nonzero(shown >= 0)
    rows = shown[line, slot]
    if (hold_out.slate.events.starts_at[rows] < hold_out.now).any():
        raise ValueError("a list holds an event that has started")
    listed = sparse.csr_array((np.ones(len(rows)), (line, hold_out.rows[rows])), shape=acted.shape)
    if acted.multiply(listed).nnz:
        raise ValueError("a list holds an event that its person had acted on")


def pooled(evaluations: Sequence[Evaluation]) -> Evaluation:
    """One algorithm on several folds as one: a mean of it is a mean over (fold, person).

    A candidate of one fold is another candidate in the next, so coverage is of (fold, candidate) pairs.
    """
    before = np.cumsum([0, *(each.candidates for each in evaluations)])
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(each, name) for each in evaluations]) for name in _EACH
    }
    joined["shown"] = np.concatenate(
        [
            np.where(each.shown >= 0, each.shown + first, -1)
            for each, first in zip(evaluations, before, strict=False)
        ]
    )
    return replace(evaluations[0], **joined, candidates=int(before[-1]))


def per_person(evaluation: Evaluation, *, k: int = 10) -> dict[str, Float64]:
    """Every metric that is one number a person, each (q,), by the names of `Summary`."""
    each = evaluation.at(k)
    return {
        "recall": each.recall,
        "precision": each.precision,
        "ndcg": each.ndcg,
        "map": each.average_precision,
        "mrr": each.reciprocal_rank,
        "novelty": evaluation.novelty,
        "diversity": evaluation.diversity,
    }


def summary(evaluation: Evaluation, *, k: int = 10) -> Summary:
    each = per_person(evaluation, k=k)
    n = len(evaluation.user)
    means = {name: float(values.mean()) if n else 0.0 for name, values in each.items()}
    return Summary(
        algorithm=evaluation.algorithm,
        users=n,
        k=k,
        ndcg_standard_error=clustered_error(each["ndcg"], evaluation.user) if n else 0.0,
        coverage=evaluation.coverage(k),
        **means,
    )


def share_empty(evaluation: Evaluation) -> float:
    """Share of the people with a history who got an empty list."""
    known = evaluation.history > 0
    return float((evaluation.shown[known, 0] < 0).mean()) if known.any() else 0.0


def share_like(evaluation: Evaluation, baseline: Evaluation, *, k: int = 10) -> float:
    """Share of the people with a history who got the same first `k` from both, in the same order."""
    known = evaluation.history > 0
    same = (evaluation.shown[known, :k] == baseline.shown[known, :k]).all(axis=1)
    return float(same.mean()) if known.any() else 0.0
