"""What a surface's name says about when: tonight, the weekend, the week ahead."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from recommendations.algorithms.dataset import Bool, Float64

LOCAL = ZoneInfo("Europe/Dublin")
NIGHT_ENDS = time(6)
WEEKEND_BEGINS = time(17)  # on Friday
FRIDAY_TO_MONDAY = timedelta(days=3)
WEEK = timedelta(days=7)

Window = tuple[float, float]  # Unix seconds, from and before


def surface_window(surface: str, now: datetime) -> Window | None:
    """What is on "tonight" (until six in the morning), at the "weekend" (from Friday at five until Monday
    morning; within it, the rest of it) or in a "digest" (seven days). None for every other surface.
    """
    match surface:
        case "tonight":
            return now.timestamp(), _night_end(now).timestamp()
        case "weekend":
            end = _night_end(now)
            end += timedelta(days=-end.weekday() % 7)
            friday = datetime.combine(end.date() - FRIDAY_TO_MONDAY, WEEKEND_BEGINS, LOCAL)
            return max(friday.timestamp(), now.timestamp()), end.timestamp()
        case "digest":
            return now.timestamp(), (now + WEEK).timestamp()
    return None


def within_window(starts_at: Float64, surface: str, now: datetime) -> Bool:
    """(n,) True for the events that `surface` lists.

    When nothing is on then, it is the week's events, and when there are none, all: somebody who looks for
    something to do is better served by what comes next, with its date, than by an empty page.
    """
    window = surface_window(surface, now)
    for begin, end in [window, (now.timestamp(), (now + WEEK).timestamp())] if window else []:
        found = (starts_at >= begin) & (starts_at < end)
        if found.any():
            return np.asarray(found)
    return np.ones(len(starts_at), dtype=bool)


def _night_end(now: datetime) -> datetime:
    """The first six o'clock in the morning after `now`, by the clock on the wall."""
    local = now.astimezone(LOCAL)
    day = local.date() if local.time() < NIGHT_ENDS else local.date() + timedelta(days=1)
    return datetime.combine(day, NIGHT_ENDS, LOCAL)
