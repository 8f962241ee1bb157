from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from experiments.definitions import Visitor, definitions_forget
from experiments.models import Experiment, Exposure, Layer
from experiments.services import (
    experiment_complete,
    experiment_pause,
    experiment_resume,
    experiment_reweigh,
    experiment_start,
    person_erase,
)
from experiments.serving import Assignment, exposures_record
from tests.experiments.factories import NOON, assignment_of, draft, expose, exposed, started, treatment_of

WHY: dict[str, Any] = {"actor": "staff:ann", "reason": "It was agreed", "now": NOON}
QueryCount = Callable[[int], Any]


def serve(user_id: str) -> Assignment:
    assignment = assignment_of(user_id)
    assert assignment is not None
    exposed(user_id)
    return assignment


def someone_in(variant: str) -> str:
    for number in range(1000):
        assignment = assignment_of(str(number))
        if assignment is not None and assignment.variant_key == variant:
            return str(number)
    raise AssertionError(f"nobody is in {variant}")


@pytest.mark.django_db
def test_nobody_is_assigned_while_nothing_runs() -> None:
    draft()
    assert assignment_of("1") is None


def test_a_person_keeps_the_variant_and_its_algorithm(experiment: Experiment) -> None:
    first = assignment_of("1")
    assert first is not None
    assert first == assignment_of("1")
    assert first.experiment_key == experiment.key
    assert first.ranker.algorithm == experiment.variants.get(key=first.variant_key).algorithm


def test_people_are_split_by_the_weights(experiment: Experiment) -> None:
    counts = Counter(a.variant_key for n in range(400) if (a := assignment_of(str(n))))
    assert counts["control"] + counts["treatment"] == 400
    assert 140 < counts["control"] < 260


@pytest.mark.django_db
def test_people_outside_the_traffic_take_no_part() -> None:
    started(traffic_percentage=25)
    taking_part = sum(assignment_of(str(n)) is not None for n in range(400))
    assert 60 < taking_part < 140


def test_assigning_writes_nothing_and_serving_writes_one_exposure(experiment: Experiment) -> None:
    assignment = assignment_of("1")
    assert assignment is not None
    assert not Exposure.objects.exists()
    assert exposed("1", NOON) == 1
    exposure = Exposure.objects.get()
    assert (exposure.user_id, exposure.variant_id, exposure.first_at) == ("1", assignment.variant_id, NOON)
    assert exposure.window_ends_at == NOON + timedelta(hours=experiment.attribution_hours)
    assert (exposure.phase, exposure.propensity) == (1, 0.5)


def test_only_the_first_exposure_is_recorded(experiment: Experiment) -> None:
    serve("1")
    again = assignment_of("1")
    assert again is not None
    assert again.already_exposed
    assert exposed("1", NOON + timedelta(hours=1)) == 0
    assert Exposure.objects.get().first_at == NOON


def test_users_whose_ids_differ_in_case_only_are_two_people(experiment: Experiment) -> None:
    serve("ann")
    serve("ANN")
    assert Exposure.objects.count() == 2


def test_it_costs_one_read_and_at_first_exposure_one_write(
    experiment: Experiment, settings: Any, django_assert_num_queries: QueryCount
) -> None:
    settings.REFRESH_SECONDS = 60
    assignment_of("somebody before")  # reads the definitions
    with django_assert_num_queries(1):
        treatment = treatment_of("1")
    with django_assert_num_queries(3) as captured:  # the insert, between a savepoint and its release
        assert exposures_record(treatment=treatment, visitor=Visitor("1"), now=NOON) == 1
    assert [query["sql"].split()[0] for query in captured] == ["SAVEPOINT", "INSERT", "RELEASE"]
    with django_assert_num_queries(1):
        again = treatment_of("1")
    with django_assert_num_queries(0):
        assert exposures_record(treatment=again, visitor=Visitor("1"), now=NOON) == 0


@pytest.mark.django_db
def test_it_costs_no_query_while_nothing_runs(settings: Any, django_assert_num_queries: QueryCount) -> None:
    settings.REFRESH_SECONDS = 60
    assignment_of("1")
    with django_assert_num_queries(0):
        assert assignment_of("1") is None


@pytest.mark.django_db(transaction=True)
def test_this_process_knows_of_a_start_at_once(settings: Any) -> None:
    settings.REFRESH_SECONDS = 60
    assert assignment_of("1") is None
    started()
    assert assignment_of("1") is not None


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
    assignment = assignment_of(treated)
    assert assignment is not None
    assert (assignment.variant_key, assignment.ranker.algorithm) == ("control", "popularity")
    assert assignment_of("a newcomer") is None
    assert exposed(treated, NOON) == 0
    assert Exposure.objects.filter(variant__key="treatment").count() == 1


def test_after_the_pause_everybody_has_the_variant_they_had(experiment: Experiment) -> None:
    treated = someone_in("treatment")
    serve(treated)
    experiment_pause(experiment=experiment, **WHY)
    experiment_resume(experiment=experiment, **WHY)
    assert serve(treated).variant_key == "treatment"


def test_a_completed_experiment_assigns_nobody(experiment: Experiment) -> None:
    serve("1")
    experiment_complete(experiment=experiment, **WHY)
    assert assignment_of("1") is None


def test_a_persons_exposures_can_be_erased(experiment: Experiment) -> None:
    serve("1")
    serve("2")
    assert person_erase(user_id="1") == 1
    assert [row.user_id for row in Exposure.objects.all()] == ["2"]


def test_of_two_layers_only_the_new_one_is_recorded_where_another_process_was_faster(
    experiment: Experiment,
) -> None:
    """Both come in by one statement; one that is there already must not lose the other."""
    other = draft("lists")
    Experiment.objects.filter(pk=other.pk).update(layer=Layer.objects.create(key="lists", name="Lists"))
    other.variants.update(algorithm="")
    other.variants.filter(is_control=False).update(parameters={"most_per_venue": 2})
    other.refresh_from_db()
    experiment_start(experiment=other, **WHY)
    definitions_forget()
    treatment = treatment_of("1")
    assert len(treatment.assignments) == 2
    expose(experiment, treatment.assignments[0].variant_key, "1")
    assert exposures_record(treatment=treatment, visitor=Visitor("1"), now=NOON) == 1
    assert Exposure.objects.filter(user_id="1").count() == 2
