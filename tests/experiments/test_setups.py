"""Copies of earlier experiments, and splitting people anew on purpose."""

from typing import Any

import pytest

from common import errors
from experiments.models import Experiment, ExperimentKind
from experiments.services import (
    experiment_complete,
    experiment_ramp,
    experiment_rerandomise,
    experiment_start,
    layer_hold_out,
    variant_repin,
)
from experiments.setups import experiment_copy
from modelregistry.models import ModelVersion
from tests.experiments.factories import NOON, PLAN, assignment_of, draft, exposed
from tests.modelregistry.factories import version as version_of

WHY: dict[str, Any] = {"actor": "staff:ann", "reason": "It was agreed", "now": NOON}


def variants(people: range) -> dict[int, str]:
    found = {number: assignment_of(str(number)) for number in people}
    return {number: one.variant_key for number, one in found.items() if one is not None}


def test_a_copy_is_a_draft_set_up_alike_that_splits_people_anew(experiment: Experiment) -> None:
    before = variants(range(200))
    experiment_complete(experiment=experiment, **WHY)
    copy = experiment_copy(experiment=experiment, key="rec_v2", actor="staff:bob", now=NOON)
    assert (copy.status, copy.hypothesis, copy.planned_users) == (
        "draft",
        experiment.hypothesis,
        PLAN.users,
    )
    assert copy.salt != experiment.salt
    assert [(one.key, one.algorithm, one.weight, one.is_control) for one in copy.variants.all()] == [
        (one.key, one.algorithm, one.weight, one.is_control) for one in experiment.variants.all()
    ]
    event = copy.events.get()
    assert (event.what, event.actor) == ("Copied from rec_v1", "staff:bob")
    assert not copy.decision
    experiment_start(experiment=copy, **WHY)
    after = variants(range(200))
    assert 60 < sum(before[number] == after[number] for number in before) < 140


def test_a_copy_needs_a_key_of_its_own(experiment: Experiment) -> None:
    with pytest.raises(errors.Conflict, match="already"):
        experiment_copy(experiment=experiment, key="rec_v1", actor="staff:bob", now=NOON)


def test_re_randomising_splits_newcomers_anew_keeps_the_exposed_and_opens_a_phase(
    experiment: Experiment,
) -> None:
    before = variants(range(200))
    for number in range(50):
        exposed(str(number))
    experiment_rerandomise(experiment=experiment, **WHY)
    after = variants(range(200))
    assert all(before[number] == after[number] for number in range(50))
    assert 45 < sum(before[number] == after[number] for number in range(50, 200)) < 105
    assert experiment.phases.count() == 2
    event = experiment.events.first()
    assert event is not None
    assert event.what.startswith("Re-randomised")


def test_a_draft_is_re_randomised_without_a_phase_and_a_completed_one_not_at_all(
    experiment_draft: Experiment,
) -> None:
    salt = experiment_draft.salt
    changed = experiment_rerandomise(experiment=experiment_draft, **WHY)
    assert changed.salt != salt
    assert not changed.phases.exists()
    experiment_start(experiment=changed, **WHY)
    experiment_complete(experiment=changed, **WHY)
    with pytest.raises(errors.Conflict, match="completed"):
        experiment_rerandomise(experiment=changed, **WHY)


def test_it_is_not_re_randomised_without_a_reason(experiment: Experiment) -> None:
    with pytest.raises(errors.InvalidInput, match="why"):
        experiment_rerandomise(experiment=experiment, actor="staff:ann", reason=" ", now=NOON)


@pytest.mark.django_db
def test_a_draft_has_no_traffic_to_ramp() -> None:
    with pytest.raises(errors.Conflict, match="active or paused"):
        experiment_ramp(experiment=draft(), traffic_percentage=50, **WHY)


@pytest.mark.parametrize("percentage", [0, -5, 101])
def test_impossible_traffic_is_refused(experiment: Experiment, percentage: float) -> None:
    with pytest.raises(errors.InvalidInput, match="above 0 and at most 100"):
        experiment_ramp(experiment=experiment, traffic_percentage=percentage, **WHY)


def test_a_variant_that_follows_the_champion_cannot_be_pinned_in_mid_run(experiment: Experiment) -> None:
    variant = experiment.variants.get(is_control=False)
    with pytest.raises(errors.Conflict, match="only a pinned variant"):
        variant_repin(variant=variant, model_version=ModelVersion(number=1), **WHY)


def test_the_holdout_is_changed_while_nothing_of_its_layer_runs(experiment: Experiment) -> None:
    with pytest.raises(errors.Conflict, match="taken by rec_v1"):
        layer_hold_out(layer=experiment.layer, percentage=10)
    experiment_complete(experiment=experiment, **WHY)
    assert layer_hold_out(layer=experiment.layer, percentage=10).holdout_percentage == 10
    with pytest.raises(errors.InvalidInput, match="less than 100"):
        layer_hold_out(layer=experiment.layer, percentage=100)


def test_a_bandits_variant_stays_the_model_it_is(experiment: Experiment) -> None:
    Experiment.objects.update(kind=ExperimentKind.BANDIT)
    version = version_of()
    experiment.variants.filter(is_control=False).update(model_version=version)
    with pytest.raises(errors.Conflict, match="Start another"):
        variant_repin(variant=experiment.variants.get(is_control=False), model_version=version, **WHY)
