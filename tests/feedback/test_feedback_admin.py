from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.models import Action, Feedback
from feedback.services import NewFeedback, feedback_record

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LIST = "admin:feedback_feedback_changelist"


@pytest.fixture
def _history() -> None:
    items = [NewFeedback(f"u{n % 3}", f"e{n}", Action.HIDE if n % 2 else Action.SAVE) for n in range(60)]
    feedback_record(items=items, now=NOW)


@pytest.mark.usefixtures("_history")
def test_it_finds_feedback_by_person_event_action_and_date(admin_client: Client) -> None:
    for query, count in (
        ({"q": "u1"}, 20),
        ({"q": "e7"}, 1),
        ({"q": "e"}, 0),  # whole ids only
        ({"action__exact": "hide"}, 30),
        ({"occurred_at_from_0": "2030-01-02", "occurred_at_from_1": "00:00"}, 0),
    ):
        response = admin_client.get(reverse(LIST), query)
        assert response.status_code == 200
        assert len(response.context["cl"].result_list) == count, query


@pytest.mark.usefixtures("_history")
def test_it_never_counts_the_table(admin_client: Client) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert admin_client.get(reverse(LIST), {"p": 2}).status_code == 200
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"] and "feedback" in query["sql"]]


@pytest.mark.usefixtures("_history")
def test_it_can_be_read_and_never_changed(admin_client: Client) -> None:
    row = Feedback.objects.first()
    assert row is not None
    place: dict[str, Any] = {
        verb: reverse(f"admin:feedback_feedback_{verb}", args=[row.pk]) for verb in ("change", "delete")
    }
    assert admin_client.get(place["change"]).status_code == 200
    assert admin_client.post(place["change"], {"action": "save"}).status_code == 403
    assert admin_client.post(place["delete"], {"post": "yes"}).status_code == 403
    assert admin_client.get(reverse("admin:feedback_feedback_add")).status_code == 403
    assert Feedback.objects.count() == 60
