"""Shapes of the recommendation, model and person endpoints."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Self
from uuid import UUID

from django.conf import settings
from pydantic import BaseModel, Field, model_validator

from common.shapes import Identifier, Latitude, Longitude, Moment, Shape, Words
from recommendations.rules import Filters, Near

CONTEXT_PREFIXES = ("spotify_", "soundcloud_", "youtube_", "preferred_", "top_")
CONTEXT_WORDS_KEPT = 200
LONGEST_NAME = 255


class NearIn(Shape):
    lat: Latitude
    lon: Longitude
    radius_km: Annotated[float, Field(gt=0, le=20_000)]


class RecommendationsIn(Shape):
    user_id: Identifier | None = Field(default=None, description="Required unless the token names the user.")
    city: Annotated[str, Field(max_length=255)] | None = None
    limit: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        default=None, description="How many at most; 20 unless told."
    )
    context: dict[str, Any] | None = Field(
        default=None,
        description="Taste gathered elsewhere: spotify_genres, top_artists, preferred_genres, ..",
    )
    starts_after: Moment | None = None
    starts_before: Moment | None = None
    near: NearIn | None = None
    genres: Words = Field(default_factory=list)
    exclude: Annotated[list[Identifier], Field(max_length=500)] | None = None
    surface: Annotated[str, Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _window_is_a_window(self) -> Self:
        if self.starts_after and self.starts_before and self.starts_after >= self.starts_before:
            raise ValueError("starts_after must be before starts_before.")
        return self

    @property
    def count(self) -> int:
        return int(
            min(self.limit or settings.DEFAULT_RECOMMENDATION_COUNT, settings.MAX_RECOMMENDATION_COUNT)
        )

    @property
    def filters(self) -> Filters:
        return Filters(
            city=self.city or None,
            starts_after=self.starts_after.timestamp() if self.starts_after else None,
            starts_before=self.starts_before.timestamp() if self.starts_before else None,
            near=Near(self.near.lat, self.near.lon, self.near.radius_km) if self.near else None,
            genres=self.genres,
            exclude=self.exclude or (),
        )

    def context_names(self, kind: str) -> list[str]:
        """Names of `kind` ('genres' or 'artists') in the context, in whatever form it brought them."""
        names = (
            name
            for key, value in (self.context or {}).items()
            if key.startswith(CONTEXT_PREFIXES) and key.endswith(kind)
            for name in _names(value)
        )
        return list(islice(dict.fromkeys(names), CONTEXT_WORDS_KEPT))


def _names(value: Any) -> Iterator[str]:
    """A string (commas separate names), a list of strings, or a list of {name} or {genre} objects."""
    for item in value if isinstance(value, list) else [value]:
        match item:
            case str():
                names = item.split(",") if item is value else [item]
                yield from (name.strip()[:LONGEST_NAME] for name in names if name.strip())
            case {"name": str(name)} | {"genre": str(name)} if name.strip():
                yield name.strip()[:LONGEST_NAME]


# Dataclasses rather than models: twenty of the one and two hundred of the other are made for every request.
@dataclass(slots=True)
class ReasonOut:
    code: str
    value: float
    weight: float


@dataclass(slots=True)
class RecommendationOut:
    event_id: str
    title: str
    artist_name: str | None
    genre: str | None
    city: str | None
    date: datetime
    price: float | None
    venue_name: str | None
    score: Annotated[float, Field(description="0-1, comparable within this list.")]
    confidence: Annotated[
        float,
        Field(
            description="0-1: the chance that this person chooses this event, given that they choose any "
            "that is on, as measured when the model, or one before it, was trained. A service that never had "
            "people enough to measure it with uses a rule of thumb: it orders, and is no probability."
        ),
    ]
    algorithm: str
    reason: Annotated[str, Field(description="One sentence for a person.")]
    reasons: Annotated[
        list[ReasonOut],
        Field(
            description="What made the score: value times weight is what each signal added; their sum orders."
        ),
    ]
    context_reasons: list[str]
    position: int


class RecommendationsOut(BaseModel):
    user_id: str
    recommendations: list[RecommendationOut]
    model_version: str | None
    ab_experiment: str | None
    variant: str | None
    recommendation_id: UUID = Field(description="Send it back with feedback.")
    latency_ms: float


class DriftOut(BaseModel):
    state: str
    worst_signal: str | None


class ModelInfoOut(BaseModel):
    model_version: str | None
    last_trained: datetime | None
    deployed_at: datetime | None
    training_samples: int
    validation_metrics: dict[str, Any]
    algorithms: list[str]
    prediction_count: int = Field(description="Over the last 24 hours.")
    avg_latency_ms: float | None
    avg_latency: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    p99_latency_ms: float | None
    drift: DriftOut


class RetrainMetricsOut(BaseModel):
    training_samples: int | None
    training_duration_seconds: float | None
    validation_metrics: dict[str, Any]


class RetrainOut(BaseModel):
    status: str
    run_id: int
    model_version: str | None = None
    promoted: bool | None = None
    reason: str | None = Field(default=None, description="Why it was promoted or not.")
    metrics: RetrainMetricsOut | None = None


class RunningOut(BaseModel):
    status: str
    run_id: int


class RunOut(BaseModel):
    run_id: int
    state: str
    progress: float
    stage: str
    log_tail: list[str]
    model_version: str | None
    promoted: bool
    reason: str | None
    error: str | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class PersonExportOut(BaseModel):
    user_id: str
    taste: dict[str, Any] | None
    feedback: list[dict[str, Any]]
    exposures: list[dict[str, Any]]
    recommendations: list[dict[str, Any]]


class ErasedOut(BaseModel):
    status: str
    user_id: str
    erased: dict[str, int] = Field(description="Rows removed, by what they held.")
