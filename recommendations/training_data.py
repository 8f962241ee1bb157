"""Feedback and events read from the database into the arrays that algorithms fit from.

Rows come in pages by their primary key; what stays is a few numbers per action and the events themselves.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

import numpy as np

from catalogue.models import Event, TasteProfile
from common.keyset import keyset_pages
from common.unix_time import MICROSECONDS, UnixMicroseconds
from feedback.models import Action, Feedback
from recommendations.algorithms.actions import ACTION_WEIGHTS
from recommendations.algorithms.dataset import (
    Bool,
    EventTable,
    Field,
    Float64,
    Int32,
    Int64,
    Interactions,
    TakenBack,
    Taste,
    token,
)
from recommendations.event_facts import FACT_COLUMNS, event_facts
from recommendations.history import stated_taste

ROWS_AT_ONCE = 20_000
EVENTS_AT_ONCE = 2_000
USUAL_NOTICE = 30 * 86_400.0  # seconds from announcement to start, where the announcement is unknown
ACTIONS = tuple(ACTION_WEIGHTS)
_CODES = {action: code for code, action in enumerate(ACTIONS)}
_WEIGHTS = np.array([ACTION_WEIGHTS[action] for action in ACTIONS], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class TrainingData:
    interactions: Interactions
    feedback_rows: int  # read, before repeats were dropped
    unknown_event_rows: int  # on events that are not in the catalogue
    fingerprint: str  # SHA-256 over the arrays: same data, same fingerprint


@dataclass(frozen=True, slots=True)
class _Actions:
    """m actions, oldest first: dense codes of people and events, in order of first appearance."""

    user: Int32
    event: Int32
    action: Int32
    occurred_at: Float64

    def __len__(self) -> int:
        return len(self.user)

    def where(self, kept: Bool | Int64) -> "_Actions":
        return _Actions(self.user[kept], self.event[kept], self.action[kept], self.occurred_at[kept])


def training_data_load(*, cutoff: datetime) -> TrainingData:
    """Everything that happened up to `cutoff`, impressions left out."""
    read, users, events = _read_actions(cutoff)
    row_of_code, table = _read_events(events, cutoff)
    known = read.where(row_of_code[read.event] >= 0) if len(read) else read
    user, users = _coded_anew(known.user, users)  # nobody counts by what is not in the catalogue alone
    known = replace(known, user=user)
    until = _taken_back_at(known)
    first = _first_of_each(known, until)
    kept, until = known.where(first), until[first]
    order = np.lexsort((kept.event, kept.user, kept.occurred_at))
    kept, until = kept.where(order), until[order]
    event = row_of_code[kept.event].astype(np.int32)
    stands, weight = np.isinf(until), _WEIGHTS[kept.action]
    back = TakenBack(kept.user, event, weight, kept.occurred_at, until).where(~stands)
    interactions = Interactions(
        events=_with_plausible_announcements(table, event, kept.occurred_at),
        n_users=len(users),
        user=kept.user[stands],
        event=event[stands],
        weight=weight[stands],
        occurred_at=kept.occurred_at[stands],
        cutoff=cutoff.timestamp(),
        tastes=_read_tastes(users),
        taken_back=back,
    )
    return TrainingData(interactions, len(read), len(read) - len(known), _fingerprint(interactions))


def _read_actions(cutoff: datetime) -> tuple[_Actions, dict[str, int], dict[str, int]]:
    """The actions, and the codes of people and of events."""
    rows = (
        Feedback.objects.filter(occurred_at__lte=cutoff)
        .exclude(action=Action.IMPRESSION)
        .values_list("id", "user_id", "event_id", "action", UnixMicroseconds("occurred_at"))
    )
    users: dict[str, int] = {}
    events: dict[str, int] = {}
    none = np.empty(0, np.int32)
    parts = [_Actions(none, none, none, np.empty(0))]
    for page in keyset_pages(rows, size=ROWS_AT_ONCE, key_of=itemgetter(0)):
        parts.append(
            _Actions(
                np.array([users.setdefault(row[1], len(users)) for row in page], np.int32),
                np.array([events.setdefault(row[2], len(events)) for row in page], np.int32),
                np.array([_CODES[row[3]] for row in page], np.int32),
                np.array([row[4] for row in page], np.int64) / MICROSECONDS,
            )
        )
    return _oldest_first(_concatenated(parts), users, events)


def _concatenated(parts: list[_Actions]) -> _Actions:
    return _Actions(
        np.concatenate([part.user for part in parts]),
        np.concatenate([part.event for part in parts]),
        np.concatenate([part.action for part in parts]),
        np.concatenate([part.occurred_at for part in parts]),
    )


def _oldest_first(
    read: _Actions, users: dict[str, int], events: dict[str, int]
) -> tuple[_Actions, dict[str, int], dict[str, int]]:
    """`read`, which is in the order of arrival, by when things happened, and the codes that go with that."""
    order = np.argsort(read.occurred_at, kind="stable")
    user, users = _coded_anew(read.user[order], users)
    event, events = _coded_anew(read.event[order], events)
    return _Actions(user, event, read.action[order], read.occurred_at[order]), users, events


def _coded_anew(codes: Int32, code_of: dict[str, int]) -> tuple[Int32, dict[str, int]]:
    """`codes` and the names of those among them, with codes in order of first appearance."""
    found, first = np.unique(codes, return_index=True)
    new = np.full(len(code_of), -1, np.int32)
    new[found[np.argsort(first)]] = np.arange(len(found), dtype=np.int32)
    return new[codes], {name: int(new[code]) for name, code in code_of.items() if new[code] >= 0}


def _read_events(codes: dict[str, int], cutoff: datetime) -> tuple[Int32, EventTable]:
    """(codes,) the table's row of each event code, -1 where the catalogue lacks it; and the table.

    The table holds what somebody acted on and what is still to come: the negatives of its time.
    """
    row_of_code = np.full(len(codes), -1, dtype=np.int32)
    tables = [EventTable.of(())]
    rows = 0
    stored = Event.objects.only(*FACT_COLUMNS, "deleted_at")
    for page in keyset_pages(stored, size=EVENTS_AT_ONCE):
        wanted = [event for event in page if event.id in codes or _is_on_sale(event, cutoff)]
        tables.append(EventTable.of(event_facts(event) for event in wanted))
        for row, event in enumerate(wanted, start=rows):
            if event.id in codes:
                row_of_code[codes[event.id]] = row
        rows += len(wanted)
    return row_of_code, EventTable.concatenate(tables)


def _with_plausible_announcements(table: EventTable, event: Int32, occurred_at: Float64) -> EventTable:
    """`table`, with announcements that cannot be true moved back.

    A catalogue imported today says that events of last year were announced today. Nobody acts on an event
    before it is announced, and nobody announces one that is over.
    """
    announced_at = np.where(
        table.announced_at > table.starts_at, table.starts_at - USUAL_NOTICE, table.announced_at
    )
    np.minimum.at(announced_at, event, occurred_at)
    return replace(table, announced_at=announced_at)


def _is_on_sale(event: Event, cutoff: datetime) -> bool:
    return event.deleted_at is None and event.announced_at <= cutoff < event.starts_at


def _taken_back_at(actions: _Actions) -> Float64:
    """(m,) when the person's next unsave of the event took each save back; infinity for what stands.

    As serving reads a history: an unsave ends every save before it, and says nothing of its own.
    """
    until = np.full(len(actions), np.inf)
    toggles = np.flatnonzero(np.isin(actions.action, (_CODES["save"], _CODES["unsave"])))
    toggles = toggles[np.lexsort((toggles, actions.event[toggles], actions.user[toggles]))]
    place = np.arange(len(toggles))
    ends = np.where(actions.action[toggles] == _CODES["unsave"], place, len(toggles))
    ending = np.minimum.accumulate(ends[::-1])[::-1]  # the next unsave, of anybody and anything
    has_end = ending < len(toggles)
    toggles, ending = toggles[has_end], toggles[ending[has_end]]
    same = (actions.user[toggles] == actions.user[ending]) & (actions.event[toggles] == actions.event[ending])
    until[toggles[same]] = actions.occurred_at[ending[same]]
    return until


def _first_of_each(actions: _Actions, until: Float64) -> Bool:
    """Repeats of one action by one person on one event count once (a bot cannot shout), when first done. A
    save after an unsave is no repeat; the unsaves themselves are dropped."""
    order = np.lexsort((actions.occurred_at, until, actions.action, actions.event, actions.user))
    keys = np.stack([actions.user[order], actions.event[order], actions.action[order], until[order]])
    first = np.ones(len(order), dtype=bool)
    first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    kept = np.zeros(len(order), dtype=bool)
    kept[order[first]] = True
    kept[actions.action == _CODES["unsave"]] = False
    return kept


def _read_tastes(users: dict[str, int]) -> dict[int, Taste]:
    return {
        users[profile.user_id]: stated_taste(profile).encoded()
        for page in keyset_pages(TasteProfile.objects.all(), size=EVENTS_AT_ONCE)
        for profile in page
        if profile.user_id in users
    }


def city_names() -> dict[int, str]:
    """The catalogue's cities by their tokens, since arrays hold tokens only."""
    names = Event.objects.exclude(city="").order_by().values_list("city", flat=True).distinct()
    return {token(Field.CITY, name): name for name in names}


def _fingerprint(data: Interactions) -> str:
    digest = hashlib.sha256()
    back = data.taken_back
    did = (data.events.keys, data.user, data.event, data.weight, data.occurred_at)
    for array in (*did, back.user, back.event, back.occurred_at, back.until):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
