"""Hold-outs in time: learn from what came before a moment, rank what was to come, see what people did."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Bool, Int64, Interactions, Person, Slate
from recommendations.algorithms.popularity import interest
from recommendations.algorithms.samples import Ledger, as_of, of_known_events, select


@dataclass(frozen=True, slots=True)
class HoldOut:
    """What an algorithm may learn from, what it must rank, and what people then chose."""

    now: float  # Unix seconds: the cut
    train: Interactions
    slate: Slate  # the candidates
    rows: Int64  # (n,) the candidates as rows of `train.events`
    user: Int64  # (q,) the people measured: those who chose a candidate after the cut
    start: Int64  # (q + 1,) where each one's targets begin
    targets: Int64  # rows of the slate, ascending by person; never one they had acted on before

    def __len__(self) -> int:
        return len(self.user)

    def targets_of(self, number: int) -> Int64:
        return self.targets[self.start[number] : self.start[number + 1]]


@dataclass(frozen=True, slots=True)
class History:
    """One measured person: what is known of them, and the candidates they have acted on (not ranked)."""

    person: Person
    seen: Int64  # rows of the slate


class Histories:
    """Looks up the people of a hold-out."""

    def __init__(self, hold_out: HoldOut) -> None:
        self._ledger = Ledger.of(hold_out.train)
        self._place = np.full(len(hold_out.train.events), -1, np.int64)
        self._place[hold_out.rows] = np.arange(len(hold_out.rows))

    def of(self, user: int) -> History:
        seen = np.unique(self._place[self._ledger.events_of(user)])
        return History(self._ledger.person(user), seen[seen >= 0])


def temporal_hold_out(data: Interactions, cut: float) -> HoldOut:
    """Train on what stood at `cut`; candidates are the events announced by then that start after it; targets
    are the liking actions made after it on candidates, and not taken back.

    Events announced later are not even in the training part's table.
    """
    train = as_of(data, cut)
    after = (data.occurred_at > cut) & (data.weight > 0)
    candidates = data.events.starts_at > cut
    return hold_out_at(train, candidates, data.user[after], data.event[after])


def rolling_hold_out(data: Interactions, cut: float, *, reach: float, cold: bool) -> HoldOut:
    """One fold of a series of cuts: candidates start within `reach` seconds; measured are those with a past.

    Cold: train on what was done before the cut on events before it, targets are everybody's choices among the
    candidates. As of the cut: train on all that was done before it, targets were chosen after it.
    """
    train, starts = as_of(data, cut), data.events.starts_at
    if cold:
        train = select(train, starts[train.event] < cut, cut)
    after = (data.weight > 0) & np.isin(data.user, train.user) & (cold | (data.occurred_at > cut))
    candidates = (starts >= cut) & (starts < cut + reach)
    return hold_out_at(train, candidates, data.user[after], data.event[after])


def hold_out_at(
    train: Interactions, candidates: Bool, users: npt.NDArray[np.integer], events: npt.NDArray[np.integer]
) -> HoldOut:
    """`hold_out_of` at the cutoff of `train`, without what was announced after it.

    candidates: (events of `train`,); events: rows of `train.events`.
    """
    place = np.full(len(train.events), -1, np.int64)
    train, known = of_known_events(train)
    place[known] = np.arange(len(known))
    kept = place[events] >= 0
    return hold_out_of(
        train, np.flatnonzero(candidates[known]), users[kept], place[events[kept]], now=train.cutoff
    )


def random_hold_out(data: Interactions, share: float, generator: np.random.Generator) -> HoldOut:
    """The same for data without times: the targets are `share` of each person's likings, rounded down and
    drawn at random; every event of the table is a candidate."""
    liked = np.flatnonzero(data.weight > 0)
    liked = liked[np.lexsort((generator.random(len(liked)), data.user[liked]))]
    counts = np.bincount(data.user[liked], minlength=data.n_users)
    place = np.arange(len(liked)) - np.repeat(np.cumsum(counts) - counts, counts)
    held = liked[place < np.floor(share * counts[data.user[liked]])]
    kept = np.ones(len(data), np.bool_)
    kept[held] = False
    return hold_out_of(
        select(data, kept, data.cutoff),
        np.arange(len(data.events)),
        data.user[held],
        data.event[held],
        now=data.cutoff,
    )


def hold_out_of(
    train: Interactions,
    candidates: npt.NDArray[np.integer],
    users: npt.NDArray[np.integer],
    events: npt.NDArray[np.integer],
    *,
    now: float,
) -> HoldOut:
    """A hold-out from given candidates and (user, event) choices; those of seen events drop out.

    candidates, events: rows of `train.events`.
    """
    n = len(train.events)
    place = np.full(n, -1, np.int64)
    place[candidates] = np.arange(len(candidates))
    pairs = np.unique(users.astype(np.int64) * n + events)
    seen = np.unique(train.user.astype(np.int64) * n + train.event)
    pairs = np.setdiff1d(pairs, seen, assume_unique=True)
    pairs = pairs[place[pairs % n] >= 0] if n else pairs
    measured, counts = np.unique(pairs // max(n, 1), return_counts=True)
    slate = Slate(train.events.take(candidates), interest(train, now=now)[candidates])
    return HoldOut(
        now=now,
        train=train,
        slate=slate,
        rows=np.asarray(candidates, np.int64),
        user=measured,
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        targets=place[pairs % max(n, 1)],
    )
