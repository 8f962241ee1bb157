"""Where and when: distance to the places a person goes, to their home, and the hours of their week."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import EventTable, Float32, Float64, Int64, Person

KM_PER_DEGREE = 111.195
TOWN_KM = 15.0  # how far a town reaches, to somebody who goes out in another
OWN_PLACES_KM = 1.5  # how far a person's usual places reach
HOME_KM = 6.0
NEAREST_KM = (0.1, 40.0)  # "the same place" and "nowhere near": the ends of the nearest-place scale
HOURS = 168
SLOT_HOURS = 2.0
LAST_PLACES = 30
GRIDS = (1000.0, 500.0, 200.0, 100.0, 50.0, 20.0)  # places a degree: about 100 m, then coarser
MOST_PLACES = 800  # distances are worked out per person, place by place


def week_hour(seconds: Float64) -> Int64:
    """Hour of the week, UTC, Monday 00:00 is 0 (the Unix epoch was a Thursday)."""
    known = np.where(np.isfinite(seconds), seconds, 0.0)
    return ((known // 3600.0).astype(np.int64) + 72) % HOURS


def _circular_kernel(size: int, width: float) -> Float32:
    gap = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    gap = np.minimum(gap, size - gap)
    return np.asarray(np.exp(-0.5 * (gap / width) ** 2), np.float32)


# (2 x 168, 168) how near each hour of the week is to each other one: in the week, then in the day.
NEARNESS = np.concatenate(
    [_circular_kernel(HOURS, SLOT_HOURS), np.tile(_circular_kernel(24, SLOT_HOURS), (7, 7))]
)


def distinct_places(spots: Float64) -> tuple[Float64, Int64]:
    """(places, which one each spot is) of spots in degrees, on the finest grid that keeps them few."""
    for grid in GRIDS:
        unique, inverse = np.unique(np.round(spots * grid) / grid, axis=0, return_inverse=True)
        if len(unique) <= MOST_PLACES:
            break
    return unique, inverse.reshape(-1)


@dataclass(frozen=True, slots=True)
class SlatePlaces:
    """The candidates' distinct places in kilometres on a local plane, and their hours of the week."""

    x: Float32  # (p,) the distinct places
    y: Float32  # (p,)
    place: Int64  # (n,) each candidate's place, p where unknown
    origin: tuple[float, float]  # latitude of the projection, kilometres a degree of longitude
    hour: Int64  # (n,)

    @classmethod
    def of(cls, events: EventTable) -> "SlatePlaces":
        known = np.isfinite(events.latitude) & np.isfinite(events.longitude)
        middle = float(np.mean(events.latitude[known])) if known.any() else 0.0
        origin = (middle, KM_PER_DEGREE * float(np.cos(np.radians(middle))))
        spots = np.stack([events.latitude[known], events.longitude[known]], axis=1).astype(np.float64)
        unique, inverse = distinct_places(spots)
        place = np.full(len(events), len(unique), np.int64)
        place[known] = inverse
        x, y = unique[:, 1] * origin[1], unique[:, 0] * KM_PER_DEGREE
        return cls(x.astype(np.float32), y.astype(np.float32), place, origin, week_hour(events.starts_at))

    def take(self, rows: npt.NDArray[np.integer]) -> "SlatePlaces":
        """These candidates only, among the same places."""
        return SlatePlaces(self.x, self.y, self.place[rows], self.origin, self.hour[rows])

    def distances(self, latitude: Float32, longitude: Float32) -> Float32:
        """(k, p) kilometres on the plane: within 1 % of the great circle inside one country."""
        x = (np.asarray(longitude, np.float64) * self.origin[1]).astype(np.float32)
        y = (np.asarray(latitude, np.float64) * KM_PER_DEGREE).astype(np.float32)
        east, north = self.x - x[:, None], self.y - y[:, None]
        # In place: to ask for fresh memory for every step takes longer than the steps.
        east *= east
        north *= north
        east += north
        np.sqrt(east, out=east)
        return east


def own_places(person: Person, slate: SlatePlaces) -> Float32:
    """(3, p + 1) nearest, town, density of each place, 0 of the unknown one: how near the closest liked place
    is, 0 to 1 by the logarithm of the distance, and 1 in its town, falling outside; the weighted share of the
    person's past within reach (disliked events count against)."""
    events, weight = person.events, person.weight
    used = np.flatnonzero((weight != 0) & np.isfinite(events.latitude) & np.isfinite(events.longitude))
    used = used[-LAST_PLACES:]
    by_place = np.zeros((3, len(slate.x) + 1), np.float32)
    if len(used) == 0 or len(slate.x) == 0:
        return by_place
    nearest, town, density = by_place[:, :-1]
    away = slate.distances(events.latitude[used], events.longitude[used])
    weights = weight[used].astype(np.float32)
    liked = weights > 0
    low, high = NEAREST_KM
    if liked.any():
        closest = away[liked].min(axis=0)
        nearest[:] = np.maximum(1.0 - np.log1p(closest / low) / np.log1p(high / low), 0.0)
        town[:] = np.exp(closest / np.float32(-TOWN_KM))
    away *= np.float32(-1.0 / OWN_PLACES_KM)
    density[:] = (weights / max(float(weights[liked].sum()), 1.0)) @ np.exp(away, out=away)
    return by_place


def near_home(person: Person, slate: SlatePlaces) -> Float32:
    """(p + 1,) 1 at the stated home, falling with distance, less 1 beyond the stated radius; 0 of the unknown
    place."""
    taste = person.taste
    latitude = np.array([np.nan if taste.latitude is None else taste.latitude], np.float32)
    longitude = np.array([np.nan if taste.longitude is None else taste.longitude], np.float32)
    if not np.isfinite(latitude + longitude).all() or len(slate.x) == 0:
        return np.zeros(len(slate.x) + 1, np.float32)
    away = slate.distances(latitude, longitude)[0]
    closeness = np.exp(-away / HOME_KM)
    if taste.radius_km is not None and np.isfinite(taste.radius_km):
        closeness = closeness - (away > taste.radius_km)
    return np.append(closeness.astype(np.float32), np.float32(0.0))


def own_hours(person: Person, total: float) -> Float32:
    """(2, 168) the share of the person's past at about each hour of the week, and at that of the day."""
    past = np.bincount(week_hour(person.events.starts_at), person.weight, minlength=HOURS)
    return (NEARNESS @ (past / total).astype(np.float32)).reshape(2, HOURS)
