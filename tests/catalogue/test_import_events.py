import gzip
import io
import json
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import django.db
import pytest
from django.core.management import CommandError, call_command

from catalogue.imports import EventImporter
from catalogue.models import CatalogueState, Event, TasteProfile

pytestmark = pytest.mark.django_db

HEADER = "event_id,title,starts_at,city,latitude,longitude,genres,price_min\n"
GOOD = '1,Bicep,2026-12-01T20:00:00Z,Dublin,53.3,-6.2,"techno, house",25.5\n'
BAD = "2,,soon,Dublin,,,,\n"


def write(folder: Path, content: str | bytes, name: str = "events.csv") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def run(*arguments: str, command: str = "import_events") -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=out)
    return out.getvalue()


def fail(*arguments: str) -> tuple[int, str, str]:
    """Exit code, the error's one line, and what was printed before it."""
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("import_events", *arguments, stdout=out, stderr=out)
    assert "\n" not in str(raised.value)
    return raised.value.returncode, str(raised.value), out.getvalue()


def json_line(event_id: str = "1", **values: object) -> str:
    event = {"event_id": event_id, "title": "A gig", "starts_at": "2026-12-01T20:00:00+01:00"} | values
    return json.dumps(event) + "\n"


def test_it_imports_csv(tmp_path: Path) -> None:
    printed = run(write(tmp_path, HEADER + GOOD))
    event = Event.objects.get()
    assert (event.pk, event.title, event.city, event.genres) == ("1", "Bicep", "Dublin", ["techno", "house"])
    assert event.starts_at == datetime(2026, 12, 1, 20, tzinfo=UTC)
    assert (event.latitude, str(event.price_min)) == (53.3, "25.50")
    assert "Read 1 rows" in printed
    assert "Events: 1 created, 0 updated, 0 unchanged, 0 skipped." in printed


def test_it_imports_json_lines_with_the_platforms_names_and_ids(tmp_path: Path) -> None:
    line = json.dumps({"event_id": 7, "title": "A gig", "start_time": "2026-12-01T20:00:00Z", "id": "x"})
    run(write(tmp_path, line, "events.jsonl"))
    assert Event.objects.get().pk == "7"


@pytest.mark.parametrize("name", ["events.csv.gz", "events.CSV"])
def test_it_imports_gzip(tmp_path: Path, name: str) -> None:
    run(write(tmp_path, gzip.compress((HEADER + GOOD).encode()), name))
    assert Event.objects.count() == 1


def test_it_imports_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json_line().encode())))
    run("-", "--format", "jsonl")
    assert Event.objects.count() == 1


def test_a_list_in_csv_may_be_json(tmp_path: Path) -> None:
    rows = 'event_id,title,starts_at,artists\n1,A,2026-12-01T20:00:00Z,"[""Tyler, The Creator""]"\n'
    run(write(tmp_path, rows))
    assert Event.objects.get().artists == ["Tyler, The Creator"]


def test_importing_again_changes_nothing_and_moves_no_revision(tmp_path: Path) -> None:
    file = write(tmp_path, HEADER + GOOD)
    run(file)
    revision = CatalogueState.objects.get().revision
    assert "0 created, 0 updated, 1 unchanged" in run(file)
    assert CatalogueState.objects.get().revision == revision > 0


def test_an_existing_event_is_replaced(tmp_path: Path) -> None:
    run(write(tmp_path, HEADER + GOOD))
    assert "0 created, 1 updated" in run(write(tmp_path, HEADER + GOOD.replace("Bicep", "Bicep (live)")))
    assert Event.objects.get().title == "Bicep (live)"


@pytest.mark.parametrize("between", [0, 1_000])
def test_the_later_of_two_rows_with_one_id_counts(tmp_path: Path, between: int) -> None:
    lines = [json_line(title="First"), *(json_line(f"x{n}") for n in range(between)), json_line(title="Last")]
    run(write(tmp_path, "".join(lines), "events.jsonl"))
    assert Event.objects.get(pk="1").title == "Last"


