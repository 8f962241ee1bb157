from datetime import timedelta
from typing import Any

import pytest

from common import errors
from experiments.algorithm_names import algorithm_names, algorithm_names_register
from experiments.models import Experiment, ExperimentStatus
from experiments.services import (
    experiment_complete,
    experiment_create,
    experiment_draft_saved,
    experiment_pause,
    experiment_resume,
    experiment_reweigh,
    experiment_start,
)
from experiments.statistics.assignment import share_moved
from tests.experiments.factories import NOON, draft, started

WHY: dict[str, Any] = {"actor": "staff:ann", "reason": "It was agreed", "now": NOON}
QUARTERS = dict.fromkeys(("control", "knn", "content", "hybrid"), 0.25)


def allocation(experiment: Experiment) -> dict[str, list[tuple[int, int]]]:
    return {row.key: [(a, b) for a, b in row.buckets] for row in experiment.variants.all()}


def test_it_goes_from_draft_to_active_to_paused_to_active_to_completed(experiment_draft: Experiment) -> None:
    assert experiment_start(experiment=experiment_draft, **WHY).status == ExperimentStatus.ACTIVE
    assert experiment_pause(experiment=experiment_draft, **WHY).status == ExperimentStatus.PAUSED
    assert experiment_resume(experiment=experiment_draft, **WHY).status == ExperimentStatus.ACTIVE
    ended = experiment_complete(experiment=experiment_draft, **WHY)
    assert (ended.status, ended.started_at, ended.ended_at) == (ExperimentStatus.COMPLETED, NOON, NOON)


@pytest.mark.parametrize("refused", [experiment_start, experiment_resume])
def test_a_running_experiment_cannot_be_started_or_resumed(experiment: Experiment, refused: object) -> None:
    with pytest.raises(errors.Conflict, match="rec_v1 is active"):
        refused(experiment=experiment, **WHY)  # type: ignore[operator]


@pytest.mark.parametrize(
    "refused", [experiment_start, experiment_pause, experiment_resume, experiment_complete]
)
def test_a_completed_experiment_stays_completed(experiment: Experiment, refused: object) -> None:
    experiment_complete(experiment=experiment, **WHY)
    with pytest.raises(errors.Conflict, match="completed"):
        refused(experiment=experiment, **WHY)  # type: ignore[operator]


def test_a_draft_can_be_neither_paused_nor_completed(experiment_draft: Experiment) -> None:
    for refused in (experiment_pause, experiment_complete):
        with pytest.raises(errors.Conflict, match="draft"):
            refused(experiment=experiment_draft, **WHY)


def test_every_change_says_who_made_it_when_and_why(experiment: Experiment) -> None:
    later = NOON + timedelta(hours=1)
    experiment_pause(experiment=experiment, actor="staff:bob", reason="Odd latency", now=later)
    newest = experiment.events.first()
    assert newest is not None
    assert (newest.what, newest.actor, newest.reason, newest.at) == (
        "Paused",
        "staff:bob",
        "Odd latency",
        later,
    )
    assert [event.what for event in experiment.events.order_by("id")] == ["Created", "Started", "Paused"]


def test_a_change_without_a_reason_is_refused_and_changes_nothing(experiment: Experiment) -> None:
    with pytest.raises(errors.InvalidInput, match="why"):
        experiment_pause(experiment=experiment, actor="staff:bob", reason="  ", now=NOON)
    experiment.refresh_from_db()
    assert experiment.status == ExperimentStatus.ACTIVE


@pytest.mark.django_db
def test_two_experiments_never_take_the_same_people_of_a_layer() -> None:
    first = started("first")
    second = draft("second")
    with pytest.raises(errors.InvalidInput, match="taken by first"):
        experiment_start(experiment=second, **WHY)
    experiment_pause(experiment=first, **WHY)
    with pytest.raises(errors.InvalidInput, match="taken by first"):
        experiment_start(experiment=second, **WHY)
    experiment_complete(experiment=first, **WHY)
    assert experiment_start(experiment=second, **WHY).status == ExperimentStatus.ACTIVE


