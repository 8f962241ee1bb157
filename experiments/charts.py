"""The cumulative rate per variant as an SVG's geometry: numbers only, the template draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.reports import HistoryDay, HistoryPoint

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 70, 14, 34
# Okabe and Ito's palette, told apart by colour-blind people too; control is the grey one.
COLOURS = ("#6b7280", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d1f")
_MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Whisker:
    """The interval as it stands now, beside the end of the line."""

    x: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    variant: str
    colour: str
    points: str
    band: str
    whisker: Whisker | None


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]


def rate_chart(history: Sequence[HistoryDay]) -> Chart | None:
    """The chart of `history`, or None before anybody was exposed."""
    if not history:
        return None
    top_rate = _top_rate(history)
    keys = [point.variant for point in history[0].variants]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        x_ticks=_day_ticks(history),
        y_ticks=tuple(
            Tick(_y(top_rate * part / 4, top_rate), f"{100 * top_rate * part / 4:.3g} %") for part in range(5)
        ),
        lines=tuple(_line(history, index, key, top_rate) for index, key in enumerate(keys)),
    )


def _line(history: Sequence[HistoryDay], index: int, key: str, top_rate: float) -> Line:
    points = [(_x(day, len(history)), one.variants[index]) for day, one in enumerate(history)]
    seen = [(x, point) for x, point in points if point.rate is not None]
    upper = [(x, _y(_high(point), top_rate)) for x, point in seen]
    lower = [(x, _y(_low(point), top_rate)) for x, point in seen]
    return Line(
        variant=key,
        colour=COLOURS[index % len(COLOURS)],
        points=_joined([(x, _y(point.rate or 0.0, top_rate)) for x, point in seen]),
        band=_joined(upper + lower[::-1]),
        whisker=_whisker(seen[-1][1], index, top_rate) if seen else None,
    )


def _whisker(point: HistoryPoint, index: int, top_rate: float) -> Whisker:
    return Whisker(
        x=round(WIDTH - RIGHT + 14 + 12 * (index % 5), 1),
        low=_y(_low(point), top_rate),
        middle=_y(point.rate or 0.0, top_rate),
        high=_y(_high(point), top_rate),
    )


def _top_rate(history: Sequence[HistoryDay]) -> float:
    """The axis ends above the newest intervals; the first days' wide ones are cut off, or nothing is seen."""
    newest = [_high(point) for point in history[-1].variants if point.rate is not None]
    later = history[len(history) // 2 :]
    rates = [point.rate for day in later for point in day.variants if point.rate is not None]
    highest = min(1.0, max([*newest, *rates, 0.01]) * 1.08)
    step = next(step for step in (0.01, 0.02, 0.04, 0.08, 0.1, 0.2, 0.4, 1.0) if highest <= step * 5)
    return min(1.0, -(-highest // step) * step)


def _day_ticks(history: Sequence[HistoryDay]) -> tuple[Tick, ...]:
    every = max(1, -(-len(history) // _MOST_LABELS))
    return tuple(
        Tick(_x(day, len(history)), f"{one.day.day} {one.day:%b}")
        for day, one in enumerate(history)
        if day % every == 0
    )


def _low(point: HistoryPoint) -> float:
    return point.interval.lower if point.interval else 0.0


def _high(point: HistoryPoint) -> float:
    upper = point.interval.upper if point.interval else None
    return 1.0 if upper is None else upper


def _x(day: int, days: int) -> float:
    inner = WIDTH - LEFT - RIGHT
    return round(LEFT + (inner * day / (days - 1) if days > 1 else inner / 2), 1)


def _y(rate: float, top_rate: float) -> float:
    """Clamped to the plot: what is above the axis is drawn at its edge."""
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(rate / top_rate, 1.0), 1)


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
