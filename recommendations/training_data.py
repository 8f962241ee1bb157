"""Feedback and events read from the database into the arrays that algorithms fit from.

Rows are streamed; what stays is a few numbers per action and the events themselves.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import numpy as np

from catalogue.models import Event, TasteProfile
from feedback.models import Action, Feedback
from recommendations.algorithms.actions import ACTION_WEIGHTS
from recommendations.algorithms.dataset import Bool, EventTable, Float64, Int32, Interactions, Taste
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
    """m actions as read: dense codes of people and events, in order of first appearance."""

    user: Int32
    event: Int32
    action: Int32
    occurred_at: Float64

    def __len__(self) -> int:
        return len(self.user)

    def where(self, kept: Bool) -> "_Actions":
        return _Actions(self.user[kept], self.event[kept], self.action[kept], self.occurred_at[kept])


def training_data_load(*, cutoff: datetime) -> TrainingData:
    """Everything that happened up to `cutoff`, impressions left out."""
    users: dict[str, int] = {}
    events: dict[str, int] = {}
    read = _read_actions(cutoff, users, events)
    row_of_code, table = _read_events(events, cutoff)
    known = read.where(row_of_code[read.event] >= 0) if len(read) else read
    kept = known.where(_first_of_each(known))
    kept = kept.where(~_taken_back_since(known, kept))
    order = np.lexsort((kept.event, kept.user, kept.occurred_at))
    event = row_of_code[kept.event[order]].astype(np.int32)
    interactions = Interactions(
        events=_with_plausible_announcements(table, event, kept.occurred_at[order]),
        n_users=len(users),
        user=kept.user[order],
        event=event,
        weight=_WEIGHTS[kept.action[order]],
        occurred_at=kept.occurred_at[order],
        cutoff=cutoff.timestamp(),
        tastes=_read_tastes(users),
    )
    return TrainingData(interactions, len(read), len(read) - len(known), _fingerprint(interactions))


def _read_actions(cutoff: datetime, users: dict[str, int], events: dict[str, int]) -> _Actions:
    rows = (
        Feedback.objects.filter(occurred_at__lte=cutoff)
        .exclude(action=Action.IMPRESSION)
        .order_by("occurred_at", "id")
        .values_list("user_id", "event_id", "action", "occurred_at")
        .iterator(chunk_size=ROWS_AT_ONCE)
    )
    none = np.empty(0, np.int32)
    parts = [_Actions(none, none, none, np.empty(0))]
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        parts.append(
            _Actions(
                np.array([users.setdefault(row[0], len(users)) for row in chunk], np.int32),
                np.array([events.setdefault(row[1], len(events)) for row in chunk], np.int32),
                np.array([_CODES[row[2]] for row in chunk], np.int32),
                np.array([row[3].timestamp() for row in chunk], np.float64),
            )
        )
    return _Actions(
        np.concatenate([part.user for part in parts]),
        np.concatenate([part.event for part in parts]),
        np.concatenate([part.action for part in parts]),
        np.concatenate([part.occurred_at for part in parts]),
    )


def _read_events(codes: dict[str, int], cutoff: datetime) -> tuple[Int32, EventTable]:
    """(codes,) the table's row of each event code, -1 where the catalogue lacks it; and the table.

    The table holds what somebody acted on and what is still to come: the negatives of its time.
    """
    row_of_code = np.full(len(codes), -1, dtype=np.int32)
    tables = [EventTable.of(())]
    rows = 0
    for chunk in _event_chunks():
        wanted = [event for event in chunk if event.id in codes or _is_on_sale(event, cutoff)]
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


def _event_chunks() -> Iterator[list[Event]]:
    rows = Event.objects.only(*FACT_COLUMNS, "deleted_at").order_by("id").iterator(chunk_size=EVENTS_AT_ONCE)
    while chunk := list(islice(rows, EVENTS_AT_ONCE)):
        yield chunk


def _is_on_sale(event: Event, cutoff: datetime) -> bool:
    return event.deleted_at is None and event.announced_at <= cutoff < event.starts_at


def _first_of_each(actions: _Actions) -> Bool:
    """Repeats of one action by one person on one event count once (a bot cannot shout), when first done."""
    order = np.lexsort((actions.occurred_at, actions.action, actions.event, actions.user))
    keys = np.stack([actions.user[order], actions.event[order], actions.action[order]])
    first = np.ones(len(order), dtype=bool)
    first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    kept = np.zeros(len(order), dtype=bool)
    kept[order[first]] = True
    return kept


def _taken_back_since(all_actions: _Actions, kept: _Actions) -> Bool:
    """(kept,) True for the unsaves that a later save overruled: the person has the event after all."""
    save, unsave = _CODES["save"], _CODES["unsave"]
    if not (kept.action == unsave).any():
        return np.zeros(len(kept), dtype=bool)
    last_save: dict[tuple[int, int], float] = {}
    last_unsave: dict[tuple[int, int], float] = {}
    toggles = all_actions.where(np.isin(all_actions.action, (save, unsave)))
    for user, event, action, at in zip(
        toggles.user.tolist(),
        toggles.event.tolist(),
        toggles.action.tolist(),
        toggles.occurred_at.tolist(),
        strict=True,
    ):
        (last_save if action == save else last_unsave)[user, event] = at
    overruled = {key for key, at in last_unsave.items() if last_save.get(key, float("-inf")) > at}
    return np.array(
        [
            action == unsave and (user, event) in overruled
            for user, event, action in zip(
                kept.user.tolist(), kept.event.tolist(), kept.action.tolist(), strict=True
            )
        ],
        dtype=bool,
    )


def _read_tastes(users: dict[str, int]) -> dict[int, Taste]:
    profiles = TasteProfile.objects.order_by("user_id").iterator(chunk_size=EVENTS_AT_ONCE)
    return {
        users[profile.user_id]: stated_taste(profile).encoded()
        for profile in profiles
        if profile.user_id in users
    }


def _fingerprint(data: Interactions) -> str:
    digest = hashlib.sha256()
    for array in (data.events.keys, data.user, data.event, data.weight, data.occurred_at):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
