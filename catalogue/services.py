"""Writes on the catalogue. Every change of an event moves the catalogue's revision."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import models, transaction

from catalogue.models import Event, EventStatus, TasteProfile, Venue
from catalogue.revision import catalogue_change
from catalogue.schemas import BulkEventIn, EventIn, TasteIn, UserTasteIn, VenueIn
from catalogue.venue_places import VenuePlaces
from common import errors
from common.upserts import rows_upsert

_CHUNK = 1_000
_LISTENING = frozenset({"listening_genres", "listening_artists"})
_EVENT_FIELDS = tuple(name for name in EventIn.model_fields if name != "announced_at")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "UpsertCounts") -> "UpsertCounts":
        return UpsertCounts(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


# --- Events --------------------------------------------------------------------------------------
def events_upsert(*, events: Iterable[BulkEventIn], now: datetime) -> UpsertCounts:
    """Create or replace events, all or nothing; of one id sent twice the last counts.

    `events` may be a generator: it is read in chunks inside the one transaction, in constant memory,
    and an exception it raises undoes everything.
    """
    counts = UpsertCounts()
    with catalogue_change(now=now) as pending:
        for chunk in _chunks(events):
            wanted = {event.event_id: event for event in chunk}
            counts += _events_write(wanted, now=now, pending=pending)
    return counts


def event_put(*, event_id: str, event: EventIn, now: datetime) -> tuple[Event, bool]:
    """Create or replace one event; return it and whether it was not in the catalogue before."""
    with catalogue_change(now=now) as pending:
        counts = _events_write({event_id: event}, now=now, pending=pending)
    return Event.objects.get(pk=event_id), counts.created > 0


def event_delete(*, event_id: str, now: datetime) -> None:
    """Withdraw an event. Its row stays, so that past feedback on it still teaches."""
    if events_delete(event_ids=[event_id], now=now) == 0:
        raise errors.NotFound(f"There is no event '{event_id}'.")


def events_delete(*, event_ids: Iterable[str], now: datetime) -> int:
    """Withdraw events; return how many were in the catalogue."""
    withdrawn = 0
    with catalogue_change(now=now) as pending:
        for chunk in _chunks(event_ids):
            live = Event.objects.live().filter(pk__in=chunk)
            withdrawn += live.update(deleted_at=now, updated_at=now, revision=pending)
    return withdrawn


def events_cancel(*, event_ids: Iterable[str], now: datetime) -> int:
    """Mark events as cancelled; return how many were not."""
    cancelled = 0
    with catalogue_change(now=now) as pending:
        for chunk in _chunks(event_ids):
            on = Event.objects.live().filter(pk__in=chunk).exclude(status=EventStatus.CANCELLED)
            cancelled += on.update(status=EventStatus.CANCELLED, updated_at=now, revision=pending)
    return cancelled


def _events_write(wanted: Mapping[str, EventIn], *, now: datetime, pending: int) -> UpsertCounts:
    stored = Event.objects.in_bulk(list(wanted))
    places = VenuePlaces.of(wanted.values())
    rows, created = [], 0
    for event_id in sorted(wanted):  # one order for everybody, against deadlocks
        before = stored.get(event_id)
        row = _event_row(event_id, wanted[event_id], before, places, now)
        if before is not None and _is_same(row, before):
            continue
        row.revision = pending
        rows.append(row)
        created += before is None or before.deleted_at is not None
    rows_upsert(Event, rows, fields=_fields_of(Event))
    return UpsertCounts(created, len(rows) - created, len(wanted) - len(rows))


def _event_row(
    event_id: str, event: EventIn, before: Event | None, places: VenuePlaces, now: datetime
) -> Event:
    row = Event(id=event_id, updated_at=now, **{name: getattr(event, name) for name in _EVENT_FIELDS})
    if row.latitude is None:
        row.latitude, row.longitude = places.find(row.venue_name, row.city)
    row.announced_at = event.announced_at or (before.announced_at if before else now)
    return row


def _is_same(row: Event, before: Event) -> bool:
    names = (*_EVENT_FIELDS, "announced_at", "deleted_at")
    return all(getattr(row, name) == getattr(before, name) for name in names)


# --- Venues --------------------------------------------------------------------------------------
@transaction.atomic
def venues_upsert(*, venues: Iterable[VenueIn], now: datetime) -> UpsertCounts:
    """Create or replace venues. Events take a venue's place when they are next written."""
    counts = UpsertCounts()
    for chunk in _chunks(venues):
        wanted = {venue.venue_id: venue for venue in chunk}
        stored = Venue.objects.in_bulk(list(wanted))
        rows = []
        for venue_id in sorted(wanted):
            values = wanted[venue_id].model_dump(exclude={"venue_id"})
            if _differs(values, stored.get(venue_id)):
                rows.append(Venue(id=venue_id, updated_at=now, **values))
        rows_upsert(Venue, rows, fields=_fields_of(Venue))
        counts += _counts(rows, stored, wanted)
    return counts


