"""HTTP in, HTTP out: what people did."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from common import errors
from common.authentication import Caller
from common.identifiers import identifier_check
from common.lean_views import LeanView
from common.models import Scope
from common.shapes import ErrorShape
from feedback.schemas import (
    MAX_BATCH,
    FeedbackAnswer,
    FeedbackBatchIn,
    FeedbackBatchOut,
    FeedbackBody,
    FeedbackIn,
    FeedbackOut,
    RecordedOut,
)
from feedback.services import NewFeedback, Recorded, feedback_record

IDEMPOTENCY_HEADER = "Idempotency-Key"
MAX_HEADER_KEY = 250  # leaves room for ':499', an item's place in a batch


class FeedbackView(LeanView):
    required_scope = Scope.FEEDBACK

    @extend_schema(
        request=FeedbackBody,
        parameters=[
            OpenApiParameter(
                IDEMPOTENCY_HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="As `idempotency_key` in the body; in a batch, item n gets '<key>:<n>'.",
            )
        ],
        responses={
            200: FeedbackAnswer,
            400: ErrorShape,
            401: ErrorShape,
            403: ErrorShape,
            413: ErrorShape,
        },
        summary="Record what a person did",
    )
    def post(self, request: HttpRequest) -> None:
        """One action, or up to 500 as `{"items": [..]}`, all or nothing. Committed before the answer."""

    def handle(self, caller: Caller, body: Any, request: HttpRequest) -> FeedbackOut | FeedbackBatchOut:
        now = timezone.now()
        key = _header_key(request)
        if isinstance(body, dict) and "items" in body:
            found = feedback_record(items=_batch(caller, body, key, now), now=now)
            return FeedbackBatchOut(items=[_recorded_out(one) for one in found])
        item = FeedbackIn.model_validate(body, context={"now": now})
        new = NewFeedback.of(item, user_id=caller.acting_for(item.user_id), idempotency_key=key)
        [recorded] = feedback_record(items=[new], now=now)
        return FeedbackOut(feedback_id=recorded.feedback_id, duplicate=recorded.duplicate)


def _batch(caller: Caller, body: dict[str, Any], key: str | None, now: datetime) -> list[NewFeedback]:
    if isinstance(body["items"], list) and len(body["items"]) > MAX_BATCH:
        raise errors.TooLarge(f"Send at most {MAX_BATCH} items at once; this is {len(body['items'])}.")
    batch = FeedbackBatchIn.model_validate(body, context={"now": now})
    return [
        NewFeedback.of(
            item,
            user_id=_person_of(caller, item, index),
            idempotency_key=None if key is None else f"{key}:{index}",
        )
        for index, item in enumerate(batch.items)
    ]


def _person_of(caller: Caller, item: FeedbackIn, index: int) -> str:
    try:
        return caller.acting_for(item.user_id)
    except errors.InvalidInput as error:
        named = {f"items.{index}.{field}": found for field, found in (error.errors or {}).items()}
        raise errors.InvalidInput(error.detail, errors=named) from error


def _header_key(request: HttpRequest) -> str | None:
    value = request.headers.get(IDEMPOTENCY_HEADER)
    if value is None:
        return None
    key = identifier_check(name=IDEMPOTENCY_HEADER, value=value)
    if len(key) > MAX_HEADER_KEY:
        found = [f"Give at most {MAX_HEADER_KEY} characters."]
        raise errors.InvalidInput("Not accepted: Idempotency-Key.", errors={IDEMPOTENCY_HEADER: found})
    return key


def _recorded_out(recorded: Recorded) -> RecordedOut:
    return RecordedOut(feedback_id=recorded.feedback_id, duplicate=recorded.duplicate)
