"""What an A/A test proves: two variants that are the same look the same, in every way that is measured."""

from collections.abc import Mapping
from datetime import timedelta

from django.db.models import Exists, OuterRef

from experiments.batches import batches_of
from experiments.frame import Frame
from experiments.measures import Measures
from experiments.metrics import ACTIONS_OF, LATENCY, Deeds
from experiments.models import Exposure
from experiments.readings import Reading
from experiments.reports import ALPHA, Finding, GuardrailCheck, GuardrailState, PipelineCheck
from experiments.samples import difference_of, sample_of
from experiments.statistics.confidence_sequence import confidence_sequence
from experiments.statistics.values import SampleRatioState, Unknown
from experiments.verdicts import MOST_MIXED
from feedback.models import Prediction

JUST_SERVED = timedelta(minutes=1)  # lists are logged a few seconds after they are served
MOST_UNLOGGED = 0.01  # a process that is killed loses the lists it had not written yet


def pipeline_checks(
    frame: Frame,
    measures: Measures,
    reading: Reading,
    found: Mapping[str, Finding],
    guardrails: tuple[GuardrailCheck, ...],
) -> tuple[PipelineCheck, ...]:
    """Each holds until something speaks against it: before anybody came, all do."""
    return (
        _shares(reading),
        _served(frame),
        _counted_after_exposure(frame, reading),
        _not_mixed(reading),
        _primary_metric(found),
        _guardrails(guardrails),
        _latency(frame, measures),
    )


def _shares(reading: Reading) -> PipelineCheck:
    ratio = reading.sample_ratio
    came = " and ".join(f"{one.users:,}" for one in reading.everyone.values())
    p_value = "" if ratio.p_value is None else f" (p = {ratio.p_value:.2g})"
    if ratio.state is SampleRatioState.FAIL:
        return PipelineCheck("Sample ratio", False, f"{came} people came{p_value}: not the shares dealt.")
    return PipelineCheck("Sample ratio", True, f"{came} people came, as the shares say{p_value}.")


def _served(frame: Frame) -> PipelineCheck:
    """Both ways round: whoever was served a list under it has an exposure, and whoever has one was served."""
    name, until = "Exposures match served lists", frame.as_of - JUST_SERVED
    began = frame.experiment.started_at
    if began is None:
        return PipelineCheck(name, True, "It has not started.")
    exposures = Exposure.objects.filter(experiment=frame.experiment)
    lists = Prediction.objects.filter(
        experiment=frame.experiment.key, served_at__gte=began, served_at__lte=until
    )
    unexposed = (
        lists.filter(~Exists(exposures.filter(user_id=OuterRef("user_id"))))
        .order_by()
        .values("user_id")
        .distinct()
        .count()
    )
    settled = exposures.filter(first_at__lte=until).order_by()
    served = Prediction.objects.filter(user_id=OuterRef("user_id"), served_at__gte=OuterRef("first_at"))
    people, unserved = settled.count(), settled.filter(~Exists(served)).count()
    passed = not unexposed and unserved <= MOST_UNLOGGED * people
    return PipelineCheck(
        name,
        passed,
        f"{unexposed:,} people were served a list under it without an exposure; {unserved:,} of {people:,} "
        "exposed people have no list in the log.",
    )


def _counted_after_exposure(frame: Frame, reading: Reading) -> PipelineCheck:
    """Counted again another way: per exposure, only what followed it inside its window."""
    actions = ACTIONS_OF[Deeds(frame.metric.numerator)]
    again = sum(
        batch.conversions
        for batch in batches_of(frame.experiment, actions, frame.as_of)
        if batch.phase == frame.phase_number and not batch.is_mixed
    )
    counted = sum(one.conversions for one in reading.everyone.values())
    return PipelineCheck(
        "No conversion before exposure counted",
        again == counted,
        f"{counted:,} people are counted as converted; {again:,} did so after their exposure and inside "
        "their window.",
    )


def _not_mixed(reading: Reading) -> PipelineCheck:
    everybody = reading.participants + reading.mixed
    return PipelineCheck(
        "No mixed exposure",
        reading.mixed <= MOST_MIXED * everybody,
        f"{reading.mixed:,} of {everybody:,} people were served both variants.",
    )


def _primary_metric(found: Mapping[str, Finding]) -> PipelineCheck:
    name = "Primary metric alike"
    if found:
        said = "The daily looks found a difference on the primary metric where there is none."
        return PipelineCheck(name, False, said)
    return PipelineCheck(name, True, "The daily looks have found no difference on the primary metric.")


def _guardrails(checks: tuple[GuardrailCheck, ...]) -> PipelineCheck:
    name = "Guardrails alike"
    harmed = [one.metric.label for one in checks if one.state is GuardrailState.HARMED]
    if harmed:
        said = f"The always-valid bound shows harm where there is none: {', '.join(harmed)}."
        return PipelineCheck(name, False, said)
    return PipelineCheck(name, True, "No guardrail's always-valid bound shows a difference.")


def _latency(frame: Frame, measures: Measures) -> PipelineCheck:
    """Two-sided and without the guardrail's tolerance: lists made alike take equally long."""
    name = "Latency alike"
    if len(frame.compared) != 2:
        return PipelineCheck(name, True, "There is nothing to compare yet.")
    control, treatment = (sample_of(LATENCY, measures.everyone[key]) for key in frame.compared)
    difference = difference_of(treatment, control)
    if isinstance(difference, Unknown):
        return PipelineCheck(name, True, f"Not measured yet: {difference.reason}")
    planned = frame.plan.pair(frame.compared[1], frame.compared[0])
    valid = confidence_sequence(difference, treatment.users + control.users, planned, ALPHA)
    return PipelineCheck(
        name,
        valid.p_value >= ALPHA,
        f"Lists of the two differ by {abs(difference.value):.2f} ms on average (always-valid p = "
        f"{valid.p_value:.2g}).",
    )
