"""Identifiers outside bodies: in addresses they are opaque, percent-encoded, slashes included."""

import re

import pydantic
from django.http import HttpRequest
from django.urls.converters import register_converter

from common import errors
from common.error_responses import field_errors
from common.shapes import IDENTIFIER

_BROKEN_ENCODING = re.compile(r"%(?![0-9A-Fa-f]{2})")


class OpaqueConverter:
    """`<opaque:event_id>` takes everything, so that an encoded slash belongs to the id."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(OpaqueConverter, "opaque")


def path_identifier(request: HttpRequest, *, name: str, value: str) -> str:
    """The identifier that an address names. Raises on one that cannot have been meant."""
    if _BROKEN_ENCODING.search(raw_path(request)) or not _is_utf8(request):
        raise errors.MalformedBody("The address is not properly percent-encoded UTF-8.")
    return identifier_check(name=name, value=value)


def identifier_check(*, name: str, value: str) -> str:
    """`value` as an identifier, from a path or a header. Raises InvalidInput that names it."""
    try:
        return IDENTIFIER.validate_python(value)
    except pydantic.ValidationError as error:
        messages = [message for found in field_errors(error).values() for message in found]
        raise errors.InvalidInput(f"Not accepted: {name}.", errors={name: messages}) from error


def raw_path(request: HttpRequest) -> str:
    """The path as it was sent, still encoded, where the server tells it (gunicorn does)."""
    return str(request.META.get("RAW_URI", "")).partition("?")[0]


def _is_utf8(request: HttpRequest) -> bool:
    # WSGI hands the decoded bytes over as Latin-1; Django quietly re-encodes those that are not UTF-8.
    try:
        str(request.META.get("PATH_INFO", "")).encode("latin-1").decode()
    except UnicodeError:
        return False
    return True
