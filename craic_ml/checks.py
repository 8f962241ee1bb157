"""Settings verified at start, each with an id and a hint."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold of the settings; `says` is formatted with them."""

    id: str
    holds: Callable[[], bool]
    says: str
    hint: str


def _is_set(name: str) -> Callable[[], bool]:
    return lambda: settings.DEBUG or getattr(settings, name) != INSECURE_SECRET


def _counts_fit() -> bool:
    return bool(1 <= settings.DEFAULT_RECOMMENDATION_COUNT <= settings.MAX_RECOMMENDATION_COUNT <= 100)


def _refreshes_in_time() -> bool:
    return bool(0 <= settings.REFRESH_SECONDS <= 1.5 and settings.PREDICTION_FLUSH_SECONDS >= 0)


def _throttle_is_a_rate() -> bool:
    try:
        return not settings.THROTTLE_USER or rate_parse(settings.THROTTLE_USER)[0] > 0
    except ValueError:
        return False


def _public_key_is_rsa() -> bool:
    if not settings.JWT_PUBLIC_KEY:
        return True
    try:
        keys = public_keys_parse(settings.JWT_PUBLIC_KEY)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):  # whatever a text that is no key raises
        return False
    return bool(keys) and all(isinstance(key, RSAPublicKey) for key in keys.values())


def _token_secret_is_long() -> bool:
    """A short secret can be guessed from one token. None at all refuses HS256, where RS256 is configured."""
    length = len(settings.JWT_SECRET)
    return bool(settings.DEBUG or length >= SHORTEST_SECRET or (length == 0 and settings.JWT_PUBLIC_KEY))


_RANDOM_VALUE = "Set {0} (or {0}_FILE, a path to read it from) to a long random value."

RULES = (
    Rule(
        "craic.E001",
        _is_set("SECRET_KEY"),
        "SECRET_KEY has its development default while DEBUG is off.",
        _RANDOM_VALUE.format("SECRET_KEY"),
    ),
    Rule(
        "craic.E002",
        _is_set("JWT_SECRET"),
        "JWT_SECRET has its development default while DEBUG is off.",
        _RANDOM_VALUE.format("JWT_SECRET"),
    ),
    Rule(
        "craic.E003",
        lambda: settings.API_AUTH in ("open", "required"),
        "API_AUTH is {0.API_AUTH!r}.",
        "Use 'required' (credentials on every call) or 'open' (development).",
    ),
    Rule(
        "craic.E004",
        _counts_fit,
        "DEFAULT_RECOMMENDATION_COUNT and MAX_RECOMMENDATION_COUNT do not fit each other.",
        "They must satisfy 1 <= DEFAULT_RECOMMENDATION_COUNT <= MAX_RECOMMENDATION_COUNT <= 100.",
    ),
    Rule(
        "craic.E005",
        _refreshes_in_time,
        "REFRESH_SECONDS must be between 0 and 1.5 and PREDICTION_FLUSH_SECONDS not negative.",
        "New events and promoted models are promised within 2 seconds; the default is 1.0.",
    ),
    Rule(
        "craic.E006",
        lambda: settings.DEFAULT_ALGORITHM in ALGORITHMS,
        "DEFAULT_ALGORITHM is {0.DEFAULT_ALGORITHM!r}, which nobody knows.",
        f"Choose from {', '.join(ALGORITHMS)}.",
    ),
    Rule(
        "craic.E007",
        _throttle_is_a_rate,
        "THROTTLE_USER is {0.THROTTLE_USER!r}.",
        "Give a number of requests per sec, min, hour or day, such as 600/min; empty for no bound.",
    ),
    Rule(
        "craic.E008",
        _public_key_is_rsa,
        "JWT_PUBLIC_KEY holds no RSA public key.",
        "Give a PEM that begins with -----BEGIN PUBLIC KEY-----, or a JSON Web Key Set, "
        "or JWT_PUBLIC_KEY_FILE with a path to either; empty when tokens are HS256 only.",
    ),
    Rule(
        "craic.E009",
        lambda: settings.LOG_LEVEL in LOG_LEVELS,
        "LOG_LEVEL is {0.LOG_LEVEL!r}.",
        f"Choose from {', '.join(LOG_LEVELS)}.",
    ),
    Rule(
        "craic.E010",
        lambda: settings.MIN_TRAINING_SAMPLES >= 1,
        "MIN_TRAINING_SAMPLES is {0.MIN_TRAINING_SAMPLES}.",
        "Give at least 1: no model can be trained on nothing.",
    ),
    Rule(
        "craic.E011",
        _token_secret_is_long,
        f"JWT_SECRET has fewer than {SHORTEST_SECRET} characters while DEBUG is off.",
        "Give 32 or more random ones; it may be empty only beside JWT_PUBLIC_KEY.",
    ),
    Rule(
        "craic.E012",
        lambda: settings.DATABASES["default"].get("CONN_MAX_AGE", 0) >= 0,
        "DATABASE_CONN_MAX_AGE is negative.",
        "Give the seconds a connection is kept, such as 60; 0 closes it after each request.",
    ),
)


@register(TAG)
def check_settings(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    return list(_broken_rules())


def _broken_rules() -> Iterator[CheckMessage]:
    for rule in RULES:
        if not rule.holds():
            yield Error(rule.says.format(settings), hint=rule.hint, id=rule.id)
