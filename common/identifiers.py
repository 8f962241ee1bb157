"""Identifiers outside bodies: in addresses they are opaque, percent-encoded, slashes included."""

import re
from urllib.parse import unquote_to_bytes

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
    if not _is_well_encoded(raw_path(request)):
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


def _is_well_encoded(raw: str) -> bool:
    # Django lets both pass: it re-encodes bytes that are not UTF-8, and keeps a lone '%' as it is.
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeError:
        return False
    return _BROKEN_ENCODING.search(raw) is None
