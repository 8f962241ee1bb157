"""Settings verified at start, each with an id and a hint."""

from collections.abc import Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from common.throttles import rate_parse
from common.tokens import public_keys_parse
from craic_ml.settings import INSECURE_SECRET, LOG_LEVELS
from recommendations.algorithms.registry import ALGORITHMS

TAG = "craic"
SHORTEST_SECRET = 16  # characters


@register(TAG)
def check_secrets(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.DEBUG:
        return []
    return [
        Error(
            f"{name} has its development default while DEBUG is off.",
            hint=f"Set {name} (or {name}_FILE, a path to read it from) to a long random value.",
            id=f"craic.E00{number}",
        )
        for number, name in enumerate(("SECRET_KEY", "JWT_SECRET"), start=1)
        if getattr(settings, name) == INSECURE_SECRET
    ]


@register(TAG)
def check_api_auth(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.API_AUTH in ("open", "required"):
        return []
    return [
        Error(
            f"API_AUTH is {settings.API_AUTH!r}.",
            hint="Use 'required' (credentials on every call) or 'open' (development).",
            id="craic.E003",
        )
    ]


@register(TAG)
def check_counts(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if 1 <= settings.DEFAULT_RECOMMENDATION_COUNT <= settings.MAX_RECOMMENDATION_COUNT <= 100:
        return []
    return [
        Error(
            "DEFAULT_RECOMMENDATION_COUNT and MAX_RECOMMENDATION_COUNT do not fit each other.",
            hint="They must satisfy 1 <= DEFAULT_RECOMMENDATION_COUNT <= MAX_RECOMMENDATION_COUNT <= 100.",
            id="craic.E004",
        )
    ]


@register(TAG)
def check_refresh(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if 0 <= settings.REFRESH_SECONDS <= 1.5 and settings.PREDICTION_FLUSH_SECONDS >= 0:
        return []
    return [
        Error(
            "REFRESH_SECONDS must be between 0 and 1.5 and PREDICTION_FLUSH_SECONDS not negative.",
            hint="New events and promoted models are promised within 2 seconds; the default is 1.0.",
            id="craic.E005",
        )
    ]


@register(TAG)
def check_algorithm(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.DEFAULT_ALGORITHM in ALGORITHMS:
        return []
    return [
        Error(
            f"DEFAULT_ALGORITHM is {settings.DEFAULT_ALGORITHM!r}, which nobody knows.",
            hint=f"Choose from {', '.join(ALGORITHMS)}.",
            id="craic.E006",
        )
    ]


@register(TAG)
def check_throttle(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    try:
        if not settings.THROTTLE_USER or rate_parse(settings.THROTTLE_USER)[0] > 0:
            return []
    except ValueError:
        pass
    return [
        Error(
            f"THROTTLE_USER is {settings.THROTTLE_USER!r}.",
            hint="Give a number of requests per sec, min, hour or day, such as 600/min; empty for no bound.",
            id="craic.E007",
        )
    ]


@register(TAG)
def check_public_key(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if not settings.JWT_PUBLIC_KEY:
        return []
    try:
        keys = public_keys_parse(settings.JWT_PUBLIC_KEY)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):  # whatever a text that is no key raises
        keys = {}
    if keys and all(isinstance(key, RSAPublicKey) for key in keys.values()):
        return []
    return [
        Error(
            "JWT_PUBLIC_KEY holds no RSA public key.",
            hint="Give a PEM that begins with -----BEGIN PUBLIC KEY-----, or a JSON Web Key Set, "
            "or JWT_PUBLIC_KEY_FILE with a path to either; empty when tokens are HS256 only.",
            id="craic.E008",
        )
    ]


@register(TAG)
def check_log_level(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.LOG_LEVEL in LOG_LEVELS:
        return []
    return [
        Error(
            f"LOG_LEVEL is {settings.LOG_LEVEL!r}.",
            hint=f"Choose from {', '.join(LOG_LEVELS)}.",
            id="craic.E009",
        )
    ]


@register(TAG)
def check_training_samples(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.MIN_TRAINING_SAMPLES >= 1:
        return []
    return [
        Error(
            f"MIN_TRAINING_SAMPLES is {settings.MIN_TRAINING_SAMPLES}.",
            hint="Give at least 1: no model can be trained on nothing.",
            id="craic.E010",
        )
    ]


@register(TAG)
def check_token_secret(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A short secret can be guessed from one token. None at all refuses HS256, where RS256 is configured."""
    length = len(settings.JWT_SECRET)
    if settings.DEBUG or length >= SHORTEST_SECRET or (length == 0 and settings.JWT_PUBLIC_KEY):
        return []
    return [
        Error(
            f"JWT_SECRET has {length} characters while DEBUG is off.",
            hint=f"Give at least {SHORTEST_SECRET}, better 32; it may be empty only beside JWT_PUBLIC_KEY.",
            id="craic.E011",
        )
    ]


@register(TAG)
def check_connection_age(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    age = settings.DATABASES["default"].get("CONN_MAX_AGE", 0)
    if age >= 0:
        return []
    return [
        Error(
            f"DATABASE_CONN_MAX_AGE is {age}.",
            hint="Give the seconds a connection is kept, such as 60; 0 closes it after each request.",
            id="craic.E012",
        )
    ]
