"""Whatever goes wrong, the answer has the API's one shape."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client, RequestFactory

from common import errors
from common.error_responses import as_craic_error, error_response, server_error
from tests.credentials import client_of

pytestmark = pytest.mark.django_db

PLACES = ["/v1/feedback", "/v1/events/bulk"]  # a lean view, an ordinary one


def in_shape(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = json.loads(response.content)
    assert set(body) <= {"detail", "code", "errors"}
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert body["code"] == code
    for field, messages in body.get("errors", {}).items():
        assert isinstance(field, str)
        assert messages
        assert all(isinstance(message, str) for message in messages)
    return body


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b'"\\ud800"',
        b"NaN",
        b'{"a": 1e999}',
        b"[" * 100_000,
        b'{"a": "\x00"}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b"[" * 1000 + b'"\\u0000"' + b"]" * 1000,
    ],
)
def test_it_answers_malformed_json_with_400(api: Client, place: str, body: bytes) -> None:
    response = api.post(place, body, content_type="application/json")
    in_shape(response, 400, "invalid" if (place, body) == ("/v1/events/bulk", b"") else "malformed")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("body", [b"null", b"[]", b"1", b'"text"', b"true"])
def test_it_answers_json_that_is_no_object_with_400(api: Client, place: str, body: bytes) -> None:
    found = in_shape(api.post(place, body, content_type="application/json"), 400, "invalid")
    assert found["errors"]


@pytest.mark.parametrize("place", PLACES)
def test_it_names_every_invalid_field(api: Client, place: str) -> None:
    row = {"event_id": [], "action": "dance", "title": 5, "starts_at": "tomorrow"}
    body = row if place == "/v1/feedback" else {"events": [row]}
    found = in_shape(api.post(place, body, content_type="application/json"), 400, "invalid")
    assert len(found["errors"]) >= 2


def test_it_does_not_repeat_what_was_sent(api: Client) -> None:
    body = {"user_id": "1", "event_id": "e", "action": "my-password"}
    assert b"my-password" not in api.post("/v1/feedback", body, content_type="application/json").content


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"]
)
def test_it_answers_another_media_type_with_415(api: Client, place: str, content_type: str) -> None:
    in_shape(api.post(place, b"{}", content_type=content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_it_accepts_every_spelling_of_json(api: Client, place: str, content_type: str) -> None:
    assert api.post(place, b"{}", content_type=content_type).status_code == 400


@pytest.mark.parametrize("place", PLACES)
def test_it_answers_a_body_that_is_too_large_with_413(api: Client, settings: Any, place: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    body = b'"' + b"x" * 200 + b'"'
    in_shape(api.post(place, body, content_type="application/json"), 413, "too_large")


@pytest.mark.parametrize(
    "place", ["/", "/v1", "/v1/", "/v1/nothing", "/v1/feedback/", "/%00", "/%FF", "/v1/events/"]
)
def test_it_answers_an_unknown_address_with_404(api: Client, place: str) -> None:
    in_shape(api.get(place), 404, "not_found")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "trace"])
def test_it_answers_a_wrong_method_with_405_and_says_which_is_right(api: Client, method: str) -> None:
    response = getattr(api, method)("/v1/feedback")
    in_shape(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


def test_it_answers_a_wrong_method_of_an_ordinary_view_alike(api: Client) -> None:
    response = api.patch("/v1/events/gig")
    in_shape(response, 405, "method_not_allowed")
    assert {"GET", "PUT", "DELETE"} <= {word.strip() for word in response.headers["Allow"].split(",")}


def test_it_answers_json_to_a_client_that_asks_for_something_else(api: Client) -> None:
    in_shape(api.get("/v1/events/gig", headers={"Accept": "text/html"}), 404, "not_found")
    in_shape(api.get("/v1/events/gig", headers={"Accept": "nonsense"}), 404, "not_found")


@pytest.mark.parametrize("place", ["/v1/events/%FF", "/v1/events/a%C3", "/v1/events/%ED%A0%80"])
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_it_answers_a_path_that_is_not_utf8_with_400(api: Client, place: str, method: str) -> None:
    # The server keeps what was sent in RAW_URI; the test client has to be told.
    response = getattr(api, method)(place, RAW_URI=place)
    in_shape(response, 400, "malformed")


def test_it_answers_a_broken_percent_encoding_with_400(api: Client) -> None:
    for raw in ("/v1/events/%zz", "/v1/events/50%", "/v1/events/%2"):
        in_shape(api.get(raw, RAW_URI=raw), 400, "malformed")
    in_shape(api.get("/v1/events/50%25", RAW_URI="/v1/events/50%25"), 404, "not_found")


def test_it_answers_an_unusable_id_in_a_path_with_400(api: Client) -> None:
    for place in ("/v1/events/%20", "/v1/events/a%00b", "/v1/events/" + "x" * 256):
        found = in_shape(api.get(place), 400, "invalid")
        assert list(found["errors"]) == ["event_id"]


@pytest.mark.parametrize("place", ["/v1/feedback", "/v1/users/1/taste"])
def test_it_answers_too_many_requests_with_429_and_when_to_return(settings: Any, place: str) -> None:
    settings.THROTTLE_USER = "2/day"
    client = client_of("1")

    def ask(client: Client) -> Any:
        if place == "/v1/feedback":
            return client.post(place, {"event_id": "e", "action": "save"}, content_type="application/json")
        return client.get(place)

    assert [ask(client).status_code == 429 for _ in range(3)] == [False, False, True]
    response = ask(client)
    in_shape(response, 429, "throttled")
    assert 1 <= int(response.headers["Retry-After"]) <= 86_400
    assert ask(client_of("2")).status_code != 429  # somebody else
    assert ask(client_of("1", role="admin")).status_code != 429  # staff


def test_it_throttles_nobody_when_no_rate_is_set(settings: Any) -> None:
    settings.THROTTLE_USER = ""
    assert client_of("1").get("/v1/users/1/taste").status_code == 404


def test_it_serves_while_the_cache_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no cache")

    monkeypatch.setattr(cache, "incr", away)
    assert client_of("1").get("/v1/users/1/taste").status_code == 404


@pytest.mark.parametrize("place", PLACES)
def test_it_answers_503_while_the_database_is_away(
    api: Client, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("the server has gone away")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", away)
    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.executemany", away)
    rows = {
        "event_id": "e",
        "action": "save",
        "user_id": "1",
        "title": "T",
        "starts_at": "2030-01-01T20:00:00Z",
    }
    body = rows if place == "/v1/feedback" else {"events": [rows]}
    response = api.post(place, body, content_type="application/json")
    in_shape(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) >= 1


def test_it_answers_a_strange_host_with_400(api: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["craic.ie"]
    in_shape(api.get("/v1/events/gig", headers={"Host": "evil.example"}), 400, "malformed")


def test_it_answers_a_bug_with_500_and_says_nothing_of_it(
    open_api: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*args: object, **kwargs: object) -> None:
        raise KeyError("a secret of the code")

    monkeypatch.setattr("feedback.api.feedback_record", bug)
    client = Client(raise_request_exception=False)
    body = {"user_id": "1", "event_id": "e", "action": "save"}
    response = client.post("/v1/feedback", body, content_type="application/json")
    in_shape(response, 500, "bug")
    assert b"secret" not in response.content


def test_every_kind_of_error_has_a_status_and_a_code() -> None:
    def kinds(kind: type[errors.CraicError]) -> list[type[errors.CraicError]]:
        return [kind, *(deeper for below in kind.__subclasses__() for deeper in kinds(below))]

    found = {kind.__name__: (kind.status, kind.code) for kind in kinds(errors.CraicError)[1:]}
    assert all(400 <= status < 600 and code != "error" for status, code in found.values()), found


def test_a_bug_is_nobodys_answer() -> None:
    assert as_craic_error(KeyError("x")) is None
    with pytest.raises(KeyError):
        error_response(KeyError("x"))
    in_shape(server_error(RequestFactory().get("/")), 500, "bug")
