"""What the statistics alone conclude about the people of `manage.py simulate_experiment`.

    python -m benchmarks.planted [--repetitions 1000] [--users 400] [--days 28] [--baseline 0.3] [--lift 0]

The same people, variants, arrivals and conversions as the command plays, counted without the service and the
database, and judged by `benchmarks.experiments`: a repetition that the command plays as well must cross the
same way on the same day. Two variants.
"""

import argparse
from collections import Counter
from datetime import timedelta

import numpy as np

from benchmarks.experiments import Counts, Crossings, Design, crossings
from experiments.statistics.assignment import BucketTable, Purpose, allocate, bucket
from experiments.statistics.proportions import relative_lift_interval
from experiments.statistics.values import Interval, Proportion
from recommendations.planted.truth import (
    CONTROL,
    TREATMENT,
    WINDOW,
    Truth,
    acts_of,
    experiment_key,
    person_id,
)

DAY = timedelta(days=1)
PAIR = (CONTROL, TREATMENT)
TABLE = BucketTable.of(allocate(dict.fromkeys(PAIR, 0.5)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("repetitions", 1000), ("users", 400), ("days", 28), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--baseline", type=float, default=0.3)
    parser.add_argument("--lift", type=float, default=0.0)
    asked = parser.parse_args()
    truth = Truth(asked.users, asked.days, len(PAIR), asked.baseline, asked.lift, asked.seed)
    ends: Counter[str] = Counter()
    held = 0
    for repetition in range(1, asked.repetitions + 1):
        found = planted_crossings(truth, repetition)
        end = ("better" if found.good else "worse") if found.days else "neither"
        ends[end] += 1
        held += _is_held(truth, repetition)
        if repetition <= 20:
            print(f"{repetition:>4}  {end}{f' on day {found.days[0]}' if found.days else ''}")
    print(", ".join(f"{end}: {ends[end]} of {asked.repetitions}" for end in ("better", "worse", "neither")))
    print(f"95 % interval of the lift at the end holds what was planted: {held} of {asked.repetitions}")


def planted_crossings(truth: Truth, repetition: int) -> Crossings:
    """On which day, if any, the treatment crosses its boundary within the plan."""
    users, conversions = planted_counts(truth, repetition)
    whole = int(np.argmax(users.sum(axis=0) >= truth.users)) + 1
    return crossings(
        Design(len(PAIR), truth.users // 2, truth.lift), users[:, :whole], conversions[:, :whole]
    )


def planted_counts(truth: Truth, repetition: int) -> tuple[Counts, Counts]:
    """People whose window has passed and how many of them converted: rows control and treatment, a column for
    each look. From what is planted and the hash that assigns people alone."""
    users = np.zeros((len(PAIR), truth.looks), np.int64)
    conversions = np.zeros_like(users)
    row_of: dict[int, int] = {}
    counts_from: dict[int, int] = {}  # the first look that counts them
    for act in acts_of(truth, repetition):
        if act.person not in row_of:
            row_of[act.person] = PAIR.index(_variant_of(truth, repetition, act.person))
            counts_from[act.person] = -(-(act.at + WINDOW) // DAY) - 1
            users[row_of[act.person], counts_from[act.person] :] += 1
        row = row_of[act.person]
        if act.draw is not None and act.draw < truth.rate_of(PAIR[row]):
            conversions[row, counts_from[act.person] :] += 1
    return users, conversions


def _is_held(truth: Truth, repetition: int) -> bool:
    users, conversions = planted_counts(truth, repetition)
    control, treatment = (
        Proportion(int(converted), int(came))
        for came, converted in zip(users[:, -1], conversions[:, -1], strict=True)
    )
    interval = relative_lift_interval(treatment, control)
    if not isinstance(interval, Interval) or interval.lower > truth.lift:
        return False
    return interval.upper is None or truth.lift <= interval.upper


def _variant_of(truth: Truth, repetition: int, person: int) -> str:
    key = experiment_key(truth, repetition)  # which is its salt as well
    return TABLE.variant_of(bucket(key, Purpose.VARIANT, person_id(key, person))) or ""


if __name__ == "__main__":
    main()
