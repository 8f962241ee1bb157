"""An A/A test at one click: what it checks of the pipeline, and that each check can fail."""

import uuid
from datetime import datetime, timedelta

import pytest

from common import errors
from experiments.daily import experiment_daily
from experiments.definitions import Visitor, definitions_forget
from experiments.models import Experiment, ExperimentKind, ExperimentStatus, Exposure
from experiments.reports import PipelineCheck
from experiments.results import experiment_report
from experiments.services import experiment_complete
from experiments.serving import exposures_record
from experiments.setups import experiment_aa_create
from experiments.start_checks import start_problems
from experiments.verdicts import VerdictState
from feedback.models import Prediction
from tests.experiments.factories import DAY, HOUR, NOON, act, started, treatment_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def aa() -> Experiment:
    """With one salt always: one split in twenty would differ by chance, as it should."""
    experiment = experiment_aa_create(actor="staff:ann", now=NOON)
    experiment.salt = "an even split"
    experiment.save(update_fields=["salt"])
    definitions_forget()
    return experiment


def visit(user_id: str, at: datetime = NOON + HOUR, latency_ms: float = 5.0) -> str:
    """Served as the service does it: exposed, and logged. The variant's key."""
    treatment = treatment_of(user_id)
    assert treatment.leading is not None
    exposures_record(treatment=treatment, visitor=Visitor(user_id), now=at)
    Prediction.objects.create(
        recommendation_id=uuid.uuid4(),
        user_id=user_id,
        served_at=at,
        algorithm="hybrid",
        experiment=treatment.leading.experiment_key,
        variant=treatment.leading.variant_key,
        latency_ms=latency_ms,
        items=[["gig", 0.5, 1.0]],
    )
    return treatment.leading.variant_key


def visits(people: int = 200, at: datetime = NOON + HOUR) -> dict[str, str]:
    return {f"p{number}": visit(f"p{number}", at, 5 + number % 3) for number in range(people)}


def checks(experiment: Experiment, at: datetime = NOON + DAY) -> dict[str, PipelineCheck]:
    found = experiment_report(experiment=experiment, as_of=at).pipeline
    return {one.name: one for one in found}


def failed(experiment: Experiment, at: datetime = NOON + DAY) -> list[str]:
    return [name for name, one in checks(experiment, at).items() if not one.passed]


def test_one_call_makes_and_starts_a_sound_test(aa: Experiment) -> None:
    assert (aa.kind, aa.status) == (ExperimentKind.AA, ExperimentStatus.ACTIVE)
    assert [(one.weight, one.algorithm, one.parameters) for one in aa.variants.all()] == [(0.5, "", {})] * 2
    assert aa.planned_days == 14
    assert start_problems(aa) == []


def test_it_runs_beside_an_experiment_that_has_everybody() -> None:
    started()
    assert experiment_aa_create(actor="staff:ann", now=NOON).status == ExperimentStatus.ACTIVE
    keys = [one.experiment_key for one in treatment_of("1").assignments]
    assert keys == ["rec_v1", "aa-20260504"]


def test_only_one_runs_at_a_time(aa: Experiment) -> None:
    with pytest.raises(errors.Conflict, match="cannot start now"):
        experiment_aa_create(actor="staff:ann", now=NOON + HOUR)
    assert Experiment.objects.count() == 1
    experiment_complete(experiment=aa, actor="staff:ann", reason="Done", now=NOON + HOUR)
    assert experiment_aa_create(actor="staff:ann", now=NOON + 2 * HOUR).key == "aa-20260504-140000"


