"""Settings verified at start, each with an id and a hint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from craic_ml.settings import INSECURE_SECRET
from recommendations.algorithms.registry import ALGORITHMS

TAG = "craic"


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
