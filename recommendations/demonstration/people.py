"""People with hidden tastes. Person 14 of a seed is the same person however many there are."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.demonstration.artists import artists, promoters_of
from recommendations.demonstration.randomness import generator, world_name
from recommendations.demonstration.scenes import SCENE_BY_KEY, SCENES
from recommendations.demonstration.venues import CITIES, VENUES, City

LIKED = 0.3  # of a scene: enough to go out for
_STATED = 0.35  # the share of people who filled in a taste profile
_WEEKS = {  # how much people like each night, Monday first
    "weekend": (0.0, 0.0, 0.1, 0.5, 1.0, 1.0, 0.4),
    "midweek": (0.6, 0.9, 1.0, 1.0, 0.5, 0.3, 0.6),
    "any night": (0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and what only this world knows of them."""

    id: str
    city: City
    latitude: float
    longitude: float
    scenes: dict[str, float]  # liking, -1 to 1.2; scenes not named are 0
    corners: frozenset[str]  # genres they lean to within their scenes
    artists: frozenset[str]
    promoters: frozenset[str]
    venues: frozenset[str]  # keys
    budget: float  # EUR, what a ticket may cost before they think twice
    week: str  # a key of `_WEEKS`
    activity: float  # mean 1
    states_taste: bool

    @property
    def favourite_scene(self) -> str:
        return max(self.scenes, key=lambda key: self.scenes[key])

    @property
    def genres(self) -> tuple[str, ...]:
        """Every genre of the scenes they like."""
        liked = [key for key, liking in self.scenes.items() if liking > LIKED]
        return tuple(genre for key in liked for genre in SCENE_BY_KEY[key].genres)

    @property
    def nights(self) -> tuple[float, ...]:
        return _WEEKS[self.week]

    @property
    def night_names(self) -> tuple[str, ...]:
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        return tuple(name for name, liking in zip(names, self.nights, strict=True) if liking >= 0.5)


def people(*, seed: int, count: int) -> tuple[Person, ...]:
    return tuple(_person(seed, number) for number in range(1, count + 1))


@functools.lru_cache(maxsize=4096)
def _person(seed: int, number: int) -> Person:
    chance = generator(seed, "person", number)
    city = CITIES[int(chance.choice(len(CITIES), p=[city.share for city in CITIES]))]
    scenes = _scenes(chance)
    liked = [key for key, liking in scenes.items() if liking > LIKED]
    latitude, longitude = _home(chance, city)
    corners = frozenset(str(chance.choice(SCENE_BY_KEY[key].genres[1:])) for key in liked)
    return Person(
        id=f"{world_name(seed)}-{number:03d}",
        city=city,
        latitude=latitude,
        longitude=longitude,
        scenes=scenes,
        corners=corners,
        artists=_artists(chance, seed, scenes, corners, city.name),
        promoters=_promoters(chance, liked, city.name),
        venues=_venues(chance, liked, city.name),
        budget=float(np.clip(chance.lognormal(np.log(22), 0.4), 8, 70).round()),
        week=str(chance.choice(list(_WEEKS), p=[0.5, 0.2, 0.3])),
        activity=float(chance.gamma(2.5, 1 / 2.5)) + 0.1,
        states_taste=bool(chance.random() < _STATED),
    )


def _scenes(chance: np.random.Generator) -> dict[str, float]:
    """One passion, one or two more that usually lie near it, a couple they cannot stand."""
    shares = np.array([scene.share for scene in SCENES])
    first = SCENES[int(chance.choice(len(SCENES), p=shares / shares.sum()))]
    likings = {first.key: 1.0 + 0.2 * float(chance.random())}
    for low, high, how_often in ((0.6, 0.9, 1.0), (0.3, 0.7, 0.5)):
        if chance.random() < how_often:
            near = chance.random() < 0.7
            key = (
                str(chance.choice(first.neighbours))
                if near
                else SCENES[int(chance.integers(len(SCENES)))].key
            )
            likings.setdefault(key, float(chance.uniform(low, high)))
    for index in chance.permutation(len(SCENES))[:3]:
        likings.setdefault(SCENES[index].key, -float(chance.uniform(0.4, 1.0)))
    return likings


def _home(chance: np.random.Generator, city: City) -> tuple[float, float]:
    """Somewhere around the centre, a few kilometres out, within the city's bounds."""
    south, north, west, east = city.bounds
    spread = (north - south) / 8
    latitude, longitude = chance.normal([city.latitude, city.longitude], [spread, spread * 1.6])
    return (
        float(np.clip(latitude, south, north).round(4)),
        float(np.clip(longitude, west, east).round(4)),
    )


def _artists(
    chance: np.random.Generator, seed: int, scenes: dict[str, float], corners: frozenset[str], city: str
) -> frozenset[str]:
    acts = [act for act in artists(seed) if scenes.get(act.scene, 0) > LIKED]
    weights = [
        scenes[act.scene]
        * (0.3 + act.draw)
        * (2 if act.city == city else 1)
        * (2 if act.corner in corners else 1)
        for act in acts
    ]
    return frozenset(_pick(chance, [act.name for act in acts], weights, int(chance.integers(4, 9))))


def _promoters(chance: np.random.Generator, liked: Sequence[str], city: str) -> frozenset[str]:
    names = sorted({promoter.name for key in liked for promoter in promoters_of(key, city)})
    return frozenset(_pick(chance, names, [1.0] * len(names), int(chance.integers(1, 3))))


def _venues(chance: np.random.Generator, liked: Sequence[str], city: str) -> frozenset[str]:
    rooms = [venue for venue in VENUES if venue.city == city]
    weights = [0.05 + sum(key in venue.scenes for key in liked) for venue in rooms]
    return frozenset(_pick(chance, [venue.key for venue in rooms], weights, int(chance.integers(1, 4))))


def _pick(
    chance: np.random.Generator, names: Sequence[str], weights: Sequence[float], count: int
) -> list[str]:
    odds = np.array(weights) / np.sum(weights)
    chosen = chance.choice(len(names), size=min(count, len(names)), replace=False, p=odds)
    return [names[i] for i in chosen]
