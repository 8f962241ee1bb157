from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def artefact_root(settings: Settings, tmp_path: Path) -> Path:
    """Artefacts of each test in a folder of its own."""
    root = tmp_path / "artefacts"
    settings.DATA_DIR = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "artefacts": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": root},
        }
    }
    return root
