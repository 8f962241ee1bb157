"""How a person goes through a list: from the top, rarely to the end, with a settled opinion of each event."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.demonstration.crowd import Float64, chance_of
from recommendations.demonstration.people import Person
from recommendations.demonstration.randomness import generator
from recommendations.demonstration.world import World

_GIVES_UP = 0.1  # after each event: the mean person looks at ten
_TOP = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a served list."""

    event_id: str
    position: int
    genre: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    event_id: str
    position: int
    action: str


class Opinions:
    """What people think of the events that are on, by their hidden tastes."""

    def __init__(self, world: World) -> None:
        events = [event for event in world.events if event.status != "cancelled"]
        self._people = world.people
        self._row = {event.id: row for row, event in enumerate(events)}
        self._city = np.array([event.venue.city for event in events])
        self._starts = np.array([event.starts_at.timestamp() for event in events])
        self._chances = np.array([chance_of(world.crowd.liking(event)) for event in events])

    def chance_of_saving(self, person: int, listed: Listed) -> float:
        """The chance that person number `person` of the world saves this event, having looked at it."""
        row = self._row.get(listed.event_id)
        return _guess(self._people[person], listed) if row is None else float(self._chances[row, person])

    def fit(self, person: int, chances: Sequence[float], *, decided: Collection[str], now: float) -> float:
        """How good the first ten of a list are beside the best ten in town for this person, 0-1.

        `chances` are the list's; the best ten leave out what has started and what the person decided on.
        """
        if not chances:
            return 0.0
        still_open = (self._starts > now) & (self._city == self._people[person].city.name)
        for event_id in decided:
            if event_id in self._row:
                still_open[self._row[event_id]] = False
        best = np.sort(self._chances[still_open, person])[::-1][: min(len(chances), _TOP)]
        return float(min(1.0, np.mean(chances[:_TOP]) / best.mean())) if len(best) else 1.0


def _guess(person: Person, listed: Listed) -> float:
    """An event from outside this world is judged by its genre and city."""
    if listed.city.casefold() != person.city.name.casefold():
        return 0.02
    return 0.5 if listed.genre in person.genres else 0.05


def look_through(
    *,
    seed: int,
    person: Person,
    listed: Sequence[Listed],
    chances: Sequence[float],
    decided: Collection[str],
    patience: np.random.Generator,
) -> list[Act]:
    """What the person does, in order. `chances` go with `listed`; events in `decided` are passed over.

    The opinion of one event is drawn once and for all, so that seeing it again changes nothing.
    """
    reach = int(patience.geometric(_GIVES_UP))
    acts: list[Act] = []
    for line, saving in zip(listed[:reach], chances, strict=False):
        actions = ["impression"]
        if line.event_id not in decided:
            draws = generator(seed, "opinion", person.id, line.event_id).random(3)
            actions += _reaction(saving, draws)
        acts += [Act(line.event_id, line.position, action) for action in actions]
    return acts


def _reaction(saving: float, draws: Float64) -> list[str]:
    saves = draws[0] < saving
    clicks = draws[1] < (0.6 if saves else 0.04 + 0.3 * saving)
    hides = not saves and draws[2] < 0.04 * (1 - saving) ** 4
    return [action for action, done in (("click", clicks), ("save", saves), ("hide", hides)) if done]
