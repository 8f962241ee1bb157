"""What the ranker learns from: at earlier moments, what people chose and what else was on at the time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Bool, Float32, Int64, Interactions, Person, Slate, Taste
from recommendations.algorithms.popularity import interest


@dataclass(frozen=True, slots=True)
class Chooser:
    """One person at a cut: who they were, and what of the slate they chose afterwards."""

    person: Person
    chosen: Int64  # rows of the slate
    closed: Int64  # rows of the slate they had acted on before: neither chosen nor passed over


@dataclass(frozen=True, slots=True)
class Cut:
    """The world at `now`, and the people who went on to choose something."""

    now: float
    past: Interactions
    known: Int64  # the past's events as rows of the data's events
    slate: Slate
    rows: Int64  # (n,) the slate's events as rows of the data's events
    data: Interactions
    targets: Bool  # (m,) which actions of `data` are choices after the cut

    def choosers(self, limit: int, generator: np.random.Generator) -> Iterator[Chooser]:
        people = np.intersect1d(self.data.user[self.targets], self.past.user)
        if len(people) > limit:
            people = np.sort(generator.choice(people, limit, replace=False))
        place = np.full(len(self.data.events), -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        before, after = Ledger.of(self.past), Ledger.of(select(self.data, self.targets, self.now))
        for user in people:
            acted = np.unique(place[self.known[before.events_of(user)]])
            chosen = np.setdiff1d(place[after.events_of(user)], acted)
            yield Chooser(before.person(int(user)), chosen, acted[acted >= 0])


def select(data: Interactions, kept: npt.NDArray[np.bool_], cutoff: float) -> Interactions:
    return replace(
        data,
        user=data.user[kept],
        event=data.event[kept],
        weight=data.weight[kept],
        occurred_at=data.occurred_at[kept],
        cutoff=cutoff,
    )


def as_of(data: Interactions, now: float) -> Interactions:
    """What had been done by `now` and stood at the time, as somebody served then was known."""
    past, back = select(data, data.occurred_at <= now, now), data.taken_back
    stood = back.where((back.occurred_at <= now) & (back.until > now))
    past = replace(past, taken_back=back.where(back.until <= now))
    if len(stood) == 0:
        return past
    occurred_at = np.concatenate([past.occurred_at, stood.occurred_at])
    order = np.argsort(occurred_at, kind="stable")
    return replace(
        past,
        user=np.concatenate([past.user, stood.user])[order],
        event=np.concatenate([past.event, stood.event])[order],
        weight=np.concatenate([past.weight, stood.weight])[order],
        occurred_at=occurred_at[order],
    )


def of_known_events(past: Interactions) -> tuple[Interactions, Int64]:
    """`past` with only the events announced by its cutoff or acted on, and which rows of its table these are.

    What was announced later would tell of the future: how rare a word is, what an artist will play.
    """
    known = past.events.announced_at <= past.cutoff
    known[past.event] = known[past.taken_back.event] = True
    rows, place = np.flatnonzero(known), (np.cumsum(known) - 1).astype(np.int32)
    back = replace(past.taken_back, event=place[past.taken_back.event])
    return replace(past, events=past.events.take(rows), event=place[past.event], taken_back=back), rows


@dataclass(frozen=True, slots=True)
class Ledger:
    """Interactions in order of person and time, to look people up."""

    data: Interactions
    order: Int64  # (m,)
    start: Int64  # (n_users + 1,)

    @classmethod
    def of(cls, data: Interactions) -> "Ledger":
        order = np.lexsort((data.occurred_at, data.user))
        counts = np.bincount(data.user, minlength=data.n_users)
        return cls(data, order, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))

    def actions_of(self, user: int) -> Int64:
        return self.order[self.start[user] : self.start[user + 1]]

    def events_of(self, user: int) -> Int64:
        return self.data.event[self.actions_of(user)].astype(np.int64)

    def person(self, user: int) -> Person:
        actions = self.actions_of(user)
        actions = actions[self.data.weight[actions] != 0]
        return Person(
            self.data.events.take(self.data.event[actions]),
            self.data.weight[actions],
            self.data.occurred_at[actions],
            self.data.tastes.get(user, Taste()),
        )


def has_had_its_chance(data: Interactions) -> Bool:
    """(events,) whether it has begun or somebody has acted on it: one still to come that is untouched may yet
    be chosen, and must not teach that people pass over what is far off."""
    had = data.events.starts_at <= data.cutoff
    had[data.event] = True
    return had


def cut_at(data: Interactions, now: float, *, cold: bool) -> Cut:
    """The world as it was at `now`.

    As of the moment, people had acted on coming events too. Cold, all that is hidden: nothing is known of a
    coming event but its facts, as on the day it is announced. The ranker has to do well on both.
    """
    is_open = (data.events.announced_at <= now) & (data.events.starts_at > now)
    if cold:
        is_open &= has_had_its_chance(data)
    past, after = as_of(data, now), is_open[data.event]
    if cold:
        past = select(past, data.events.starts_at[past.event] <= now, now)
    else:
        after &= data.occurred_at > now
    past, known = of_known_events(past)
    rows = np.flatnonzero(is_open)
    open_rows = np.searchsorted(known, rows)
    seen: Float32 = interest(past, now=now)[open_rows]
    slate = Slate(past.events.take(open_rows), seen)
    return Cut(now, past, known, slate, rows, data, after & (data.weight > 0))
