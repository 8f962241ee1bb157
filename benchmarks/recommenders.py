"""Measures every algorithm on real data, beside chance and popularity.

    python -m benchmarks.recommenders FOLDER
    python -m benchmarks.recommenders FOLDER --json --algorithm hybrid

Each algorithm runs in a fresh process of its own, so that `peak_mb` is its own peak of resident memory (the
interpreter, numpy, the data and the model; about 65 MB before it starts) and no algorithm warms another up.

Exit codes: 0 measured, 1 an algorithm failed, 2 the folder is missing or in no format that this reads.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from benchmarks.datasets import DatasetError, Split, load
from recommendations.algorithms.dataset import Float64, Interactions, Person, Slate
from recommendations.algorithms.protocol import Algorithm, Arrays, Contribution
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.evaluation.evaluate import Evaluation, evaluate
from recommendations.evaluation.metrics import PerUser

SEED = 20_260_101
MEGABYTE = 1024.0  # of the kilobytes that getrusage counts in
TABLE = ("recall@10", "ndcg@10", "ndcg@10_se", "map@10", "recall@20", "ndcg@20")


@dataclass(frozen=True, slots=True)
class Random:
    """The floor: a list drawn with each person's own history as the seed."""

    name: ClassVar[str] = "random"

    @classmethod
    def fit(cls, data: Interactions, *, generator: np.random.Generator) -> Self:
        return cls()

    def prepare(self, slate: Slate, *, now: float) -> int:
        return len(slate.events)

    def score(self, person: Person, prepared: int) -> Float64:
        return np.random.default_rng([SEED, *person.events.keys]).random(prepared)

    def explain(
        self, person: Person, prepared: int, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        return [[] for _ in rows]

    def to_arrays(self) -> Arrays:
        return {}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        return cls()


CONTENDERS: dict[str, type[Algorithm]] = {Random.name: Random, **ALGORITHMS}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the results. Metrics are means over (fold, person)."""

    dataset: str
    split: str
    algorithm: str
    users: int
    metrics: dict[str, float]
    fit_seconds: float  # a fold, on average
    peak_mb: float
    users_per_second: float  # ranked, in one process

    def line(self) -> dict[str, object]:
        record: dict[str, Any] = asdict(self)
        metrics = record.pop("metrics")
        head = {name: record.pop(name) for name in ("dataset", "split", "algorithm", "users")}
        return {**head, **metrics, **record}


def measure(folder: Path, name: str) -> list[Measurement]:
    """All splits of a folder by one algorithm; called in a process of its own."""
    splits = load(folder)
    return [measure_split(folder.name, split, CONTENDERS[name]) for split in splits]


def measure_split(dataset: str, split: Split, contender: type[Algorithm]) -> Measurement:
    fitting = ranking = 0.0
    evaluations: list[Evaluation] = []
    for hold_out in split.folds:
        started = time.perf_counter()
        fitted = contender.fit(hold_out.train, generator=np.random.default_rng(SEED))
        fitting += time.perf_counter() - started
        started = time.perf_counter()
        evaluations.append(evaluate(fitted, hold_out))
        ranking += time.perf_counter() - started
    users = sum(len(each.user) for each in evaluations)
    return Measurement(
        dataset=dataset,
        split=split.name,
        algorithm=contender.name,
        users=users,
        metrics=means(evaluations),
        fit_seconds=round(fitting / max(len(split.folds), 1), 3),
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE, 1),
        users_per_second=round(users / ranking, 1) if ranking else 0.0,
    )


def means(evaluations: Sequence[Evaluation]) -> dict[str, float]:
    """Rounded to five places: far finer than any standard error here."""

    def joined(k: int, metric: str) -> Float64:
        parts: list[PerUser] = [each.at(k) for each in evaluations]
        return np.concatenate([getattr(part, metric) for part in parts])

    ndcg = joined(10, "ndcg")
    values = {
        "recall@10": joined(10, "recall").mean(),
        "ndcg@10": ndcg.mean(),
        "ndcg@10_se": ndcg.std() / np.sqrt(len(ndcg)),
        "map@10": joined(10, "average_precision").mean(),
        "recall@20": joined(20, "recall").mean(),
        "ndcg@20": joined(20, "ndcg").mean(),
    }
    return {name: round(float(value), 5) for name, value in values.items()}


def measurements_of(folder: Path, name: str) -> list[Measurement]:
    """`measure` in a fresh interpreter: a forked one would inherit this one's peak."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as pool:
        return pool.submit(measure, folder, name).result()


def table_row(each: Measurement) -> str:
    values = " ".join(f"{each.metrics[name]:10.4f}" for name in TABLE)
    return (
        f"{each.dataset:14s} {each.split:6s} {each.algorithm:23s} {each.users:6d} {values} "
        f"{each.fit_seconds:8.2f} {each.peak_mb:8.1f} {each.users_per_second:8.0f}"
    )


def header() -> str:
    names = " ".join(f"{name:>10s}" for name in TABLE)
    return (
        f"{'dataset':14s} {'split':6s} {'algorithm':23s} {'users':>6s} {names} "
        f"{'fit s':>8s} {'peak MB':>8s} {'users/s':>8s}"
    )


def contenders(wanted: Sequence[str] | None) -> list[str]:
    """All, or the wanted ones beside `random` and `popularity`, which say what a figure is worth."""
    if not wanted:
        return list(CONTENDERS)
    return [name for name in CONTENDERS if name in {"random", "popularity", *wanted}]


def parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    arguments = argparse.ArgumentParser(
        prog="python -m benchmarks.recommenders",
        description=summary,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_argument("folder", type=Path, help="a city or history folder (benchmarks/README.md)")
    arguments.add_argument("--json", action="store_true", help="one object a line instead of a table")
    arguments.add_argument(
        "--algorithm",
        action="append",
        choices=list(CONTENDERS),
        help="measure this one only, beside random and popularity; may be repeated",
    )
    return arguments


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    folder: Path = options.folder.resolve()
    try:
        load(folder)
    except DatasetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not options.json:
        print(header(), flush=True)
    failed = False
    for name in contenders(options.algorithm):
        try:
            measured = measurements_of(folder, name)
        except Exception as error:  # noqa: BLE001  one algorithm's failure is reported, the others still run
            print(f"error: {name} failed: {error!r}", file=sys.stderr)
            failed = True
            continue
        for each in measured:
            print(json.dumps(each.line()) if options.json else table_row(each), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
