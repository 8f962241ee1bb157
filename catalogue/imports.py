"""What a row of an imported file means to the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.schemas import BulkEventIn, UserTasteIn
from catalogue.services import UpsertCounts, events_upsert, tastes_upsert
from common import errors
from common.json_codec import loads
from common.row_import.engine import Written
from common.row_import.files import Column

_TASTE_LISTS = (
    *("preferred_genres", "preferred_artists", "preferred_cities", "preferred_venues"),
    *("listening_genres", "listening_artists", "night_preferences"),
)


@dataclass(frozen=True, slots=True)
class EventImporter:
    """Rows as in PUT /v1/events, with their event_id; an existing event is replaced."""

    now: datetime
    required_columns: Sequence[Column] = (
        Column(("event_id",)),
        Column(("title",)),
        Column(("starts_at", "start_time")),
    )

    def row_parse(self, values: Mapping[str, object]) -> BulkEventIn:
        return BulkEventIn.model_validate(_with_lists(values, ("artists", "genres", "tags")))

    def items_write(self, items: Iterable[BulkEventIn]) -> Written:
        return _written(events_upsert(events=items, now=self.now))


@dataclass(frozen=True, slots=True)
class TasteImporter:
    """Rows as in PUT /v1/users/{user_id}/taste, with their user_id; what a row leaves out stays as it was."""

    now: datetime
    required_columns: Sequence[Column] = (Column(("user_id",)),)

    def row_parse(self, values: Mapping[str, object]) -> UserTasteIn:
        row = _with_lists(values, _TASTE_LISTS)
        if "home_lat" in row or "home_lon" in row:
            row.setdefault("home", {"lat": row.get("home_lat"), "lon": row.get("home_lon")})
        return UserTasteIn.model_validate(row)

    def items_write(self, items: Iterable[UserTasteIn]) -> Written:
        return _written(tastes_upsert(tastes=items, now=self.now))


def _with_lists(values: Mapping[str, object], names: Iterable[str]) -> dict[str, Any]:
    """A copy in which lists written as JSON text, as a CSV field may hold them, are lists."""
    row = dict(values)
    for name in names:
        text = row.get(name)
        if isinstance(text, str) and text.lstrip().startswith("["):
            try:
                row[name] = loads(text.encode())
            except errors.MalformedBody as error:
                raise errors.InvalidInput(
                    "Not a list.", errors={name: ["Starts with [ but is not a JSON list."]}
                ) from error
    return row


def _written(counts: UpsertCounts) -> Written:
    return Written(counts.created, counts.updated, counts.unchanged)
