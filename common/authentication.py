"""Who is calling, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import pydantic
from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from common import errors
from common.api_keys import key_holder
from common.models import Scope
from common.shapes import IDENTIFIER
from common.tokens import token_claims


class CallerKind(StrEnum):
    ANONYMOUS = "anonymous"
    USER = "user"
    SERVICE = "service"
    STAFF = "staff"


_PERSON_SCOPES = frozenset[str]({Scope.RECOMMEND, Scope.FEEDBACK})
_STAFF_SCOPES = frozenset[str]({Scope.READ, Scope.TRAIN})


@dataclass(frozen=True, slots=True)
class Caller:
    kind: CallerKind
    name: str
    scopes: frozenset[str]
    user_id: str | None = None

    @property
    def is_authenticated(self) -> bool:  # asked by REST framework
        return self.kind is not CallerKind.ANONYMOUS

    def require(self, scope: Scope) -> None:
        """Raise unless this caller holds `scope`."""
        if scope in self.scopes:
            return
        if self.kind is CallerKind.ANONYMOUS:
            raise errors.NotAuthenticated("Send a bearer token or an Api-Key.")
        raise errors.NotAllowed(f"This needs the scope '{scope}'.")

    def require_credentials(self) -> None:
        """Raise on an anonymous caller, even where API_AUTH is open."""
        if self.kind is CallerKind.ANONYMOUS:
            raise errors.NotAuthenticated("Send a bearer token or an Api-Key.")

    def acting_for(self, user_id: str | None) -> str:
        """The person a request is about: the token's own, or whom a service names."""
        if self.user_id is None:
            if user_id is None:
                raise errors.InvalidInput(
                    "Say whom this is about.", errors={"user_id": ["This field is required."]}
                )
            return user_id
        if user_id is not None and user_id != self.user_id:
            raise errors.NotAllowed("A user token acts for its own user only.")
        return self.user_id


def caller_identify(request: HttpRequest) -> Caller:
    """The caller of `request` by its Authorization header. Raises NotAuthenticated on a bad one."""
    header = request.headers.get("Authorization", "")
    if not header:
        return _anonymous()
    scheme, _, credentials = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return _caller_of_token(credentials.strip())
        case "api-key":
            return _caller_of_key(credentials.strip())
    raise errors.NotAuthenticated("Use 'Authorization: Bearer <token>' or 'Authorization: Api-Key <key>'.")


def _anonymous() -> Caller:
    scopes = frozenset(Scope.values) if settings.API_AUTH == "open" else frozenset[str]()
    return Caller(CallerKind.ANONYMOUS, "anonymous", scopes)


def _caller_of_token(token: str) -> Caller:
    claims = token_claims(token)
    subject = next((claims[name] for name in ("user_id", "id", "sub") if claims.get(name) is not None), None)
    try:
        user_id = IDENTIFIER.validate_python(subject)
    except pydantic.ValidationError as error:
        raise errors.NotAuthenticated("The token names no user.", code="token_invalid") from error
    is_admin = claims.get("role") == "admin"
    return Caller(
        CallerKind.STAFF if is_admin else CallerKind.USER,
        f"user:{user_id}",
        _PERSON_SCOPES | _STAFF_SCOPES if is_admin else _PERSON_SCOPES,
        user_id=user_id,
    )


def _caller_of_key(key: str) -> Caller:
    holder = key_holder(key)
    if holder is None:
        raise errors.NotAuthenticated("The API key is not known or was revoked.", code="key_invalid")
    return Caller(CallerKind.SERVICE, f"key:{holder.name}", holder.scopes)


class CallerAuthentication(BaseAuthentication):
    """`caller_identify` for REST framework, and the admin's session for staff."""

    def authenticate(self, request: Request) -> tuple[Caller, None]:
        if "Authorization" not in request.headers:
            session = SessionAuthentication().authenticate(request)
            if session is not None and session[0].is_staff:
                return Caller(CallerKind.STAFF, f"staff:{session[0].get_username()}", _STAFF_SCOPES), None
        return caller_identify(request._request), None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="craic"'


def caller_of(request: Request) -> Caller:
    """Whom `CallerAuthentication` found, typed."""
    return cast(Caller, request.user)
