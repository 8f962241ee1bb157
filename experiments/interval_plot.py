"""Each treatment's difference to control with its interval, side by side, as SVG geometry."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.charts import COLOURS, Tick
from experiments.metrics import Metric
from experiments.reports import VariantEstimate
from experiments.statistics.values import Interval
from experiments.words import difference_of_metric

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 720, 20, 20, 46, 8, 30


@dataclass(frozen=True, slots=True)
class PlotRow:
    """An interval without a bound on one side ends at the plot's edge, with an arrow."""

    name: str
    words: str
    colour: str
    y: int
    low: float
    middle: float
    high: float
    is_open: bool


@dataclass(frozen=True, slots=True)
class IntervalPlot:
    width: int
    height: int
    zero: float
    margin: float | None  # a guardrail's, on the bad side
    x_ticks: tuple[Tick, ...]
    rows: tuple[PlotRow, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    index: int
    name: str
    value: float
    interval: Interval


def interval_plot(
    metric: Metric, estimates: Sequence[VariantEstimate], names: dict[str, str]
) -> IntervalPlot | None:
    """Differences in the metric's own unit, 0 in sight; None where no treatment has an interval."""
    known = [
        _Known(index, names[row.variant], compared.difference, compared.difference_interval)
        for index, row in enumerate(estimates)
        if (compared := row.comparison) is not None
        and compared.difference is not None
        and compared.difference_interval is not None
    ]
    if not known:
        return None
    margin = (-metric.margin if metric.higher_is_better else metric.margin) if metric.margin else None
    reach = _reach(known, margin)
    return IntervalPlot(
        width=WIDTH,
        height=TOP + ROW * len(known) + BOTTOM,
        zero=_x(0.0, reach),
        margin=None if margin is None else _x(margin, reach),
        x_ticks=tuple(_tick(metric, part * reach, reach) for part in (-0.5, 0.0, 0.5)),
        rows=tuple(_row(metric, one, place, reach) for place, one in enumerate(known)),
    )


def _row(metric: Metric, known: _Known, place: int, reach: float) -> PlotRow:
    upper = known.interval.upper
    return PlotRow(
        name=known.name,
        words=difference_of_metric(metric, known.value),
        colour=COLOURS[known.index % len(COLOURS)],
        y=TOP + ROW * place + 30,
        low=_x(known.interval.lower, reach),
        middle=_x(known.value, reach),
        high=_x(reach if upper is None else upper, reach),
        is_open=upper is None,
    )


def _tick(metric: Metric, value: float, reach: float) -> Tick:
    return Tick(_x(value, reach), difference_of_metric(metric, value) if value else "0")


def _reach(known: Sequence[_Known], margin: float | None) -> float:
    """The axis goes as far to either side, to a number of one digit."""
    ends = [abs(end) for one in known for end in (one.interval.lower, one.interval.upper or one.value)]
    furthest = max([*ends, abs(margin or 0.0), 1e-6]) * 1.05
    unit = 10.0 ** math.floor(math.log10(furthest))
    return math.ceil(furthest / unit) * unit


def _x(value: float, reach: float) -> float:
    inside = max(-1.0, min(1.0, value / reach))
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (1 + inside) / 2, 1)
