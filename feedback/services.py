"""Writes on what people did. Append-only: rows are recorded, or a whole person is erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from feedback.models import Action, Feedback
from feedback.schemas import FeedbackIn

_ATTEMPTS = 3
_KEYS_PER_LOOKUP = 50  # an index is probed for every person with every key: the square of this
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NewFeedback:
    user_id: str
    event_id: str
    action: Action
    occurred_at: datetime | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    recommendation_id: UUID | None = None
    position: int | None = None
    idempotency_key: str | None = None

    @classmethod
    def of(cls, item: FeedbackIn, *, user_id: str, idempotency_key: str | None = None) -> "NewFeedback":
        return cls(
            user_id=user_id,
            event_id=item.event_id,
            action=item.action,
            occurred_at=item.occurred_at,
            context=item.context or {},
            recommendation_id=item.recommendation_id,
            position=item.position,
            idempotency_key=item.idempotency_key or idempotency_key,
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    feedback_id: int
    duplicate: bool


def feedback_record(*, items: Sequence[NewFeedback], now: datetime) -> list[Recorded]:
    """Store `items`, all or nothing; committed on return unless the caller holds a transaction.

    An idempotency key counts once per person: again, it answers the row it made, whether that row came
    in this batch, earlier, or from another process at the same moment.
    """
    if not any(item.idempotency_key for item in items):
        return [Recorded(row.pk, duplicate=False) for row in _insert([_row(item, now) for item in items])]
    for _ in range(_ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return _record_once_per_key(items, now)
        except IntegrityError:  # another process used one of our keys since we looked: look again
            continue
    with transaction.atomic():
        return _record_once_per_key(items, now)


def person_erase(*, user_id: str) -> int:
    """Erase everything a person did; return how many rows that was."""
    return Feedback.objects.filter(user_id=user_id).delete()[0]


def _record_once_per_key(items: Sequence[NewFeedback], now: datetime) -> list[Recorded]:
    stored = _ids_by_key(items)
    first_use: dict[_Key, int] = {}  # key to its item's place in the batch
    fresh = []
    for index, item in enumerate(items):
        key = _key(item)
        if key is not None and (key in stored or first_use.setdefault(key, index) != index):
            continue
        fresh.append(index)
    rows = _insert([_row(items[index], now) for index in fresh])
    ids = dict(zip(fresh, (row.pk for row in rows), strict=True))
    return [
        Recorded(ids[index], duplicate=False)
        if index in ids
        else Recorded(_earlier_id(item, stored, first_use, ids), duplicate=True)
        for index, item in enumerate(items)
    ]


def _earlier_id(
    item: NewFeedback, stored: Mapping[_Key, int], first_use: Mapping[_Key, int], ids: Mapping[int, int]
) -> int:
    key = _key(item)
    assert key is not None  # noqa: S101  only keyed items can be duplicates
    return stored[key] if key in stored else ids[first_use[key]]


def _key(item: NewFeedback) -> _Key | None:
    return (item.user_id, item.idempotency_key) if item.idempotency_key else None


def _ids_by_key(items: Sequence[NewFeedback]) -> dict[_Key, int]:
    keys = sorted({key for item in items if (key := _key(item))})
    stored: dict[_Key, int] = {}
    for start in range(0, len(keys), _KEYS_PER_LOOKUP):
        block = keys[start : start + _KEYS_PER_LOOKUP]
        found = Feedback.objects.filter(
            user_id__in={user_id for user_id, _ in block}, idempotency_key__in={key for _, key in block}
        )
        rows = found.values_list("user_id", "idempotency_key", "pk")
        stored |= {(user_id, key): pk for user_id, key, pk in rows if key is not None}
    return stored


def _row(item: NewFeedback, now: datetime) -> Feedback:
    return Feedback(
        user_id=item.user_id,
        event_id=item.event_id,
        action=item.action,
        occurred_at=item.occurred_at or now,
        received_at=now,
        recommendation_id=item.recommendation_id,
        position=item.position,
        context=dict(item.context),
        idempotency_key=item.idempotency_key,
    )


def _insert(rows: list[Feedback]) -> list[Feedback]:
    """Insert and give every row its id: in one statement where the database returns ids from it."""
    if len(rows) == 1:
        rows[0].save(force_insert=True)
    elif connection.features.can_return_rows_from_bulk_insert:
        Feedback.objects.bulk_create(rows)
    else:  # MySQL itself, and MariaDB before 10.5
        with transaction.atomic():
            for row in rows:
                row.save(force_insert=True)
    return rows
