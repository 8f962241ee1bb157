"""Charts as SVG geometry: numbers only, one template draws them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from experiments.reports import Arrivals, HistoryDay, HistoryPoint, SequentialTest

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 70, 24, 34
# Okabe and Ito's palette, told apart by colour-blind people too; control is the grey one. Each variant has a
# dash of its own as well, so that colour is never alone.
COLOURS = ("#6b7280", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d1f")
DASHES = ("", "9 3", "3 3", "12 3 3 3", "6 6", "2 6", "14 4", "8 3 2 3")
_MOST_LABELS = 6
_LEAST_TOP = 3.0  # of the boundary chart's axis, in standard errors
_MOST_TOP = 8.0
_FIFTHS = (-1.0, -0.5, 0.0, 0.5, 1.0)


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
    dash: str
    points: str
    band: str = ""
    whisker: Whisker | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    colour: str
    title: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a moment, to be marked."""

    at: datetime
    label: str


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
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    marks: tuple[Tick, ...] = ()


_EMPTY = Chart(WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM, (), ())


def rate_chart(history: Sequence[HistoryDay], events: Sequence[Event] = ()) -> Chart | None:
    """The cumulative rate by variant and look, or None before the first look."""
    if not history:
        return None
    top_rate = _top_rate(history)
    keys = [point.variant for point in history[0].variants]
    return replace(
        _EMPTY,
        x_ticks=_day_ticks([one.day for one in history]),
        y_ticks=tuple(
            Tick(_y(top_rate * part / 4, top_rate), f"{100 * top_rate * part / 4:.3g} %") for part in range(5)
        ),
        lines=tuple(_line(history, index, key, top_rate) for index, key in enumerate(keys)),
        marks=_marks(history, events),
    )


def boundary_chart(
    history: Sequence[HistoryDay], keys: Sequence[str], events: Sequence[Event] = ()
) -> Chart | None:
    """Each treatment's statistic, look after look, and the boundary that it must cross to decide.

    `keys` of all variants, control first, so that colours are those of the other charts. None before any
    look that decides something.
    """
    if not any(test.critical_value is not None for day in history for test in day.tests):
        return None
    top = _top_statistic(history)
    return replace(
        _EMPTY,
        x_ticks=_day_ticks([one.day for one in history]),
        y_ticks=tuple(
            Tick(_centred(part * top, top), f"{part * top:+.3g}") for part in (-1, -0.5, 0, 0.5, 1)
        ),
        lines=(
            _boundary_line(history, 1, top),
            _boundary_line(history, -1, top),
            *(_statistic_line(history, index, key, top) for index, key in enumerate(keys) if index),
        ),
        marks=_marks(history, events),
    )


def arrivals_chart(arrivals: Sequence[Arrivals], keys: Sequence[str]) -> Chart | None:
    """People exposed first on each UTC day, the variants stacked, control at the foot."""
    if not arrivals:
        return None
    top = _round_up(max(1, *(sum(one.users.values()) for one in arrivals)))
    slot = (WIDTH - LEFT - RIGHT) / len(arrivals)
    return replace(
        _EMPTY,
        x_ticks=_slot_ticks([one.day for one in arrivals], slot),
        y_ticks=tuple(Tick(_y(value, top), f"{value:,.0f}") for value in (0, top / 2, top)),
        bars=tuple(
            bar
            for day, one in enumerate(arrivals)
            for bar in _stack(one.day, one.users, keys, LEFT + slot * day, slot, top, "{:,}")
        ),
    )


def allocation_chart(deals: Sequence[tuple[date, Mapping[str, float]]], keys: Sequence[str]) -> Chart | None:
    """The share of newcomers that each variant was dealt, deal by deal; control at the foot."""
    if not deals:
        return None
    slot = (WIDTH - LEFT - RIGHT) / len(deals)
    return replace(
        _EMPTY,
        x_ticks=_slot_ticks([day for day, _ in deals], slot),
        y_ticks=tuple(Tick(_y(part, 1.0), f"{part:.0%}") for part in (0.0, 0.5, 1.0)),
        bars=tuple(
            bar
            for place, (day, weights) in enumerate(deals)
            for bar in _stack(day, weights, keys, LEFT + slot * place, slot, 1.0, "{:.0%}")
        ),
    )


