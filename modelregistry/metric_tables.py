"""Metrics as people read them: nested mappings of figures become small tables, popularity first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BASELINE = "popularity"
INTERVALS = "intervals"  # among figures: [low, high] of some of them, by name
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_ABBREVIATIONS = {"ndcg": "NDCG", "map": "MAP", "mrr": "MRR", "auc": "AUC", "mb": "MB", "knn": "kNN"}


@dataclass(frozen=True, slots=True)
class MetricTable:
    """A caption, column headings and rows of text, as the admin's table component takes them."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval it lies in."""

    value: object
    low: float
    high: float


def _with_intervals(metrics: Mapping[str, object]) -> dict[str, object]:
    """Figures that the mapping's own `intervals` has an interval for become estimates; `intervals` goes."""
    intervals = metrics.get(INTERVALS)
    known = intervals if isinstance(intervals, Mapping) else {}
    figures = {key: value for key, value in metrics.items() if key != INTERVALS}
    return {key: Estimate(value, *known[key]) if key in known else value for key, value in figures.items()}


def metric_tables(metrics: Mapping[str, object], *, title: str = "") -> list[MetricTable]:
    """Figures that a baseline has too stand beside its own; other figures and mappings get their own tables.

    So {"map": 0.4, "users": 9, "popularity": {"map": 0.2}} makes two: MAP beside popularity's, and users.
    """
    metrics = _with_intervals(metrics)
    figures = {key: value for key, value in metrics.items() if not isinstance(value, Mapping)}
    nested = {key: value for key, value in metrics.items() if isinstance(value, Mapping)}
    others = {
        key: value for key, value in nested.items() if value and set(value) - {INTERVALS} <= set(figures)
    }
    compared = [key for key in figures if any(key in other for other in others.values())]
    alone = {key: value for key, value in figures.items() if key not in compared}
    tables: list[MetricTable] = []
    if others:
        this = {key: figures[key] for key in compared}
        tables.append(comparison_table({"This model": this} | _by_label(others), title=title))
    if alone:
        rows = tuple((label(key), shown(value)) for key, value in alone.items())
        tables.append(MetricTable(title="" if others else title, headers=("Name", "Value"), rows=rows))
    for key, value in nested.items():
        if key not in others:
            tables += _inner_tables(value, title=label(key))
    return tables


def comparison_table(named: Mapping[str, Mapping[str, object]], *, title: str = "") -> MetricTable:
    """One column for each of `named`, one row for each metric that any of them has."""
    named = {name: _with_intervals(figures) for name, figures in named.items()}
    metrics = dict.fromkeys(key for figures in named.values() for key in figures)
    return MetricTable(
        title=title,
        headers=("Metric", *named),
        rows=tuple(
            (label(metric), *(shown(figures.get(metric)) for figures in named.values())) for metric in metrics
        ),
    )


def _inner_tables(value: Mapping[str, object], *, title: str) -> list[MetricTable]:
    flat = {key: inner for key, inner in value.items() if isinstance(inner, Mapping) and _is_flat(inner)}
    if len(flat) == len(value) > 0:
        return [comparison_table(_by_label(flat), title=title)]
    return metric_tables(value, title=title)


def label(key: str) -> str:
    """`ndcg_at_10` and `ndcg@10` become NDCG@10, `training_samples` Training samples."""
    words = re.split(r"_+| +", key.replace("_at_", "@"))
    first, *rest = [_word(word) for word in words if word] or [key]
    return " ".join([first[:1].upper() + first[1:], *rest])


def shown(value: object) -> str:
    """A figure as text; a missing one is a dash, never 0."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4f}" if abs(value) < 10 else f"{value:,.1f}"
        case Estimate():
            return f"{shown(value.value)} ({shown(value.low)} to {shown(value.high)})"
        case str():
            return value[:16].replace("T", " ") if _MOMENT.match(value) else value
        case Sequence():
            return ", ".join(shown(item) for item in value) or "–"
        case Mapping():
            return ", ".join(f"{label(str(key))} {shown(item)}" for key, item in value.items()) or "–"
    return str(value)


def _by_label(named: Mapping[str, Mapping[str, object]]) -> dict[str, Mapping[str, object]]:
    """The baseline first, everybody under a name to read."""
    return {_heading(name): named[name] for name in sorted(named, key=lambda name: name != BASELINE)}


def _heading(name: str) -> str:
    return f"{label(name)} (baseline)" if name == BASELINE else label(name)


def _is_flat(value: Mapping[str, object]) -> bool:
    return not any(isinstance(inner, Mapping) for key, inner in value.items() if key != INTERVALS)


def _word(word: str) -> str:
    name, at, depth = word.partition("@")
    return _ABBREVIATIONS.get(name, name) + at + depth
