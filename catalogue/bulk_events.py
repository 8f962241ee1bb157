"""The body of /v1/events/bulk: every row is looked at, so that all bad ones are named at once."""

from collections import Counter, defaultdict
from typing import Any

import pydantic

from catalogue.schemas import MAX_BULK_EVENTS, BulkEventIn
from common import errors
from common.error_responses import field_errors

_MOST_NAMED = 100  # findings in one answer


def bulk_events_read(body: Any) -> list[BulkEventIn]:
    """The events of `body`. Raises InvalidInput that names each bad row by its place and its event_id."""
    rows = body.get("events") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows:
        found = ["Give a list of 1 to 1,000 events."]
        raise errors.InvalidInput("Not accepted: events.", errors={"events": found})
    if len(rows) > MAX_BULK_EVENTS:
        raise errors.TooLarge(f"Send at most {MAX_BULK_EVENTS:,} events at once; this is {len(rows):,}.")
    findings: dict[str, list[str]] = defaultdict(list)
    events: dict[int, BulkEventIn] = {}
    for index, row in enumerate(rows):
        try:
            events[index] = BulkEventIn.model_validate(row)
        except pydantic.ValidationError as error:
            for field, messages in field_errors(error).items():
                findings[f"events.{index}.{field}"] += [f"{found}{_named(row)}" for found in messages]
    _find_repeated(events, findings)
    if findings:
        bad_rows = len({field.split(".")[1] for field in findings})
        named = dict(list(findings.items())[:_MOST_NAMED])
        raise errors.InvalidInput(
            f"{bad_rows:,} of {len(rows):,} events are not accepted; nothing was stored.", errors=named
        )
    return list(events.values())


def _find_repeated(events: dict[int, BulkEventIn], findings: dict[str, list[str]]) -> None:
    times = Counter(event.event_id for event in events.values())
    for index, event in events.items():
        if times[event.event_id] > 1:
            findings[f"events.{index}.event_id"].append(f"'{event.event_id}' is there more than once.")


def _named(row: Any) -> str:
    event_id = row.get("event_id") if isinstance(row, dict) else None
    return "" if event_id is None else f" (event_id '{str(event_id)[:255]}')"
