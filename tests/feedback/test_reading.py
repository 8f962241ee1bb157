"""The reads that a request and a training run wait for use their indexes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet

from feedback.models import Action, Feedback
from feedback.services import NewFeedback, feedback_record

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def _history() -> None:
    items = [
        NewFeedback(str(n % 50), str(n), Action.CLICK, occurred_at=NOW - timedelta(minutes=n))
        for n in range(2_000)
    ]
    feedback_record(items=items, now=NOW)
    if connection.vendor != "mysql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(Feedback._meta.db_table)}")


needs_statistics = pytest.mark.skipif(
    connection.vendor == "mysql",
    reason="MariaDB plans by statistics that it gathers outside transactions only",
)


def plan(rows: "QuerySet[Feedback]") -> str:
    return rows.explain()


@pytest.mark.usefixtures("_history")
def test_it_reads_a_persons_last_actions_newest_first() -> None:
    found = list(Feedback.objects.of_person("7", limit=3))
    assert [row.event_id for row in found] == ["7", "57", "107"]
    assert len(Feedback.objects.of_person("7")) == 40
    assert len(Feedback.objects.of_person("nobody")) == 0


@pytest.mark.usefixtures("_history")
def test_it_reads_everything_since_a_moment_oldest_first() -> None:
    found = Feedback.objects.since(NOW - timedelta(minutes=2))
    assert [row.event_id for row in found] == ["2", "1", "0"]
    assert Feedback.objects.received_since(NOW).count() == 2_000
    assert Feedback.objects.received_since(NOW + timedelta(seconds=1)).count() == 0


@needs_statistics
@pytest.mark.usefixtures("_history")
def test_a_persons_last_actions_come_from_their_index() -> None:
    found = plan(Feedback.objects.of_person("7"))
    assert "feedback_person_recent" in found, found
    if connection.vendor == "sqlite":
        assert "TEMP B-TREE" not in found, found  # in the index's order: nothing is sorted


@needs_statistics
@pytest.mark.usefixtures("_history")
def test_what_happened_since_comes_from_its_index() -> None:
    found = plan(Feedback.objects.since(NOW - timedelta(minutes=2)))
    assert "feedback_since" in found, found
