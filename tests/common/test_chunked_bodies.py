import json
from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory
from django.test.client import ClientHandler

from common.chunked_bodies import with_chunked_bodies
from feedback.models import Feedback

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_api")]

SAVE = json.dumps({"user_id": "1", "event_id": "gig", "action": "save"}).encode()


def call(path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Send `body` as a server hands over chunks: without a length, and ended by the input itself."""
    environ = RequestFactory().post(path, content_type="application/json").environ
    environ |= {
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    environ.pop("CONTENT_LENGTH", None)
    environ["CONTENT_TYPE"] = "application/json"
    handler = ClientHandler()
    response: Any = with_chunked_bodies(lambda environ, start_response: handler(environ))(environ, print)
    return response.status_code, json.loads(response.content)


def test_a_lean_view_gets_a_chunked_body() -> None:
    assert call("/v1/feedback", SAVE)[0] == 200
    assert Feedback.objects.count() == 1


def test_an_ordinary_view_gets_a_chunked_body() -> None:
    event = {"event_id": "gig", "title": "A gig", "starts_at": "2030-01-01T20:00:00Z"}
    assert call("/v1/events/bulk", json.dumps({"events": [event]}).encode()) == (
        200,
        {"status": "success", "created": 1, "updated": 0, "unchanged": 0},
    )


@pytest.mark.parametrize("path", ["/v1/feedback", "/v1/events/bulk"])
def test_a_chunked_body_is_bounded(settings: Any, path: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    status, answer = call(path, b'"' + b"x" * 100_000 + b'"')
    assert (status, answer["code"]) == (413, "too_large")
