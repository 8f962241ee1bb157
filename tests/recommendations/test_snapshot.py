"""The candidates in memory: refreshed by revision, bounded, never in the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalogue.models import CatalogueState, Event
from catalogue.services import event_delete, events_upsert
from recommendations import snapshot as module
from recommendations.snapshot import CandidateSnapshot
from tests.recommendations.factories import event_add, event_in

pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ids(candidates: CandidateSnapshot) -> set[str]:
    return {card.event_id for card in candidates.current(now=timezone.now()).cards}


def test_it_looks_at_most_once_in_refresh_seconds(settings: Any, django_assert_num_queries: Any) -> None:
    settings.REFRESH_SECONDS = 1.0
    clock = Clock()
    candidates = CandidateSnapshot(clock)
    event_add("a")
    assert ids(candidates) == {"a"}
    event_add("b")
    with django_assert_num_queries(0):
        assert ids(candidates) == {"a"}
    clock.now = 1.0
    assert ids(candidates) == {"a", "b"}
    clock.now = 2.0
    with django_assert_num_queries(1):
        assert ids(candidates) == {"a", "b"}


def test_it_follows_what_was_moved_cancelled_withdrawn_and_brought_back() -> None:
    candidates = CandidateSnapshot()
    for name in ("moved", "cancelled", "withdrawn"):
        event_add(name, days=5)
    assert ids(candidates) == {"moved", "cancelled", "withdrawn"}
    event_add("moved", days=9)
    event_add("cancelled", days=5, status="cancelled")
    event_delete(event_id="withdrawn", now=timezone.now())
    assert ids(candidates) == {"moved", "cancelled"}
    now = candidates.current(now=timezone.now())
    assert now.recommendable[now.row_of["cancelled"]].item() is False
    row = now.row_of["moved"]
    assert now.events.starts_at[row] == pytest.approx(
        (timezone.now() + timedelta(days=9)).timestamp(), abs=60
    )
    event_add("withdrawn", days=5)
    assert "withdrawn" in ids(candidates)


@pytest.mark.parametrize("many_gone", [1_000, 3])
def test_an_import_of_years_past_does_not_stay_in_memory(
    monkeypatch: pytest.MonkeyPatch, many_gone: int
) -> None:
    monkeypatch.setattr(module, "MANY_GONE", many_gone)
    candidates = CandidateSnapshot()
    event_add("ahead")
    assert ids(candidates) == {"ahead"}
    now = timezone.now()
    events_upsert(events=[event_in(f"past-{n}", days=-700, now=now) for n in range(30)], now=now)
    event_add("also-ahead")
    assert ids(candidates) == {"ahead", "also-ahead"}


def test_an_event_moved_far_into_the_past_leaves() -> None:
    candidates = CandidateSnapshot()
    event_add("slipped", days=3)
    assert ids(candidates) == {"slipped"}
    event_add("slipped", days=-60)
    assert ids(candidates) == set()


def test_it_begins_again_on_another_database() -> None:
    """A restored backup has a lower revision, and other events."""
    candidates = CandidateSnapshot()
    event_add("a")
    event_add("b")
    assert ids(candidates) == {"a", "b"}
    Event.objects.filter(id="b").delete()
    CatalogueState.objects.update(revision=1)
    Event.objects.update(revision=1)
    assert ids(candidates) == {"a"}
