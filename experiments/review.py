"""The review page: the report in words and rounded numbers, ready to be laid out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from experiments.charts import COLOURS, Chart, rate_chart
from experiments.metrics import Metric, Unit
from experiments.models import Experiment, ExperimentEvent, ExperimentStatus
from experiments.reports import ExperimentReport, SinceLastLook, VariantEstimate, VariantResult
from experiments.results import experiment_report
from experiments.statistics.values import Interval, SampleRatio, SampleRatioState
from experiments.verdicts import VerdictState

NOTHING = "–"
_VERDICTS = {
    VerdictState.INVALID: "Invalid",
    VerdictState.ROLL_BACK: "Roll back",
    VerdictState.SHIP: "Ship",
    VerdictState.KEEP_RUNNING: "Keep running",
    VerdictState.NO_EFFECT_FOUND: "No effect found",
}
_SAMPLE_RATIOS = {
    SampleRatioState.OK: "As planned",
    SampleRatioState.WARN: "Suspicious",
    SampleRatioState.FAIL: "Mismatch",
}


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One variant in the table. A treatment has a lift and what follows; control has none."""

    colour: str
    name: str
    algorithm: str
    is_control: bool
    people: Fact
    conversions: str
    rate: Fact
    lift: Fact
    p_value: Fact
    chance: str
    is_significant: bool
    others: tuple[Fact, ...]
    missing: str


@dataclass(frozen=True, slots=True)
class ReviewPage:
    report: ExperimentReport
    verdict: str
    facts: tuple[Fact, ...]
    rows: tuple[Row, ...]
    chart: Chart | None
    events: Sequence[ExperimentEvent]


def review(*, experiment: Experiment, now: datetime) -> ReviewPage:
    report = experiment_report(experiment=experiment, as_of=now)
    return ReviewPage(
        report=report,
        verdict=_headline(report),
        facts=_facts(report),
        rows=tuple(_row(report, variant, index) for index, variant in enumerate(report.variants)),
        chart=rate_chart(report.history),
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


def _facts(report: ExperimentReport) -> tuple[Fact, ...]:
    matured = sum(variant.matured for variant in report.variants)
    started = f"{report.started_at:%-d %b %Y, %H:%M} UTC" if report.started_at else "Not started"
    ended = f"ended {report.ended_at:%-d %b %Y, %H:%M} UTC" if report.ended_at else ""
    earlier = (
        f"and {report.earlier_participants:,} under earlier weights" if report.earlier_participants else ""
    )
    return (
        Fact("Status", report.status.capitalize(), ended),
        Fact("Started", started),
        Fact("People", f"{report.participants:,}", earlier),
        Fact("Saw two variants", f"{report.mixed_participants:,}", "left out of every comparison"),
        Fact("Whole window passed", f"{matured:,}", _share(matured, report.participants) if matured else ""),
        _sample_ratio(report.sample_ratio),
        _since_last_look(report.since_last_look),
    )


def _since_last_look(since: SinceLastLook | None) -> Fact:
    if since is None:
        return Fact("Since the last look", NOTHING, "no look was taken yet")
    return Fact(
        "Since the last look",
        f"{since.users:+,} people, {since.conversions:+,} did it",
        f"not counted yet; the look was on {since.taken_at:%-d %b, %H:%M} UTC",
    )


def _sample_ratio(ratio: SampleRatio) -> Fact:
    if ratio.p_value is not None:
        return Fact("Sample ratio", _SAMPLE_RATIOS[ratio.state], f"p = {_p_value(ratio.p_value)}")
    is_untested = ratio.state is SampleRatioState.OK
    value = "Nothing to test yet" if is_untested else _SAMPLE_RATIOS[ratio.state]
    return Fact("Sample ratio", value, ratio.reason)


def _row(report: ExperimentReport, variant: VariantResult, index: int) -> Row:
    compared = variant.comparison
    whole = sum(one.weight for one in report.variants) or 1
    return Row(
        colour=COLOURS[index % len(COLOURS)],
        name=variant.name,
        algorithm=variant.algorithm,
        is_control=variant.is_control,
        people=Fact(
            "People",
            f"{variant.users:,}",
            f"{_share(variant.users, report.participants)} (planned {variant.weight / whole:.1%})",
        ),
        conversions=f"{variant.conversions:,}",
        rate=Fact("Rate", _percent(variant.rate), _between(variant.interval)),
        lift=Fact(
            "Against control",
            _signed(compared.relative_lift) if compared else NOTHING,
            _between_signed(compared.relative_lift_interval) if compared else "",
        ),
        p_value=Fact(
            "p, adjusted",
            _p_value(compared.adjusted_p_value) if compared else NOTHING,
            f"alone {_p_value(compared.p_value)}" if compared else "",
        ),
        chance=_chance(compared.chance_to_beat_control) if compared else NOTHING,
        is_significant=variant.finding is not None,
        others=_others(report, variant),
        missing=" ".join(compared.reasons) if compared else "",
    )


def _others(report: ExperimentReport, variant: VariantResult) -> tuple[Fact, ...]:
    """Every metric but the primary one, each with its difference to control."""
    return tuple(_other(table.metric, table.of(variant.key)) for table in report.everyone[1:])


def _other(metric: Metric, row: VariantEstimate) -> Fact:
    compared = row.comparison
    lift = "" if compared is None or compared.relative_lift is None else _signed(compared.relative_lift)
    return Fact(metric.label, _value(metric, row.value), lift)


def _value(metric: Metric, value: float | None) -> str:
    if value is None:
        return NOTHING
    if metric.unit is Unit.SHARE:
        return _percent(value)
    return f"{value:.1f} ms" if metric.unit is Unit.MILLISECONDS else f"{value:.2f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else NOTHING


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1%}"


def _chance(value: float | None) -> str:
    """Never 0 % or 100 %: no number of people makes it certain."""
    if value is not None and not 0.001 <= value <= 0.999:
        return "above 99.9%" if value > 0.5 else "below 0.1%"
    return _percent(value)


def _signed(value: float | None) -> str:
    return NOTHING if value is None else f"{value:+.1%}"


def _p_value(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def _between(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f"{interval.lower:.1%} to {_percent(interval.upper)}"


def _between_signed(interval: Interval | None) -> str:
    if interval is None:
        return ""
    if interval.upper is None:
        return f"{interval.lower:+.1%} or more"
    return f"{interval.lower:+.1%} to {interval.upper:+.1%}"
