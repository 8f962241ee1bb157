"""What a surface's name says about when: tonight, the weekend, the week ahead."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from recommendations.algorithms.dataset import Bool, Float64

LOCAL = ZoneInfo("Europe/Dublin")
EVENING_BEGINS = time(17)
DAY_BEGINS = time(4)  # next to nothing begins later in a night, so that who asks then means the next one
NIGHT_ENDS = time(6)
FRIDAY_TO_MONDAY = timedelta(days=3)
WEEK = timedelta(days=7)

Window = tuple[float, float]  # Unix seconds, from and before


def surface_window(surface: str, now: datetime) -> Window | None:
    """What is on "tonight" (from five in the evening until six in the morning), at the "weekend" (from Friday
    at five until Monday at six) or in a "digest" (seven days), less what is over. None for other surfaces.

    From four in the morning "tonight" is the evening to come, and on a Monday the "weekend" the next one.
    """
    match surface:
        case "tonight":
            end = _night_end(now)
            return _from_evening(end - timedelta(days=1), now), end.timestamp()
        case "weekend":
            end = _night_end(now)
            end += timedelta(days=-end.weekday() % 7)
            return _from_evening(end - FRIDAY_TO_MONDAY, now), end.timestamp()
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


def _from_evening(day: datetime, now: datetime) -> float:
    """The evening of `day`, or `now` if that is later."""
    return max(datetime.combine(day.date(), EVENING_BEGINS, LOCAL).timestamp(), now.timestamp())


def _night_end(now: datetime) -> datetime:
    """Six o'clock in the morning after the night of `now`, by the clock on the wall."""
    local = now.astimezone(LOCAL)
    day = local.date() if local.time() < DAY_BEGINS else local.date() + timedelta(days=1)
    return datetime.combine(day, NIGHT_ENDS, LOCAL)
