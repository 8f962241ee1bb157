"""What is on: each calendar week planned from the seed and its Monday alone, and never changed after."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

from recommendations.demonstration.artists import Artist, artists, artists_of, promoters_of
from recommendations.demonstration.events import DemoEvent, Night, as_event
from recommendations.demonstration.randomness import generator
from recommendations.demonstration.residencies import residencies
from recommendations.demonstration.scenes import SCENE_BY_KEY, SCENES, Scene
from recommendations.demonstration.venues import CITIES, VENUES, City, Venue
from recommendations.demonstration.wording import FESTIVALS, PLAYS, TOURS, Kind

T = TypeVar("T")

_ONE_OFFS = 38  # a week, in all four cities
_TOURS = 3
_RUNS = 2
_FESTIVAL_WEEKS = 0.35  # the share of weeks that have one


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def events_between(*, seed: int, first: date, last: date) -> tuple[DemoEvent, ...]:
    """Everything that starts on a local day from `first` to `last`, both included, by start."""
    weeks = range((monday_of(last) - monday_of(first)).days // 7 + 1)
    found = [
        event
        for week in weeks
        for event in events_of_week(seed, monday_of(first) + timedelta(weeks=week))
        if first <= event.local_day <= last
    ]
    return tuple(sorted(found, key=lambda event: (event.starts_at, event.id)))


@functools.lru_cache(maxsize=64)
def events_of_week(seed: int, monday: date) -> tuple[DemoEvent, ...]:
    """The week's events. A room holds one night a day, an artist plays once a day."""
    week = _Week(seed, monday)
    for plan in (_residencies, _festival, _runs, _tours, _one_offs):
        plan(week, generator(seed, plan.__name__, monday))
    return tuple(as_event(night, seed=seed) for night in week.nights)


@dataclass(slots=True)
class _Week:
    """A diary being filled in."""

    seed: int
    monday: date
    nights: list[Night] = field(default_factory=list)
    _taken: set[tuple[str, date]] = field(default_factory=set)

    def free(self, name: str, day: date) -> bool:
        return (name, day) not in self._taken

    def book(self, night: Night) -> None:
        self.nights.append(night)
        self._taken.add((night.venue.key, night.day))
        self._taken.update((artist.name, night.day) for artist in night.artists)

    def room(
        self, chance: np.random.Generator, city: str, scene: Scene, day: date, draw: float
    ) -> Venue | None:
        """A free room that suits the scene, more likely one of the right size."""
        rooms = [
            venue
            for venue in VENUES
            if venue.city == city and scene.key in venue.scenes and self.free(venue.key, day)
        ]
        if not rooms:
            return None
        distance = np.log([venue.capacity / (60 * 30**draw) for venue in rooms])
        fit = np.exp(-(distance**2) / 2) / [1 + venue.scenes.index(scene.key) for venue in rooms] + 1e-9
        return rooms[int(chance.choice(len(rooms), p=fit / fit.sum()))]

    def support(self, chance: np.random.Generator, lead: Artist, day: date, count: int) -> tuple[Artist, ...]:
        others = [
            artist
            for artist in artists_of(self.seed, lead.scene)
            if artist.name != lead.name and self.free(artist.name, day)
        ]
        return tuple(others[i] for i in chance.permutation(len(others))[:count])


def _residencies(week: _Week, _chance: np.random.Generator) -> None:
    for residency in residencies(week.seed):
        week.book(residency.night_of(week.monday))


def _festival(week: _Week, chance: np.random.Generator) -> None:
    """Some weeks, one city has a weekend of many rooms under one name."""
    if chance.random() > _FESTIVAL_WEEKS:
        return
    city = _any_city(chance)
    name = str(chance.choice(FESTIVALS[city.name]))
    scenes = [SCENES[i] for i in chance.permutation(len(SCENES))[:4]]
    for weekday in (4, 5, 6):
        for scene in scenes[: int(chance.integers(2, 5))]:
            _put_on(
                week, chance, kind=Kind.FESTIVAL, city=city.name, scene=scene, weekday=weekday, prefix=name
            )


