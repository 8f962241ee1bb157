"""How much everybody wants each event: totals once, then what came since; decayed by age."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommendations.interest import TOTALS_SECONDS, InterestTracker
from recommendations.snapshot import CandidateSnapshot
from tests.recommendations.factories import event_add, feedback_add

pytestmark = pytest.mark.django_db


def level(tracker: InterestTracker, event_id: str, *, days_later: float = 0) -> float:
    now = timezone.now() + timedelta(days=days_later)
    snapshot = CandidateSnapshot().current(now=now)
    return float(tracker.of(snapshot, now=now)[snapshot.row_of[event_id]])


def test_it_adds_up_weights_and_halves_them_in_a_fortnight() -> None:
    event_add("e", days=40)
    tracker = InterestTracker()
    assert level(tracker, "e") == 0
    feedback_add("a", "e", "save")
    feedback_add("b", "e", "click")
    feedback_add("c", "e", "impression")
    feedback_add("d", "e", "hide")
    assert level(tracker, "e") == pytest.approx(1.2, rel=1e-3)
    assert level(tracker, "e", days_later=14) == pytest.approx(0.6, rel=1e-3)


def test_totals_read_at_once_are_what_adding_row_by_row_gives() -> None:
    event_add("e", days=40)
    following = InterestTracker()
    assert level(following, "e") == 0
    for days_ago in (1, 8, 20):
        feedback_add(f"u{days_ago}", "e", "save", days_ago=days_ago)
    afresh = InterestTracker()
    assert level(afresh, "e") == pytest.approx(level(following, "e"), rel=1e-3)


def test_what_one_person_repeats_counts_once_and_from_when_they_first_did_it() -> None:
    event_add("e", days=40)
    following = InterestTracker()
    assert level(following, "e") == 0
    for days_ago in (14, 1, 0):
        feedback_add("a", "e", "click", days_ago=days_ago)
    assert level(following, "e") == pytest.approx(0.1, rel=1e-3)  # read row by row
    assert level(InterestTracker(), "e") == pytest.approx(0.1, rel=1e-3)
    feedback_add("a", "e", "click")
    assert level(following, "e") == pytest.approx(0.1, rel=1e-3)
    feedback_add("b", "e", "click")
    feedback_add("a", "e", "save")
    assert level(following, "e") == pytest.approx(1.3, rel=1e-3)


def test_it_reads_only_what_is_new(settings: Any, django_assert_num_queries: Any) -> None:
    event_add("e")
    tracker = InterestTracker()
    now = timezone.now()
    snapshot = CandidateSnapshot().current(now=now)
    tracker.of(snapshot, now=now)
    with django_assert_num_queries(1):
        tracker.of(snapshot, now=now)
    settings.REFRESH_SECONDS = 1.0
    with django_assert_num_queries(0):
        tracker.of(snapshot, now=now)


def test_it_reads_all_afresh_now_and_then_so_that_nothing_missed_stays_missed() -> None:
    event_add("e")
    clock = {"now": 0.0}
    tracker = InterestTracker(lambda: clock["now"])
    assert level(tracker, "e") == 0
    feedback_add("u", "e")
    tracker._read_until = 10**9  # as if a row with a lower id had been committed late
    assert level(tracker, "e") == 0
    clock["now"] = TOTALS_SECONDS
    assert level(tracker, "e") == pytest.approx(1.0, rel=0.03)


def test_it_counts_how_often_an_event_was_shown_by_every_action_on_it() -> None:
    event_add("e", days=40)
    following = InterestTracker()
    assert shown(following, "e") == 0
    for number, action in enumerate(("impression", "impression", "save", "hide", "skip")):
        feedback_add(f"u{number}", "e", action)
    feedback_add("u", "another", "impression")
    assert shown(following, "e") == 5
    assert shown(InterestTracker(), "e") == 5


def shown(tracker: InterestTracker, event_id: str) -> int:
    now = timezone.now()
    snapshot = CandidateSnapshot().current(now=now)
    tracker.of(snapshot, now=now)
    return int(tracker.showings(snapshot)[snapshot.row_of[event_id]])
