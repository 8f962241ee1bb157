from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.charts import HEIGHT, WIDTH, rate_chart
from experiments.reports import HistoryDay, HistoryPoint
from experiments.statistics.proportions import wilson_interval
from experiments.statistics.values import Interval, Proportion
from experiments.verdicts import Verdict, VerdictState

FIRST = datetime(2026, 5, 1, 3, tzinfo=UTC)


def point(variant: str, users: int, conversions: int) -> HistoryPoint:
    sample = Proportion(conversions, users)
    interval = wilson_interval(sample)
    known = interval if isinstance(interval, Interval) else None
    return HistoryPoint(variant, users, users, conversions, sample.rate, known)


def history(*counts: tuple[int, int]) -> list[HistoryDay]:
    return [
        HistoryDay(
            day=(FIRST + timedelta(days=n)).date(),
            taken_at=FIRST + timedelta(days=n),
            phase=1,
            information=n / len(counts),
            is_counted=True,
            alpha_spent=0.0,
            verdict=Verdict(VerdictState.KEEP_RUNNING, "", ""),
            variants=(point("control", *one), point("new", one[0], 0)),
            tests=(),
        )
        for n, one in enumerate(counts)
    ]


def test_no_history_is_no_chart() -> None:
    assert rate_chart([]) is None


def test_a_line_has_a_point_for_each_day_with_people() -> None:
    chart = rate_chart(history((0, 0), (10, 1), (20, 3)))
    assert chart is not None
    assert len(chart.lines[0].points.split()) == 2
    assert len(chart.lines[0].band.split()) == 4


def test_a_variant_nobody_saw_has_no_whisker() -> None:
    chart = rate_chart(history((0, 0)))
    assert chart is not None
    assert chart.lines[0].whisker is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=60))
def test_everything_stays_inside_the_picture(counts: list[tuple[int, int]]) -> None:
    chart = rate_chart(history(*[(max(pair), min(pair)) for pair in counts]))
    assert chart is not None
    for line in chart.lines:
        for pair in f"{line.points} {line.band}".split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    assert len(chart.x_ticks) <= 7


@pytest.mark.parametrize("days", [1, 2, 6, 7, 90])
def test_the_days_are_labelled_few_enough_to_read(days: int) -> None:
    chart = rate_chart(history(*[(10, 1)] * days))
    assert chart is not None
    assert 1 <= len(chart.x_ticks) <= 6
    assert chart.x_ticks[0].label == "1 May"
