"""What an experiment has shown so far: counts from the database, numbers from the statistics, one report.

Reading a report spends nothing of what the sequential tests may spend: its verdict is that of the last look,
unless something protective that is valid at any moment says otherwise. `looks.py` takes the looks.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from experiments.counting import arrivals_per_day, earlier_participants, exposures_of
from experiments.frame import Frame, frame_of
from experiments.guardrail_checks import guardrail_checks
from experiments.judgement import treatment_evidence, unmeasured, verdict_at_look, verdict_shown
from experiments.list_variety import list_variety
from experiments.measures import Measures, measure
from experiments.models import Experiment, ExperimentKind, ExperimentStatus, Exposure, Variant
from experiments.pipeline_checks import pipeline_checks
from experiments.progress import progress_of
from experiments.readings import Reading, reading_of
from experiments.reports import (
    CONFIDENCE,
    Arrivals,
    ExperimentReport,
    Finding,
    GuardrailCheck,
    HistoryDay,
    HistoryPoint,
    ListVariety,
    MetricTable,
    PipelineCheck,
    Progress,
    SinceLastLook,
    VariantResult,
)
from experiments.sample_ratios import sample_ratio_warning
from experiments.sequential import NOT_LOOKED, Looked, findings, is_whole
from experiments.statistics.proportions import wilson_interval
from experiments.statistics.values import Interval, Proportion, Unknown
from experiments.verdicts import Evidence, Verdict


def experiment_report(*, experiment: Experiment, as_of: datetime) -> ExperimentReport:
    """The report of `experiment` as it stood at `as_of`, with the verdict of the last look before that."""
    frame = frame_of(experiment, as_of)
    return _report(frame, measure(frame), is_look=False)


def report_at_look(*, experiment: Experiment, as_of: datetime) -> ExperimentReport:
    """The same, judged as the next look: only to be stored as one."""
    frame = frame_of(experiment, as_of)
    return _report(frame, measure(frame), is_look=True)


def _report(frame: Frame, measures: Measures, *, is_look: bool) -> ExperimentReport:
    checks = _guardrails(frame, measures)
    reading = reading_of(frame, measures)
    found = _findings(frame, reading.looked if is_look else NOT_LOOKED)
    progress = progress_of(frame, reading.participants, reading.matured_participants)
    pipeline = _pipeline(frame, measures, reading, found, checks)
    evidence = _evidence(frame, reading, checks, found, progress, pipeline)
    kind = ExperimentKind(frame.experiment.kind)
    verdict = verdict_at_look(kind, evidence) if is_look else verdict_shown(kind, evidence, frame.last_look)
    experiment = frame.experiment
    return ExperimentReport(
        key=experiment.key,
        name=experiment.name,
        kind=experiment.kind,
        status=experiment.status,
        metric=frame.metric,
        attribution_hours=experiment.attribution_hours,
        started_at=experiment.started_at,
        ended_at=frame.ended_at,
        phase=frame.phase_number,
        phase_started_at=frame.phase.started_at if frame.phase else None,
        as_of=frame.as_of,
        participants=reading.participants,
        matured_participants=reading.matured_participants,
        mixed_participants=reading.mixed,
        earlier_participants=_earlier_participants(frame, reading),
        variants=_variants(frame, measures, reading, found),
        everyone=_tables(frame, measures.tables),
        matured=_tables(frame, measures.matured_tables),
        guardrails=checks,
        segments=() if reading.bandit else measures.segments,
        variety=_variety(frame),
        arrivals=_arrivals(frame),
        sample_ratio=reading.sample_ratio,
        sample_ratio_warning=sample_ratio_warning(frame, measures.counts.assigned),
        progress=progress,
        verdict=verdict,
        look=_history_day(frame, reading, verdict),
        since_last_look=_since_last_look(frame, reading),
        history=frame.history,
        preference=reading.preference,
        bandit=reading.bandit,
        pipeline=pipeline,
    )


def _guardrails(frame: Frame, measures: Measures) -> tuple[GuardrailCheck, ...]:
    """Of the present phase. Where lists are drafted, both variants are in every list: nothing to compare."""
    if frame.control is None or not frame.compared or frame.experiment.kind == ExperimentKind.INTERLEAVING:
        return ()
    compared = {key: measures.everyone[key] for key in frame.compared}
    planned = {key: frame.plan.pair(key, frame.control) for key in compared}
    return guardrail_checks(compared, frame.control, planned)


def _findings(frame: Frame, looked: Looked) -> dict[str, Finding]:
    """Of the looks taken in this phase, and of `looked` where this moment is one."""
    now = {test.variant: test.finding for test in looked.tests if test.finding is not None}
    return findings(frame.history, frame.phase_number) | now


def _pipeline(
    frame: Frame,
    measures: Measures,
    reading: Reading,
    found: Mapping[str, Finding],
    checks: tuple[GuardrailCheck, ...],
) -> tuple[PipelineCheck, ...]:
    if frame.experiment.kind != ExperimentKind.AA:
        return ()
    return pipeline_checks(frame, measures, reading, found, checks)


def _evidence(
    frame: Frame,
    reading: Reading,
    checks: tuple[GuardrailCheck, ...],
    found: Mapping[str, Finding],
    progress: Progress,
    pipeline: tuple[PipelineCheck, ...],
) -> Evidence:
    experiment = frame.experiment
    treatments = {one.key: one.name for one in frame.variants if one.key in frame.compared[1:]}
    return Evidence(
        has_started=experiment.status != ExperimentStatus.DRAFT,
        has_ended=frame.ended_at is not None,
        has_plan=bool(experiment.planned_users and experiment.planned_days),
        participants=reading.participants,
        mixed=reading.mixed,
        sample_ratio=reading.sample_ratio,
        waits_for=reading.waits_for,
        treatments=treatment_evidence(treatments, found, checks),
        unmeasured=unmeasured(checks),
        days_run=frame.days_run,
        days_left=progress.days_left,
        is_plan_reached=is_whole(progress.information) or frame.is_time_over,
        information=progress.information,
        leader=reading.leader,
        failed_checks=tuple((one.name, one.explanation) for one in pipeline if not one.passed),
    )


def _earlier_participants(frame: Frame, reading: Reading) -> int:
    """A bandit leaves nobody out: its phases are compared each with itself."""
    if reading.bandit is not None:
        return 0
    return earlier_participants(frame.experiment, frame.phase_number, frame.as_of)


def _tables(frame: Frame, tables: tuple[MetricTable, ...]) -> tuple[MetricTable, ...]:
    """Where tomorrow's shares follow from today's results a plain comparison means nothing: none is made."""
    if frame.experiment.kind != ExperimentKind.BANDIT:
        return tables
    return tuple(
        replace(table, variants=tuple(replace(row, comparison=None) for row in table.variants))
        for table in tables
    )


def _variants(
    frame: Frame, measures: Measures, reading: Reading, found: Mapping[str, Finding]
) -> tuple[VariantResult, ...]:
    return tuple(_variant(one, frame, measures, reading, found) for one in frame.variants)


def _variant(
    variant: Variant, frame: Frame, measures: Measures, reading: Reading, found: Mapping[str, Finding]
) -> VariantResult:
    key = variant.key
    everyone, matured, stands = reading.everyone[key], reading.matured[key], reading.standing.get(key)
    values = {table.metric.key: table.of(key).value for table in measures.tables}
    return VariantResult(
        key=key,
        name=variant.name,
        algorithm=variant.algorithm,
        is_control=variant.is_control,
        weight=frame.weights[key],
        users=everyone.users,
        matured=matured.users,
        conversions=everyone.conversions,
        matured_conversions=matured.conversions,
        rate=everyone.rate,
        interval=_interval(everyone),
        chance_to_be_best=stands.chance_to_be_best if stands else None,
        expected_loss=stands.expected_loss if stands else None,
        metrics=values | {frame.metric.key: everyone.rate},
        comparison=_tables(frame, measures.tables)[0].of(key).comparison,
        finding=found.get(key),
    )


def _interval(sample: Proportion) -> Interval | None:
    interval = wilson_interval(sample, CONFIDENCE)
    return None if isinstance(interval, Unknown) else interval


def _history_day(frame: Frame, reading: Reading, verdict: Verdict) -> HistoryDay:
    looked = reading.looked
    return HistoryDay(
        day=frame.as_of.astimezone(UTC).date(),
        taken_at=frame.as_of,
        phase=frame.phase_number,
        information=looked.information,
        is_counted=looked.is_counted,
        alpha_spent=looked.alpha_spent,
        verdict=verdict,
        variants=tuple(_point(one.key, reading) for one in frame.variants),
        tests=looked.tests,
    )


def _point(key: str, reading: Reading) -> HistoryPoint:
    everyone = reading.everyone[key]
    return HistoryPoint(
        key,
        everyone.users,
        reading.matured[key].users,
        everyone.conversions,
        everyone.rate,
        _interval(everyone),
    )


def _since_last_look(frame: Frame, reading: Reading) -> SinceLastLook | None:
    last = frame.last_look
    if last is None:
        return None
    now = [_point(one.key, reading) for one in frame.variants]
    return SinceLastLook(
        last.taken_at,
        sum(one.users for one in now) - sum(one.users for one in last.variants),
        sum(one.conversions for one in now) - sum(one.conversions for one in last.variants),
    )


def _variety(frame: Frame) -> tuple[ListVariety, ...]:
    if frame.phase is None:
        return ()
    exposed = exposures_of(frame.experiment, frame.phase, frame.as_of)
    return list_variety(exposed, {one.pk: one.key for one in frame.variants}, frame.as_of)


def _arrivals(frame: Frame) -> tuple[Arrivals, ...]:
    """By day, of the people the report is on; days on which nobody came are left out. Where lists are drafted
    everybody comes to both variants."""
    if frame.phase is None:
        return ()
    rows = Exposure.objects.filter(experiment=frame.experiment, first_at__lte=frame.as_of).order_by()
    if frame.experiment.kind != ExperimentKind.BANDIT:
        rows = rows.filter(phase=frame.phase_number)
    counted = arrivals_per_day(rows)
    is_drafted = frame.experiment.kind == ExperimentKind.INTERLEAVING
    came_to = {one.key: None if is_drafted else one.pk for one in frame.variants}
    days = sorted({day for _, day in counted})
    return tuple(
        Arrivals(day, {key: counted.get((pk, day), 0) for key, pk in came_to.items()}) for day in days
    )
