"""What a row of an imported file means as feedback."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from common import errors
from common.json_codec import loads
from common.row_import.engine import CHUNK_ROWS, Written
from common.row_import.files import Column
from common.shapes import Identifier, Moment
from feedback.models import Action
from feedback.schemas import Context, FeedbackIn
from feedback.services import NewFeedback, feedback_record


def idempotency_key_of(source: str, *, event_id: str, action: str, occurred_at: datetime) -> str:
    """The key of something that happened and came without one: the same again is the same row.

    Keys count per person, so the person need not be part of it.
    """
    moment = occurred_at.astimezone(UTC).isoformat()
    digest = hashlib.sha256("\x1f".join((event_id, action, moment)).encode()).hexdigest()
    return f"{source}:{digest[:40]}"


def _moment_or_seconds(value: Any) -> Any:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return value
    if not math.isfinite(seconds) or abs(seconds) > 1e10:
        raise ValueError("Give Unix seconds, not milliseconds, or ISO 8601 with an offset.")
    return datetime.fromtimestamp(seconds, UTC)


def _json_of_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return loads(value.encode())
    except errors.MalformedBody as error:
        raise ValueError("Give a JSON object.") from error


def _number_of_text(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class FeedbackRowIn(FeedbackIn):
    """One item of /v1/feedback that names its person and its time, as a CSV file can write it."""

    user_id: Identifier
    occurred_at: Annotated[Moment, BeforeValidator(_moment_or_seconds)]
    context: Annotated[Context | None, BeforeValidator(_json_of_text)] = None
    position: Annotated[
        Annotated[int, Field(strict=True, ge=0, le=10_000)] | None, BeforeValidator(_number_of_text)
    ] = None


@dataclass(frozen=True, slots=True)
class FeedbackImporter:
    """Rows as in POST /v1/feedback. A row that is there already is left as it is."""

    now: datetime
    default_action: Action = Action.SAVE
    required_columns: Sequence[Column] = (
        Column(("user_id",)),
        Column(("event_id",)),
        Column(("occurred_at",)),
    )

    def row_parse(self, values: Mapping[str, object]) -> NewFeedback:
        if values.get("action") is None:
            values = {**values, "action": self.default_action}
        return feedback_parse(values, source="import", now=self.now)

    def items_write(self, items: Iterable[NewFeedback]) -> Written:
        written, remaining = Written(), iter(items)
        while chunk := list(islice(remaining, CHUNK_ROWS)):
            written += feedback_add(items=chunk, now=self.now)
        return written


def feedback_parse(values: Mapping[str, object], *, source: str, now: datetime) -> NewFeedback:
    """The row's meaning. Raises pydantic.ValidationError."""
    row = FeedbackRowIn.model_validate(values, context={"now": now})
    key = idempotency_key_of(source, event_id=row.event_id, action=row.action, occurred_at=row.occurred_at)
    return NewFeedback.of(row, user_id=row.user_id, idempotency_key=key)


def feedback_add(*, items: Sequence[NewFeedback], now: datetime) -> Written:
    """Record what is not recorded yet."""
    recorded = feedback_record(items=items, now=now)
    duplicates = sum(row.duplicate for row in recorded)
    return Written(created=len(recorded) - duplicates, unchanged=duplicates)
