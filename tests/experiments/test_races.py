"""Two at once, on real connections."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from common.errors import InvalidInput
from experiments.definitions import Visitor
from experiments.models import Experiment, ExperimentStatus, Exposure
from experiments.services import experiment_start
from experiments.serving import exposures_record
from tests.experiments.factories import NOON, draft, started, treatment_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each call returned or raised, all begun at one barrier."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[object] = [None] * len(calls)

    def run(index: int, call: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            outcomes[index] = call()
        except Exception as error:  # noqa: BLE001  the test looks at it
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_two_first_exposures_at_once_one_is_recorded() -> None:
    started()
    treatment = treatment_of("1")

    def record() -> int:
        return exposures_record(treatment=treatment, visitor=Visitor("1"), now=NOON)

    assert at_once(*[record] * 6).count(1) == 1
    assert Exposure.objects.count() == 1


def test_of_two_experiments_started_at_once_one_runs() -> None:
    first, second = draft("first"), draft("second")

    def start(experiment: Experiment) -> Callable[[], object]:
        return lambda: experiment_start(experiment=experiment, actor="staff:ann", reason="Go", now=NOON)

    outcomes = at_once(start(first), start(second))
    assert sum(isinstance(one, InvalidInput) for one in outcomes) == 1
    assert Experiment.objects.filter(status=ExperimentStatus.ACTIVE).count() == 1
