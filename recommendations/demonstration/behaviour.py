"""What people do with an event: a function of the seed, the person and the event, and of nothing else.

So a person's deeds do not change when the command runs on another day or with more people; only how many
of them have happened yet does.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from recommendations.demonstration.crowd import Bool, Crowd, Float64, chance_of
from recommendations.demonstration.events import DemoEvent
from recommendations.demonstration.randomness import generator

_CLOSING = timedelta(hours=1)  # nobody discovers an event in the last hour before it
_DRAWS = 12


@dataclass(frozen=True, slots=True)
class Deed:
    user_id: str
    event_id: str
    action: str
    occurred_at: datetime

    @property
    def key(self) -> str:
        """Nobody does the same thing to the same event twice."""
        return f"{self.action}:{self.event_id}"


def deeds(
    *, seed: int, crowd: Crowd, events: Iterable[DemoEvent], since: datetime, until: datetime
) -> list[Deed]:
    """Everything these people did from `since` until just before `until`, by time."""
    found = [
        deed
        for event in events
        if event.announced_at < until and event.status != "cancelled"
        for deed in _deeds_with(seed, crowd, event)
        if since <= deed.occurred_at < until
    ]
    return sorted(found, key=lambda deed: (deed.occurred_at, deed.user_id, deed.event_id, deed.action))


def _deeds_with(seed: int, crowd: Crowd, event: DemoEvent) -> Iterator[Deed]:
    # Rows are drawn in order, so more people leave the first ones as they were.
    draws = generator(seed, "behaviour", event.id).random((len(crowd), _DRAWS))
    log_odds = crowd.liking(event)
    noticed = np.flatnonzero(draws[:, 0] < _chance_of_noticing(crowd, event, log_odds))
    for index in noticed:
        yield from _deeds_of(crowd.people[index].id, event, float(chance_of(log_odds[index])), draws[index])


def _chance_of_noticing(crowd: Crowd, event: DemoEvent, log_odds: Float64) -> Float64:
    """Posters and friends show everybody the big ones; people look out for what they like."""
    seeking = 0.75 * chance_of(log_odds + 1.0)
    local: Bool = crowd.local_to(event)
    passing = np.where(local, 0.008 + 0.10 * event.appeal**2, 0.002)
    return np.minimum(0.95, crowd.activity * (seeking + passing))


def _deeds_of(user_id: str, event: DemoEvent, saving: float, draws: Float64) -> Iterator[Deed]:
    """One person who noticed one event. `draws` are uniform; each decides one thing."""
    open_for = event.starts_at - _CLOSING - event.announced_at
    noticed_at = event.announced_at + open_for * float(draws[1] ** 1.6)

    def deed(action: str, seconds: float) -> Deed:
        at = min(noticed_at + timedelta(seconds=seconds), event.starts_at - timedelta(minutes=1))
        return Deed(user_id, event.id, action, at.replace(microsecond=0))

    saves = draws[2] < saving
    if draws[3] < (0.3 if saves else 0.65):
        yield deed("impression", 0)
    if draws[4] < (0.6 if saves else 0.05 + 0.6 * saving):
        yield deed("click", 5 + 20 * draws[5])
    if saves:
        yield deed("save", 30 + 90 * draws[6])
        yield from _after_a_save(event, deed, draws)
    elif draws[7] < 0.15 * (1 - saving) ** 4:
        yield deed("hide", 10)
        if draws[8] < 0.25:
            yield deed("thumbs_down", 8)


def _after_a_save(event: DemoEvent, deed: Callable[[str, float], Deed], draws: Float64) -> Iterator[Deed]:
    left = (event.starts_at - event.announced_at).total_seconds()
    if draws[8] < 0.15:
        yield deed("thumbs_up", 140)
    if draws[9] < 0.05:
        yield deed("share", 200)
    if draws[10] < 0.28 and event.price_min > 0:
        yield deed("purchase", 300 + float(draws[11] ** 3) * left)
    elif draws[10] > 0.97:
        yield deed("unsave", 400 + float(draws[11]) * left)
