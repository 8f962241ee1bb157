"""What does `manage.py retrain` cost on a large city? Made-up data: only time and memory mean anything.

    python -m benchmarks.retraining [--people 20000] [--events 5000] [--saves 600000]

Fills a scratch SQLite database (which takes a minute or two and is not measured) and runs `manage.py retrain`
there in a process of its own: reading, fitting and evaluating all algorithms on a hold-out, fitting them on
everything, writing the artefact, promoting it. Prints the seconds of each step as the run's log tells them,
and of the whole run its wall time, its CPU time (of all threads), and its peak resident memory.

Events start from 120 days ago to 60 days ahead and are announced 60 days before; seven saves in ten are of
events of the two genres that a person likes. The rest is as in `benchmarks.scale`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from benchmarks.scale import DAY, made_up_event
from recommendations.algorithms.dataset import EventFacts, Float64, Int64

NOTICE = 60 * DAY
GENRES_LIKED = 2
SHARE_OF_LIKED_GENRES = 0.7
DRAWN_FOR_EACH_SAVE = 1.5  # a person saves an event once: repeats drop out
ROWS_AT_ONCE = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--saves", type=int, default=600_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(DATA_DIR=folder, DEBUG="true", DATABASE_URL=f"sqlite:///{folder}/scratch.sqlite3")
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        # A process of its own: a new process's peak memory begins with that of the one that starts it.
        sizes = [str(size) for size in (asked.people, asked.events, asked.saves)]
        subprocess.run([sys.executable, "-c", _FILL, *sizes], check=True)
        _retrain()


_FILL = "import sys; from benchmarks.retraining import fill; fill(*(int(size) for size in sys.argv[1:]))"


def _retrain() -> None:
    began = time.perf_counter()
    told = [(0.0, "Starting")]
    run = subprocess.Popen([sys.executable, "manage.py", "retrain"], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    for line in run.stdout:
        told.append((time.perf_counter() - began, line.strip()))
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    told.append((time.perf_counter() - began, "end"))
    for (since, line), (until, _) in pairwise(told):
        print(f"{until - since:8.2f} s  {line}")
    print(
        f"wall {told[-1][0]:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s, "
        f"peak {used.ru_maxrss / 1024:.0f} MB, exit code {run.returncode}"
    )
    sys.exit(run.returncode)


def fill(people: int, events: int, saves: int) -> None:
    """Fill the scratch database."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "craic_ml.settings"
    django.setup()
    from feedback.models import Feedback

    generator = np.random.default_rng(1)
    now = time.time()
    starts_at = now + generator.uniform(-120 * DAY, 60 * DAY, events)
    facts = [made_up_event(number, generator) for number in range(events)]
    _fill_events(facts, starts_at)
    liked = np.unique([one.genres[0] for one in facts], return_inverse=True)[1]
    user, event = made_up_saves(liked, people, saves, generator)
    opened = starts_at[event] - NOTICE
    at = generator.uniform(np.minimum(opened, now), np.minimum(starts_at[event], now))
    for begin in range(0, len(user), ROWS_AT_ONCE):
        rows = slice(begin, begin + ROWS_AT_ONCE)
        Feedback.objects.bulk_create(
            Feedback(user_id=f"user-{who}", event_id=str(what), action="save", occurred_at=_moment(when))
            for who, what, when in zip(user[rows], event[rows], at[rows], strict=True)
        )
    print(f"{people:,} people, {events:,} events, {len(user):,} saves", flush=True)


def _fill_events(facts: Sequence[EventFacts], starts_at: Float64) -> None:
    from catalogue.models import Event

    Event.objects.bulk_create(
        Event(
            id=one.event_id,
            title=one.title,
            description=one.description,
            starts_at=_moment(at),
            announced_at=_moment(at - NOTICE),
            city=one.city,
            latitude=one.latitude,
            longitude=one.longitude,
            venue_name=one.venue,
            promoter=one.promoter,
            artists=one.artists,
            genres=one.genres,
            price_min=one.price,
        )
        for one, at in zip(facts, starts_at, strict=True)
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def made_up_saves(
    genre: Int64, people: int, saves: int, generator: np.random.Generator
) -> tuple[Int64, Int64]:
    """(users, events) of at most `saves` distinct pairs: some people save more, some events are saved more.

    genre: (events,) a number from 0 for each event.
    """
    drawn = int(saves * DRAWN_FOR_EACH_SAVE)
    n = len(genre)
    appeal, activity = generator.lognormal(size=n), generator.lognormal(size=people)
    user = generator.choice(people, drawn, p=activity / activity.sum())
    event = generator.choice(n, drawn, p=appeal / appeal.sum())
    taste = generator.integers(0, genre.max() + 1, (people, GENRES_LIKED))
    wanted = taste[user, generator.integers(0, GENRES_LIKED, drawn)]
    wanted[generator.random(drawn) >= SHARE_OF_LIKED_GENRES] = -1
    for number in range(genre.max() + 1):
        own, choices = wanted == number, np.flatnonzero(genre == number)
        chances = appeal[choices] / appeal[choices].sum()
        event[own] = generator.choice(choices, int(own.sum()), p=chances)
    pairs = generator.permutation(np.unique(user * n + event))[:saves]
    return pairs // n, pairs % n


if __name__ == "__main__":
    main()
