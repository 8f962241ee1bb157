"""The read that every request waits for: what one person did."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from feedback.models import Action, Feedback
from feedback.services import NewFeedback, feedback_record

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def _history() -> None:
    """50 people who each saw 40 events, and clicked on every tenth minute's."""
    items = [
        NewFeedback(
            str(n % 50),
            str(n),
            Action.CLICK if n // 50 % 10 == 0 else Action.IMPRESSION,
            occurred_at=NOW - timedelta(minutes=n),
        )
        for n in range(2_000)
    ]
    feedback_record(items=items, now=NOW)
    if connection.vendor != "mysql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(Feedback._meta.db_table)}")


@pytest.mark.usefixtures("_history")
def test_it_reads_what_a_person_did_last_newest_first_without_what_they_were_shown() -> None:
    found = Feedback.objects.deeds_of_person("7", limit=3)
    assert [row.event_id for row in found] == ["7", "507", "1007"]
    assert len(Feedback.objects.deeds_of_person("7", limit=500)) == 4
    assert len(Feedback.objects.deeds_of_person("nobody", limit=500)) == 0


@pytest.mark.parametrize("action", [action for action in Action if action != Action.IMPRESSION])
def test_every_action_but_an_impression_is_a_deed(action: Action) -> None:
    shown = NewFeedback("1", "gig", Action.IMPRESSION, occurred_at=NOW)
    feedback_record(items=[shown, NewFeedback("1", "gig", action, occurred_at=NOW)], now=NOW)
    assert [row.action for row in Feedback.objects.deeds_of_person("1", limit=9)] == [action]


def test_of_two_deeds_in_one_moment_the_one_that_arrived_later_is_newer() -> None:
    items = [NewFeedback("1", event, Action.SAVE, occurred_at=NOW) for event in ("first", "second")]
    feedback_record(items=items, now=NOW)
    assert [row.event_id for row in Feedback.objects.deeds_of_person("1", limit=1)] == ["second"]


def test_it_knows_everything_a_person_hid() -> None:
    items = [
        NewFeedback(user, event, action, occurred_at=NOW)
        for user, event, action in (("1", "a", Action.HIDE), ("1", "b", Action.SAVE), ("2", "c", Action.HIDE))
    ]
    feedback_record(items=items, now=NOW)
    assert list(Feedback.objects.hidden_from_person("1")) == ["a"]


@pytest.mark.skipif(
    connection.vendor == "mysql",
    reason="MariaDB plans by statistics that it gathers outside transactions only",
)
@pytest.mark.usefixtures("_history")
def test_the_index_walks_past_none_of_what_a_person_was_shown() -> None:
    plan = Feedback.objects.deeds_of_person("7", limit=500).explain()
    assert "feedback_person_recent" in plan, plan
    wanted = "user_id=? AND action=?" if connection.vendor == "sqlite" else "Index Cond: (((user_id)"
    assert wanted in plan, plan
    assert "Filter" not in plan, plan
