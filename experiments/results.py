"""What an experiment has shown so far: counts from the database, numbers from the statistics, one report.

Reading a report spends nothing of what the sequential tests may spend: its verdict is that of the last look,
unless something protective that is valid at any moment says otherwise. `looks.py` takes the looks.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from experiments.counting import arrivals_per_day, earlier_participants, exposures_of
from experiments.frame import Frame, frame_of
from experiments.guardrail_checks import guardrail_checks
from experiments.judgement import last_of_phase, treatment_evidence, unmeasured, verdict_at_look
from experiments.list_variety import list_variety
from experiments.measures import Measures, measure, proportions
from experiments.models import Experiment, ExperimentKind, ExperimentStatus, Variant
from experiments.progress import progress_of
from experiments.reports import (
    Arrivals,
    ExperimentReport,
    Finding,
    GuardrailCheck,
    HistoryDay,
    HistoryPoint,
    ListVariety,
    Progress,
    SinceLastLook,
    VariantResult,
)
from experiments.sample_ratios import sample_ratio, sample_ratio_warning
from experiments.sequential import NOT_LOOKED, Looked, burn_in_lacks, findings, is_whole, look_at
from experiments.statistics.bayes import Standing, standings
from experiments.verdicts import Evidence, Verdict, verdict_at_once, verdict_before_looks


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
    looked = _looked(frame, measures)
    found = _findings(frame, looked if is_look else NOT_LOOKED)
    progress = progress_of(frame, measures.participants, measures.matured_participants)
    evidence = _evidence(frame, measures, checks, found, progress)
    verdict = _verdict_at_look(frame, evidence) if is_look else _verdict_shown(frame, evidence)
    experiment, counts = frame.experiment, measures.counts
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
        participants=measures.participants,
        matured_participants=measures.matured_participants,
        mixed_participants=counts.mixed,
        earlier_participants=earlier_participants(experiment, frame.phase_number, frame.as_of),
        variants=_variants(frame, measures, found),
        everyone=measures.tables,
        matured=measures.matured_tables,
        guardrails=checks,
        segments=measures.segments,
        variety=_variety(frame),
        arrivals=_arrivals(frame),
        sample_ratio=evidence.sample_ratio,
        sample_ratio_warning=sample_ratio_warning(frame, counts.assigned),
        progress=progress,
        verdict=verdict,
        look=_history_day(frame, measures, looked, verdict),
        since_last_look=_since_last_look(frame, measures),
        history=frame.history,
    )


def _guardrails(frame: Frame, measures: Measures) -> tuple[GuardrailCheck, ...]:
    if frame.control is None or not frame.compared:
        return ()
    compared = {key: measures.everyone[key] for key in frame.compared}
    planned = {key: frame.plan.pair(key, frame.control) for key in compared}
    return guardrail_checks(compared, frame.control, planned)


def _looked(frame: Frame, measures: Measures) -> Looked:
    if frame.phase is None or frame.control is None or not frame.compared:
        return NOT_LOOKED
    samples = proportions(frame, measures.matured)
    return look_at(samples, frame.control, frame.plan, frame.history, frame.phase.number)


def _findings(frame: Frame, looked: Looked) -> dict[str, Finding]:
    """Of the looks taken in this phase, and of `looked` where this moment is one."""
    now = {test.variant: test.finding for test in looked.tests if test.finding is not None}
    return findings(frame.history, frame.phase_number) | now


def _evidence(
    frame: Frame,
    measures: Measures,
    checks: tuple[GuardrailCheck, ...],
    found: Mapping[str, Finding],
    progress: Progress,
) -> Evidence:
    experiment = frame.experiment
    treatments = {one.key: one.name for one in frame.variants if one.key in frame.compared[1:]}
    return Evidence(
        has_started=experiment.status != ExperimentStatus.DRAFT,
        has_ended=frame.ended_at is not None,
        has_plan=bool(experiment.planned_users and experiment.planned_days),
        participants=measures.participants,
        mixed=measures.counts.mixed,
        sample_ratio=sample_ratio(frame, measures.counts.assigned),
        waits_for=burn_in_lacks(proportions(frame, measures.matured)),
        treatments=treatment_evidence(treatments, found, checks),
        unmeasured=unmeasured(checks),
        days_run=frame.days_run,
        days_left=progress.days_left,
        is_plan_reached=is_whole(progress.information) or frame.is_time_over,
        information=progress.information,
    )


def _verdict_at_look(frame: Frame, evidence: Evidence) -> Verdict:
    return verdict_at_look(ExperimentKind(frame.experiment.kind), evidence)


def _verdict_shown(frame: Frame, evidence: Evidence) -> Verdict:
    last = last_of_phase(frame.history, frame.phase_number)
    return verdict_at_once(evidence) or (last.verdict if last else verdict_before_looks(evidence))


def _variants(frame: Frame, measures: Measures, found: Mapping[str, Finding]) -> tuple[VariantResult, ...]:
    standing = _standings(frame, measures)
    return tuple(_variant(one, frame, measures, found, standing) for one in frame.variants)


def _variant(
    variant: Variant,
    frame: Frame,
    measures: Measures,
    found: Mapping[str, Finding],
    standing: Mapping[str, Standing],
) -> VariantResult:
    key = variant.key
    row, matured = (table[0].of(key) for table in (measures.tables, measures.matured_tables))
    stands = standing.get(key)
    return VariantResult(
        key=key,
        name=variant.name,
        algorithm=variant.algorithm,
        is_control=variant.is_control,
        weight=frame.weights[key],
        users=row.users,
        matured=matured.users,
        conversions=int(row.total),
        matured_conversions=int(matured.total),
        rate=row.value,
        interval=row.interval,
        chance_to_be_best=stands.chance_to_be_best if stands else None,
        expected_loss=stands.expected_loss if stands else None,
        metrics={table.metric.key: table.of(key).value for table in measures.tables},
        comparison=row.comparison,
        finding=found.get(key),
    )


def _standings(frame: Frame, measures: Measures) -> dict[str, Standing]:
    samples = proportions(frame, measures.everyone)
    if not measures.participants:
        return {}
    return dict(zip(samples, standings(list(samples.values())), strict=True))


def _history_day(frame: Frame, measures: Measures, looked: Looked, verdict: Verdict) -> HistoryDay:
    return HistoryDay(
        day=frame.as_of.astimezone(UTC).date(),
        taken_at=frame.as_of,
        phase=frame.phase_number,
        information=looked.information,
        is_counted=looked.is_counted,
        alpha_spent=looked.alpha_spent,
        verdict=verdict,
        variants=tuple(_point(one.key, measures) for one in frame.variants),
        tests=looked.tests,
    )


def _point(key: str, measures: Measures) -> HistoryPoint:
    row = measures.tables[0].of(key)
    matured = measures.matured[key].users
    return HistoryPoint(key, row.users, matured, int(row.total), row.value, row.interval)


def _since_last_look(frame: Frame, measures: Measures) -> SinceLastLook | None:
    last = last_of_phase(frame.history, frame.phase_number)
    if last is None:
        return None
    now = [_point(one.key, measures) for one in frame.variants]
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
    """By day, of the present phase; days on which nobody came are left out."""
    if frame.phase is None:
        return ()
    counted = arrivals_per_day(exposures_of(frame.experiment, frame.phase, frame.as_of))
    days = sorted({day for _, day in counted})
    return tuple(
        Arrivals(day, {one.key: counted.get((one.pk, day), 0) for one in frame.variants}) for day in days
    )
