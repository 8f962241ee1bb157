"""The review page's tables: each metric by variant, the looks, the segments."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments import words
from experiments.charts import COLOURS
from experiments.interval_plot import IntervalPlot, interval_plot
from experiments.metrics import Metric, MetricKind
from experiments.reports import (
    Comparison,
    ExperimentReport,
    Finding,
    GuardrailCheck,
    GuardrailState,
    HistoryDay,
    MetricTable,
    SequentialMethod,
    SequentialTest,
    VariantEstimate,
    VariantResult,
)


@dataclass(frozen=True, slots=True)
class Cell:
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One variant on one metric. Control has no comparison. `remarks`: small samples, missing numbers."""

    colour: str
    name: str
    is_control: bool
    people: Cell
    total: str
    value: Cell
    difference: Cell
    lift: Cell
    p_value: Cell
    chance: Cell
    check: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MetricBlock:
    metric: Metric
    total_label: str
    adjusted_label: str
    rows: tuple[MetricRow, ...]
    plot: IntervalPlot | None
    is_guardrail: bool


@dataclass(frozen=True, slots=True)
class SegmentBlock:
    name: str
    block: MetricBlock


@dataclass(frozen=True, slots=True)
class LookedRow:
    name: str
    method: str
    statistic: str
    boundary: str
    interval: str
    finding: str


_EXPLORATORY = "Benjamini–Hochberg"
_CHECKS = {
    GuardrailState.HARMED: "harmed",
    GuardrailState.PASSED: "within the margin",
    GuardrailState.OPEN: "not shown yet",
    GuardrailState.UNMEASURED: "nothing to measure",
}
_FINDINGS = {Finding.BETTER: "Better than control", Finding.WORSE: "Worse than control"}
_METHODS = {
    SequentialMethod.GROUP_SEQUENTIAL: "Group-sequential, within the plan",
    SequentialMethod.ALWAYS_VALID: "Always valid, past the plan",
}


def metric_block(report: ExperimentReport, table: MetricTable) -> MetricBlock:
    checks = {check.variant: check for check in report.guardrails if check.metric.key == table.metric.key}
    is_primary = table.metric.key == report.metric.key
    return _block(report, table, checks, "Holm" if is_primary else _EXPLORATORY)


def _block(
    report: ExperimentReport, table: MetricTable, checks: dict[str, GuardrailCheck], adjusted_label: str
) -> MetricBlock:
    names = {one.key: one.name for one in report.variants}
    return MetricBlock(
        metric=table.metric,
        total_label="Did it" if table.metric.kind is MetricKind.PROPORTION else "Sum",
        adjusted_label=adjusted_label,
        rows=_rows(report, table, checks),
        plot=interval_plot(table.metric, table.variants, names),
        is_guardrail=bool(checks),
    )


def segment_blocks(report: ExperimentReport) -> tuple[SegmentBlock, ...]:
    return tuple(
        SegmentBlock(f"{one.dimension}: {one.value}", _block(report, one.table, {}, _EXPLORATORY))
        for one in report.segments
    )


def sequential_rows(report: ExperimentReport, history: Sequence[HistoryDay]) -> tuple[LookedRow, ...]:
    """Of the last look: what decides."""
    variants = {one.key: one for one in report.variants}
    tests = history[-1].tests if history else ()
    return tuple(_looked(report.metric, variants[test.variant], test) for test in tests)


def _looked(metric: Metric, variant: VariantResult, test: SequentialTest) -> LookedRow:
    """What an earlier look has found stays found."""
    finding = _FINDINGS[variant.finding] if variant.finding else test.reason or "Nothing yet"
    if variant.finding and test.finding is None:
        finding += ", found at an earlier look"
    if test.p_value is not None:
        finding += f" (p = {words.p_value(test.p_value)})"
    return LookedRow(
        name=variant.name,
        method=_METHODS[test.method],
        statistic=_number(test.statistic),
        boundary=words.NOTHING if test.critical_value is None else f"±{test.critical_value:.2f}",
        interval=words.interval_of_difference(metric, test.interval) or words.NOTHING,
        finding=finding,
    )


def _rows(
    report: ExperimentReport, table: MetricTable, checks: dict[str, GuardrailCheck]
) -> tuple[MetricRow, ...]:
    whole = sum(row.users for row in table.variants)
    weights = sum(one.weight for one in report.variants) or 1.0
    return tuple(
        _row(table.metric, variant, table.of(variant.key), index, whole, weights, checks.get(variant.key))
        for index, variant in enumerate(report.variants)
    )


def _row(
    metric: Metric,
    variant: VariantResult,
    estimate: VariantEstimate,
    index: int,
    whole: int,
    weights: float,
    check: GuardrailCheck | None,
) -> MetricRow:
    compared = estimate.comparison
    planned = f"{words.share(estimate.users, whole)}, planned {variant.weight / weights:.1%}"
    return MetricRow(
        colour=COLOURS[index % len(COLOURS)],
        name=variant.name,
        is_control=variant.is_control,
        people=Cell(f"{estimate.users:,}", planned),
        total=f"{estimate.total:,.0f}",
        value=Cell(
            words.value_of_metric(metric, estimate.value), words.interval_of_metric(metric, estimate.interval)
        ),
        difference=_difference(metric, compared),
        lift=_lift(compared),
        p_value=_p_value(compared),
        chance=Cell(words.chance(compared.chance_to_beat_control) if compared else words.NOTHING),
        check=_CHECKS[check.state] if check else "",
        remarks=_remarks(estimate, compared, check),
    )


def _difference(metric: Metric, compared: Comparison | None) -> Cell:
    if compared is None:
        return Cell(words.NOTHING)
    return Cell(
        words.difference_of_metric(metric, compared.difference),
        words.interval_of_difference(metric, compared.difference_interval),
    )


def _lift(compared: Comparison | None) -> Cell:
    if compared is None:
        return Cell(words.NOTHING)
    return Cell(
        words.signed_percent(compared.relative_lift), words.interval_of_lift(compared.relative_lift_interval)
    )


def _p_value(compared: Comparison | None) -> Cell:
    if compared is None:
        return Cell(words.NOTHING)
    alone = words.p_value(compared.p_value)
    if compared.adjusted_p_value is None:
        return Cell(alone, "not adjusted")
    return Cell(words.p_value(compared.adjusted_p_value), f"alone {alone}")


def _remarks(
    estimate: VariantEstimate, compared: Comparison | None, check: GuardrailCheck | None
) -> tuple[str, ...]:
    said = [estimate.reason, *(compared.reasons if compared else ()), check.reason if check else ""]
    if compared is not None and compared.is_small:
        exact = f": exact p = {words.p_value(compared.exact_p_value)}" if compared.exact_p_value else ""
        said.insert(0, f"Small sample{exact}.")
    return tuple(dict.fromkeys(filter(None, said)))


def _number(value: float | None) -> str:
    return words.NOTHING if value is None else f"{value:+.2f}"
