import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="craic-tests-"))
os.environ.setdefault("JWT_SECRET", "a-secret-for-tests-only-0123456789abcdef")
os.environ.setdefault("SECRET_KEY", "another-secret-for-tests-only-0123456789")
os.environ.setdefault("PREDICTION_FLUSH_SECONDS", "0")
os.environ.setdefault("REFRESH_SECONDS", "0")

import pytest
from django.core.cache import cache
from django.test import Client


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def open_api(settings: object) -> None:
    """API_AUTH=open, as in development."""
    settings.API_AUTH = "open"  # type: ignore[attr-defined]


@pytest.fixture
def api(open_api: None) -> Client:
    """An anonymous client of an open API."""
    return Client()
