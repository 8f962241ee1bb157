"""The review page: the report in words and rounded numbers, ready to be laid out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from experiments.charts import COLOURS, DASHES, Chart, Event, arrivals_chart, boundary_chart, rate_chart
from experiments.health import HealthFact, health_facts
from experiments.kind_blocks import BanditBlock, PreferenceBlock, bandit_block, preference_block
from experiments.models import Decision, Experiment, ExperimentEvent, ExperimentStatus, Phase
from experiments.reports import ExperimentReport, Finding
from experiments.results import experiment_report
from experiments.review_tables import (
    LookedRow,
    MetricBlock,
    SegmentBlock,
    metric_block,
    segment_blocks,
    sequential_rows,
)
from experiments.verdicts import VerdictState
from modelregistry.models import ChampionChange

_VERDICTS = {
    VerdictState.INVALID: "Invalid",
    VerdictState.ROLL_BACK: "Roll back",
    VerdictState.SHIP: "Ship",
    VerdictState.KEEP_RUNNING: "Keep running",
    VerdictState.NO_EFFECT_FOUND: "No effect found",
}


@dataclass(frozen=True, slots=True)
class LegendEntry:
    name: str
    colour: str
    dash: str
    is_control: bool


@dataclass(frozen=True, slots=True)
class DecisionOffered:
    """`value` as the form of the decision takes it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class PlanBar:
    label: str
    done: float
    planned: float
    words: str


@dataclass(frozen=True, slots=True)
class ReviewPage:
    report: ExperimentReport
    verdict: str
    decisions: tuple[DecisionOffered, ...]
    plan: tuple[PlanBar, ...]
    health: tuple[HealthFact, ...]
    primary: MetricBlock
    matured: MetricBlock
    guardrails: tuple[MetricBlock, ...]
    secondary: tuple[MetricBlock, ...]
    sequential: tuple[LookedRow, ...]
    segments: tuple[SegmentBlock, ...]
    preference: PreferenceBlock | None
    bandit: BanditBlock | None
    legend: tuple[LegendEntry, ...]
    rates: Chart | None
    boundary: Chart | None
    arrivals: Chart | None
    phases: Sequence[Phase]
    models: Sequence[ChampionChange]
    events: Sequence[ExperimentEvent]


def review(*, experiment: Experiment, now: datetime) -> ReviewPage:
    report = experiment_report(experiment=experiment, as_of=now)
    models = _champion_changes(experiment, now)
    marks = [Event(one.at, f"model {one.version}") for one in models]
    # A bandit's phases are its daily deals, and it counts them all.
    history = [day for day in report.history if report.bandit or day.phase == report.phase]
    keys = [variant.key for variant in report.variants]
    guardrails = {check.metric.key for check in report.guardrails}
    others = [metric_block(report, table) for table in report.everyone[1:]]
    return ReviewPage(
        report=report,
        verdict=_headline(report),
        decisions=tuple(_decisions(report)),
        plan=tuple(_plan(report)),
        health=health_facts(report),
        primary=metric_block(report, report.everyone[0]),
        matured=metric_block(report, report.matured[0]),
        guardrails=tuple(block for block in others if block.metric.key in guardrails),
        secondary=tuple(block for block in others if block.metric.key not in guardrails),
        sequential=sequential_rows(report, history),
        segments=segment_blocks(report),
        preference=preference_block(report),
        bandit=bandit_block(report),
        legend=_legend(report),
        rates=rate_chart(history, marks),
        boundary=boundary_chart(history, keys, marks),
        arrivals=arrivals_chart(report.arrivals, keys),
        phases=list(experiment.phases.all()),
        models=models,
        events=list(experiment.events.all()),
    )


def _headline(report: ExperimentReport) -> str:
    """The verdict as a heading. "Keep running" is no advice to an ended one."""
    if report.verdict.state is VerdictState.KEEP_RUNNING:
        if not report.participants:
            return "Nothing to judge yet"
        if report.status == ExperimentStatus.COMPLETED:
            return "Ended without a verdict"
    return _VERDICTS[report.verdict.state]


def _decisions(report: ExperimentReport) -> Iterator[DecisionOffered]:
    """What the verdict suggests; any other decision can be taken as well."""
    if report.verdict.state is VerdictState.SHIP:
        for variant in report.variants:
            if variant.finding is Finding.BETTER:
                yield DecisionOffered(f"{Decision.SHIP}:{variant.key}", f"Ship “{variant.name}”")
    if report.verdict.state in (VerdictState.ROLL_BACK, VerdictState.NO_EFFECT_FOUND):
        yield DecisionOffered(Decision.KEEP_CONTROL, "Keep control")
    if report.verdict.state is VerdictState.INVALID:
        yield DecisionOffered(Decision.NONE, "End it: nothing can be concluded")


def _plan(report: ExperimentReport) -> Iterator[PlanBar]:
    progress = report.progress
    if progress.planned_users:
        yield PlanBar(
            "People who came",
            min(report.participants, progress.planned_users),
            progress.planned_users,
            f"{report.participants:,} of {progress.planned_users:,}",
        )
        yield PlanBar(
            "Whose window has passed",
            min(report.matured_participants, progress.planned_users),
            progress.planned_users,
            f"{report.matured_participants:,} of {progress.planned_users:,}: only these count at a look",
        )
    if progress.planned_days:
        left = "" if progress.days_left is None else f"; about {progress.days_left} left"
        yield PlanBar(
            "Days",
            min(progress.days_run, progress.planned_days),
            progress.planned_days,
            f"{progress.days_run:.0f} of {progress.planned_days}{left}",
        )


def _legend(report: ExperimentReport) -> tuple[LegendEntry, ...]:
    return tuple(
        LegendEntry(one.name, COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)], one.is_control)
        for index, one in enumerate(report.variants)
    )


def _champion_changes(experiment: Experiment, now: datetime) -> list[ChampionChange]:
    """While it ran: what the unpinned variants serve changed with them."""
    if experiment.started_at is None:
        return []
    until = experiment.ended_at or now
    changes = ChampionChange.objects.filter(at__gte=experiment.started_at, at__lte=until)
    return list(changes.select_related("version").order_by("at"))
