"""Measures every algorithm on real data, beside chance and popularity.

    python -m benchmarks.recommenders FOLDER
    python -m benchmarks.recommenders FOLDER --json --algorithm hybrid
    python -m benchmarks.recommenders FOLDER --by history
    python -m benchmarks.recommenders FOLDER --tune --references FIGURES.md
    python -m benchmarks.recommenders MATRIX.npz

Each algorithm runs in a fresh process of its own, so that `peak_mb` is its own peak of resident memory (the
interpreter, numpy, the data and the model; about 65 MB before it starts) and no algorithm warms another up.

On a plain matrix the algorithms of the library `implicit` run beside ours. --tune chooses each algorithm's
parameters on a slice of the training part, as `manage.py retrain --tune` does, and never looks at the test.

Exit codes: 0 measured, 1 an algorithm failed, 2 the folder or the figures are missing or in no format that
this reads.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from benchmarks.counterparts import COUNTERPARTS
from benchmarks.datasets import DatasetError, Split, is_matrix, load
from benchmarks.references import Reference, best_of, references_for
from recommendations.algorithms.dataset import Float64, Interactions, Person, Slate
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Scorer
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
from recommendations.evaluation.tuning import tune, validation_slice

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


class Contender(Scorer, Protocol):
    """What is measured: ours, chance, and the counterparts."""

    @classmethod
    def fit(cls, data: Interactions, *, generator: np.random.Generator) -> Self: ...


CONTENDERS: dict[str, type[Contender]] = {Random.name: Random, **ALGORITHMS}
EVERYBODY: dict[str, type[Contender]] = {**CONTENDERS, **COUNTERPARTS}


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
    parameters: str  # what tuning set otherwise than by default, a fold each where they differ

    def line(self) -> dict[str, object]:
        record: dict[str, Any] = asdict(self)
        metrics, parts = record.pop("metrics"), record.pop("parts")
        head = {name: record.pop(name) for name in ("dataset", "split", "algorithm", "users")}
        return {**head, **metrics, **record, **{f"by_{name}": part for name, part in parts.items()}}


def measure(folder: Path, name: str, tuned: bool, breakdowns: Sequence[str]) -> list[Measurement]:
    """All splits of a folder by one algorithm; called in a process of its own."""
    splits = load(folder)
    return [measure_split(folder.stem, split, name, tuned=tuned, breakdowns=breakdowns) for split in splits]


def measure_split(
    dataset: str, split: Split, name: str, *, tuned: bool, breakdowns: Sequence[str]
) -> Measurement:
    fitting = ranking = 0.0
    evaluations: list[Evaluation] = []
    settings: list[str] = []
    for hold_out in split.folds:
        fit, words = fitter(name, hold_out.train, tuned=tuned)
        settings.append(words)
        started = time.perf_counter()
        fitted = fit()
        fitting += time.perf_counter() - started
        started = time.perf_counter()
        evaluations.append(evaluate(fitted, hold_out))
        ranking += time.perf_counter() - started
    measured, popular = pooled(evaluations), pooled([popularity_evaluation(fold) for fold in split.folds])
    users = len(measured.user)
    return Measurement(
        dataset=dataset,
        split=split.name,
        algorithm=name,
        users=users,
        metrics=figures(measured, popular),
        parts={by: breakdown(measured, popular, by) for by in breakdowns},
        fit_seconds=round(fitting / max(len(split.folds), 1), 3),
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE, 1),
        users_per_second=round(users / ranking, 1) if ranking else 0.0,
        parameters="; ".join(dict.fromkeys(settings)),
    )


def fitter(name: str, train: Interactions, *, tuned: bool) -> tuple[Callable[[], Scorer], str]:
    """What fits the contender, and the parameters it does so with: tuned inside `train`, or the defaults."""
    generator = np.random.default_rng(SEED)
    if not tuned or name not in ALGORITHMS:
        return lambda: EVERYBODY[name].fit(train, generator=generator), ""
    ours = ALGORITHMS[name]
    found = tune(ours, validation_slice(train, seed=SEED), seed=SEED, on_trial=tell(name))
    print("\n".join(found.lines()), file=sys.stderr, flush=True)
    return lambda: ours.fit(train, generator=generator, parameters=found.chosen), str(found.chosen)


def tell(name: str) -> Callable[[float, str], None]:
    return lambda share, words: print(f"[{share:4.0%}] {name}: {words}", file=sys.stderr, flush=True)


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


def measurements_of(folder: Path, name: str, tuned: bool, breakdowns: Sequence[str]) -> list[Measurement]:
    """`measure` in a fresh interpreter: a forked one would inherit this one's peak."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as pool:
        return pool.submit(measure, folder, name, tuned, breakdowns).result()


def table_row(each: Measurement) -> str:
    values = " ".join(f"{each.metrics[name]:{width(name)}.4f}" for name in TABLE)
    return (
        f"{each.dataset:14s} {each.split:6s} {each.algorithm:23s} {each.users:6d} {values} "
        f"{each.fit_seconds:8.2f} {each.peak_mb:8.1f} {each.users_per_second:8.0f} {each.parameters}".rstrip()
    )


def reference_row(each: Reference) -> str:
    values = " ".join(f"{each.metrics[name]:10.4f}" if name in each.metrics else " " * 10 for name in TABLE)
    return f"{each.dataset:14s} {each.split:6s} {each.name:23s} {each.users:6d} {values}".rstrip()


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


def contenders(wanted: Sequence[str] | None, *, matrix: bool) -> list[str]:
    """All, or the wanted ones beside `random` and `popularity`, which say what a figure is worth."""
    if not wanted:
        return list(EVERYBODY if matrix else CONTENDERS)
    return [name for name in EVERYBODY if name in {"random", "popularity", *wanted}]


def parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    arguments = argparse.ArgumentParser(
        prog="python -m benchmarks.recommenders",
        description=summary,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_argument(
        "folder", type=Path, help="a city or history folder, or a matrix (benchmarks/README.md)"
    )
    arguments.add_argument("--json", action="store_true", help="one object a line instead of a table")
    arguments.add_argument(
        "--algorithm",
        action="append",
        choices=list(EVERYBODY),
        help="measure this one only, beside random and popularity; may be repeated",
    )
    arguments.add_argument(
        "--tune", action="store_true", help="choose parameters on a slice of the training part first"
    )
    arguments.add_argument(
        "--references",
        type=Path,
        metavar="FILE",
        help="figures of other implementations, in tables of Markdown, to print beside ours",
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
        splits = [split.name for split in load(folder)]
        references = references_for(options.references, folder.stem, splits) if options.references else []
    except DatasetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not options.json:
        print(header(), flush=True)
    failed = False
    for name in contenders(options.algorithm, matrix=is_matrix(folder)):
        try:
            measured = measurements_of(folder, name, options.tune, options.by)
        except Exception as error:  # noqa: BLE001  one algorithm's failure is reported, the others still run
            print(f"error: {name} failed: {error!r}", file=sys.stderr)
            failed = True
            continue
        for each in measured:
            lines = [json.dumps(each.line())] if options.json else [table_row(each), *part_rows(each)]
            print(*lines, sep="\n", flush=True)
    print_references(references, as_json=options.json)
    return 1 if failed else 0


def print_references(references: Sequence[Reference], *, as_json: bool) -> None:
    if as_json:
        for each in references:
            print(json.dumps(each.line()))
        return
    for split, best in best_of(references).items():
        print(f"\nfigures of other implementations, {split}; the best NDCG@10 is {best.name}'s")
        print("\n".join(reference_row(each) for each in references if each.split == split))


if __name__ == "__main__":
    sys.exit(main())
