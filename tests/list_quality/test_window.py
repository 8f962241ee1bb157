"""Tonight, the weekend and the week ahead, by the clock on a Dublin wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.list_quality.window import surface_window, within_window

DUBLIN = ZoneInfo("Europe/Dublin")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=DUBLIN)


@pytest.mark.parametrize(
    ("surface", "now", "begin", "end"),
    [
        # 2026-05-06 is a Wednesday
        ("tonight", "2026-05-06T19:00", "2026-05-06T19:00", "2026-05-07T06:00"),
        ("tonight", "2026-05-07T02:00", "2026-05-07T02:00", "2026-05-07T06:00"),
        ("tonight", "2026-05-07T03:59", "2026-05-07T03:59", "2026-05-07T06:00"),
        ("tonight", "2026-05-07T04:00", "2026-05-07T17:00", "2026-05-08T06:00"),
        ("tonight", "2026-05-07T09:00", "2026-05-07T17:00", "2026-05-08T06:00"),
        ("weekend", "2026-05-06T12:00", "2026-05-08T17:00", "2026-05-11T06:00"),
        ("weekend", "2026-05-08T16:59", "2026-05-08T17:00", "2026-05-11T06:00"),
        ("weekend", "2026-05-09T23:00", "2026-05-09T23:00", "2026-05-11T06:00"),
        ("weekend", "2026-05-11T03:59", "2026-05-11T03:59", "2026-05-11T06:00"),
        ("weekend", "2026-05-11T04:00", "2026-05-15T17:00", "2026-05-18T06:00"),
        ("digest", "2026-05-06T08:00", "2026-05-06T08:00", "2026-05-13T08:00"),
        # clocks go forward on Sunday 2026-03-29 at 01:00, back on Sunday 2026-10-25 at 02:00
        ("tonight", "2026-03-28T22:00", "2026-03-28T22:00", "2026-03-29T06:00"),
        ("weekend", "2026-03-26T12:00", "2026-03-27T17:00", "2026-03-30T06:00"),
        ("tonight", "2026-10-24T22:00", "2026-10-24T22:00", "2026-10-25T06:00"),
        ("weekend", "2026-10-24T22:00", "2026-10-24T22:00", "2026-10-26T06:00"),
    ],
)
def test_each_surface_has_its_window(surface: str, now: str, begin: str, end: str) -> None:
    assert surface_window(surface, local(now)) == (local(begin).timestamp(), local(end).timestamp())


def test_in_the_morning_tonight_does_not_list_what_is_on_at_noon() -> None:
    noon, evening = local("2026-05-06T12:00").timestamp(), local("2026-05-06T20:00").timestamp()
    found = within_window(np.array([noon, evening]), "tonight", local("2026-05-06T09:00"))
    assert found.tolist() == [False, True]


def test_the_night_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    for night, hours in (("2026-03-28T22:00", 7), ("2026-10-24T22:00", 9)):
        window = surface_window("tonight", local(night))
        assert window is not None
        assert window[1] - window[0] == hours * 3600


@pytest.mark.parametrize("surface", ["", "home", "Tonight?", "search"])
def test_other_surfaces_have_none(surface: str) -> None:
    assert surface_window(surface, local("2026-05-06T19:00")) is None


@given(st.integers(0, 15 * 365 * 24 * 60))
def test_a_window_is_never_over_and_ends_at_six_in_the_morning(minutes: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    for surface in ("tonight", "weekend"):
        window = surface_window(surface, now)
        assert window is not None
        assert now.timestamp() <= window[0] < window[1]
        end = datetime.fromtimestamp(window[1], DUBLIN)
        assert (end.hour, end.minute) == (6, 0)
        assert surface == "tonight" or end.weekday() == 0


def test_an_empty_window_widens_to_the_week_and_then_to_everything() -> None:
    now = local("2026-05-06T19:00")
    hours = np.array([2.0, 60.0, 24 * 20.0]) * 3600
    starts_at = now.timestamp() + hours
    assert within_window(starts_at, "tonight", now).tolist() == [True, False, False]
    assert within_window(starts_at[1:], "tonight", now).tolist() == [True, False]
    assert within_window(starts_at[2:], "tonight", now).tolist() == [True]
    assert within_window(starts_at[:0], "tonight", now).tolist() == []
    assert within_window(starts_at, "home", now).all()