# --- Taste ---------------------------------------------------------------------------------------
def taste_put(*, user_id: str, taste: TasteIn, now: datetime) -> tuple[TasteProfile, bool]:
    """Create or replace what a person says they like; return it and whether it is new.

    What a music service said is replaced only when it is sent.
    """
    names = (set(TasteIn.model_fields) - _LISTENING) | taste.model_fields_set
    with transaction.atomic():
        counts = _tastes_write({user_id: _taste_values(taste, names)}, now=now)
    return TasteProfile.objects.get(pk=user_id), counts.created > 0


@transaction.atomic
def tastes_upsert(*, tastes: Iterable[UserTasteIn], now: datetime) -> UpsertCounts:
    """Write only the fields that each row sets, so that several sources can each keep their part."""
    counts = UpsertCounts()
    for chunk in _chunks(tastes):
        wanted = {
            taste.user_id: _taste_values(taste, taste.model_fields_set - {"user_id"}) for taste in chunk
        }
        counts += _tastes_write(wanted, now=now)
    return counts


def taste_delete(*, user_id: str) -> None:
    if not person_erase(user_id=user_id):
        raise errors.NotFound(f"There is no taste profile of '{user_id}'.")


def person_erase(*, user_id: str) -> int:
    """Erase what the catalogue holds on one person; return how many rows that was."""
    return TasteProfile.objects.filter(pk=user_id).delete()[0]


def _taste_values(taste: TasteIn, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(taste, name) for name in names}
    if "home" in values:
        home = values.pop("home")
        values["home_latitude"] = home.lat if home else None
        values["home_longitude"] = home.lon if home else None
    return values


def _tastes_write(wanted: Mapping[str, dict[str, Any]], *, now: datetime) -> UpsertCounts:
    stored = TasteProfile.objects.in_bulk(list(wanted))
    rows, fields = [], {"updated_at"}
    for user_id in sorted(wanted):
        before, values = stored.get(user_id), wanted[user_id]
        if not _differs(values, before):
            continue
        row = TasteProfile(user_id=user_id) if before is None else before
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now
        fields |= values.keys()
        rows.append(row)
    rows_upsert(TasteProfile, rows, fields=sorted(fields))
    return _counts(rows, stored, wanted)


# --- What they share -----------------------------------------------------------------------------
def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk


def _differs(values: Mapping[str, Any], before: models.Model | None) -> bool:
    return before is None or any(getattr(before, name) != value for name, value in values.items())


def _counts(
    rows: Sequence[models.Model], stored: Mapping[Any, object], wanted: Mapping[str, object]
) -> UpsertCounts:
    created = sum(row.pk not in stored for row in rows)
    return UpsertCounts(created, len(rows) - created, len(wanted) - len(rows))


def _fields_of(model: type[models.Model]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if not field.primary_key]
