"""Reads the folders that `benchmarks/README.md` documents, and nothing else."""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import (
    EventFacts,
    EventTable,
    Interactions,
    Taste,
)
from recommendations.evaluation.splits import HoldOut, hold_out_of, rolling_hold_out

DAY = 86_400.0
CITY_SPLITS = ("cold", "asof")
CITY_FILES = ("events.csv.gz", "users.csv.gz", "rsvps.csv.gz", *(f"split_{name}.npz" for name in CITY_SPLITS))
HISTORY_FILES = ("events.csv.gz", "rsvps.csv.gz", "groups.csv")
MATRIX_KEYS = ("shape", "train_indptr", "train_indices", "test_indptr", "test_indices")
SPLIT_KEYS = (*MATRIX_KEYS, "candidates", "cut")
ANNOUNCED_BEFORE = 61 * DAY  # no file says when an event was announced: as long before it as candidates reach
HISTORY_REACH = 60 * DAY
BUSY_PERSON = 100  # RSVPs in a history beyond which a person is an organiser


class DatasetError(Exception):
    """The folder is missing or is not in a format that this can read."""


@dataclass(frozen=True, slots=True)
class Split:
    """One benchmark: its name, and one hold-out (a city, a matrix) or one a fold (a history)."""

    name: str
    folds: list[HoldOut]


@dataclass(frozen=True, slots=True)
class Rsvps:
    user: npt.NDArray[np.int32]
    event: npt.NDArray[np.int32]  # rows of the event table
    at: npt.NDArray[np.float64]


def load(folder: Path) -> list[Split]:
    if not folder.exists():
        raise DatasetError(f"there is no {folder}")
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    try:
        if is_matrix(folder):
            return [matrix_split(folder)]
        if names.issuperset(CITY_FILES):
            return city_splits(folder)
        if names.issuperset(HISTORY_FILES) and not any(name.startswith("split_") for name in names):
            return history_splits(folder)
    except (ValueError, KeyError, OSError, EOFError, IndexError, csv.Error, BadZipFile) as error:
        raise DatasetError(f"{folder} is not in the format of benchmarks/README.md: {error!r}") from error
    raise DatasetError(
        f"{folder} is neither a city folder ({', '.join(CITY_FILES)}) nor a history folder "
        f"({', '.join(HISTORY_FILES)}) nor a matrix (*.npz): see benchmarks/README.md"
    )


def is_matrix(path: Path) -> bool:
    return path.suffix == ".npz"


def matrix_split(path: Path) -> Split:
    """Who chose what, and nothing else: events are their number, and everything happened at the cut."""
    stored = arrays_of(path, MATRIX_KEYS)
    n_users, n_events = (int(size) for size in stored["shape"])
    cut = float(stored["cut"]) if "cut" in stored else 0.0
    user, event = pairs(stored["train_indptr"], stored["train_indices"])
    train = Interactions(
        events=EventTable.of(
            EventFacts(str(number), "", starts_at=cut + DAY, announced_at=cut - DAY)
            for number in range(n_events)
        ),
        n_users=n_users,
        user=user,
        event=event,
        weight=np.ones(len(user), np.float32),
        occurred_at=np.full(len(user), cut),
        cutoff=cut,
    )
    candidates = stored["candidates"] if "candidates" in stored else np.arange(n_events)
    users, targets = pairs(stored["test_indptr"], stored["test_indices"])
    return Split("matrix", [hold_out_of(train, candidates, users, targets, now=cut)])


