from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from experiments.models import Experiment, Exposure
from experiments.services import (
    experiment_complete,
    experiment_pause,
    experiment_resume,
    experiment_reweigh,
    person_erase,
)
from experiments.serving import Assignment, assign, exposure_record
from tests.experiments.factories import NOON, draft, started

WHY: dict[str, Any] = {"actor": "staff:ann", "reason": "It was agreed", "now": NOON}
QueryCount = Callable[[int], Any]


def serve(user_id: str) -> Assignment:
    assignment = assign(user_id=user_id, now=NOON)
    assert assignment is not None
    exposure_record(assignment=assignment, user_id=user_id, now=NOON)
    return assignment


def someone_in(variant: str) -> str:
    for number in range(1000):
        assignment = assign(user_id=str(number), now=NOON)
        if assignment is not None and assignment.variant_key == variant:
            return str(number)
    raise AssertionError(f"nobody is in {variant}")


@pytest.mark.django_db
def test_nobody_is_assigned_while_nothing_runs() -> None:
    draft()
    assert assign(user_id="1", now=NOON) is None


def test_a_person_keeps_the_variant_and_its_algorithm(experiment: Experiment) -> None:
    first = assign(user_id="1", now=NOON)
    assert first is not None
    assert first == assign(user_id="1", now=NOON + timedelta(days=3))
    assert first.experiment_key == experiment.key
    assert first.algorithm == experiment.variants.get(key=first.variant_key).algorithm


def test_people_are_split_by_the_weights(experiment: Experiment) -> None:
    counts = Counter(a.variant_key for n in range(400) if (a := assign(user_id=str(n), now=NOON)))
    assert counts["control"] + counts["treatment"] == 400
    assert 140 < counts["control"] < 260


@pytest.mark.django_db
def test_people_outside_the_traffic_take_no_part() -> None:
    started(traffic_percentage=25)
    taking_part = sum(assign(user_id=str(n), now=NOON) is not None for n in range(400))
    assert 60 < taking_part < 140


def test_assigning_writes_nothing_and_serving_writes_one_exposure(experiment: Experiment) -> None:
    assignment = assign(user_id="1", now=NOON)
    assert assignment is not None
    assert not Exposure.objects.exists()
    assert exposure_record(assignment=assignment, user_id="1", now=NOON) is True
    exposure = Exposure.objects.get()
    assert (exposure.user_id, exposure.variant.key, exposure.first_at) == ("1", assignment.variant_key, NOON)


def test_only_the_first_exposure_is_recorded(experiment: Experiment) -> None:
    serve("1")
    again = assign(user_id="1", now=NOON + timedelta(hours=1))
    assert again is not None
    assert again.already_exposed
    assert exposure_record(assignment=again, user_id="1", now=NOON + timedelta(hours=1)) is False
    assert Exposure.objects.get().first_at == NOON


def test_users_whose_ids_differ_in_case_only_are_two_people(experiment: Experiment) -> None:
    serve("ann")
    serve("ANN")
    assert Exposure.objects.count() == 2


def test_it_costs_one_read_and_at_first_exposure_one_write(
    experiment: Experiment, settings: Any, django_assert_num_queries: QueryCount
) -> None:
    settings.REFRESH_SECONDS = 60
    assign(user_id="somebody before", now=NOON)  # reads the definitions
    with django_assert_num_queries(1):
        assignment = assign(user_id="1", now=NOON)
    assert assignment is not None
    with django_assert_num_queries(3) as captured:  # the insert, between a savepoint and its release
        exposure_record(assignment=assignment, user_id="1", now=NOON)
    assert [query["sql"].split()[0] for query in captured] == ["SAVEPOINT", "INSERT", "RELEASE"]
    with django_assert_num_queries(1):
        again = assign(user_id="1", now=NOON)
    assert again is not None
    with django_assert_num_queries(0):
        exposure_record(assignment=again, user_id="1", now=NOON)


@pytest.mark.django_db
def test_it_costs_no_query_while_nothing_runs(settings: Any, django_assert_num_queries: QueryCount) -> None:
    settings.REFRESH_SECONDS = 60
    assign(user_id="1", now=NOON)
    with django_assert_num_queries(0):
        assert assign(user_id="1", now=NOON) is None


@pytest.mark.django_db(transaction=True)
def test_this_process_knows_of_a_start_at_once(settings: Any) -> None:
    settings.REFRESH_SECONDS = 60
    assert assign(user_id="1", now=NOON) is None
    started()
    assert assign(user_id="1", now=NOON) is not None


def test_exposed_people_stay_where_they_are_whatever_the_weights_become(experiment: Experiment) -> None:
    before = {str(n): serve(str(n)).variant_key for n in range(60)}
    experiment_reweigh(experiment=experiment, weights={"control": 0.1, "treatment": 0.9}, **WHY)
    after = {user_id: serve(user_id).variant_key for user_id in before}
    assert after == before
    newcomers = Counter(serve(str(n)).variant_key for n in range(100, 300))
    assert newcomers["control"] < 50


@pytest.mark.django_db
def test_a_variant_of_weight_zero_gets_nobody() -> None:
    started(weights={"control": 0.5, "treatment": 0.5, "later": 0.0})
    assert {serve(str(n)).variant_key for n in range(100)} == {"control", "treatment"}


def test_while_paused_exposed_people_get_control_and_nobody_new_takes_part(experiment: Experiment) -> None:
    treated = someone_in("treatment")
    serve(treated)
    experiment_pause(experiment=experiment, **WHY)
    assignment = assign(user_id=treated, now=NOON)
    assert assignment is not None
    assert (assignment.variant_key, assignment.algorithm) == ("control", "popularity")
    assert assign(user_id="a newcomer", now=NOON) is None
    assert exposure_record(assignment=assignment, user_id=treated, now=NOON) is False
    assert Exposure.objects.get().variant.key == "treatment"


def test_after_the_pause_everybody_has_the_variant_they_had(experiment: Experiment) -> None:
    treated = someone_in("treatment")
    serve(treated)
    experiment_pause(experiment=experiment, **WHY)
    experiment_resume(experiment=experiment, **WHY)
    assert serve(treated).variant_key == "treatment"


def test_a_completed_experiment_assigns_nobody(experiment: Experiment) -> None:
    serve("1")
    experiment_complete(experiment=experiment, **WHY)
    assert assign(user_id="1", now=NOON) is None


def test_a_persons_exposures_can_be_erased(experiment: Experiment) -> None:
    serve("1")
    serve("2")
    assert person_erase(user_id="1") == 1
    assert [row.user_id for row in Exposure.objects.all()] == ["2"]
