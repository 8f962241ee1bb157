"""How a person goes through a list: from the top, rarely to the end, with a settled opinion of each event."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.demonstration.crowd import Float64, chance_of
from recommendations.demonstration.events import DemoEvent
from recommendations.demonstration.people import Person
from recommendations.demonstration.randomness import generator
from recommendations.demonstration.world import World

_GIVES_UP = 0.1  # after each event: the mean person looks at ten


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
    """What everybody thinks of every event, worked out when first asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._events: dict[str, DemoEvent] = {event.id: event for event in world.calendar}
        self._chances: dict[str, Float64] = {}

    def chance_of_saving(self, row: int, listed: Listed) -> float:
        """Person `row`'s chance of saving the event, having looked at it."""
        event = self._events.get(listed.event_id)
        if event is None:
            return _guess(self._world.people[row], listed)
        if event.id not in self._chances:
            self._chances[event.id] = chance_of(self._world.crowd.liking(event))
        return float(self._chances[event.id][row])


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