def arrays_of(path: Path, needed: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    with np.load(path, allow_pickle=False) as stored:
        missing = set(needed) - set(stored.files)
        if missing:
            raise DatasetError(f"{path} lacks {', '.join(sorted(missing))}")
        return {name: stored[name] for name in stored.files}


def rows_of(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise DatasetError(f"{path} lacks the column {', '.join(sorted(missing))}")
        return list(reader)


def facts(row: dict[str, str], announced_at: float, topics: Sequence[str] = ()) -> EventFacts:
    return EventFacts(
        event_id=row["event"],
        title=row.get("title", ""),
        description=row.get("text", ""),
        starts_at=float(row["start"]),
        announced_at=announced_at,
        latitude=float(row["lat"]) if row["lat"] else None,
        longitude=float(row["lon"]) if row["lon"] else None,
        venue=row["venue"],
        promoter=row["group"],
        genres=topics,
    )


def city_splits(folder: Path) -> list[Split]:
    events = rows_of(folder / "events.csv.gz", ("event", "start", "group", "venue", "lat", "lon"))
    users = rows_of(folder / "users.csv.gz", ("user", "home_lat", "home_lon"))
    rsvps = rows_of(folder / "rsvps.csv.gz", ("user", "event", "rsvp_ts"))
    if [row["event"] for row in events] != [str(row) for row in range(len(events))]:
        raise DatasetError(
            f"{folder}/events.csv.gz: the events are not numbered 0, 1, 2, .. as the splits need"
        )
    tastes = {
        int(row["user"]): Taste(latitude=float(row["home_lat"]), longitude=float(row["home_lon"]))
        for row in users
        if row["home_lat"] and row["home_lon"]
    }
    at = {(int(row["user"]), int(row["event"])): float(row["rsvp_ts"]) for row in rsvps}
    return [
        Split(name, [city_hold_out(folder / f"split_{name}.npz", events, tastes, at)]) for name in CITY_SPLITS
    ]


def city_hold_out(
    path: Path,
    events: list[dict[str, str]],
    tastes: dict[int, Taste],
    at: dict[tuple[int, int], float],
) -> HoldOut:
    """Exactly the file's train, candidates and test. An event without a train RSVP is announced at the cut:
    to date it by its RSVPs would tell of the test."""
    stored = arrays_of(path, SPLIT_KEYS)
    cut = float(stored["cut"])
    user, event = pairs(stored["train_indptr"], stored["train_indices"])
    in_train = np.zeros(len(events), np.bool_)
    in_train[event] = True
    train = Interactions(
        events=EventTable.of(
            facts(row, float(row["start"]) - ANNOUNCED_BEFORE if known else cut)
            for row, known in zip(events, in_train, strict=True)
        ),
        n_users=int(stored["shape"][0]),
        user=user,
        event=event,
        weight=np.ones(len(user), np.float32),
        occurred_at=np.array([at[pair] for pair in zip(user.tolist(), event.tolist(), strict=True)]),
        cutoff=cut,
        tastes=tastes,
    )
    users, targets = pairs(stored["test_indptr"], stored["test_indices"])
    return hold_out_of(train, stored["candidates"], users, targets, now=cut)


def pairs(
    indptr: npt.NDArray[np.int32], indices: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """(row, column) of each entry of a CSR matrix."""
    return np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr)), indices.astype(np.int32)


def history_splits(folder: Path) -> list[Split]:
    groups = rows_of(folder / "groups.csv", ("group", "name", "topics"))
    topics = {row["group"]: [topic for topic in row["topics"].split("|") if topic] for row in groups}
    events = rows_of(
        folder / "events.csv.gz", ("event", "start", "group", "venue", "lat", "lon", "title", "text")
    )
    rsvps = rows_of(folder / "rsvps.csv.gz", ("user", "event", "rsvp_ts"))
    place = {row["event"]: number for number, row in enumerate(events)}
    number = {name: index for index, name in enumerate(sorted({row["user"] for row in rsvps}))}
    table = EventTable.of(
        facts(row, float(row["start"]) - ANNOUNCED_BEFORE, topics.get(row["group"], ())) for row in events
    )
    user = np.array([number[row["user"]] for row in rsvps], np.int32)
    event = np.array([place[row["event"]] for row in rsvps], np.int32)
    quiet = np.bincount(user, minlength=len(number))[user] <= BUSY_PERSON
    made = np.array([float(row["rsvp_ts"]) for row in rsvps])
    everything = Interactions(
        table,
        len(number),
        user[quiet],
        event[quiet],
        np.ones(int(quiet.sum()), np.float32),
        made[quiet],
        float(made.max()),
    )
    return [
        Split(
            name,
            [
                fold
                for cut in months()
                if len(fold := rolling_hold_out(everything, cut, reach=HISTORY_REACH, cold=name == "cold"))
            ],
        )
        for name in CITY_SPLITS
    ]


def months() -> list[float]:
    """The first of each month, 2012-01 to 2015-04, UTC."""
    return [
        datetime(year, month, 1, tzinfo=UTC).timestamp()
        for year in range(2012, 2016)
        for month in range(1, 13)
        if (year, month) <= (2015, 4)
    ]
