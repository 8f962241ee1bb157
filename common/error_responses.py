"""The one place where a failure becomes an HTTP answer, in the API's one shape."""

import logging
import math
from collections import defaultdict
from typing import Any

import pydantic
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from common import errors
from common.json_codec import json_response

logger = logging.getLogger(__name__)

_CODES = {
    400: "malformed",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
}


# Pydantic's findings that speak of its own insides, in words for people.
_PLAIN = {
    "missing": "This field is required.",
    "string_type": "Give a string.",
    "string_too_short": "Give at least {min_length} character(s).",
    "string_too_long": "Give at most {max_length} characters.",
    "too_short": "Give at least {min_length}.",
    "too_long": "Give at most {max_length}.",
    "int_type": "Give a whole number.",
    "int_parsing": "Give a whole number.",
    "float_type": "Give a number.",
    "float_parsing": "Give a number.",
    "bool_parsing": "Give true or false.",
    "list_type": "Give a list.",
    "dict_type": "Give a JSON object.",
    "model_type": "Give a JSON object.",
    "model_attributes_type": "Give a JSON object.",
    "timezone_aware": "Give the time with its offset, such as 2026-05-01T20:00:00Z.",
    "greater_than": "Give more than {gt}.",
    "greater_than_equal": "Give {ge} or more.",
    "less_than": "Give less than {lt}.",
    "less_than_equal": "Give {le} or less.",
    "finite_number": "Give a finite number.",
    "uuid_parsing": "Give a UUID.",
    "enum": "Choose from {expected}.",
}


def field_errors(error: pydantic.ValidationError) -> dict[str, list[str]]:
    """Pydantic's findings as {dotted field: [messages]}, without the rejected values."""
    found: dict[str, list[str]] = defaultdict(list)
    for finding in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in finding["loc"]) or "body"
        plain = _PLAIN.get(finding["type"])
        message = plain.format(**finding.get("ctx", {})) if plain else finding["msg"]
        found[field].append(message.removeprefix("Value error, "))
    return dict(found)


def as_craic_error(error: Exception) -> errors.CraicError | None:
    """The answerable form of `error`, or None when it is a bug."""
    match error:
        case errors.CraicError():
            return error
        case pydantic.ValidationError():
            found = field_errors(error)
            return errors.InvalidInput(f"Not accepted: {', '.join(sorted(found))}.", errors=found)
        case RequestDataTooBig():
            return errors.TooLarge("The request body is larger than this service accepts.")
        case UnreadablePostError():
            return errors.MalformedBody("The request body ended before it was complete.")
        case Http404():
            return errors.NotFound("There is nothing at this address.")
        case PermissionDenied():
            return errors.NotAllowed("You may not do this.")
        case drf.Throttled():
            return errors.Throttled(
                "Too many requests; slow down.",
                retry_after=max(1, math.ceil(getattr(error, "wait", None) or 1)),
            )
        case drf.APIException():
            return _from_rest_framework(error)
        case OperationalError() | InterfaceError():
            logger.exception("The database did not answer")
            return errors.Unavailable("The database is away or overloaded; try again.")
    return None


def _from_rest_framework(error: drf.APIException) -> errors.CraicError:
    answer = errors.CraicError(str(error.detail), code=_CODES.get(error.status_code, "error"))
    answer.status = error.status_code
    return answer


def error_body(error: errors.CraicError) -> dict[str, object]:
    body: dict[str, object] = {"detail": error.detail, "code": error.code}
    if error.errors:
        body["errors"] = {field: list(messages) for field, messages in error.errors.items()}
    return body | dict(error.extra)


def error_headers(error: errors.CraicError) -> dict[str, str]:
    retry_after = getattr(error, "retry_after", None)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="craic"'
    return headers


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """For REST framework's views."""
    answer = as_craic_error(error)
    if answer is None:
        return None
    return Response(error_body(answer), status=answer.status, headers=error_headers(answer))


def error_response(error: Exception) -> HttpResponse:
    """For every other view. A bug is raised again, so that it is logged and answered as a 500."""
    answer = as_craic_error(error)
    if answer is None:
        raise error
    return json_response(error_body(answer), status=answer.status, headers=error_headers(answer))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(errors.NotFound("There is nothing at this address."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(errors.MalformedBody("The request could not be read."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(errors.NotAllowed("You may not do this."))


def server_error(request: HttpRequest) -> HttpResponse:
    return json_response({"detail": "Something broke here; it has been logged.", "code": "bug"}, status=500)
