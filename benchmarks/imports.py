"""Does an import of any size fit in the same memory? Made-up rows into a scratch SQLite database.

    python -m benchmarks.imports [--rows 50000 200000]

For each size, for events and feedback: seconds, rows a second, and the peak resident memory of the import.
Memory should not grow with the rows; all rows of a file are one transaction.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

FIRST_START = 1_800_000_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 200_000])
    print("import           rows     seconds   rows/s   peak MB")
    for rows in parser.parse_args().rows:
        for command in _ROWS:
            # A process of its own each time: the peak of child processes only ever rises.
            done = subprocess.run(
                [sys.executable, "-c", _PROGRAM, command, str(rows)],
                check=True,
                capture_output=True,
                text=True,
            )
            print(done.stdout, end="", flush=True)


_PROGRAM = "import sys; from benchmarks.imports import measure; measure(sys.argv[1], int(sys.argv[2]))"


def measure(command: str, rows: int) -> None:
    """Import `rows` made-up rows with `command` and print one line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(DATA_DIR=folder, DEBUG="true", DATABASE_URL=f"sqlite:///{folder}/scratch.sqlite3")
        file = Path(folder) / "rows.jsonl"
        with file.open("w") as lines:
            lines.writelines(json.dumps(_ROWS[command](number)) + "\n" for number in range(rows))
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "manage.py", command, str(file)], check=True, stdout=subprocess.DEVNULL
        )
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{command:<16}{rows:>8,}{seconds:>10.1f}{rows / seconds:>9,.0f}{peak:>10.0f}")


def _event(number: int) -> dict[str, object]:
    return {
        "event_id": f"event-{number}",
        "title": f"Night {number}",
        "description": "A night out, as there are many. " * 5,
        "starts_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(FIRST_START + number * 60)),
        "city": f"City {number % 7}",
        "venue_name": f"Venue {number % 500}",
        "artists": [f"Artist {number % 3_000}"],
        "genres": [f"Genre {number % 40}"],
    }


def _feedback(number: int) -> dict[str, object]:
    return {
        "user_id": f"user-{number % 20_000}",
        "event_id": f"event-{number % 5_003}",
        "action": "save",
        "occurred_at": 1_700_000_000 + number,
    }


_ROWS: dict[str, Callable[[int], dict[str, object]]] = {"import_events": _event, "import_feedback": _feedback}


if __name__ == "__main__":
    main()
