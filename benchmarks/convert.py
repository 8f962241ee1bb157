"""Turns a city folder of real RSVPs into files that this service imports, with its past moved to today.

    python -m benchmarks.convert DATASET_DIR OUT_DIR [--split cold|asof] [--now 2026-05-01T12:00:00Z]

DATASET_DIR holds events.csv.gz (event, start in Unix seconds, group, venue, lat, lon), users.csv.gz
(user, home_lat, home_lon), rsvps.csv.gz (user, event, rsvp_ts) and split_cold.npz or split_asof.npz. Every
time is moved by the same amount, so that the split's cut is --now: the events after it are upcoming, and only
what the split lets a model train on becomes feedback. The RSVPs that it hides are left out, so that what the
service recommends can be judged by them.

OUT_DIR receives
    events.jsonl    python manage.py import_events OUT_DIR/events.jsonl
    feedback.jsonl  python manage.py import_feedback OUT_DIR/feedback.jsonl      an RSVP is a save
    taste.jsonl     python manage.py import_taste OUT_DIR/taste.jsonl            where each person lives

Exit codes: 0 written, 2 the folder or an argument is not usable.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Split:
    cut: int  # Unix seconds
    visible: frozenset[tuple[str, str]]  # (user, event) pairs that a model may learn from


@dataclass(frozen=True, slots=True)
class Converted:
    events: int
    upcoming: int
    feedback: int
    hidden: int
    people: int


def convert(dataset: Path, out: Path, *, split: str, now: datetime, city: str) -> Converted:
    """Write the three files. Raises FileNotFoundError when the folder lacks one of its own."""
    kept = split_load(dataset / f"split_{split}.npz")
    shift = round(now.timestamp()) - kept.cut
    out.mkdir(parents=True, exist_ok=True)
    events = [_event(row, shift, city) for row in _rows(dataset / "events.csv.gz")]
    rsvps = list(_rows(dataset / "rsvps.csv.gz"))
    visible = [row for row in rsvps if (row["user"], row["event"]) in kept.visible]
    homes = [_taste(row) for row in _rows(dataset / "users.csv.gz") if row["home_lat"] and row["home_lon"]]
    _write(out / "events.jsonl", events)
    _write(out / "feedback.jsonl", (_save(row, shift, kept.cut) for row in visible))
    _write(out / "taste.jsonl", homes)
    upcoming = sum(str(event["starts_at"]) >= _iso(kept.cut + shift) for event in events)
    return Converted(len(events), upcoming, len(visible), len(rsvps) - len(visible), len(homes))


def split_load(path: Path) -> Split:
    """The cut and the train pairs of a split: CSR arrays, users × events."""
    with np.load(path, allow_pickle=False) as arrays:
        indptr, indices = arrays["train_indptr"], arrays["train_indices"]
        users = arrays["user_ids"] if "user_ids" in arrays else np.arange(len(indptr) - 1)
        events = arrays["item_ids"] if "item_ids" in arrays else np.arange(int(arrays["shape"][1]))
        cut = int(arrays["cut"])
    rows = np.repeat(users, np.diff(indptr))
    pairs = zip(rows.astype(str).tolist(), events[indices].astype(str).tolist(), strict=True)
    return Split(cut, frozenset(pairs))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _event(row: dict[str, str], shift: int, city: str) -> dict[str, object]:
    event: dict[str, object] = {
        "event_id": row["event"],
        "title": f"Event {row['event']} by group {row['group']}",
        "starts_at": _iso(int(float(row["start"])) + shift),
        "city": city,
        "promoter": f"Group {row['group']}",
    }
    if row["venue"]:
        event["venue_name"] = f"Venue {row['venue']}"
    if row["lat"] and row["lon"]:
        event |= {"latitude": float(row["lat"]), "longitude": float(row["lon"])}
    return event


def _save(row: dict[str, str], shift: int, cut: int) -> dict[str, object]:
    # An RSVP may be dated after the cut it counts for; nothing may have happened in the future.
    made = min(int(float(row["rsvp_ts"])), cut)
    return {
        "user_id": row["user"],
        "event_id": row["event"],
        "action": "save",
        "occurred_at": _iso(made + shift),
    }


def _taste(row: dict[str, str]) -> dict[str, object]:
    return {
        "user_id": row["user"],
        "home": {"lat": float(row["home_lat"]), "lon": float(row["home_lon"])},
    }


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _write(path: Path, objects: Iterable[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(value) + "\n" for value in objects)


def _moment(text: str) -> datetime:
    if text == "now":
        return datetime.now(UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.convert",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("dataset", metavar="DATASET_DIR", type=Path)
    parser.add_argument("out", metavar="OUT_DIR", type=Path)
    parser.add_argument("--split", choices=["cold", "asof"], default="cold")
    parser.add_argument("--now", type=_moment, default="now", help="ISO 8601 (UTC unless it says), or now")
    parser.add_argument("--city", help="the events' city; the last word of the folder's name by default")
    options = parser.parse_args(arguments)
    city = options.city or options.dataset.resolve().name.rpartition("_")[2].title()
    try:
        done = convert(options.dataset, options.out, split=options.split, now=options.now, city=city)
    except (OSError, KeyError, ValueError) as error:
        print(f"{options.dataset} is not a city folder: {error!r}", file=sys.stderr)
        return 2
    print(
        f"{done.events:,} events ({done.upcoming:,} upcoming), "
        f"{done.feedback:,} saves, {done.people:,} homes."
    )
    print(f"{done.hidden:,} RSVPs are hidden by the {options.split} split and left out.")
    print(f"Next: python manage.py import_events {options.out / 'events.jsonl'}")
    print("and then import_feedback and import_taste.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
