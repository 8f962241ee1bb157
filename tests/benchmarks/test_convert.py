import gzip
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from benchmarks.convert import main
from catalogue.models import Event, TasteProfile
from feedback.models import Feedback

CUT = 1_462_078_800
DAY = 86_400
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Events 0 and 1 before the cut, 2 after it; RSVPs (0, 0), (1, 1) to learn from, (0, 2) hidden."""
    folder = tmp_path / "meetup_chicago"
    folder.mkdir()
    tables = {
        "events": f"event,start,group,venue,lat,lon\n0,{CUT - DAY},3,8,41.9,-87.6\n"
        f"1,{CUT - 1},3,,,\n2,{CUT + DAY},4,8,,\n",
        "users": "user,home_lat,home_lon,coarse\n0,41.94,-87.64,0\n1,,,0\n",
        "rsvps": f"user,event,rsvp_ts\n0,0,{CUT - 9 * DAY}\n1,1,{CUT + 5}\n0,2,{CUT - DAY}\n",
    }
    for name, text in tables.items():
        with gzip.open(folder / f"{name}.csv.gz", "wt") as file:
            file.write(text)
    for split in ("cold", "asof"):
        np.savez(
            folder / f"split_{split}.npz",
            shape=np.array([2, 3]),
            train_indptr=np.array([0, 1, 2]),
            train_indices=np.array([0, 1]),
            test_indptr=np.array([0, 1, 1]),
            test_indices=np.array([2]),
            cut=CUT,
        )
    return folder


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("split", ["cold", "asof"])
def test_it_moves_the_cut_to_now_and_leaves_out_what_is_hidden(
    city: Path, tmp_path: Path, split: str
) -> None:
    out = tmp_path / "out"
    assert main([str(city), str(out), "--now", NOW.isoformat(), "--split", split]) == 0
    first, second, third = lines(out / "events.jsonl")
    assert first == {
        "event_id": "0",
        "title": "Event 0 by group 3",
        "starts_at": "2026-04-30T12:00:00Z",
        "city": "Chicago",
        "promoter": "Group 3",
        "venue_name": "Venue 8",
        "latitude": 41.9,
        "longitude": -87.6,
    }
    assert "venue_name" not in second
    assert third["starts_at"] == "2026-05-02T12:00:00Z"
    assert [
        (row["user_id"], row["event_id"], row["occurred_at"]) for row in lines(out / "feedback.jsonl")
    ] == [
        ("0", "0", "2026-04-22T12:00:00Z"),
        ("1", "1", "2026-05-01T12:00:00Z"),  # made after the cut: never in the future
    ]
    assert lines(out / "taste.jsonl") == [{"user_id": "0", "home": {"lat": 41.94, "lon": -87.64}}]


@pytest.mark.django_db
def test_the_importers_take_all_of_it(city: Path, tmp_path: Path) -> None:
    assert main([str(city), str(tmp_path), "--now", "now"]) == 0
    for kind in ("events", "feedback", "taste"):
        call_command(f"import_{kind}", str(tmp_path / f"{kind}.jsonl"), stdout=StringIO())
    assert (Event.objects.count(), Feedback.objects.count(), TasteProfile.objects.count()) == (3, 2, 1)


def test_the_rows_of_a_split_may_name_their_ids(city: Path, tmp_path: Path) -> None:
    with np.load(city / "split_cold.npz") as arrays:
        np.savez(city / "split_cold.npz", user_ids=[0, 1], item_ids=[2, 1, 0], **dict(arrays))
    assert main([str(city), str(tmp_path), "--now", NOW.isoformat()]) == 0
    assert {(row["user_id"], row["event_id"]) for row in lines(tmp_path / "feedback.jsonl")} == {
        ("0", "2"),
        ("1", "1"),
    }


def test_a_folder_that_is_no_city_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert "is not a city folder" in capsys.readouterr().err
