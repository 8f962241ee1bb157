"""Ids are opaque: compared byte by byte on every database, whatever characters they hold."""

from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.models import Feedback
from tests.credentials import client_of

pytestmark = pytest.mark.django_db

STRANGE = [
    "a/b",
    "a//b",
    "/",
    "..",
    "a b",
    "50%",
    "%2F",
    "a?b#c",
    "é",
    "ß",
    "日本",
    "🎸",
    "a\nb",
    "a\\b",
    "'",
    '"',
    "null",
    "0",
    "taste",
]


def save(api: Client, user_id: object, event_id: object = "gig") -> int:
    body = {"user_id": user_id, "event_id": event_id, "action": "save"}
    return api.post("/v1/feedback", body, content_type="application/json").status_code


def actions_of(user_id: str) -> int:
    return Feedback.objects.filter(user_id=user_id).count()


def address(event_id: str) -> str:
    return f"/v1/events/{quote(event_id, safe='')}"


@pytest.mark.parametrize(
    ("one", "other"), [("A", "a"), ("é", "e"), ("ß", "ss"), ("é", "e\u0301"), ("1", "01"), ("ａ", "a")]
)
def test_it_tells_people_apart_byte_by_byte(api: Client, one: str, other: str) -> None:
    save(api, one)
    assert (actions_of(one), actions_of(other)) == (1, 0)
    save(api, other)
    assert (actions_of(one), actions_of(other)) == (1, 1)


def test_it_tells_taste_profiles_and_events_apart_byte_by_byte(api: Client) -> None:
    for letter in "Aa":
        for place, body in (
            (f"/v1/users/{letter}/taste", {"preferred_genres": [letter]}),
            (f"/v1/events/{letter}", {"title": letter, "starts_at": "2030-01-01T20:00:00Z"}),
        ):
            assert api.put(place, body, content_type="application/json").status_code == 201
    assert api.get("/v1/users/A/taste").json()["preferred_genres"] == ["A"]
    assert api.get("/v1/users/a/taste").json()["preferred_genres"] == ["a"]
    assert [api.get(f"/v1/events/{letter}").json()["title"] for letter in "Aa"] == ["A", "a"]


@pytest.mark.parametrize("number", [0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1])
def test_it_takes_a_json_number_as_its_decimal_string(api: Client, number: int) -> None:
    assert save(api, number) == 200
    assert actions_of(str(number)) == 1


@pytest.mark.parametrize("value", [True, False, 1.5, 1e30, None, "", " ", [], ["a"], {}, "x" * 256, "a\x00b"])
def test_it_refuses_what_is_no_id(api: Client, value: object) -> None:
    assert save(api, value) == 400
    assert save(api, "1", value) == 400
    assert not Feedback.objects.exists()


def test_it_takes_ids_of_255_characters_of_any_width(api: Client) -> None:
    for letter in "aé日🎸":
        assert save(api, letter * 255, letter * 255) == 200
        assert actions_of(letter * 255) == 1


def test_it_ignores_space_around_an_id_everywhere(api: Client) -> None:
    """One database holds 'a' and 'a ' to be the same, the others do not: so no id ends in a space."""
    save(api, " a ")
    assert actions_of("a") == 1
    body = {"event_id": "gig", "action": "save", "user_id": "a"}
    assert client_of(" a ").post("/v1/feedback", body, content_type="application/json").status_code == 200


@pytest.mark.parametrize("event_id", STRANGE)
def test_it_takes_any_character_in_an_address(api: Client, event_id: str) -> None:
    body = {"title": "A gig", "starts_at": "2030-01-01T20:00:00Z"}
    assert api.put(address(event_id), body, content_type="application/json").status_code == 201
    assert api.get(address(event_id)).json()["event_id"] == event_id
    assert api.delete(address(event_id)).status_code == 204
    assert api.get(address(event_id)).status_code == 404


@pytest.mark.parametrize("user_id", [*STRANGE, "x/taste", "taste/taste"])
def test_it_takes_any_character_in_a_persons_address(api: Client, user_id: str) -> None:
    place = f"/v1/users/{quote(user_id, safe='')}/taste"
    assert (
        api.put(place, {"budget_max": 20}, content_type="application/json", RAW_URI=place).status_code == 201
    )
    assert api.get(place, RAW_URI=place).json()["user_id"] == user_id


def test_it_does_not_take_a_person_for_another_ones_taste(api: Client) -> None:
    place = "/v1/users/x/taste"
    assert (
        api.put(place, {"budget_max": 20}, content_type="application/json", RAW_URI=place).status_code == 201
    )
    person = "/v1/users/x%2Ftaste"
    assert api.delete(person, RAW_URI=person).status_code in (401, 404)
    assert api.get(place, RAW_URI=place).status_code == 200


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=20))
def test_it_never_breaks_on_an_address(api: Client, raw: bytes) -> None:
    place = "/v1/events/" + quote(raw)
    assert api.get(place, RAW_URI=place).status_code in (400, 404)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(
        st.sampled_from(
            ["user_id", "event_id", "action", "context", "position", "occurred_at", "recommendation_id"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        ),
    )
)
def test_it_never_breaks_on_a_body(api: Client, body: dict[str, object]) -> None:
    response = api.post("/v1/feedback", body, content_type="application/json")
    assert response.status_code in (200, 400)
