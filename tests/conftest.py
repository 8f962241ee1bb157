import os

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis

from experiments.definitions import definitions_forget
from recommendations.interest import interest
from recommendations.live_model import champion, pinned
from recommendations.slates import slates
from recommendations.snapshot import candidates

hypothesis.register_profile("untimed", deadline=None)  # a busy machine is no failure
hypothesis.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for the database, so that other databases need not run what cannot differ there: what a
    trained model makes of people is worked out in memory."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        asks = {"db", "transactional_db"} & names or item.get_closest_marker("django_db")
        if asks and "trained_world" not in names:
            item.add_marker("database")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite tests run on a file, as the service does: a shared memory database locks differently."""
    if connection.vendor == "sqlite":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        connection.settings_dict["TEST"]["NAME"] = f"{os.environ['DATA_DIR']}/test-{worker}.sqlite3"


@pytest.fixture(autouse=True)
def _forgetful_process() -> None:
    """Each test begins as a new process does: nothing cached, nothing held in memory."""
    cache.clear()
    candidates.forget()
    interest.forget()
    slates.forget()
    champion.forget()
    pinned.forget()
    definitions_forget()


@pytest.fixture
def open_api(settings: object) -> None:
    """API_AUTH=open, as in development."""
    settings.API_AUTH = "open"  # type: ignore[attr-defined]


@pytest.fixture
def api(open_api: None) -> Client:
    """An anonymous client of an open API."""
    return Client()