def test_a_broken_file_changes_nothing_and_every_bad_row_is_named(tmp_path: Path) -> None:
    many = "".join(GOOD.replace("1,", f"{n},", 1) for n in range(10, 1_200))
    code, error, printed = fail(write(tmp_path, HEADER + many + BAD + "3,B,2026-12-01T20:00:00Z\n"))
    assert (code, error) == (1, "2 bad rows: nothing was imported.")
    assert "line 1,192: title: This field is required.; starts_at:" in printed
    assert "line 1,193: has 3 fields where the header has 8" in printed
    assert not Event.objects.exists()
    assert not CatalogueState.objects.filter(revision__gt=0).exists()


def test_skip_bad_imports_the_others(tmp_path: Path) -> None:
    printed = run(write(tmp_path, HEADER + GOOD + BAD), "--skip-bad")
    assert Event.objects.count() == 1
    assert "line 3: title" in printed
    assert "1 created, 0 updated, 0 unchanged, 1 skipped" in printed


def test_skip_bad_with_nothing_good_is_a_failure(tmp_path: Path) -> None:
    assert fail(write(tmp_path, HEADER + BAD), "--skip-bad")[:2] == (1, "1 bad row: nothing was imported.")


def test_a_dry_run_says_what_would_happen_and_changes_nothing(tmp_path: Path) -> None:
    run(write(tmp_path, HEADER + GOOD))
    changed = HEADER + GOOD.replace("Bicep", "Other") + GOOD.replace("1,", "2,", 1)
    printed = run(write(tmp_path, changed), "--dry-run")
    assert "1 created, 1 updated, 0 unchanged" in printed
    assert "A dry run: nothing was changed." in printed
    assert Event.objects.get().title == "Bicep"


def test_a_dry_run_of_a_broken_file_fails(tmp_path: Path) -> None:
    assert fail(write(tmp_path, HEADER + GOOD + BAD), "--dry-run")[0] == 1


@pytest.mark.parametrize(
    ("content", "name", "complaint"),
    [
        (b"", "e.csv", "The file is empty."),
        (b"", "e.jsonl", "The file has no rows."),
        (HEADER.encode(), "e.csv", "The file has no rows."),
        (b"event_id,title\n1,A\n", "e.csv", "lacks starts_at or start_time"),
        ((HEADER + '1,"Bicep,2026\n').encode(), "e.csv", "line 2 is never closed"),
        (gzip.compress((HEADER + GOOD * 99).encode())[:-9], "e.csv.gz", "cut off"),
        ((HEADER + GOOD).encode("utf-16"), "e.csv", "UTF-8"),
    ],
)
def test_a_file_of_the_wrong_shape_is_one_clear_line(
    tmp_path: Path, content: bytes, name: str, complaint: str
) -> None:
    code, error, _ = fail(write(tmp_path, content, name))
    assert code == 1
    assert complaint in error
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("missing.csv", "No such file"), ("events.xlsx", "give --format"), ("-", "give --format")],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, name: str, complaint: str) -> None:
    code, error, _ = fail(name if name == "-" else str(tmp_path / name))
    assert code == 2
    assert complaint in error


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert fail(str(tmp_path), "--format", "csv")[0] == 2


def test_a_database_that_goes_away_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*arguments: object) -> None:
        raise django.db.OperationalError("server has gone\naway")

    monkeypatch.setattr(EventImporter, "items_write", away)
    code, error, _ = fail(write(tmp_path, HEADER + GOOD))
    assert (code, error) == (1, "The database refused: server has gone away. Nothing was imported.")


class TestTaste:
    def test_it_imports_homes_and_leaves_the_rest(self, tmp_path: Path) -> None:
        TasteProfile.objects.create(user_id="5", preferred_genres=["techno"])
        line = json.dumps({"user_id": 5, "home": {"lat": 53.3, "lon": -6.2}})
        assert "0 created, 1 updated" in run(write(tmp_path, line, "taste.jsonl"), command="import_taste")
        taste = TasteProfile.objects.get()
        assert (taste.home_latitude, taste.preferred_genres) == (53.3, ["techno"])

    def test_it_imports_csv(self, tmp_path: Path) -> None:
        rows = 'user_id,home_lat,home_lon,preferred_genres\n5,53.3,-6.2,"techno, house"\n6,,,folk\n'
        run(write(tmp_path, rows, "taste.csv"), command="import_taste")
        found = TasteProfile.objects.values_list("user_id", "home_longitude", "preferred_genres")
        assert set(map(str, found)) == {"('5', -6.2, ['techno', 'house'])", "('6', None, ['folk'])"}