def _line(history: Sequence[HistoryDay], index: int, key: str, top_rate: float) -> Line:
    points = [(_x(day, len(history)), one.variants[index]) for day, one in enumerate(history)]
    seen = [(x, point) for x, point in points if point.rate is not None]
    upper = [(x, _y(_high(point), top_rate)) for x, point in seen]
    lower = [(x, _y(_low(point), top_rate)) for x, point in seen]
    return Line(
        variant=key,
        colour=COLOURS[index % len(COLOURS)],
        dash=DASHES[index % len(DASHES)],
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


def _boundary_line(history: Sequence[HistoryDay], side: int, top: float) -> Line:
    """Of all treatments the strictest, which is the same for all within the plan."""
    found = [
        (_x(day, len(history)), _centred(side * max(limits), top))
        for day, one in enumerate(history)
        if (limits := [test.critical_value for test in one.tests if test.critical_value is not None])
    ]
    return Line("boundary", "currentColor", "", _joined(found))


def _statistic_line(history: Sequence[HistoryDay], index: int, key: str, top: float) -> Line:
    found = [
        (_x(day, len(history)), _centred(test.statistic, top))
        for day, one in enumerate(history)
        for test in one.tests
        if test.variant == key and test.statistic is not None
    ]
    return Line(key, COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)], _joined(found))


def _top_statistic(history: Sequence[HistoryDay]) -> float:
    """The axis holds the statistics and the later boundaries; the first ones are far away and cut off."""
    tests: list[SequentialTest] = [test for day in history for test in day.tests]
    statistics = [abs(test.statistic) for test in tests if test.statistic is not None]
    later = [test.critical_value or 0.0 for test in history[-1].tests]
    highest = max([*statistics, *later, _LEAST_TOP]) * 1.1
    return min(_MOST_TOP, float(-(-highest // 1)))


def _stack(
    day: date,
    values: Mapping[str, float],
    keys: Sequence[str],
    left: float,
    slot: float,
    top: float,
    words: str,
) -> list[Bar]:
    """The bars of one slot, one on the other. `words` formats a value."""
    bars = []
    below = 0.0
    for index, key in enumerate(keys):
        value = values.get(key, 0)
        y, foot = _y(below + value, top), _y(below, top)
        title = f"{_day(day)}: {key} {words.format(value)}"
        x, width = round(left + slot * 0.1, 1), round(slot * 0.8, 1)
        bars.append(Bar(x, y, width, round(foot - y, 1), COLOURS[index % len(COLOURS)], title))
        below += value
    return bars


def _round_up(people: int) -> int:
    """To two digits of which the second is even, so that half of it is a whole number that reads well."""
    step: int = max(2, 2 * 10 ** (len(str(people)) - 2))
    return -(-people // step) * step


def _marks(history: Sequence[HistoryDay], events: Sequence[Event]) -> tuple[Tick, ...]:
    """At the first look after each event."""
    after = [(next((d for d, one in enumerate(history) if one.taken_at >= e.at), None), e) for e in events]
    return tuple(Tick(_x(day, len(history)), event.label) for day, event in after if day is not None)


def _top_rate(history: Sequence[HistoryDay]) -> float:
    """The axis ends above the newest intervals; the first days' wide ones are cut off, or nothing is seen."""
    newest = [_high(point) for point in history[-1].variants if point.rate is not None]
    later = history[len(history) // 2 :]
    rates = [point.rate for day in later for point in day.variants if point.rate is not None]
    highest = min(1.0, max([*newest, *rates, 0.01]) * 1.08)
    step = next(step for step in (0.01, 0.02, 0.04, 0.08, 0.1, 0.2, 0.4, 1.0) if highest <= step * 5)
    return min(1.0, -(-highest // step) * step)


def _day_ticks(days: Sequence[date]) -> tuple[Tick, ...]:
    every = max(1, -(-len(days) // _MOST_LABELS))
    return tuple(Tick(_x(at, len(days)), _day(day)) for at, day in enumerate(days) if at % every == 0)


def _slot_ticks(days: Sequence[date], slot: float) -> tuple[Tick, ...]:
    every = max(1, -(-len(days) // _MOST_LABELS))
    return tuple(
        Tick(round(LEFT + slot * (at + 0.5), 1), _day(day)) for at, day in enumerate(days) if at % every == 0
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _low(point: HistoryPoint) -> float:
    return point.interval.lower if point.interval else 0.0


def _high(point: HistoryPoint) -> float:
    upper = point.interval.upper if point.interval else None
    return 1.0 if upper is None else upper


def _x(day: int, days: int) -> float:
    inner = WIDTH - LEFT - RIGHT
    return round(LEFT + (inner * day / (days - 1) if days > 1 else inner / 2), 1)


def _y(value: float, top: float) -> float:
    """From 0 to `top`, clamped to the plot: what is above the axis is drawn at its edge."""
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value / top, 1.0), 1)


def _centred(value: float, top: float) -> float:
    """From -`top` to `top`, clamped."""
    inside = max(-1.0, min(1.0, value / top))
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - inside) / 2, 1)


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
