"""Is assignment independent between experiments, minimal in what it moves, and fast?

    python -m benchmarks.assignment [--users 20000] [--experiments 12] [--assignments 1000000]

No database: hashing and bucket tables as serving uses them, in one process and one thread. Salts are seeded.
Cramér's V is 0 for independent variants and 1 where one decides the other; chance alone makes it about
1 / sqrt(users) for a pair of two variants. Exit codes: 0 all figures reached, 1 one is missed.
"""

import argparse
import itertools
import random
import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np

from experiments.statistics.assignment import BucketTable, Purpose, allocate, bucket, share_moved, takes_part

LARGEST_V, SURPLUS, MOST_SECONDS = 0.02, 0.15, 3.0
QUARTERS = dict.fromkeys("abcd", 0.25)
RAISED = {"a": 0.1, "b": 0.3, "c": 0.3, "d": 0.3}
HALVES = {"control": 0.5, "treatment": 0.5}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--experiments", type=int, default=12)
    parser.add_argument("--assignments", type=int, default=1_000_000)
    asked = parser.parse_args()
    salts = _salts(asked.experiments)
    largest = {}
    for name, weights in (("two halves", HALVES), ("four quarters", QUARTERS)):
        values = pair_values(salts, weights, asked.users)
        largest[name] = max(values)
        print(
            f"{name}: {len(values)} pairs, Cramér's V at most {max(values):.4f}, mean {np.mean(values):.4f}"
        )
    moved = share_moved(allocate(QUARTERS), allocate(RAISED, allocate(QUARTERS)))
    print(f"25x4 -> 10/30/30/30 moves {moved:.6f} of the buckets")
    seconds = {share: assignment_seconds(salts[0], asked.assignments, share) for share in (100.0, 50.0)}
    for share, taken in seconds.items():
        print(f"{asked.assignments:,} assignments at {share:g} % of the traffic in {taken:.2f} s of CPU time")
    reached = max(largest.values()) <= LARGEST_V and moved == SURPLUS and seconds[100.0] < MOST_SECONDS
    sys.exit(0 if reached else 1)


def pair_values(salts: Sequence[str], weights: Mapping[str, float], users: int) -> list[float]:
    """Cramér's V of every pair of experiments over the same users, "0", "1", and so on."""
    table = BucketTable.of(allocate(weights))
    number = {key: index for index, key in enumerate(weights)}
    variants = [
        np.array([number[_variant(table, salt, str(user))] for user in range(users)]) for salt in salts
    ]
    return [cramers_v(one, other, len(weights)) for one, other in itertools.combinations(variants, 2)]


def cramers_v(one: np.typing.NDArray[np.int64], other: np.typing.NDArray[np.int64], variants: int) -> float:
    """Of two equally long columns of variant numbers, 0 to `variants` - 1. Source: Cramér (1946)."""
    cells = np.bincount(one * variants + other, minlength=variants**2).reshape(variants, variants)
    expected = np.outer(cells.sum(axis=1), cells.sum(axis=0)) / cells.sum()
    chi2 = ((cells - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / cells.sum() / (variants - 1)))


def assignment_seconds(salt: str, count: int, traffic_percentage: float) -> float:
    """CPU time of as many whole decisions, each for another user: others may use the machine."""
    table = BucketTable.of(allocate(QUARTERS))
    users = [str(number) for number in range(count)]
    started = time.process_time()
    for user in users:
        if takes_part(salt, user, traffic_percentage):
            table.variant_of(bucket(salt, Purpose.VARIANT, user))
    return time.process_time() - started


def _variant(table: BucketTable, salt: str, user: str) -> str:
    variant = table.variant_of(bucket(salt, Purpose.VARIANT, user))
    if variant is None:
        raise AssertionError("Weights that make a whole leave nobody out.")
    return variant


def _salts(count: int) -> list[str]:
    generator = random.Random(20260504)
    return [f"{generator.getrandbits(128):032x}" for _ in range(count)]


if __name__ == "__main__":
    main()
