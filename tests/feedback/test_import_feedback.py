import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from feedback.models import Feedback

pytestmark = pytest.mark.django_db

HEADER = "user_id,event_id,action,occurred_at\n"


def write(folder: Path, content: str, name: str = "feedback.csv") -> str:
    path = folder / name
    path.write_text(content)
    return str(path)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_feedback", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def bad_rows(file: str) -> str:
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("import_feedback", file, stdout=out, stderr=out)
    assert raised.value.returncode == 1
    assert not Feedback.objects.exists()
    return out.getvalue()


def test_it_imports_csv(tmp_path: Path) -> None:
    printed = run(write(tmp_path, HEADER + "5,7,click,2019-12-01T20:00:00+01:00\n"))
    row = Feedback.objects.get()
    assert (row.user_id, row.event_id, row.action, row.context) == ("5", "7", "click", {})
    assert row.occurred_at == datetime(2019, 12, 1, 19, tzinfo=UTC)
    assert timezone.now() - row.received_at < timedelta(minutes=1)
    assert "Feedback rows: 1 created, 0 updated, 0 unchanged, 0 skipped." in printed


def test_it_imports_every_field(tmp_path: Path) -> None:
    line = {
        "user_id": 5,
        "event_id": 7,
        "action": "save",
        "occurred_at": 1_600_000_000,
        "context": {"surface": "home"},
        "position": 3,
        "recommendation_id": "11111111-1111-4111-8111-111111111111",
        "idempotency_key": "mine",
    }
    run(write(tmp_path, json.dumps(line), "feedback.jsonl"))
    row = Feedback.objects.get()
    assert (row.context, row.position, row.idempotency_key) == ({"surface": "home"}, 3, "mine")
    assert str(row.recommendation_id) == line["recommendation_id"]


def test_csv_may_hold_context_as_json_and_position_as_digits(tmp_path: Path) -> None:
    rows = 'user_id,event_id,occurred_at,context,position\n5,7,1600000000,"{""surface"": ""home""}",3\n'
    run(write(tmp_path, rows))
    assert Feedback.objects.values_list("context", "position").get() == ({"surface": "home"}, 3)


@pytest.mark.parametrize("moment", ["1600000000", "1600000000.0", "2020-09-13T12:26:40Z"])
def test_unix_seconds_are_as_good_as_iso(tmp_path: Path, moment: str) -> None:
    run(write(tmp_path, HEADER + f"5,7,save,{moment}\n"))
    assert Feedback.objects.get().occurred_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize(("options", "expected"), [([], "save"), (["--action", "attend"], "attend")])
def test_rows_without_an_action_get_one(tmp_path: Path, options: list[str], expected: str) -> None:
    run(write(tmp_path, "user_id,event_id,occurred_at\n5,7,1600000000\n"), *options)
    assert Feedback.objects.get().action == expected


def test_importing_again_doubles_nothing(tmp_path: Path) -> None:
    rows = "5,7,save,1600000000\n5,7,save,1600000001\n5,7,unsave,1600000000\n6,7,save,1600000000\n"
    file = write(tmp_path, HEADER + rows + rows)
    assert "4 created, 0 updated, 4 unchanged" in run(file)
    assert "0 created, 0 updated, 8 unchanged" in run(file)
    assert Feedback.objects.count() == 4


def test_the_same_moment_written_otherwise_is_the_same_row(tmp_path: Path) -> None:
    run(write(tmp_path, HEADER + "5,7,save,1600000000\n"))
    assert "0 created" in run(write(tmp_path, HEADER + "5,7,save,2020-09-13T14:26:40+02:00\n"))


def test_doubles_are_found_across_chunks(tmp_path: Path) -> None:
    rows = "".join(f"{n % 7},{n},save,1600000000\n" for n in range(1_500))
    assert "1,500 created, 0 updated, 1 unchanged" in run(
        write(tmp_path, HEADER + rows + rows.split("\n")[0])
    )


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("5,,save,1600000000", "event_id: This field is required."),
        ("5,7,like,1600000000", "action: Choose from 'save'"),
        ("5,7,save,", "occurred_at: This field is required."),
        ("5,7,save,2020-09-13T14:26:40", "occurred_at:"),
        ("5,7,save,1600000000000", "occurred_at: Give Unix seconds, not milliseconds"),
        ("5,7,save,nan", "occurred_at: Give Unix seconds"),
        ("5,7,save,2199-01-01T00:00:00Z", "occurred_at: This is in the future"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_imported(tmp_path: Path, row: str, complaint: str) -> None:
    printed = bad_rows(write(tmp_path, HEADER + "5,7,save,1600000000\n" + row + "\n"))
    assert f"line 3: {complaint}" in printed


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    assert "1 created" in run(write(tmp_path, HEADER + "5,7,save,1600000000\n"), "--dry-run")
    assert not Feedback.objects.exists()
