"""From an algorithm's scores to the list of one request: the hard rules, then the list's quality."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from recommendations.algorithms.confidence import unit_scores
from recommendations.algorithms.dataset import Float64, Int64
from recommendations.algorithms.protocol import Contribution, Signal
from recommendations.list_quality.parameters import ListParameters
from recommendations.list_quality.stage import Candidates, Place, list_make
from recommendations.list_quality.window import within_window
from recommendations.rules import Filters, eligible
from recommendations.slates import PreparedCandidates


@dataclass(frozen=True, slots=True)
class ListOrder:
    """What is ordered: how many events, which, for where, and how the list is to be made."""

    limit: int
    filters: Filters
    never_serve: Collection[str]
    surface: str
    parameters: ListParameters
    seed: uuid.UUID  # the recommendation's id: whatever is drawn can be drawn again


@dataclass(frozen=True, slots=True)
class Listing:
    """k places, best first."""

    places: Sequence[Place]
    units: Sequence[float]  # the scores of the places, 0-1, falling
    own_units: Sequence[float]  # the events' own scores, 0-1: the same but for what the list moved

    @property
    def rows(self) -> Int64:
        return np.array([place.row for place in self.places], dtype=np.int64)

    def explained(self, contributions: Sequence[Sequence[Contribution]]) -> list[list[Contribution]]:
        """`contributions` of each place's own score, with what the list added, largest first."""
        return [_with_added(place, own) for place, own in zip(self.places, contributions, strict=True)]


def listing_make(scores: Float64, slate: PreparedCandidates, order: ListOrder, now: datetime) -> Listing:
    """The rows of the slate to serve, and their scores between 0 and 1."""
    allowed = eligible(slate.snapshot, filters=order.filters, hidden=order.never_serve, now=now.timestamp())[
        slate.rows
    ]
    starts_at = slate.snapshot.events.starts_at[slate.rows]
    open_rows = np.flatnonzero(allowed)
    if order.parameters.surface_windows and not order.filters.names_a_time:
        open_rows = open_rows[within_window(starts_at[open_rows], order.surface, now)]
    places = list_make(
        Candidates(scores, starts_at, slate.facts, slate.showings),
        open_rows,
        limit=order.limit,
        parameters=order.parameters,
        generator=np.random.default_rng(order.seed.int),
    )
    own_units = unit_scores(scores, open_rows)[[place.row for place in places]]
    return Listing(places, _falling(places, scores, scores[open_rows]), own_units.tolist())


def _falling(places: Sequence[Place], scores: Float64, of_candidates: Float64) -> list[float]:
    """The places' scores, scaled so that all candidates lie between 0 and 1; all equal is 0.5."""
    if not places:
        return []
    served = np.array([scores[place.row] + place.added for place in places])
    low, high = min(of_candidates.min(), served.min()), of_candidates.max()
    if high <= low:
        return [0.5] * len(places)
    falling = np.minimum.accumulate((served - low) / (high - low))  # rounding must not disturb the order
    return [float(unit) for unit in falling]


def _with_added(place: Place, own: Sequence[Contribution]) -> list[Contribution]:
    if place.moved_by is None or place.added == 0:
        return list(own)
    added = Contribution(Signal(place.moved_by), place.added, 1.0)
    return sorted([*own, added], key=lambda one: -abs(one.value * one.weight))
