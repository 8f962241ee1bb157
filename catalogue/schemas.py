"""The catalogue's bodies."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, model_validator

from catalogue.models import Event, EventStatus, TasteProfile
from common.shapes import Identifier, Latitude, Longitude, Moment, Shape, Text, Words

MAX_BULK_EVENTS = 1_000


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _web_address(value: str) -> str:
    if value and not value.lower().startswith(("https://", "http://")):
        raise ValueError("Give an address that starts with https:// or http://.")
    return value


def _currency(value: str) -> str:
    if value and not (len(value) == 3 and value.isascii() and value.isalpha()):
        raise ValueError("Give three letters, such as EUR.")
    return value.upper()


def _together(latitude: float | None, longitude: float | None) -> None:
    if (latitude is None) != (longitude is None):
        raise ValueError("Give latitude and longitude together, or neither.")


def _status(value: Any) -> Any:
    return EventStatus.SCHEDULED if value is None else value


Price = Annotated[Decimal, Field(ge=0, le=99_999_999), AfterValidator(_cents)]
Currency = Annotated[Text, AfterValidator(_currency)]
WebAddress = Annotated[Text, Field(max_length=1000), AfterValidator(_web_address)]
Status = Annotated[EventStatus, BeforeValidator(_status)]
Name = Annotated[Text, Field(max_length=255)]


class EventIn(Shape):
    title: Annotated[Text, Field(min_length=1, max_length=500)]
    starts_at: Moment = Field(validation_alias=AliasChoices("starts_at", "start_time"))
    ends_at: Moment | None = Field(default=None, validation_alias=AliasChoices("ends_at", "end_time"))
    description: Annotated[Text, Field(max_length=50_000)] = ""
    city: Name = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    venue_name: Name = ""
    artists: Words = []
    promoter: Name = ""
    genres: Words = []
    tags: Words = []
    price_min: Price | None = None
    price_max: Price | None = None
    currency: Currency = ""
    status: Status = EventStatus.SCHEDULED
    ticket_url: WebAddress = ""
    age_restriction: Annotated[Text, Field(max_length=50)] = ""
    announced_at: Moment | None = Field(
        default=None, description="When it first went on sale or on show; else when it was first sent here."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ends_at is not None and self.ends_at < self.starts_at:
            raise ValueError("ends_at is before starts_at.")
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("price_min is above price_max.")
        _together(self.latitude, self.longitude)
        return self


class BulkEventIn(EventIn):
    event_id: Identifier


class BulkEventsIn(Shape):
    """For the documentation; the service checks each row by itself, so that all bad rows can be named."""

    events: list[BulkEventIn] = Field(max_length=MAX_BULK_EVENTS)


class BulkEventsOut(Shape):
    status: str = "success"
    created: int
    updated: int
    unchanged: int


class EventOut(Shape):
    event_id: str
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime | None
    city: str
    latitude: float | None
    longitude: float | None
    venue_name: str
    artists: list[str]
    promoter: str
    genres: list[str]
    tags: list[str]
    price_min: float | None
    price_max: float | None
    currency: str
    status: EventStatus
    ticket_url: str
    age_restriction: str
    announced_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, event: Event) -> Self:
        values = {name: getattr(event, name) for name in cls.model_fields if name != "event_id"}
        return cls.model_validate(values | {"event_id": event.pk})


class VenueIn(Shape):
    venue_id: Identifier
    name: Annotated[Text, Field(min_length=1, max_length=255)]
    address: Annotated[Text, Field(max_length=500)] = ""
    city: Name = ""
    capacity: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = None
    genre_focus: Words = []
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _together(self.latitude, self.longitude)
        return self


class Place(Shape):
    lat: Latitude
    lon: Longitude


class TasteIn(Shape):
    preferred_genres: Words = []
    preferred_artists: Words = []
    preferred_cities: Words = []
    preferred_venues: Words = []
    listening_genres: Words = Field(
        default=[], description="From a music service; kept as it is when it is not sent."
    )
    listening_artists: Words = Field(
        default=[], description="From a music service; kept as it is when it is not sent."
    )
    budget_max: Price | None = None
    radius_km: Annotated[float, Field(ge=0, le=20_100)] | None = None
    home: Place | None = None
    night_preferences: Words = []


class UserTasteIn(TasteIn):
    """A row of an import: only the fields that are given are written."""

    user_id: Identifier


class TasteOut(Shape):
    user_id: str
    preferred_genres: list[str]
    preferred_artists: list[str]
    preferred_cities: list[str]
    preferred_venues: list[str]
    listening_genres: list[str]
    listening_artists: list[str]
    budget_max: float | None
    radius_km: float | None
    home: Place | None
    night_preferences: list[str]
    updated_at: datetime

    @classmethod
    def of(cls, taste: TasteProfile) -> Self:
        values = {name: getattr(taste, name) for name in cls.model_fields if name != "home"}
        place = (taste.home_latitude, taste.home_longitude)
        home = None if None in place else {"lat": place[0], "lon": place[1]}
        return cls.model_validate(values | {"home": home})
