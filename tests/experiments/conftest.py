from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from experiments.definitions import definitions_forget
from experiments.models import Experiment
from tests.experiments.factories import draft, started

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_definitions_of_other_tests() -> Iterator[None]:
    definitions_forget()
    yield
    definitions_forget()


@pytest.fixture
def experiment_draft(db: None) -> Experiment:
    return draft()


@pytest.fixture
def experiment(db: None) -> Experiment:
    """Two variants, half the people each, running since noon."""
    return started(now=NOON)
