"""`manage.py retrain`: what it does, says, and exits with."""

from io import StringIO

import orjson
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from modelregistry.artefacts import artefact_read
from modelregistry.models import ModelVersion, RunState, TrainingRun, Trigger
from modelregistry.runs import run_enqueue
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm
from recommendations.evaluation.tuning import Trial, Tuning
from recommendations.fitted_with import FittedWith
from recommendations.live_model import ServedModel
from tests.recommendations.factories import feedback_add

pytestmark = pytest.mark.django_db(transaction=True)


def retrain(*arguments: str) -> tuple[int, str]:
    """Exit code, and everything printed."""
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("retrain", *arguments, stdout=output, stderr=output)
    assert isinstance(ended.value.code, int)
    return ended.value.code, output.getvalue()


@pytest.mark.usefixtures("world")
def test_it_trains_evaluates_and_promotes_the_first_model() -> None:
    code, output = retrain()
    assert code == 0
    assert "v1 is the champion" in output
    champion = ModelVersion.objects.champion()
    assert champion is not None
    assert champion.metrics["validation_metrics"]["ndcg_at_10"] > 0
    assert "popularity" in champion.metrics["validation_metrics"]
    run = TrainingRun.objects.get()
    assert (run.state, run.progress, run.lock) == (RunState.PROMOTED, 1.0, None)
    assert run.peak_memory_mb is not None
    assert run.peak_memory_mb > 50
    assert "Hold-out from" in run.log


@pytest.mark.usefixtures("world")
def test_it_skips_when_nothing_is_new_unless_forced() -> None:
    assert retrain("--algorithms", "popularity")[0] == 0
    code, output = retrain("--algorithms", "popularity")
    assert code == 3
    assert "Nothing new: v1 has learned from the same data" in output
    assert retrain("--algorithms", "popularity", "--force")[0] == 0
    assert ModelVersion.objects.count() == 2


