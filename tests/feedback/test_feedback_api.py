import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from feedback.models import Action, Feedback
from tests.credentials import client_of

pytestmark = pytest.mark.django_db

SAVE: dict[str, Any] = {"user_id": "1", "event_id": "gig", "action": "save"}


def post(api: Client, body: Any, **headers: str) -> Any:
    return api.post("/v1/feedback", body, content_type="application/json", headers=headers)


def without(name: str) -> dict[str, Any]:
    return {field: value for field, value in SAVE.items() if field != name}


def test_it_records_an_action(api: Client) -> None:
    before = timezone.now()
    response = post(api, SAVE)
    row = Feedback.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "status": "success",
        "message": "Feedback recorded",
        "feedback_id": row.pk,
        "duplicate": False,
    }
    assert (row.user_id, row.event_id, row.action, row.context) == ("1", "gig", "save", {})
    assert before <= row.occurred_at == row.received_at <= timezone.now()


@pytest.mark.parametrize("action", Action.values)
def test_it_records_every_action(api: Client, action: str) -> None:
    assert post(api, SAVE | {"action": action}).status_code == 200
    assert Feedback.objects.get().action == action


def test_it_keeps_everything_it_is_told(api: Client) -> None:
    recommendation = str(uuid4())
    context = {"surface": "home", "nested": {"list": [1, 2.5, None, True, "é🎸"]}}
    body = SAVE | {
        "context": context,
        "recommendation_id": recommendation,
        "position": 3,
        "occurred_at": "2026-05-01T21:00:00+01:00",
        "unknown": "ignored",
    }
    assert post(api, body).status_code == 200
    row = Feedback.objects.get()
    assert row.context == context
    assert row.recommendation_id == UUID(recommendation)
    assert row.position == 3
    assert row.occurred_at == datetime(2026, 5, 1, 20, tzinfo=UTC)


def test_it_takes_nulls_as_left_out(api: Client) -> None:
    body = SAVE | dict.fromkeys(
        ["context", "recommendation_id", "position", "occurred_at", "idempotency_key"]
    )
    assert post(api, body).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (without("user_id"), "user_id"),
        (without("event_id"), "event_id"),
        (without("action"), "action"),
        (SAVE | {"action": "SAVE"}, "action"),
        (SAVE | {"action": None}, "action"),
        (SAVE | {"context": []}, "context"),
        (SAVE | {"context": "home"}, "context"),
        (SAVE | {"context": {"x": "y" * 8192}}, "context"),
        (SAVE | {"recommendation_id": "5"}, "recommendation_id"),
        (SAVE | {"position": -1}, "position"),
        (SAVE | {"position": 10_001}, "position"),
        (SAVE | {"position": 1.5}, "position"),
        (SAVE | {"position": True}, "position"),
        (SAVE | {"position": "1"}, "position"),
        (SAVE | {"occurred_at": "2026-05-01"}, "occurred_at"),
        (SAVE | {"occurred_at": "2026-05-01T20:00:00"}, "occurred_at"),
        (SAVE | {"occurred_at": 1_700_000_000}, "occurred_at"),
        (SAVE | {"idempotency_key": ""}, "idempotency_key"),
        (SAVE | {"idempotency_key": "x" * 256}, "idempotency_key"),
    ],
)
def test_it_refuses_what_makes_no_sense(api: Client, body: Any, field: str) -> None:
    response = post(api, body)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]
    assert not Feedback.objects.exists()


def test_it_bounds_the_context_by_its_bytes(api: Client) -> None:
    assert post(api, SAVE | {"context": {"x": "y" * (8192 - len('{"x":""}'))}}).status_code == 200
    assert post(api, SAVE | {"context": {"x": "y" * (8193 - len('{"x":""}'))}}).status_code == 400
    assert post(api, SAVE | {"context": {"x": "é" * 4092}}).status_code == 200
    assert post(api, SAVE | {"context": {"x": "é" * 4093}}).status_code == 400


@pytest.mark.parametrize(("depth", "status"), [(29, 200), (30, 400), (300, 400), (900, 400)])
def test_it_bounds_how_deep_a_context_is(api: Client, depth: int, status: int) -> None:
    body = json.dumps(SAVE)[:-1] + ', "context": {"x": ' + "[" * depth + "]" * depth + "}}"
    assert post(api, body).status_code == status


def test_it_allows_a_clock_five_minutes_ahead(api: Client) -> None:
    for minutes, status in ((4, 200), (6, 400)):
        moment = (timezone.now() + timedelta(minutes=minutes)).isoformat()
        assert post(api, SAVE | {"occurred_at": moment}).status_code == status


