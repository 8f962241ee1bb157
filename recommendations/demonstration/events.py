"""What one night is: the plan of it, and the event as the catalogue will hear of it."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recommendations.demonstration.artists import Artist, Promoter
from recommendations.demonstration.randomness import generator, slug, world_name
from recommendations.demonstration.scenes import Scene
from recommendations.demonstration.venues import Venue
from recommendations.demonstration.wording import Kind, describe, tags

DUBLIN_TIME = ZoneInfo("Europe/Dublin")
LONGEST_LEAD = timedelta(days=70)  # nothing is announced earlier than this before it starts
_LEAD_DAYS: dict[Kind, tuple[int, int]] = {
    Kind.RESIDENCY: (28, 28),
    Kind.ONE_OFF: (21, 63),
    Kind.TOUR: (42, 69),
    Kind.RUN: (35, 56),
    Kind.FESTIVAL: (49, 69),
}
_CANCELLED, _SOLD_OUT = 0.01, 0.03  # shares of all events


@dataclass(frozen=True, slots=True)
class Night:
    """Who plays where on which day, before it becomes an event."""

    kind: Kind
    title: str
    day: date
    start: str  # local time, "20:30"
    venue: Venue
    scene: Scene
    artists: tuple[Artist, ...]
    promoter: Promoter


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """One event with what only this world knows of it: its venue, scene, artists and appeal."""

    id: str
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    announced_at: datetime
    venue: Venue
    scene: Scene
    artists: tuple[Artist, ...]
    promoter: Promoter
    genres: tuple[str, ...]
    tags: tuple[str, ...]
    price_min: float  # EUR
    price_max: float  # EUR
    status: str
    appeal: float  # 0-1, the draw of its headliner

    @property
    def local_day(self) -> date:
        return self.starts_at.astimezone(DUBLIN_TIME).date()


def as_event(night: Night, *, seed: int) -> DemoEvent:
    """The same night is the same event for ever: its id comes from what it is."""
    identity = f"{night.venue.key}-{night.day:%Y-%m-%d}-{slug(night.title)[:60].strip('-')}"
    chance = generator(seed, "event", identity)
    starts_at = _local(night.day, night.start)
    appeal = night.artists[0].draw
    lead_low, lead_high = _LEAD_DAYS[night.kind]
    announced = night.day - timedelta(days=int(chance.integers(lead_low, lead_high + 1)))
    price = _price(night, appeal, float(chance.random()))
    dearer = 1.35 if price and chance.random() < 0.4 else 1.0
    return DemoEvent(
        id=f"{world_name(seed)}-{identity}",
        title=night.title,
        description=describe(
            night.kind, night.scene, [artist.name for artist in night.artists], night.venue, chance
        ),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=night.scene.format.hours),
        announced_at=_local(announced, "10:00"),
        venue=night.venue,
        scene=night.scene,
        artists=night.artists,
        promoter=night.promoter,
        genres=tuple(dict.fromkeys([night.scene.genres[0], *(artist.corner for artist in night.artists)])),
        tags=tags(night.kind, night.scene, free=price == 0),
        price_min=price,
        price_max=_half_euro(price * dearer),
        status=_status(float(chance.random())),
        appeal=appeal,
    )


def _local(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), DUBLIN_TIME).astimezone(UTC)


def _half_euro(price: float) -> float:
    return round(price * 2) / 2


def _price(night: Night, appeal: float, luck: float) -> float:
    """Bigger names and bigger rooms cost more; small sessions and some weeknights are free."""
    low, high = night.scene.price
    free = 0.85 if low == 0 and night.venue.capacity < 150 else 0.08 if night.kind is Kind.RESIDENCY else 0.01
    if luck < free:
        return 0.0
    room = max(0.0, math.log10(night.venue.capacity / 300))
    return _half_euro(max(5.0, (low + (high - low) * (0.6 * appeal + 0.4 * luck)) * (1 + 0.5 * room)))


def _status(luck: float) -> str:
    if luck < _CANCELLED:
        return "cancelled"
    return "sold_out" if luck < _CANCELLED + _SOLD_OUT else "scheduled"
