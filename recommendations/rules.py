"""The hard rules, which hold for every variant, every algorithm and every fallback."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import Bool, EventTable, Field, normalise, token
from recommendations.distance import great_circle_km
from recommendations.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Near:
    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Filters:
    """What a request narrows the list to. Times in Unix seconds."""

    city: str | None = None
    starts_after: float | None = None
    starts_before: float | None = None
    near: Near | None = None
    genres: Sequence[str] = ()
    exclude: Collection[str] = ()

    @property
    def names_a_time(self) -> bool:
        return self.starts_after is not None or self.starts_before is not None


def eligible(snapshot: Snapshot, *, filters: Filters, hidden: Collection[str], now: float) -> Bool:
    """(n,) True for the events of `snapshot` that may be served to this person now."""
    events = snapshot.events
    allowed = snapshot.recommendable & (events.starts_at > now)
    if filters.starts_after is not None:
        allowed &= events.starts_at >= filters.starts_after
    if filters.starts_before is not None:
        allowed &= events.starts_at < filters.starts_before
    if filters.city is not None:
        allowed &= _has_any(events, Field.CITY, [filters.city])
    if filters.genres:
        allowed &= _has_any(events, Field.GENRE, filters.genres)
    if filters.near is not None:
        allowed &= _within(events, filters.near)
    for event_id in (*hidden, *filters.exclude):
        row = snapshot.row_of.get(event_id)
        if row is not None:
            allowed[row] = False
    return allowed


def _has_any(events: EventTable, field: Field, wanted: Sequence[str]) -> Bool:
    tokens = np.array([token(field, word) for word in wanted if normalise(word)], dtype=np.uint64)
    lists = events.words[field]
    found = np.zeros(len(events), dtype=bool)
    found[lists.rows_of_tokens()[np.isin(lists.tokens, tokens)]] = True
    return found


def _within(events: EventTable, near: Near) -> Bool:
    """An event without coordinates is not near anything."""
    distance = great_circle_km(near.latitude, near.longitude, events.latitude, events.longitude)
    return np.asarray(distance <= near.radius_km)  # NaN compares False
