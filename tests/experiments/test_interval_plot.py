"""Intervals drawn to scale, around a zero that is always in sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.charts import arrivals_chart, boundary_chart
from experiments.interval_plot import LEFT, RIGHT, WIDTH, IntervalPlot, interval_plot
from experiments.metrics import CONVERSION_RATE, HIDE_RATE, Metric
from experiments.reports import Arrivals, Comparison, VariantEstimate
from experiments.statistics.values import Interval
from tests.experiments.test_rate_chart import FIRST, history

NAMES = {"control": "Control", "new": "New"}
MIDDLE = WIDTH / 2


def estimates(difference: float | None, interval: Interval | None) -> list[VariantEstimate]:
    compared = Comparison(difference, interval, None, None, None, None, False, None, None, ())
    return [
        VariantEstimate("control", 10, 1, 0.1, None, "", None),
        VariantEstimate("new", 10, 1, 0.1, None, "", compared),
    ]


def plot(metric: Metric, low: float, middle: float, high: float | None) -> IntervalPlot:
    drawn = interval_plot(metric, estimates(middle, Interval(low, high)), NAMES)
    assert drawn is not None
    return drawn


def test_nothing_known_is_no_plot() -> None:
    assert interval_plot(CONVERSION_RATE, estimates(None, None), NAMES) is None


def test_an_interval_is_drawn_to_scale() -> None:
    drawn = plot(CONVERSION_RATE, 0.01, 0.02, 0.03)
    row = drawn.rows[0]
    assert drawn.zero == MIDDLE
    assert row.middle - drawn.zero == pytest.approx(2 * (row.low - drawn.zero), abs=0.2)
    assert row.high - drawn.zero == pytest.approx(3 * (row.low - drawn.zero), abs=0.3)
    assert (row.name, row.words) == ("New", "+2.00 points")
    assert drawn.margin is None


def test_a_guardrails_margin_is_on_the_bad_side() -> None:
    margin = plot(HIDE_RATE, -0.01, 0.0, 0.01).margin
    assert margin is not None
    assert margin > MIDDLE


def test_an_open_end_goes_to_the_edge() -> None:
    row = plot(CONVERSION_RATE, 0.01, 0.02, None).rows[0]
    assert (row.is_open, row.high) == (True, WIDTH - RIGHT)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(sorted))
def test_everything_stays_inside_the_picture(ends: list[float]) -> None:
    drawn = plot(HIDE_RATE, *ends)
    for at in (drawn.zero, drawn.rows[0].low, drawn.rows[0].middle, drawn.rows[0].high):
        assert LEFT <= at <= WIDTH - RIGHT


def test_before_any_look_decides_there_is_no_boundary() -> None:
    assert boundary_chart(history((10, 1)), ["control", "new"]) is None


def test_bars_stack_to_the_days_people() -> None:
    chart = arrivals_chart([Arrivals(FIRST.date(), {"control": 30, "new": 10})], ["control", "new"])
    assert chart is not None
    control, new = chart.bars
    assert control.height == pytest.approx(3 * new.height, abs=0.3)
    assert new.y + new.height == pytest.approx(control.y)
    assert (control.title, chart.y_ticks[-1].label) == ("1 May: control 30", "40")
