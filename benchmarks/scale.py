"""What do fitting and scoring cost on a large city? Made-up data: only time and memory mean anything.

    python -m benchmarks.scale [--people 20000] [--events 5000] [--saves 600000]

Words, times, places and choices are drawn at random, every event with a text of about fifty words. All
algorithms are fitted one after another in this process, as a training run does; `peak MB` is the process's
peak so far. Scoring is one person (30 saves) against all events; milliseconds are CPU time of one thread.
"""

import argparse
import resource
import time

import numpy as np

from recommendations.algorithms.dataset import EventFacts, EventTable, Interactions, Person, Slate
from recommendations.algorithms.popularity import interest
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.algorithms.samples import Ledger

NOW = 1_780_000_000.0
DAY = 86_400.0
PEOPLE_SCORED = 200


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--saves", type=int, default=600_000)
    asked = parser.parse_args()
    generator = np.random.default_rng(1)
    data = made_up(asked.people, asked.events, asked.saves, generator)
    slate = Slate(data.events, interest(data, now=NOW))
    ledger = Ledger.of(data)
    people = [ledger.person(user) for user in range(min(PEOPLE_SCORED, asked.people))]
    print(
        f"{asked.people:,} people, {asked.events:,} events, {len(data):,} saves; {_peak_mb():.0f} MB so far"
    )
    print("algorithm               fit CPU s  fit wall s  prepare ms  score ms  peak MB")
    for name in ALGORITHMS:
        print(_measured(name, data, slate, people))


def _measured(name: str, data: Interactions, slate: Slate, people: list[Person]) -> str:
    cpu, wall = time.process_time(), time.perf_counter()
    fitted = ALGORITHMS[name].fit(data, generator=np.random.default_rng(1))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    began = time.process_time()
    prepared = fitted.prepare(slate, now=NOW)
    prepare = time.process_time() - began
    spent = []
    for person in people:
        began = time.process_time()
        fitted.score(person, prepared)
        spent.append(time.process_time() - began)
    score = float(np.median(spent))
    return f"{name:<23}{cpu:10.2f}{wall:12.2f}{prepare * 1000:12.1f}{score * 1000:10.2f}{_peak_mb():9.0f}"


def made_up(people: int, events: int, saves: int, generator: np.random.Generator) -> Interactions:
    """Saves of `people` over the last 90 days on `events` that all lie ahead."""
    facts = [made_up_event(number, generator) for number in range(events)]
    pairs = np.unique(generator.integers(0, people * events, int(saves * 1.01)))[:saves]
    return Interactions(
        events=EventTable.of(facts),
        n_users=people,
        user=(pairs // events).astype(np.int32),
        event=(pairs % events).astype(np.int32),
        weight=np.ones(len(pairs), np.float32),
        occurred_at=NOW - generator.uniform(0, 90 * DAY, len(pairs)),
        cutoff=NOW,
    )


def made_up_event(number: int, generator: np.random.Generator) -> EventFacts:
    words = generator.integers(0, 20_000, 50)
    return EventFacts(
        event_id=str(number),
        title=f"event {number}",
        description=" ".join(f"w{word}" for word in words),
        starts_at=NOW + float(generator.uniform(0, 60 * DAY)),
        announced_at=NOW - 100 * DAY,
        city=f"city {generator.integers(5)}",
        latitude=53.0 + float(generator.uniform(-1, 1)),
        longitude=-7.0 + float(generator.uniform(-1, 1)),
        venue=f"venue {generator.integers(300)}",
        promoter=f"promoter {generator.integers(400)}",
        artists=[f"artist {generator.integers(2_000)}"],
        genres=[f"genre {generator.integers(40)}"],
        price=float(generator.integers(5, 60)),
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
