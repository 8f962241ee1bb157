"""Catalogue rows as the algorithms' event facts."""

from decimal import Decimal

from catalogue.models import Event
from recommendations.algorithms.dataset import EventFacts

FACT_COLUMNS = (
    "id",
    "title",
    "description",
    "starts_at",
    "announced_at",
    "city",
    "latitude",
    "longitude",
    "venue_name",
    "promoter",
    "artists",
    "genres",
    "tags",
    "price_min",
    "price_max",
)


def event_facts(event: Event) -> EventFacts:
    return EventFacts(
        event_id=event.id,
        title=event.title,
        description=event.description,
        starts_at=event.starts_at.timestamp(),
        announced_at=event.announced_at.timestamp(),
        city=event.city,
        latitude=event.latitude,
        longitude=event.longitude,
        venue=event.venue_name,
        promoter=event.promoter,
        artists=tuple(event.artists),
        genres=tuple(event.genres),
        tags=tuple(event.tags),
        price=_price(event.price_min, event.price_max),
    )


def _price(lowest: Decimal | None, highest: Decimal | None) -> float | None:
    known = lowest if lowest is not None else highest
    return None if known is None else float(known)
