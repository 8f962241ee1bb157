"""Settings are checked at start, and secrets may come from files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ROOT = Path(__file__).resolve().parents[2]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PEM = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
JWKS = '{"keys": [' + RSAAlgorithm.to_jwk(KEY.public_key()) + "]}"


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


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"THROTTLE_USER": "", "LOG_LEVEL": "warning", "JWT_SECRET": "sixteen letters."},
        {"THROTTLE_USER": "10/second", "JWT_SECRET": "", "JWT_PUBLIC_KEY": PEM.replace("\n", "\\n")},
        {"JWT_PUBLIC_KEY": JWKS, "DATABASE_CONN_MAX_AGE": "0", "MIN_TRAINING_SAMPLES": "1"},
    ],
)
def test_it_starts_on_good_settings(tmp_path: Path, variables: dict[str, str]) -> None:
    assert start(tmp_path, **variables) == (0, "")


@pytest.mark.parametrize(
    ("variables", "identifier"),
    [
        ({"SECRET_KEY": "insecure-for-development-only"}, "craic.E001"),
        ({"JWT_SECRET": "insecure-for-development-only"}, "craic.E002"),
        ({"API_AUTH": "maybe"}, "craic.E003"),
        ({"DEFAULT_RECOMMENDATION_COUNT": "200"}, "craic.E004"),
        ({"REFRESH_SECONDS": "30"}, "craic.E005"),
        ({"DEFAULT_ALGORITHM": "astrology"}, "craic.E006"),
        ({"THROTTLE_USER": "lots"}, "craic.E007"),
        ({"THROTTLE_USER": "600"}, "craic.E007"),
        ({"THROTTLE_USER": "600/month"}, "craic.E007"),
        ({"THROTTLE_USER": "0/min"}, "craic.E007"),
        ({"JWT_PUBLIC_KEY": "a key"}, "craic.E008"),
        ({"JWT_PUBLIC_KEY": "{}"}, "craic.E008"),
        ({"JWT_PUBLIC_KEY": '{"keys": [5]}'}, "craic.E008"),
        ({"JWT_PUBLIC_KEY": PEM.replace("A", "B")}, "craic.E008"),
        ({"JWT_PUBLIC_KEY": PRIVATE_PEM}, "craic.E008"),
        ({"LOG_LEVEL": "chatty"}, "craic.E009"),
        ({"MIN_TRAINING_SAMPLES": "0"}, "craic.E010"),
        ({"JWT_SECRET": "fifteen letters"}, "craic.E011"),
        ({"JWT_SECRET": ""}, "craic.E011"),
        ({"DATABASE_CONN_MAX_AGE": "-1"}, "craic.E012"),
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


@pytest.mark.parametrize("url", ["postgres://a:b@db/craic", "mysql://a:b@db/craic"])
def test_it_waits_5_seconds_for_a_database_to_answer_unless_the_address_says_otherwise(
    tmp_path: Path, url: str
) -> None:
    program = (
        "from craic_ml import settings; print(settings.DATABASES['default']['OPTIONS']['connect_timeout'])"
    )
    assert start(tmp_path, program, DATABASE_URL=url) == (0, "5\n")
    assert start(tmp_path, program, DATABASE_URL=f"{url}?connect_timeout=9") == (0, "9\n")
