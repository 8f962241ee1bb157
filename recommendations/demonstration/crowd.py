"""How much everybody would like one event: the hidden truth that recommenders try to learn."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.demonstration.events import DemoEvent
from recommendations.demonstration.people import Person
from recommendations.demonstration.scenes import SCENE_BY_KEY

Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

# What each part adds to the log-odds of saving an event one has looked at.
_INDIFFERENCE = -5.1
_SCENE = 3.2
_CORNER = 0.6
_ARTIST = 2.2
_PROMOTER = 1.2
_VENUE = 0.8
_NIGHT = 0.9
_APPEAL = 2.2
_OVER_BUDGET = -0.09  # per euro
_DISTANCE = -0.05  # per kilometre from home
_ELSEWHERE = -2.5  # in another city


@dataclass(frozen=True, slots=True)
class Crowd:
    """n people as arrays, in the order given. A name nobody cares for is in no mapping."""

    people: tuple[Person, ...]
    latitude: Float64  # (n,) degrees
    longitude: Float64  # (n,) degrees
    budget: Float64  # (n,) EUR
    activity: Float64  # (n,) mean 1
    nights: Float64  # (n, 7) 0-1, Monday first
    scenes: Mapping[str, Float64]  # key: (n,) liking
    corners: Mapping[str, Bool]  # genre: (n,) who leans to it
    artists: Mapping[str, Bool]  # name: (n,) who loves them
    promoters: Mapping[str, Bool]  # name: (n,)
    venues: Mapping[str, Bool]  # key: (n,)
    cities: Mapping[str, Bool]  # name: (n,) who lives there

    @classmethod
    def of(cls, people: Sequence[Person]) -> "Crowd":
        return cls(
            people=tuple(people),
            latitude=np.array([person.latitude for person in people]),
            longitude=np.array([person.longitude for person in people]),
            budget=np.array([person.budget for person in people]),
            activity=np.array([person.activity for person in people]),
            nights=np.array([person.nights for person in people]).reshape(len(people), 7),
            scenes={
                key: np.array([person.scenes.get(key, 0.0) for person in people]) for key in SCENE_BY_KEY
            },
            corners=_fans([person.corners for person in people]),
            artists=_fans([person.artists for person in people]),
            promoters=_fans([person.promoters for person in people]),
            venues=_fans([person.venues for person in people]),
            cities=_fans([{person.city.name} for person in people]),
        )

    def __len__(self) -> int:
        return len(self.people)

    def local_to(self, event: DemoEvent) -> Bool:
        """(n,) who lives in the event's city."""
        return self._any_of(self.cities, [event.venue.city])

    def liking(self, event: DemoEvent) -> Float64:
        """(n,) the log-odds that each would save this event, having looked at it."""
        taste: Float64 = (
            _SCENE * self.scenes[event.scene.key]
            + _CORNER * self._any_of(self.corners, event.genres[1:])
            + _ARTIST * self._any_of(self.artists, [artist.name for artist in event.artists])
            + _PROMOTER * self._any_of(self.promoters, [event.promoter.name])
            + _VENUE * self._any_of(self.venues, [event.venue.key])
        )
        over = np.maximum(event.price_min - self.budget, 0.0)
        where = np.where(self.local_to(event), _DISTANCE * self._kilometres(event), _ELSEWHERE)
        night = _NIGHT * (self.nights[:, event.local_day.weekday()] - 0.5)
        liking: Float64 = _INDIFFERENCE + taste + night + _APPEAL * event.appeal + _OVER_BUDGET * over + where
        return liking

    def _any_of(self, fans: Mapping[str, Bool], names: Iterable[str]) -> Bool:
        found = np.zeros(len(self), dtype=bool)
        for name in names:
            if name in fans:
                found |= fans[name]
        return found

    def _kilometres(self, event: DemoEvent) -> Float64:
        north = (self.latitude - event.venue.latitude) * 111.2
        east = (self.longitude - event.venue.longitude) * 111.2 * np.cos(np.radians(event.venue.latitude))
        distance: Float64 = np.hypot(north, east)
        return distance


def _fans(names_of: Sequence[Collection[str]]) -> dict[str, Bool]:
    """Each name with the (n,) people who have it."""
    everything = sorted({name for names in names_of for name in names})
    return {name: np.array([name in names for names in names_of], dtype=bool) for name in everything}


def chance_of(log_odds: Float64) -> Float64:
    return 1.0 / (1.0 + np.exp(-log_odds))
