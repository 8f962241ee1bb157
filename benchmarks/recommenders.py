"""Measures every algorithm on real data, beside chance and popularity.

    python -m benchmarks.recommenders FOLDER
    python -m benchmarks.recommenders FOLDER --json --algorithm hybrid
    python -m benchmarks.recommenders FOLDER --by history

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
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from benchmarks.datasets import DatasetError, Split, load
from recommendations.algorithms.dataset import Float64, Interactions, Person, Slate
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm, Arrays, Contribution
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.evaluation.breakdown import by_city, by_history
from recommendations.evaluation.calibration import held_out_reliability
from recommendations.evaluation.compare import bootstrap_intervals, paired_comparison
from recommendations.evaluation.evaluate import (
    Evaluation,
    evaluate,
    per_person,
    pooled,
    share_empty,
    share_like,
    summary,
)
from recommendations.evaluation.splits import HoldOut

SEED = 20_260_101
MEGABYTE = 1024.0  # of the kilobytes that getrusage counts in
TABLE = (
    "recall@10", "ndcg@10", "ndcg@10_se", "map@10", "recall@20", "ndcg@20", "mrr@10", "coverage@10",
    "novelty@10", "diversity@10", "gain", "gain_low", "gain_high", "like_popularity",
)  # fmt: skip
PART = (
    "users",
    "recall@10",
    "ndcg@10",
    "ndcg@10_low",
    "ndcg@10_high",
    "mrr@10",
    "gain",
    "gain_low",
    "gain_high",
)
BREAKDOWNS = ("history", "city")


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
    parts: dict[str, dict[str, dict[str, float]]]  # by breakdown, by part of it
    fit_seconds: float  # a fold, on average
    peak_mb: float
    users_per_second: float  # ranked, in one process

    def line(self) -> dict[str, object]:
        record: dict[str, Any] = asdict(self)
        metrics, parts = record.pop("metrics"), record.pop("parts")
        head = {name: record.pop(name) for name in ("dataset", "split", "algorithm", "users")}
        return {**head, **metrics, **record, **{f"by_{name}": part for name, part in parts.items()}}


def measure(folder: Path, name: str, breakdowns: Sequence[str]) -> list[Measurement]:
    """All splits of a folder by one algorithm; called in a process of its own."""
    splits = load(folder)
    return [measure_split(folder.name, split, CONTENDERS[name], breakdowns) for split in splits]


def measure_split(
    dataset: str, split: Split, contender: type[Algorithm], breakdowns: Sequence[str]
) -> Measurement:
    fitting = ranking = 0.0
    evaluations: list[Evaluation] = []
    for hold_out in split.folds:
        started = time.perf_counter()
        fitted = contender.fit(hold_out.train, generator=np.random.default_rng(SEED))
        fitting += time.perf_counter() - started
        started = time.perf_counter()
        evaluations.append(evaluate(fitted, hold_out))
        ranking += time.perf_counter() - started
    measured, popular = pooled(evaluations), pooled([popularity_evaluation(fold) for fold in split.folds])
    users = len(measured.user)
    return Measurement(
        dataset=dataset,
        split=split.name,
        algorithm=contender.name,
        users=users,
        metrics=figures(measured, popular),
        parts={name: breakdown(measured, popular, name) for name in breakdowns},
        fit_seconds=round(fitting / max(len(split.folds), 1), 3),
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE, 1),
        users_per_second=round(users / ranking, 1) if ranking else 0.0,
    )


def popularity_evaluation(fold: HoldOut) -> Evaluation:
    return evaluate(Popularity.fit(fold.train, generator=np.random.default_rng(SEED)), fold)


def figures(measured: Evaluation, popular: Evaluation) -> dict[str, float]:
    """Rounded to five places: far finer than any standard error here."""
    ten, twenty = summary(measured, k=10), summary(measured, k=20)
    values = {
        "recall@10": ten.recall,
        "ndcg@10": ten.ndcg,
        "ndcg@10_se": ten.ndcg_standard_error,
        "map@10": ten.map,
        "recall@20": twenty.recall,
        "ndcg@20": twenty.ndcg,
        "precision@10": ten.precision,
        "mrr@10": ten.mrr,
        "coverage@10": ten.coverage,
        "novelty@10": ten.novelty,
        "diversity@10": ten.diversity,
        **gain(measured, popular),
        "empty": share_empty(measured),
        "like_popularity": share_like(measured, popular),
    }
    sure = held_out_reliability(measured)
    if sure is not None:
        values |= {"calibration_error": sure.expected_calibration_error, "brier": sure.brier}
    return rounded(values)


def gain(measured: Evaluation, popular: Evaluation) -> dict[str, float]:
    """NDCG@10 less popularity's, person by person, and its 95 % bootstrap interval."""
    found = paired_comparison(
        measured.at(10).ndcg,
        popular.at(10).ndcg,
        generator=np.random.default_rng(SEED),
        people=measured.user,
    ).difference
    return {"gain": found.mean, "gain_low": found.low, "gain_high": found.high}


