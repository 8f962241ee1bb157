"""JSON in and out, by orjson, for REST framework's views and for the lean ones."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import pydantic
from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from common import errors

MEDIA_TYPE = "application/json"


def loads(body: bytes) -> Any:
    """Parse `body`. Raises MalformedBody, also on NUL characters, which no database here stores."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise errors.MalformedBody(f"The body is not valid JSON: {error}.") from error
    if b"\\u0000" in body and holds_nul(value):
        raise errors.MalformedBody("The body holds a NUL character, which cannot be stored.")
    return value


def holds_nul(value: Any) -> bool:
    """Whether a NUL is anywhere in parsed JSON, however deeply it is nested."""
    remaining = [value]
    while remaining:
        match remaining.pop():
            case str(text) if "\x00" in text:
                return True
            case list(items):
                remaining += items
            case dict(members):
                remaining += [*members.keys(), *members.values()]
    return False


def _default(value: object) -> object:
    if isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json")
    if hasattr(value, "__float__"):
        return float(value)
    return str(value)


def dumps(value: object) -> bytes:
    return orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY)


def json_response(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    body = value.model_dump_json().encode() if isinstance(value, pydantic.BaseModel) else dumps(value)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def read_json(request: HttpRequest) -> Any:
    if not request.body:
        raise errors.MalformedBody("Send a body of JSON.")
    if request.content_type != MEDIA_TYPE:
        raise errors.UnsupportedMediaType("Send the body as application/json.")
    return loads(request.body)


class OrjsonParser(BaseParser):
    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        # A request's `body` is bounded by DATA_UPLOAD_MAX_MEMORY_SIZE; reading it as a stream is not.
        return loads(stream.body if isinstance(stream, HttpRequest) else stream.read())


class OrjsonRenderer(BaseRenderer):
    media_type = MEDIA_TYPE
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else dumps(data)


class LenientNegotiation(DefaultContentNegotiation):
    """A client that asks for something else gets JSON all the same, as from the lean views."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        known = list(renderers)
        try:
            renderer, media_type = super().select_renderer(request, known, format_suffix)
        except exceptions.NotAcceptable:
            return known[0], known[0].media_type
        return renderer, media_type
