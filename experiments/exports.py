"""What the review page shows, as tables of plain numbers for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from experiments.reports import ExperimentReport, HistoryDay, MetricTable, VariantEstimate
from experiments.statistics.values import Interval

Row = Sequence[object]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
METRIC_COLUMNS = (
    *("people", "metric", "variant", "users", "total", "value", "value_low", "value_high"),
    *("difference", "difference_low", "difference_high"),
    *("relative_lift", "relative_lift_low", "relative_lift_high"),
    *("p_value", "adjusted_p_value", "exact_p_value", "is_small", "missing_because"),
)
LOOK_COLUMNS = (
    *("day", "taken_at", "phase", "information", "is_counted", "alpha_spent", "verdict", "rule"),
    *("variant", "users", "matured", "conversions", "rate", "rate_low", "rate_high"),
    *("method", "statistic", "critical_value", "p_value", "finding"),
)


def metrics_csv(report: ExperimentReport) -> str:
    """Every metric and variant, of everybody exposed, of matured people and of each segment."""
    tables = [
        *(("everyone", table) for table in report.everyone),
        *(("matured", table) for table in report.matured),
        *((f"{one.dimension}: {one.value}", one.table) for one in report.segments),
    ]
    return _csv(METRIC_COLUMNS, (row for people, table in tables for row in _metric_rows(people, table)))


def looks_csv(report: ExperimentReport) -> str:
    """Every look taken and variant."""
    return _csv(LOOK_COLUMNS, (row for day in report.history for row in _look_rows(day)))


def _metric_rows(people: str, table: MetricTable) -> Iterator[Row]:
    for one in table.variants:
        yield [
            *(people, table.metric.key, one.variant, one.users, one.total, one.value),
            *_bounds(one.interval),
            *_comparison(one),
        ]


def _comparison(estimate: VariantEstimate) -> Row:
    compared = estimate.comparison
    if compared is None:
        return [None] * 10 + [estimate.reason]
    return [
        compared.difference,
        *_bounds(compared.difference_interval),
        compared.relative_lift,
        *_bounds(compared.relative_lift_interval),
        compared.p_value,
        compared.adjusted_p_value,
        compared.exact_p_value,
        compared.is_small,
        " ".join(filter(None, (estimate.reason, *compared.reasons))),
    ]


def _look_rows(day: HistoryDay) -> Iterator[Row]:
    tests = {test.variant: test for test in day.tests}
    for point in day.variants:
        test = tests.get(point.variant)
        yield [
            *(day.day, day.taken_at.isoformat(), day.phase, day.information, day.is_counted, day.alpha_spent),
            *(day.verdict.state, day.verdict.rule),
            *(point.variant, point.users, point.matured, point.conversions, point.rate),
            *_bounds(point.interval),
            *((test.method, test.statistic, test.critical_value, test.p_value, test.finding) if test else ()),
        ]


def _bounds(interval: Interval | None) -> Row:
    return (None, None) if interval is None else (interval.lower, interval.upper)


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue()


def _plain(value: object) -> object:
    """Words that a spreadsheet would take for a formula are marked as words."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