def breakdown(measured: Evaluation, popular: Evaluation, by: str) -> dict[str, dict[str, float]]:
    """The figures of each part with their intervals. Folders have hashes for cities: they are numbered."""
    numbers = {int(city): f"city {number}" for number, city in enumerate(np.unique(measured.city)) if city}
    parts, others = (
        by_history(each) if by == "history" else by_city(each, numbers) for each in (measured, popular)
    )
    return {name: part_figures(part, others[name]) for name, part in parts.items()}


def part_figures(part: Evaluation, popular: Evaluation) -> dict[str, float]:
    values: dict[str, float] = {"users": len(part.user), "coverage@10": summary(part).coverage}
    found = bootstrap_intervals(per_person(part), generator=np.random.default_rng(SEED), people=part.user)
    for name, interval in found.items():
        values |= {
            f"{name}@10": interval.mean,
            f"{name}@10_low": interval.low,
            f"{name}@10_high": interval.high,
        }
    return rounded(values | gain(part, popular))


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}


def measurements_of(folder: Path, name: str, breakdowns: Sequence[str]) -> list[Measurement]:
    """`measure` in a fresh interpreter: a forked one would inherit this one's peak."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as pool:
        return pool.submit(measure, folder, name, breakdowns).result()


def table_row(each: Measurement) -> str:
    values = " ".join(f"{each.metrics[name]:{width(name)}.4f}" for name in TABLE)
    return (
        f"{each.dataset:14s} {each.split:6s} {each.algorithm:23s} {each.users:6d} {values} "
        f"{each.fit_seconds:8.2f} {each.peak_mb:8.1f} {each.users_per_second:8.0f}"
    )


def header() -> str:
    names = " ".join(f"{name:>{width(name)}s}" for name in TABLE)
    return (
        f"{'dataset':14s} {'split':6s} {'algorithm':23s} {'users':>6s} {names} "
        f"{'fit s':>8s} {'peak MB':>8s} {'users/s':>8s}"
    )


def width(name: str) -> int:
    return max(len(name), 10)


def part_rows(each: Measurement) -> list[str]:
    """The breakdowns of one measurement, a line a part."""
    rows = []
    for by, parts in each.parts.items():
        rows.append(f"    {'by ' + by:12s} " + " ".join(f"{name:>{width(name)}s}" for name in PART))
        for name, values in parts.items():
            cells = (f"{values[key]:{width(key)}.{0 if key == 'users' else 4}f}" for key in PART)
            rows.append(f"    {name:12s} " + " ".join(cells))
    return rows


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
    arguments.add_argument(
        "--by",
        action="append",
        choices=BREAKDOWNS,
        default=[],
        help="break every metric down by how much is known of a person, or by their city; may be repeated",
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
            measured = measurements_of(folder, name, options.by)
        except Exception as error:  # noqa: BLE001  one algorithm's failure is reported, the others still run
            print(f"error: {name} failed: {error!r}", file=sys.stderr)
            failed = True
            continue
        for each in measured:
            lines = [json.dumps(each.line())] if options.json else [table_row(each), *part_rows(each)]
            print(*lines, sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