@pytest.mark.usefixtures("world")
def test_it_makes_a_new_version_of_new_feedback() -> None:
    assert retrain("--algorithms", "popularity")[0] == 0
    feedback_add("techno-1", "trad-next-1")
    assert retrain("--algorithms", "popularity")[0] == 0
    assert list(ModelVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


@pytest.mark.usefixtures("world")
def test_a_dry_run_stores_nothing() -> None:
    code, output = retrain("--dry-run", "--algorithms", "popularity")
    assert code == 0
    assert "nothing stored" in output
    assert not ModelVersion.objects.exists()


def test_it_skips_when_there_is_too_little_to_learn_from() -> None:
    code, output = retrain()
    assert code == 3
    assert "MIN_TRAINING_SAMPLES" in output
    assert TrainingRun.objects.get().state == RunState.SKIPPED


@pytest.mark.usefixtures("world")
def test_it_skips_and_says_which_run_is_active() -> None:
    active = run_enqueue(trigger=Trigger.API, requested_by="somebody", parameters={}, now=timezone.now())
    code, output = retrain()
    assert code == 3
    assert f"Training run {active.pk} is queued already" in output


@pytest.mark.usefixtures("world")
def test_it_keeps_a_version_aside_when_promotion_is_left_to_people(settings: object) -> None:
    settings.AUTO_PROMOTE = False  # type: ignore[attr-defined]
    code, output = retrain("--algorithms", "popularity")
    assert code == 0
    assert "AUTO_PROMOTE is off" in output
    assert ModelVersion.objects.count() == 1
    assert ModelVersion.objects.champion() is None


@pytest.mark.usefixtures("world")
def test_it_fails_with_1_and_leaves_the_reason_on_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recommendations.training.artefact_write", full_disk)
    code, _ = retrain("--algorithms", "popularity")
    assert code == 1
    run = TrainingRun.objects.get()
    assert (run.state, run.lock) == (RunState.FAILED, None)
    assert "No space left on device" in run.error
    assert not ModelVersion.objects.exists()


@pytest.mark.usefixtures("world")
def test_it_prints_one_json_object_when_asked() -> None:
    code, output = retrain("--json", "--algorithms", "popularity")
    told = orjson.loads(output)
    assert (code, told["exit_code"], told["state"]) == (0, 0, "promoted")
    assert told["metrics"]["training_samples"] > 0


def prefer_the_last(algorithm: type[Algorithm], *_: object, **__: object) -> Tuning:
    last = algorithm.settings.search_space()[-1]
    return Tuning(algorithm.name, 40, 0.1, (Trial(last, 0.2, 0.1, 0.01),), last)


@pytest.mark.usefixtures("world")
def test_tuned_parameters_are_stored_with_the_version_and_kept_until_tuned_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("recommendations.training.tune", prefer_the_last)
        assert retrain("--tune", "--algorithms", "popularity")[0] == 0
    first = ModelVersion.objects.get()
    assert first.metrics["parameters"]["popularity"]["soon"] == 0.5
    assert "popularity" in first.metrics["tuning"]

    feedback_add("techno-1", "trad-next-1")
    code, output = retrain("--algorithms", "popularity")
    assert code == 0
    assert "popularity keeps what was tuned for the champion: soon 0.5" in output
    second = ModelVersion.objects.get(number=2)
    assert second.metrics["parameters"] == first.metrics["parameters"]
    assert "tuning" not in second.metrics
    stored = artefact_read(path=second.artefact_path, manifest_sha256=second.manifest_sha256)
    assert stored.manifest.parameters["tuned"]["popularity"] == {"soon": 0.5}
    served = ServedModel.of(stored).algorithms["popularity"]
    assert isinstance(served, Popularity)
    assert served.parameters.soon == 0.5


def tuned_of(number: int) -> dict[str, dict[str, float]]:
    version = ModelVersion.objects.get(number=number)
    stored = artefact_read(path=version.artefact_path, manifest_sha256=version.manifest_sha256)
    return dict(stored.manifest.parameters["tuned"])


@pytest.mark.usefixtures("world")
def test_what_was_tuned_outlives_runs_that_leave_the_algorithm_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("recommendations.training.tune", prefer_the_last)
        assert retrain("--tune", "--algorithms", "popularity,user_knn", "--force")[0] == 0
    assert retrain("--algorithms", "popularity", "--force")[0] == 0
    assert ModelVersion.objects.get(number=2).algorithms == ["popularity", "hybrid"]
    assert tuned_of(2) == tuned_of(1)
    assert retrain("--algorithms", "popularity,user_knn", "--force")[0] == 0
    first, third = (ModelVersion.objects.get(number=number).metrics["parameters"] for number in (1, 3))
    assert first == third


@pytest.mark.usefixtures("world")
def test_tuning_on_too_few_people_keeps_what_was_tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("recommendations.training.tune", prefer_the_last)
        assert retrain("--tune", "--algorithms", "popularity")[0] == 0
    monkeypatch.setattr("recommendations.evaluation.tuning.FEWEST_PEOPLE", 10_000)
    code, output = retrain("--tune", "--algorithms", "popularity")
    assert code == 0
    assert "popularity: soon 0.5" in output
    assert "too few to tune on" in output
    assert tuned_of(2) == tuned_of(1)
    assert tuned_of(1)["popularity"] == {"soon": 0.5}


@pytest.mark.usefixtures("world")
def test_tuning_says_what_it_tries_and_trains_though_nothing_is_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recommendations.evaluation.tuning.FEWEST_PEOPLE", 5)
    assert retrain("--algorithms", "popularity")[0] == 0
    code, output = retrain("--tune", "--algorithms", "popularity")
    assert code == 0
    assert "Tuning popularity: the defaults" in output
    assert "Tuning popularity: doubt 0.5" in output
    newest = ModelVersion.objects.get(number=2)
    assert newest.metrics["tuning"]["popularity"]["users"] >= 5
    assert {"the defaults", "doubt 0.5", "doubt 8"} <= newest.metrics["tuning"]["popularity"]["tried"].keys()
    assert TrainingRun.objects.first().metrics["tuning"] == newest.metrics["tuning"]  # type: ignore[union-attr]


@pytest.mark.usefixtures("world")
def test_what_an_earlier_release_tuned_and_this_one_does_not_have_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert retrain("--algorithms", "popularity")[0] == 0
    feedback_add("techno-1", "trad-next-1")
    of_another_release = FittedWith({}, {"popularity": {"zodiac": 3.0}})
    monkeypatch.setattr("recommendations.training.FittedWith.of", lambda manifest: of_another_release)
    code, output = retrain("--algorithms", "popularity")
    assert code == 0
    assert "has no zodiac" in output


def test_it_refuses_an_algorithm_nobody_has() -> None:
    with pytest.raises(CommandError, match="choose from popularity"):
        call_command("retrain", "--algorithms", "astrology")
