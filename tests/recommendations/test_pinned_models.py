"""A variant pinned to a trained version is served by it, whatever the champion is."""

from unittest import mock

import pytest
from django.utils import timezone

from common import errors
from experiments.models import Experiment
from experiments.pins import MOST_PINNED, versions_pinned
from experiments.services import (
    Plan,
    VariantPlan,
    experiment_complete,
    experiment_create,
    experiment_start,
    layer_default,
    variant_repin,
)
from feedback.models import Prediction
from modelregistry.live import live_model_load
from modelregistry.models import ModelVersion
from recommendations.live_model import pinned
from recommendations.refresher import refresh
from recommendations.slates import slates
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import model_restore

pytestmark = pytest.mark.usefixtures("trained_world")
HARDLY_ANYBODY = 0.0001
PLAN = Plan(minimum_effect=0.1, users=2000, days=14)


def another_champion() -> tuple[ModelVersion, ModelVersion]:
    """The champion of before, and one more promoted after it."""
    before = ModelVersion.objects.get(champion_slot=1)
    model_restore()
    return before, ModelVersion.objects.get(champion_slot=1)


def pinned_draft(key: str, *versions: ModelVersion) -> Experiment:
    """A control that hardly anybody gets, and a treatment for each version."""
    share = (1 - HARDLY_ANYBODY) / len(versions)
    treatments = [
        VariantPlan(key=f"pin-{one.name}", name=one.name, weight=share, model_version=one) for one in versions
    ]
    control = VariantPlan(key="control", name="Control", weight=HARDLY_ANYBODY, is_control=True)
    return experiment_create(
        key=key,
        name=key,
        variants=[control, *treatments],
        actor="staff:ann",
        now=timezone.now(),
        hypothesis="Newer is better.",
        plan=PLAN,
        layer=layer_default(),
    )


def started(experiment: Experiment) -> Experiment:
    return experiment_start(experiment=experiment, actor="staff:ann", reason="Ready", now=timezone.now())


def test_it_serves_the_pinned_version_and_says_so(ask: RecommendationClient) -> None:
    before, champion = another_champion()
    started(pinned_draft("pins", before))
    answer = ask.answer("techno-1")
    assert (answer["variant"], answer["model_version"]) == (f"pin-{before.name}", before.name)
    logged = Prediction.objects.get()
    assert (logged.model_version, logged.fallback_reason) == (before.name, "")
    assert champion.name != before.name


def test_it_is_read_once_and_released_with_its_experiment(ask: RecommendationClient) -> None:
    before, _ = another_champion()
    experiment = started(pinned_draft("pins", before))
    with mock.patch("modelregistry.pinned.live_model_load", wraps=live_model_load) as load:
        for user in ("techno-1", "techno-2", "trad-1"):
            ask.ids(user)
        assert load.call_count == 1
    assert [one.version for one in pinned.models()] == [before.name]
    assert slates.names_of(before.pk)
    experiment_complete(experiment=experiment, actor="staff:ann", reason="Done", now=timezone.now())
    refresh()
    assert pinned.models() == ()
    assert not slates.names_of(before.pk)


def test_the_champion_itself_pinned_is_held_once_and_stays_when_another_is_promoted(
    ask: RecommendationClient,
) -> None:
    champion = ModelVersion.objects.get(champion_slot=1)
    started(pinned_draft("pins", champion))
    with mock.patch("modelregistry.pinned.live_model_load") as load:
        assert ask.answer("techno-1")["model_version"] == champion.name
        model_restore()
        assert ask.answer("techno-1")["model_version"] == champion.name
    assert not load.called


def test_a_version_that_cannot_be_read_serves_the_champion_and_is_seen(ask: RecommendationClient) -> None:
    before, champion = another_champion()
    started(pinned_draft("pins", before))
    ModelVersion.objects.filter(pk=before.pk).update(manifest_sha256="0" * 64)
    with mock.patch("modelregistry.pinned.logger") as told:
        answer = ask.answer("techno-1")
        ask.answer("techno-1")
    assert told.error.call_count == 1
    assert answer["recommendations"]
    assert answer["model_version"] == champion.name
    assert {one.fallback_reason for one in Prediction.objects.all()} == {"pinned_model_refused"}


def test_it_does_not_start_with_a_version_that_is_damaged_or_gone() -> None:
    before, _ = another_champion()
    draft = pinned_draft("pins", before)
    ModelVersion.objects.filter(pk=before.pk).update(manifest_sha256="0" * 64)
    with pytest.raises(errors.InvalidInput, match=f"model {before.name} cannot be read"):
        started(draft)


def test_it_does_not_start_with_a_version_without_the_algorithm() -> None:
    before, _ = another_champion()
    draft = pinned_draft("pins", before)
    with (
        mock.patch("experiments.pins.settings", DEFAULT_ALGORITHM="popularity_of_tomorrow"),
        pytest.raises(errors.InvalidInput, match="holds no popularity_of_tomorrow"),
    ):
        started(draft)


def test_no_more_versions_are_pinned_at_once_than_memory_is_meant_for() -> None:
    versions = [another_champion()[0] for _ in range(MOST_PINNED + 1)]
    with pytest.raises(errors.InvalidInput, match=f"at most {MOST_PINNED} fit"):
        started(pinned_draft("too-many", *versions))
    started(pinned_draft("enough", *versions[:MOST_PINNED]))


def test_another_pin_in_mid_run_must_be_readable_and_opens_a_phase(ask: RecommendationClient) -> None:
    before, champion = another_champion()
    experiment = started(pinned_draft("pins", before))
    variant = experiment.variants.get(is_control=False)
    now = timezone.now()
    ModelVersion.objects.filter(pk=champion.pk).update(manifest_sha256="0" * 64)
    champion.refresh_from_db()
    with pytest.raises(errors.InvalidInput, match="cannot be read"):
        variant_repin(variant=variant, model_version=champion, actor="staff:ann", reason="Newer", now=now)
    assert experiment.phases.count() == 1


def test_the_artefacts_of_experiments_that_are_not_completed_must_stay() -> None:
    before, _ = another_champion()
    experiment = pinned_draft("pins", before)
    assert list(versions_pinned()) == [before]
    started(experiment)
    assert list(versions_pinned()) == [before]
    experiment_complete(experiment=experiment, actor="staff:ann", reason="Done", now=timezone.now())
    assert not versions_pinned().exists()