def test_on_a_sound_pipeline_every_check_passes_and_at_the_end_so_does_the_test(aa: Experiment) -> None:
    for number, user_id in enumerate(visits()):
        if number % 5 == 0:
            act(user_id, "save", NOON + 2 * HOUR)
    assert len(checks(aa)) == 7
    assert failed(aa) == []
    experiment_daily(experiment=aa, now=NOON + DAY)
    shown = experiment_report(experiment=aa, as_of=NOON + DAY).verdict
    assert (shown.state, shown.rule) == (
        VerdictState.KEEP_RUNNING,
        "A/A test: every check holds so far",
    )
    Experiment.objects.update(planned_users=200)
    aa.refresh_from_db()
    look = experiment_daily(experiment=aa, now=NOON + 5 * DAY).look
    assert (look.verdict, look.rule) == (VerdictState.NO_EFFECT_FOUND, "A/A test passed")


def test_lost_people_of_one_variant_fail_the_sample_ratio(aa: Experiment) -> None:
    visits(300)
    lost = Exposure.objects.filter(variant__key="b").order_by("id").values_list("pk", flat=True)[:100]
    users = list(Exposure.objects.filter(pk__in=list(lost)).values_list("user_id", flat=True))
    Exposure.objects.filter(pk__in=list(lost)).delete()
    Prediction.objects.filter(user_id__in=users).delete()
    assert failed(aa) == ["Sample ratio"]
    verdict = experiment_report(experiment=aa, as_of=NOON + DAY).verdict
    assert (verdict.state, verdict.rule) == (VerdictState.INVALID, "A/A test failed: sample ratio")


def test_a_list_served_without_an_exposure_fails_it(aa: Experiment) -> None:
    visits(50)
    Exposure.objects.filter(user_id="p1").delete()
    assert failed(aa) == ["Exposures match served lists"]
    assert "1 people were served" in checks(aa)["Exposures match served lists"].explanation


def test_exposures_without_a_list_fail_it(aa: Experiment) -> None:
    visits(50)
    Prediction.objects.filter(user_id__in=["p1", "p2"]).delete()
    assert failed(aa) == ["Exposures match served lists"]


def test_lists_of_the_last_minute_may_still_be_on_their_way_to_the_log(aa: Experiment) -> None:
    visits(50)
    Prediction.objects.all().delete()
    assert failed(aa, NOON + HOUR + timedelta(seconds=30)) == []


def test_what_came_before_the_exposure_is_no_conversion(aa: Experiment) -> None:
    for user_id in visits(50):
        act(user_id, "save", NOON)
    counted = checks(aa)["No conversion before exposure counted"]
    assert (counted.passed, counted.explanation[:21]) == (True, "0 people are counted ")


def test_people_served_both_variants_fail_it(aa: Experiment) -> None:
    visits(100)
    Exposure.objects.filter(user_id__in=["p1", "p2"]).update(is_mixed=True)
    assert failed(aa) == ["No mixed exposure"]


def test_lists_that_take_longer_in_one_variant_fail_it(aa: Experiment) -> None:
    for user_id, variant in visits(300).items():
        slower = 3.0 if variant == "b" else 0.0
        Prediction.objects.filter(user_id=user_id).update(latency_ms=5 + slower + len(user_id) * 0.1)
    assert failed(aa) == ["Latency alike"]


def test_a_difference_on_the_primary_metric_fails_it_by_the_looks(aa: Experiment) -> None:
    Experiment.objects.update(planned_users=300)
    aa.refresh_from_db()
    for number, (user_id, variant) in enumerate(visits(300).items()):
        if variant == "b" or number % 10 == 0:
            act(user_id, "save", NOON + 2 * HOUR)
    assert failed(aa, NOON + 5 * DAY) == []
    look = experiment_daily(experiment=aa, now=NOON + 5 * DAY).look
    assert (look.verdict, look.rule) == (VerdictState.INVALID, "A/A test failed: primary metric alike")
    assert failed(aa, NOON + 5 * DAY) == ["Primary metric alike"]


def test_variants_that_differ_are_no_a_a_test(aa: Experiment) -> None:
    aa.variants.filter(key="b").update(algorithm="popularity")
    assert any("must be the same" in problem for problem in start_problems(aa))