def test_it_cannot_start_with_fewer_than_two_variants(experiment_draft: Experiment) -> None:
    experiment_draft.variants.filter(is_control=False).delete()
    experiment_draft.variants.update(weight=1.0)
    with pytest.raises(errors.InvalidInput, match="at least two variants"):
        experiment_start(experiment=experiment_draft, **WHY)


@pytest.mark.parametrize(("is_control", "told"), [(True, "2 is marked"), (False, "none is marked")])
def test_it_cannot_start_without_exactly_one_control(
    experiment_draft: Experiment, is_control: bool, told: str
) -> None:
    experiment_draft.variants.update(is_control=is_control)
    with pytest.raises(errors.InvalidInput, match=told):
        experiment_start(experiment=experiment_draft, **WHY)


def test_it_cannot_start_with_weights_that_are_no_whole(experiment_draft: Experiment) -> None:
    experiment_draft.variants.update(weight=0.4)
    with pytest.raises(errors.InvalidInput, match=r"sum to 0\.8"):
        experiment_start(experiment=experiment_draft, **WHY)


def test_it_cannot_start_with_a_control_nobody_gets(experiment_draft: Experiment) -> None:
    experiment_draft.variants.filter(is_control=True).update(weight=0)
    experiment_draft.variants.filter(is_control=False).update(weight=1)
    with pytest.raises(errors.InvalidInput, match="control needs a weight"):
        experiment_start(experiment=experiment_draft, **WHY)


def test_it_cannot_start_with_an_algorithm_nobody_has(experiment_draft: Experiment) -> None:
    known = algorithm_names()
    algorithm_names_register(["popularity"])
    try:
        with pytest.raises(errors.InvalidInput, match="no algorithm called 'hybrid'; known are popularity"):
            experiment_start(experiment=experiment_draft, **WHY)
    finally:
        algorithm_names_register(known)


@pytest.mark.django_db
def test_a_new_experiment_with_weights_that_are_no_whole_is_not_stored() -> None:
    with pytest.raises(errors.InvalidInput, match=r"sum to 1\.1"):
        draft(weights={"control": 0.5, "treatment": 0.6})
    assert not Experiment.objects.exists()


def test_a_key_is_taken_once(experiment_draft: Experiment) -> None:
    with pytest.raises(errors.Conflict, match="already"):
        experiment_create(key="rec_v1", name="Again", variants=[], actor="staff:ann", now=NOON)


@pytest.mark.django_db
def test_new_weights_move_only_the_surplus_and_open_a_phase() -> None:
    experiment = started(weights=QUARTERS)
    before = allocation(experiment)
    weights = {"control": 0.1, "knn": 0.3, "content": 0.3, "hybrid": 0.3}
    later = NOON + timedelta(days=1)
    changed = experiment_reweigh(
        experiment=experiment, weights=weights, actor="staff:ann", reason="Control has enough", now=later
    )
    assert share_moved(before, allocation(changed)) == 0.15
    assert {row.key: row.weight for row in changed.variants.all()} == weights
    phase = changed.phases.get(number=2)
    assert (phase.started_at, phase.weights) == (later, weights)
    event = changed.events.first()
    assert event is not None
    assert "15.0%" in event.what


@pytest.mark.parametrize(
    "weights",
    [
        {"control": 0.5, "treatment": 0.6},
        {"control": 1.0},
        {"control": 0.5, "other": 0.5},
        {"control": 0.0, "treatment": 1.0},
    ],
)
def test_impossible_weights_are_refused_and_change_nothing(
    experiment: Experiment, weights: dict[str, float]
) -> None:
    with pytest.raises(errors.InvalidInput):
        experiment_reweigh(experiment=experiment, weights=weights, **WHY)
    assert [row.weight for row in experiment.variants.all()] == [0.5, 0.5]


def test_the_definition_is_frozen_once_it_runs(experiment: Experiment) -> None:
    with pytest.raises(errors.Conflict, match="only one that is draft can be edited"):
        experiment_draft_saved(experiment=experiment, actor="staff:ann", what="Edited", now=NOON)


def test_weights_of_a_draft_are_edited_not_reweighed(experiment_draft: Experiment) -> None:
    with pytest.raises(errors.Conflict, match="active or paused"):
        experiment_reweigh(experiment=experiment_draft, weights={"control": 0.5, "treatment": 0.5}, **WHY)
