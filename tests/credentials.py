"""Credentials for tests."""

import time
from typing import Any

import jwt
from django.conf import settings
from django.test import Client

from common.models import Scope
from common.services import api_key_issue


def token(*, secret: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    """A user token, good for a minute unless `exp` says otherwise; exp=None leaves it out."""
    payload = {"exp": int(time.time()) + 60} | claims
    payload = {name: value for name, value in payload.items() if name != "exp" or value is not None}
    return jwt.encode(payload, secret or settings.JWT_SECRET, algorithm=algorithm)


def bearer(value: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {value}"})


def client_of(user_id: str | int, **claims: Any) -> Client:
    """A client that sends this person's token."""
    return bearer(token(user_id=user_id, **claims))


def service(*scopes: Scope, name: str = "a service") -> Client:
    """A client that sends a fresh API key."""
    _, key = api_key_issue(name=name, scopes=scopes, created_by="tests")
    return Client(headers={"Authorization": f"Api-Key {key}"})
