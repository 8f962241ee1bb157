import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="craic-tests-"))
os.environ.setdefault("JWT_SECRET", "a-secret-for-tests-only-0123456789abcdef")
os.environ.setdefault("SECRET_KEY", "another-secret-for-tests-only-0123456789")
os.environ.setdefault("PREDICTION_FLUSH_SECONDS", "0")
os.environ.setdefault("REFRESH_SECONDS", "0")

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite tests run on a file, as the service does: a shared memory database locks differently."""
    if connection.vendor == "sqlite":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        connection.settings_dict["TEST"]["NAME"] = f"{os.environ['DATA_DIR']}/test-{worker}.sqlite3"


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
