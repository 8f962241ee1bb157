"""The bodies of /v1/feedback."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from django.utils import timezone
from pydantic import AfterValidator, Field, RootModel, ValidationInfo, field_validator

from common.json_codec import holds_nul
from common.shapes import Identifier, Moment, Shape
from feedback.models import Action

MAX_BATCH = 500
MAX_CONTEXT_BYTES = 8 * 1024
MAX_CONTEXT_DEPTH = 30  # MariaDB stores no more than 32
CLOCK_SKEW = timedelta(minutes=5)


def _depth(value: dict[str, Any]) -> int:
    """How many levels of objects and lists there are; it stops one past what is accepted."""
    depth = 0
    level: list[Any] = [value]
    while level and depth <= MAX_CONTEXT_DEPTH:
        depth += 1
        inner = [member for one in level for member in (one.values() if isinstance(one, dict) else one)]
        level = [member for member in inner if isinstance(member, dict | list)]
    return depth


def _storable_context(value: dict[str, Any]) -> dict[str, Any]:
    if _depth(value) > MAX_CONTEXT_DEPTH:
        raise ValueError(f"Give JSON that is at most {MAX_CONTEXT_DEPTH} levels deep.")
    try:
        serialised = orjson.dumps(value)
    except TypeError as error:
        raise ValueError("Give plain JSON.") from error
    if len(serialised) > MAX_CONTEXT_BYTES:
        raise ValueError(f"Give at most {MAX_CONTEXT_BYTES} bytes; this is {len(serialised)}.")
    if b"\\u0000" in serialised and holds_nul(value):
        raise ValueError("A NUL character cannot be stored.")
    return value


Context = Annotated[dict[str, Any], AfterValidator(_storable_context)]


class FeedbackIn(Shape):
    """Validate with `context={"now": ...}` where time is simulated."""

    user_id: Identifier | None = Field(default=None, description="Required unless a user token names it.")
    event_id: Identifier
    action: Action
    context: Context | None = Field(default=None, description="At most 8 KiB when serialised.")
    recommendation_id: UUID | None = None
    position: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = None
    occurred_at: Moment | None = Field(default=None, description="Default: now.")
    idempotency_key: Identifier | None = Field(
        default=None, description="Sent again, it answers the same id and stores nothing."
    )

    @field_validator("occurred_at")
    @classmethod
    def _not_in_the_future(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        now = (info.context or {}).get("now") or timezone.now()
        if value is not None and value > now + CLOCK_SKEW:
            raise ValueError("This is in the future.")
        return value


class FeedbackBatchIn(Shape):
    items: list[FeedbackIn] = Field(min_length=1, max_length=MAX_BATCH)


class FeedbackBody(RootModel[FeedbackIn | FeedbackBatchIn]):
    """One action, or a batch. For the documentation; the view knows which it has."""


class FeedbackOut(Shape):
    status: str = "success"
    message: str = "Feedback recorded"
    feedback_id: int
    duplicate: bool


class RecordedOut(Shape):
    feedback_id: int
    duplicate: bool


class FeedbackBatchOut(Shape):
    status: str = "success"
    message: str = "Feedback recorded"
    items: list[RecordedOut]


class FeedbackAnswer(RootModel[FeedbackOut | FeedbackBatchOut]):
    """As the request was: one, or a batch in its order."""
