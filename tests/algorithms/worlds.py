"""Small made-up worlds with known tastes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import EventFacts, EventTable, Interactions, Person, Slate, Taste
from recommendations.algorithms.popularity import interest

DAY = 86_400.0
NOW = 1_700_000_000.0
GENRES = ("techno", "folk", "jazz", "metal")
CENTRES = {"Dublin": (53.35, -6.26), "Cork": (51.90, -8.47)}


@dataclass(frozen=True, slots=True)
class World:
    """People like one genre each; its promoter, artists and two venues follow from it."""

    events: list[EventFacts]
    data: Interactions
    likes: list[str]  # by user

    @property
    def upcoming(self) -> list[EventFacts]:
        return [event for event in self.events if event.starts_at > NOW]

    def slate(self) -> Slate:
        rows = np.flatnonzero(self.data.events.starts_at > NOW)
        return Slate(self.data.events.take(rows), interest(self.data, now=NOW)[rows])

    def genres_on_slate(self) -> list[str]:
        return [event.genres[0] for event in self.upcoming]

    def person(self, user: int) -> Person:
        rows = np.flatnonzero(self.data.user == user)
        rows = rows[np.argsort(self.data.occurred_at[rows])]
        return Person(
            self.data.events.take(self.data.event[rows]),
            self.data.weight[rows],
            self.data.occurred_at[rows],
            self.data.tastes.get(user, Taste()),
        )


def gig(number: int, genre: str, starts_at: float, generator: np.random.Generator) -> EventFacts:
    city = "Dublin" if generator.random() < 0.7 else "Cork"
    latitude, longitude = CENTRES[city]
    return EventFacts(
        event_id=f"e{number}",
        title=f"{genre} night {number}",
        description=f"an evening of {genre} and more",
        starts_at=starts_at,
        announced_at=starts_at - 40 * DAY,
        city=city,
        latitude=latitude + generator.normal(0, 0.02),
        longitude=longitude + generator.normal(0, 0.02),
        venue=f"{genre} {city} venue {generator.integers(2)}",
        promoter=f"{genre} promotions",
        artists=[f"{genre} artist {generator.integers(6)}"],
        genres=[genre],
        tags=["late"] if generator.random() < 0.5 else [],
        price=float(generator.integers(5, 40)) if generator.random() < 0.8 else None,
    )


def world(seed: int = 0, *, n_events: int = 120, n_users: int = 40, actions: int = 8) -> World:
    generator = np.random.default_rng(seed)
    events = [
        gig(number, GENRES[number % len(GENRES)], NOW + generator.uniform(-60, 30) * DAY, generator)
        for number in range(n_events)
    ]
    likes = [GENRES[int(generator.integers(len(GENRES)))] for _ in range(n_users)]
    users, rows, times = [], [], []
    for user, genre in enumerate(likes):
        liked = [row for row, event in enumerate(events) if event.genres[0] == genre]
        for row in generator.choice(liked, min(actions, len(liked)), replace=False):
            first = events[row].announced_at
            latest = min(events[row].starts_at, NOW)
            if latest > first:
                users.append(user)
                rows.append(int(row))
                times.append(float(generator.uniform(first, latest)))
    data = Interactions(
        EventTable.of(events),
        n_users,
        np.array(users, np.int32),
        np.array(rows, np.int32),
        np.ones(len(users), np.float32),
        np.array(times),
        NOW,
    )
    return World(events, data, likes)


def nobody() -> Person:
    return Person(EventTable.of([]), np.empty(0, np.float32), np.empty(0))


def somebody(events: Sequence[EventFacts], weights: Sequence[float] | None = None) -> Person:
    chosen = np.ones(len(events)) if weights is None else np.array(weights)
    times = NOW - DAY * np.arange(len(events), 0, -1, dtype=np.float64)
    return Person(EventTable.of(events), chosen.astype(np.float32), times)


def slate_of(events: Sequence[EventFacts], interest_of: Sequence[float] | None = None) -> Slate:
    wanted = np.zeros(len(events)) if interest_of is None else np.array(interest_of)
    return Slate(EventTable.of(events), wanted.astype(np.float32))


def concert(event_id: str, **facts: object) -> EventFacts:
    """An event in ten days with nothing but what is said of it."""
    given: dict[str, object] = {"title": "", "starts_at": NOW + 10 * DAY, "announced_at": NOW - DAY} | facts
    return EventFacts(event_id=event_id, **given)  # type: ignore[arg-type]