def test_it_keeps_feedback_on_an_event_that_is_not_in_the_catalogue(api: Client) -> None:
    assert post(api, SAVE | {"event_id": "not yet announced"}).status_code == 200


def test_a_user_token_names_the_person(settings: Any) -> None:
    settings.API_AUTH = "required"
    assert post(client_of(7), without("user_id")).status_code == 200
    assert post(client_of(7), {"items": [without("user_id"), SAVE | {"user_id": 7}]}).status_code == 200
    assert {row.user_id for row in Feedback.objects.all()} == {"7"}
    assert post(client_of(7), SAVE).status_code == 403
    assert post(client_of(7), {"items": [without("user_id"), SAVE]}).status_code == 403
    assert Feedback.objects.count() == 3


def test_it_records_an_action_in_one_statement(api: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        post(api, SAVE)


# --- Batches --------------------------------------------------------------------------------------
def test_it_records_a_batch_in_its_order(api: Client) -> None:
    items = [SAVE | {"event_id": n, "user_id": n % 3} for n in range(500)]
    response = post(api, {"items": items})
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["message"]) == ("success", "Feedback recorded")
    events = dict(Feedback.objects.values_list("pk", "event_id"))
    assert [events[item["feedback_id"]] for item in body["items"]] == [str(n) for n in range(500)]
    assert not any(item["duplicate"] for item in body["items"])


def test_it_records_all_of_a_batch_or_nothing(api: Client) -> None:
    response = post(api, {"items": [SAVE, SAVE | {"action": "dance"}, without("event_id"), SAVE]})
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"items.1.action", "items.2.event_id"}
    assert not Feedback.objects.exists()


def test_it_says_which_item_names_nobody(api: Client) -> None:
    response = post(api, {"items": [SAVE, without("user_id")]})
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["items.1.user_id"]
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("items", [[], {}, None, "x", [None], ["x"]])
def test_it_refuses_what_is_no_batch(api: Client, items: Any) -> None:
    assert post(api, {"items": items}).status_code == 400


def test_it_refuses_more_than_five_hundred(api: Client) -> None:
    response = post(api, {"items": [SAVE] * 501})
    assert response.status_code == 413
    assert not Feedback.objects.exists()


# --- Idempotency keys -----------------------------------------------------------------------------
def test_it_answers_the_same_id_to_the_same_key(api: Client) -> None:
    body = SAVE | {"idempotency_key": "k"}
    first, again = post(api, body).json(), post(api, body | {"action": "hide"}).json()
    assert again == first | {"duplicate": True}
    assert Feedback.objects.get().action == "save"


def test_it_takes_the_key_from_the_header(api: Client) -> None:
    first = post(api, SAVE, **{"Idempotency-Key": "k"}).json()
    assert post(api, SAVE, **{"Idempotency-Key": "k"}).json() == first | {"duplicate": True}
    assert post(api, SAVE | {"idempotency_key": "k"}).json()["duplicate"] is True
    other = post(api, SAVE | {"idempotency_key": "own"}, **{"Idempotency-Key": "k"})
    assert other.json()["duplicate"] is False  # the body's own key is the more exact one


def test_it_gives_each_item_of_a_batch_its_own_key(api: Client) -> None:
    items = [SAVE | {"event_id": n} for n in range(3)]
    first = post(api, {"items": items}, **{"Idempotency-Key": "k"}).json()["items"]
    again = post(api, {"items": items}, **{"Idempotency-Key": "k"}).json()["items"]
    assert [item["feedback_id"] for item in again] == [item["feedback_id"] for item in first]
    assert [item["duplicate"] for item in first + again] == [False] * 3 + [True] * 3
    assert {row.idempotency_key for row in Feedback.objects.all()} == {"k:0", "k:1", "k:2"}


def test_a_key_counts_for_one_person(api: Client) -> None:
    body = SAVE | {"idempotency_key": "k"}
    assert post(api, body).json()["duplicate"] is False
    assert post(api, body | {"user_id": "2"}).json()["duplicate"] is False
    assert post(api, body | {"idempotency_key": "K"}).json()["duplicate"] is False
    assert Feedback.objects.count() == 3


@pytest.mark.parametrize("key", ["", " ", "x" * 251])
def test_it_refuses_an_unusable_key_in_the_header(api: Client, key: str) -> None:
    response = post(api, SAVE, **{"Idempotency-Key": key})
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["Idempotency-Key"]
