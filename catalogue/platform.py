"""Keeps the catalogue like the platform's own database: its venues, events and people's taste.

A feed, not a file: a row that is not usable is named and passed over, and what is usable is kept, chunk by
chunk. Only changes are written, so reading a row twice does no harm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import pydantic
from django.db import reset_queries

from catalogue import services
from catalogue.models import Event, PlatformCursor, Venue
from catalogue.platform_database import (
    EVENTS,
    PREFERENCES,
    SPOTIFY,
    VENUES,
    PlatformDatabase,
    PlatformRow,
    Table,
    as_utc,
    words_of,
)
from catalogue.schemas import BulkEventIn, UserTasteIn, VenueIn
from common import errors
from common.row_import.engine import MAX_BAD_ROWS_KEPT, Written, reason_of

# Reading goes back this far before where it last began: clocks differ, and a long transaction shows its
# rows only after the time they carry.
OVERLAP = timedelta(minutes=10)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class BadPlatformRow:
    row_id: str
    reason: str


@dataclass(slots=True)
class TableReport:
    table: str
    read: int = 0
    written: Written = field(default_factory=Written)
    bad: int = 0
    bad_rows: list[BadPlatformRow] = field(default_factory=list)  # the first MAX_BAD_ROWS_KEPT

    def bad_row_add(self, row_id: str, reason: str) -> None:
        self.bad += 1
        if len(self.bad_rows) < MAX_BAD_ROWS_KEPT:
            self.bad_rows.append(BadPlatformRow(row_id, reason))


@dataclass(frozen=True, slots=True)
class PlatformReading:
    """One run: from where, how much, at what time."""

    platform: PlatformDatabase
    now: datetime
    full: bool = False
    on_progress: Callable[[int], None] = lambda rows: None


def venues_read(reading: PlatformReading) -> TableReport:
    def write(venues: Sequence[VenueIn]) -> Written:
        cities = dict(Venue.objects.filter(pk__in=[v.venue_id for v in venues]).values_list("pk", "city"))
        kept = [venue.model_copy(update={"city": cities.get(venue.venue_id, "")}) for venue in venues]
        return _written(services.venues_upsert(venues=kept, now=reading.now))

    return table_read(reading, VENUES, parse=_venue, write=write)


def events_read(reading: PlatformReading) -> TableReport:
    def write(changed: Sequence[_ChangedEvent]) -> Written:
        wanted = _with_what_only_we_know(changed)
        written = _written(services.events_upsert(events=wanted, now=reading.now))
        return written + Written(unchanged=len(changed) - len(wanted))

    return table_read(reading, EVENTS, parse=_event, write=write)


def preferences_read(reading: PlatformReading) -> TableReport:
    return table_read(reading, PREFERENCES, parse=_preferences, write=_tastes_writer(reading.now))


def spotify_read(reading: PlatformReading) -> TableReport:
    return table_read(reading, SPOTIFY, parse=_listening, write=_tastes_writer(reading.now))


def table_read(
    reading: PlatformReading,
    table: Table,
    *,
    parse: Callable[[PlatformRow], Item],
    write: Callable[[Sequence[Item]], Written],
) -> TableReport:
    """Write what changed in a table since it was last read, and remember how far that was.

    `write` is given up to a thousand items and is atomic. Raises PlatformUnreadable.
    """
    report = TableReport(table.name)
    began = reading.platform.clock()
    for rows in reading.platform.stream(table, since=_since(table, full=reading.full)):
        report.read += len(rows)
        items = [item for row in rows if (item := _parsed(row, table, parse, report)) is not None]
        report.written += write(items)
        reset_queries()  # with DEBUG on, Django keeps every statement it sent
        reading.on_progress(len(rows))
    PlatformCursor.objects.update_or_create(table=table.name, defaults={"read_until": began})
    return report


def _since(table: Table, *, full: bool) -> datetime | None:
    if full or table.moment is None:
        return None
    read_until = PlatformCursor.objects.filter(table=table.name).values_list("read_until", flat=True).first()
    return read_until and read_until - OVERLAP


def _parsed(
    row: PlatformRow, table: Table, parse: Callable[[PlatformRow], Item], report: TableReport
) -> Item | None:
    try:
        return parse(row)
    except (pydantic.ValidationError, errors.InvalidInput) as error:
        row_id = "/".join(str(row[name]) for name in table.key)
        report.bad_row_add(row_id, reason_of(error))
        return None


# --- Their rows as our shapes --------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _ChangedEvent:
    event: BulkEventIn
    updated_at: datetime | None


def _event(row: PlatformRow) -> _ChangedEvent:
    latitude, longitude = _place(row)
    event = BulkEventIn.model_validate(
        {
            "event_id": row["id"],
            "starts_at": as_utc(row["start_time"]),
            "ends_at": None if row["end_time"] is None else as_utc(row["end_time"]),
            "latitude": latitude,
            "longitude": longitude,
            "genres": words_of(row["genres"]),
            "tags": words_of(row["tags"]),
            **{
                name: row[name]
                for name in (
                    *("title", "description", "city", "venue_name", "ticket_url", "age_restriction"),
                    *("price_min", "price_max", "currency"),
                )
            },
        }
    )
    return _ChangedEvent(event, None if row["updated_at"] is None else as_utc(row["updated_at"]))


def _with_what_only_we_know(changed: Sequence[_ChangedEvent]) -> list[BulkEventIn]:
    """The events to write, with what the platform's table has no column for left as it is here.

    An event withdrawn here stays so until the platform changes it.
    """
    stored = Event.objects.in_bulk([change.event.event_id for change in changed])
    wanted = []
    for change in changed:
        ours = stored.get(change.event.event_id)
        if ours is None:
            wanted.append(change.event)
        elif ours.deleted_at is None or (change.updated_at and change.updated_at > ours.deleted_at):
            kept = {"artists": ours.artists, "promoter": ours.promoter, "status": ours.status}
            wanted.append(change.event.model_copy(update=kept))
    return wanted


def _venue(row: PlatformRow) -> VenueIn:
    latitude, longitude = _place(row)
    return VenueIn.model_validate(
        {
            "venue_id": row["id"],
            "name": row["name"],
            "address": row["address"],
            "capacity": row["capacity"],
            "genre_focus": words_of(row["genreFocus"]),
            "latitude": latitude,
            "longitude": longitude,
        }
    )


def _preferences(row: PlatformRow) -> UserTasteIn:
    lists = (
        *("preferred_genres", "preferred_artists", "preferred_cities", "preferred_venues"),
        "night_preferences",
    )
    return UserTasteIn.model_validate(
        {
            "user_id": row["user_id"],
            "budget_max": row["budget_max"],
            "radius_km": row["radius_km"],
            **{name: words_of(row[name]) for name in lists},
        }
    )


def _listening(row: PlatformRow) -> UserTasteIn:
    return UserTasteIn.model_validate(
        {
            "user_id": row["user_id"],
            "listening_artists": words_of(row["top_artists"]),
            "listening_genres": words_of(row["top_genres"]),
        }
    )


def _place(row: PlatformRow) -> tuple[object, object]:
    """Half a place is none."""
    place = (row["latitude"], row["longitude"])
    return (None, None) if None in place else place


def _tastes_writer(now: datetime) -> Callable[[Sequence[UserTasteIn]], Written]:
    return lambda tastes: _written(services.tastes_upsert(tastes=tastes, now=now))


def _written(counts: services.UpsertCounts) -> Written:
    return Written(counts.created, counts.updated, counts.unchanged)
