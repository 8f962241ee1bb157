"""Weekly nights: the same promoter, room, hour and residents every week."""

import functools
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from recommendations.demonstration.artists import Artist, Promoter, artists_of, promoters_of
from recommendations.demonstration.events import Night
from recommendations.demonstration.randomness import generator
from recommendations.demonstration.scenes import CLUB, COMEDY_NIGHT, SCENE_BY_KEY, SESSION, Scene
from recommendations.demonstration.venues import VENUES, Venue
from recommendations.demonstration.wording import WEEKDAYS, Kind

_COUNTS = {"Dublin": 13, "Cork": 4, "Galway": 4, "Limerick": 3}
_LARGEST_ROOM = 600
_WEEKLY = {"songwriter", "jazz", "spoken word", "electronica"}  # beside clubs, sessions and comedy


@dataclass(frozen=True, slots=True)
class Residency:
    title: str
    weekday: int  # 0 is Monday
    start: str
    venue: Venue
    scene: Scene
    promoter: Promoter
    residents: tuple[Artist, ...]

    def night_of(self, monday: date) -> Night:
        """This week's edition; the residents take turns to lead."""
        turn = monday.toordinal() // 7 % len(self.residents)
        return Night(
            kind=Kind.RESIDENCY,
            title=self.title,
            day=monday + timedelta(days=self.weekday),
            start=self.start,
            venue=self.venue,
            scene=self.scene,
            artists=self.residents[turn:] + self.residents[:turn],
            promoter=self.promoter,
        )


@functools.cache
def residencies(seed: int) -> tuple[Residency, ...]:
    """Fixed for a seed; at most one in a room, and no resident has two."""
    found: list[Residency] = []
    engaged: set[str] = set()
    for city, count in _COUNTS.items():
        chance = generator(seed, "residencies", city)
        rooms = [
            venue
            for venue in VENUES
            if venue.city == city and venue.capacity <= _LARGEST_ROOM and _weekly_scenes(venue)
        ]
        for index in chance.permutation(len(rooms))[:count]:
            residency = _residency(seed, rooms[index], engaged, chance)
            engaged.update(artist.name for artist in residency.residents)
            found.append(residency)
    return tuple(found)


def _weekly_scenes(venue: Venue) -> list[Scene]:
    scenes = [SCENE_BY_KEY[key] for key in venue.scenes]
    return [s for s in scenes if s.format in (CLUB, SESSION, COMEDY_NIGHT) or s.key in _WEEKLY]


def _residency(seed: int, venue: Venue, engaged: set[str], chance: np.random.Generator) -> Residency:
    scenes = _weekly_scenes(venue)
    scene = scenes[int(chance.integers(len(scenes)))]
    weights = np.array(scene.format.weekday_weights)
    weekday = int(chance.choice(7, p=weights / weights.sum()))
    promoters = promoters_of(scene.key, venue.city)
    promoter = promoters[int(chance.integers(len(promoters)))]
    acts = artists_of(seed, scene.key)
    free = [act for act in acts if act.name not in engaged] or list(acts)
    count = int(chance.integers(1, 4))
    return Residency(
        title=_title(scene, promoter, weekday),
        weekday=weekday,
        start=str(chance.choice(scene.format.starts)),
        venue=venue,
        scene=scene,
        promoter=promoter,
        residents=tuple(free[i] for i in chance.permutation(len(free))[:count]),
    )


def _title(scene: Scene, promoter: Promoter, weekday: int) -> str:
    if scene.format is SESSION:
        return f"{WEEKDAYS[weekday]} {scene.genres[0]} session"
    return f"{promoter.name} {WEEKDAYS[weekday]}s"