def _runs(week: _Week, chance: np.random.Generator) -> None:
    """A play on several nights of the week in one theatre."""
    for _ in range(_RUNS):
        city, scene = _any_city(chance), SCENE_BY_KEY["theatre"]
        company = _any_artist(chance, artists_of(week.seed, "theatre"), city.name)
        promoter = _any(chance, promoters_of(scene.key, city.name))
        play, start = str(chance.choice(PLAYS)), str(chance.choice(scene.format.starts))
        opening = int(chance.integers(1, 4))
        venue = week.room(chance, city.name, scene, week.monday + timedelta(days=opening), company.draw)
        for weekday in range(opening, min(opening + 4, 6)):
            day = week.monday + timedelta(days=weekday)
            if venue and week.free(venue.key, day) and week.free(company.name, day):
                week.book(Night(Kind.RUN, play, day, start, venue, scene, (company,), promoter))


def _tours(week: _Week, chance: np.random.Generator) -> None:
    """One artist, a city a night."""
    acts = [artist for artist in artists(week.seed) if artist.scene not in {"theatre", "spoken word"}]
    for _ in range(_TOURS):
        act, title = _any_artist(chance, acts, ""), str(chance.choice(TOURS))
        for stop, city_index in enumerate(chance.permutation(len(CITIES))):
            _put_on(
                week,
                chance,
                kind=Kind.TOUR,
                city=CITIES[city_index].name,
                scene=SCENE_BY_KEY[act.scene],
                weekday=stop + 2,
                lead=act,
                prefix=title,
            )


def _one_offs(week: _Week, chance: np.random.Generator) -> None:
    shares = np.array([scene.share for scene in SCENES])
    for _ in range(_ONE_OFFS):
        scene = SCENES[int(chance.choice(len(SCENES), p=shares / shares.sum()))]
        weekdays = np.array(scene.format.weekday_weights)
        weekday = int(chance.choice(7, p=weekdays / weekdays.sum()))
        city = _any_city(chance).name
        _put_on(week, chance, kind=Kind.ONE_OFF, city=city, scene=scene, weekday=weekday)


def _put_on(
    week: _Week,
    chance: np.random.Generator,
    *,
    kind: Kind,
    city: str,
    scene: Scene,
    weekday: int,
    lead: Artist | None = None,
    prefix: str = "",
) -> None:
    """Book one night if there is a room and the artist is free; otherwise it does not happen."""
    day = week.monday + timedelta(days=weekday)
    lead = lead or _any_artist(chance, artists_of(week.seed, scene.key), city)
    venue = week.room(chance, city, scene, day, lead.draw)
    support = week.support(chance, lead, day, int(chance.integers(0, 3)))
    start = str(chance.choice(scene.format.starts))
    promoter = _any(chance, promoters_of(scene.key, city))
    if venue is None or not week.free(lead.name, day):
        return
    week.book(
        Night(kind, _title(kind, lead, support, prefix), day, start, venue, scene, (lead, *support), promoter)
    )


def _title(kind: Kind, lead: Artist, support: Sequence[Artist], prefix: str) -> str:
    if kind is Kind.TOUR:
        return f"{lead.name}: {prefix}"
    if kind is Kind.FESTIVAL:
        return f"{prefix}: {lead.name}"
    return f"{lead.name} + {support[0].name}" if len(support) == 1 else lead.name


def _any_city(chance: np.random.Generator) -> City:
    return CITIES[int(chance.choice(len(CITIES), p=[city.share for city in CITIES]))]


def _any_artist(chance: np.random.Generator, among: Sequence[Artist], city: str) -> Artist:
    """More likely somebody who draws, and somebody local."""
    weights = np.array([(0.3 + artist.draw) * (3.0 if artist.city == city else 1.0) for artist in among])
    return among[int(chance.choice(len(among), p=weights / weights.sum()))]


def _any(chance: np.random.Generator, among: Sequence[T]) -> T:
    return among[int(chance.integers(len(among)))]
