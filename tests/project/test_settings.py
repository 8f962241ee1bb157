"""Settings are checked at start, and secrets may come from files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(tmp_path: Path, program: str = "import craic_ml.wsgi", **variables: str) -> tuple[int, str]:
    """What importing the server's entry point says in a fresh process."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "craic_ml.settings",
        "DATA_DIR": str(tmp_path),
        "DEBUG": "false",
        "SECRET_KEY": "s" * 50,
        "JWT_SECRET": "j" * 50,
        "API_AUTH": "required",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_starts_on_good_settings(tmp_path: Path) -> None:
    assert start(tmp_path) == (0, "")


@pytest.mark.parametrize(
    ("variables", "identifier"),
    [
        ({"SECRET_KEY": "insecure-for-development-only"}, "craic.E001"),
        ({"JWT_SECRET": "insecure-for-development-only"}, "craic.E002"),
        ({"API_AUTH": "maybe"}, "craic.E003"),
        ({"DEFAULT_RECOMMENDATION_COUNT": "200"}, "craic.E004"),
        ({"REFRESH_SECONDS": "30"}, "craic.E005"),
        ({"DEFAULT_ALGORITHM": "astrology"}, "craic.E006"),
    ],
)
def test_it_refuses_to_start_on_a_wrong_setting_and_says_what_to_do(
    tmp_path: Path, variables: dict[str, str], identifier: str
) -> None:
    code, output = start(tmp_path, **variables)
    assert code != 0
    assert identifier in output
    assert "HINT" in output


def test_it_reads_a_secret_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file-" + "x" * 40)
    program = "from craic_ml import settings; print(settings.JWT_SECRET)"
    code, output = start(tmp_path, program, JWT_SECRET="", JWT_SECRET_FILE=str(secret))
    assert (code, output.strip()[:12]) == (0, "from-a-file-")
