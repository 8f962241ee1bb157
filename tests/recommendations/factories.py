"""A small world: techno people and trad people, what they saved, and what is on next."""

import functools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from django.utils import timezone

from catalogue.schemas import BulkEventIn
from catalogue.services import events_upsert
from feedback.models import Action
from feedback.services import NewFeedback, feedback_record
from modelregistry.artefacts import WrittenArtefact
from modelregistry.models import ModelVersion, TrainingRun, Trigger
from modelregistry.runs import run_enqueue, run_start
from modelregistry.versions import version_promote, version_register
from recommendations.run_progress import RunProgress
from recommendations.training import TrainingOptions, train

SCENES = {
    "techno": {"promoter": "District", "venue_name": "Index", "artists": ["Kernel"], "genres": ["techno"]},
    "trad": {
        "promoter": "Session House",
        "venue_name": "The Cobblestone",
        "artists": ["The Reels"],
        "genres": ["trad"],
    },
}
PEOPLE = 20  # of each scene
PAST, COMING = 12, 10  # events of each scene


def event_in(event_id: str, *, days: float, now: datetime, **facts: Any) -> BulkEventIn:
    """An event that starts `days` from now, announced long ago unless told."""
    known: dict[str, Any] = {
        "title": f"Event {event_id}",
        "city": "Dublin",
        "starts_at": now + timedelta(days=days),
        "announced_at": now - timedelta(days=90),
    }
    return BulkEventIn(event_id=event_id, **(known | facts))


def event_add(event_id: str, *, days: float = 7, now: datetime | None = None, **facts: Any) -> None:
    now = now or timezone.now()
    events_upsert(events=[event_in(event_id, days=days, now=now, **facts)], now=now)


def feedback_add(
    user_id: str, event_id: str, action: str = "save", *, days_ago: float = 0, now: datetime | None = None
) -> None:
    now = now or timezone.now()
    at = now - timedelta(days=days_ago)
    item = NewFeedback(user_id=user_id, event_id=event_id, action=Action(action), occurred_at=at)
    feedback_record(items=[item], now=now)


def world_add(now: datetime | None = None) -> None:
    """Past events that the people of each scene saved, and coming ones of both scenes."""
    now = now or timezone.now()
    items: list[NewFeedback] = []
    events: list[BulkEventIn] = []
    for scene, facts in SCENES.items():
        for number in range(PAST):
            past = f"{scene}-past-{number}"
            events.append(event_in(past, days=-60 + 4 * number, now=now, **facts))
            for person in range(PEOPLE):
                if (person + number) % 3 == 0:
                    at = now - timedelta(days=63 - 4 * number, minutes=person)
                    items.append(
                        NewFeedback(
                            user_id=f"{scene}-{person}", event_id=past, action=Action.SAVE, occurred_at=at
                        )
                    )
        for number in range(COMING):
            events.append(event_in(f"{scene}-next-{number}", days=3 + number, now=now, **facts))
            for person in range(number % 4):
                at = now - timedelta(days=1 + person)
                items.append(
                    NewFeedback(
                        user_id=f"{scene}-{person}",
                        event_id=f"{scene}-next-{number}",
                        action=Action.SAVE,
                        occurred_at=at,
                    )
                )
    events_upsert(events=events, now=now)
    feedback_record(items=items, now=now)


def model_train(options: TrainingOptions | None = None) -> TrainingRun:
    """Train and promote on what the database holds, as `manage.py retrain` does."""
    run = run_enqueue(trigger=Trigger.COMMAND, requested_by="test", parameters={}, now=timezone.now())
    run = run_start(run=run, now=timezone.now())
    return train(run, options or TrainingOptions(), RunProgress(run, echo=mock.Mock()))


@functools.cache
def _trained_before() -> dict[str, Any]:
    return {}


def model_restore() -> None:
    """Register and promote a model of the world as `model_train` does, training only the first time."""
    before = _trained_before()
    if not before:
        run = model_train()
        assert run.state == "promoted", run.error or run.outcome
        version = ModelVersion.objects.get()
        before["artefact"] = WrittenArtefact(
            version.artefact_path, version.manifest_sha256, version.artefact_bytes
        )
        names = ("algorithms", "training_samples", "data_cutoff", "data_fingerprint", "metrics")
        before["facts"] = {name: getattr(version, name) for name in names}
        return
    version = version_register(run=None, artefact=before["artefact"], now=timezone.now(), **before["facts"])
    version_promote(version=version, actor="test", reason="as trained before", now=timezone.now())


def scene_of(event_ids: Sequence[str]) -> list[str]:
    return [event_id.split("-")[0] for event_id in event_ids]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
