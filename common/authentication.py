"""Who is calling (contract: Credentials). A token is verified, always: signature, expiry, algorithm."""

import functools
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from common import errors
from common.models import ApiKey, Scope

API_KEY_CACHE_SECONDS = 5  # a revoked key is refused everywhere within this time


class CallerKind(StrEnum):
    ANONYMOUS = "anonymous"
    USER = "user"
    SERVICE = "service"
    STAFF = "staff"


_STAFF_SCOPES = frozenset({Scope.READ, Scope.TRAIN})


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


@functools.lru_cache(maxsize=4)
def _verifying_key(algorithm: str, secret: str, public_key: str) -> str:
    return public_key if algorithm == "RS256" else secret


def _claims(token: str) -> dict[str, Any]:
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
        allowed = ["HS256", "RS256"] if settings.JWT_PUBLIC_KEY else ["HS256"]
        if algorithm not in allowed:
            raise errors.NotAuthenticated("The token's algorithm is not accepted.")
        key = _verifying_key(algorithm, settings.JWT_SECRET, settings.JWT_PUBLIC_KEY)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            options={"require": ["exp"], "verify_sub": False, "verify_aud": False},
        )
    except jwt.ExpiredSignatureError as error:
        raise errors.NotAuthenticated("The token has expired.", code="token_expired") from error
    except jwt.PyJWTError as error:
        raise errors.NotAuthenticated("The token is not valid.", code="token_invalid") from error
    return claims


def _caller_of_token(token: str) -> Caller:
    claims = _claims(token)
    subject = next((claims[name] for name in ("user_id", "id", "sub") if claims.get(name) is not None), None)
    if isinstance(subject, bool) or not isinstance(subject, str | int) or not 1 <= len(str(subject)) <= 255:
        raise errors.NotAuthenticated("The token names no user.", code="token_invalid")
    is_admin = claims.get("role") == "admin"
    scopes = frozenset({Scope.RECOMMEND, Scope.FEEDBACK})
    return Caller(
        CallerKind.STAFF if is_admin else CallerKind.USER,
        f"user:{subject}",
        scopes | _STAFF_SCOPES if is_admin else scopes,
        user_id=str(subject),
    )


def _caller_of_key(key: str) -> Caller:
    digest = ApiKey.digest(key)
    found = cache.get_or_set(f"api-key:{digest}", lambda: _key_row(digest), API_KEY_CACHE_SECONDS)
    if not found:
        raise errors.NotAuthenticated("The API key is not known or was revoked.", code="key_invalid")
    name, scopes = found
    return Caller(CallerKind.SERVICE, f"key:{name}", frozenset(scopes))


def _key_row(digest: str) -> tuple[str, tuple[str, ...]] | tuple[()]:
    row = ApiKey.objects.filter(digest_sha256=digest, revoked_at=None).first()
    if row is None:
        return ()
    return row.name, tuple(row.scopes)


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
