"""Rows become the interactions that algorithms fit from."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalogue.schemas import TasteIn
from catalogue.services import taste_put
from recommendations.algorithms.dataset import Field, Person, event_key, token
from recommendations.algorithms.samples import Ledger
from recommendations.evaluation.splits import temporal_hold_out
from recommendations.history import PersonState, history_load, person_encode
from recommendations.snapshot import EMPTY
from recommendations.training_data import TrainingData, training_data_load
from tests.recommendations.factories import event_add, feedback_add

pytestmark = pytest.mark.django_db


def rows(data: TrainingData) -> list[tuple[int, int, float]]:
    found = data.interactions
    return [
        (int(user), int(found.events.keys[event]), round(float(weight), 2))
        for user, event, weight in zip(found.user, found.event, found.weight, strict=True)
    ]


def artists(data: TrainingData) -> dict[int, list[int]]:
    return {user: taste.words[Field.ARTIST].tolist() for user, taste in data.interactions.tastes.items()}


def test_it_counts_repeats_of_one_action_once() -> None:
    event_add("e")
    for _ in range(50):
        feedback_add("bot", "e", days_ago=1)
    data = training_data_load(cutoff=timezone.now())
    assert rows(data) == [(0, event_key("e"), 1.0)]
    assert data.feedback_rows == 50


def test_it_leaves_out_what_happened_after_the_cutoff() -> None:
    event_add("e")
    feedback_add("early", "e", days_ago=3)
    feedback_add("late", "e", days_ago=1)
    data = training_data_load(cutoff=timezone.now() - timedelta(days=2))
    assert data.interactions.n_users == 1
    assert (data.interactions.occurred_at <= data.interactions.cutoff).all()


def test_it_leaves_impressions_out_and_keeps_what_speaks_against_an_event() -> None:
    event_add("e")
    feedback_add("u", "e", "impression", days_ago=2)
    feedback_add("u", "e", "hide", days_ago=1)
    assert [weight for _, _, weight in rows(training_data_load(cutoff=timezone.now()))] == [-1.0]


def test_a_save_taken_back_leaves_nothing_and_one_saved_again_a_save() -> None:
    event_add("e")
    for person, actions in (("back", ("save", "unsave")), ("again", ("save", "unsave", "save", "save"))):
        for place, action in enumerate(actions):
            feedback_add(person, "e", action, days_ago=9 - place)
    data = training_data_load(cutoff=timezone.now())
    assert rows(data) == [(1, event_key("e"), 1.0)]
    assert len(data.interactions.taken_back) == 2


def known(person: Person) -> set[tuple[int, float]]:
    return set(zip(person.events.keys.tolist(), person.weight.tolist(), strict=True))


def test_training_any_cut_of_it_and_serving_know_a_person_alike() -> None:
    """Whatever was saved and taken back in whichever order."""
    random, now = np.random.default_rng(4), timezone.now()
    people = ("first", "second")  # in order of their first action: so they are numbered
    for name in "abc":
        event_add(name)
        for place, person in enumerate(people):
            feedback_add(person, name, days_ago=90 - place)
    for step in range(60):
        action = str(random.choice(["save", "unsave", "save", "unsave", "click", "thumbs_down"]))
        feedback_add(people[step % 2], str(random.choice(list("abc"))), action, days_ago=60 - step)
    everything = training_data_load(cutoff=now).interactions
    served = [person_encode(PersonState(history_load(name)), EMPTY, None).person for name in people]
    for user, one in enumerate(served):
        assert known(Ledger.of(everything).person(user)) == known(one)
    for days in range(3, 60, 6):
        cutoff = now - timedelta(days=days, hours=12)
        then = Ledger.of(training_data_load(cutoff=cutoff).interactions)
        cut = Ledger.of(temporal_hold_out(everything, cutoff.timestamp()).train)
        for user in range(len(people)):
            assert known(cut.person(user)) == known(then.person(user))


def test_taking_a_save_back_is_news() -> None:
    event_add("e")
    event_add("f")
    feedback_add("u", "f", days_ago=9)
    before = training_data_load(cutoff=timezone.now())
    feedback_add("u", "e", days_ago=2)
    feedback_add("u", "e", "unsave", days_ago=1)
    after = training_data_load(cutoff=timezone.now())
    assert rows(before) == rows(after)
    assert before.fingerprint != after.fingerprint


def test_it_counts_feedback_on_events_it_does_not_know_apart() -> None:
    event_add("known")
    feedback_add("u", "known")
    feedback_add("u", "not-in-the-catalogue")
    data = training_data_load(cutoff=timezone.now())
    assert (len(data.interactions), data.unknown_event_rows) == (1, 1)


def test_people_known_by_unknown_events_alone_are_nobody() -> None:
    event_add("e")
    feedback_add("first", "unheard-of", days_ago=3)
    feedback_add("second", "e", days_ago=2)
    taste_put(user_id="second", taste=TasteIn(preferred_artists=["Kernel"]), now=timezone.now())
    data = training_data_load(cutoff=timezone.now())
    assert (data.interactions.n_users, rows(data)) == (1, [(0, event_key("e"), 1.0)])
    assert artists(data) == {0: [token(Field.ARTIST, "Kernel")]}


def test_it_moves_back_announcements_that_cannot_be_true() -> None:
    now = timezone.now()
    event_add("over", days=-100, announced_at=now)
    event_add("acted-on", days=5, announced_at=now)
    feedback_add("u", "over", days_ago=120)
    feedback_add("u", "acted-on", days_ago=10)
    events = training_data_load(cutoff=now).interactions.events
    announced = dict(zip(events.keys.tolist(), events.announced_at.tolist(), strict=True))
    assert announced[event_key("over")] == pytest.approx((now - timedelta(days=130)).timestamp(), abs=1)
    assert announced[event_key("acted-on")] == pytest.approx((now - timedelta(days=10)).timestamp(), abs=1)


def test_it_brings_stated_taste_along() -> None:
    event_add("e")
    feedback_add("u", "e")
    taste_put(user_id="u", taste=TasteIn(preferred_artists=["Kernel"], budget_max=20), now=timezone.now())
    taste = training_data_load(cutoff=timezone.now()).interactions.tastes[0]
    assert taste.words[Field.ARTIST].tolist() == [token(Field.ARTIST, "kernel")]
    assert taste.budget_max == 20.0


def test_the_same_rows_have_the_same_fingerprint_and_other_rows_another() -> None:
    event_add("e")
    event_add("f")
    feedback_add("u", "e")
    cutoff = timezone.now() + timedelta(seconds=1)
    first, again = training_data_load(cutoff=cutoff), training_data_load(cutoff=cutoff)
    assert first.fingerprint == again.fingerprint
    assert np.array_equal(first.interactions.user, again.interactions.user)
    feedback_add("u", "f")
    assert training_data_load(cutoff=cutoff).fingerprint != first.fingerprint


def test_pages_of_any_size_make_the_same_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    for name in "abcde":
        event_add(name)
        taste_put(user_id=f"fan of {name}", taste=TasteIn(preferred_artists=[name]), now=now)
    for number in range(23):  # the oldest arrive last
        feedback_add(f"fan of {'edcba'[number % 5]}", "abcde"[number * 3 % 5], days_ago=1 + number // 2)
    with CaptureQueriesContext(connection) as unpaged_queries:
        unpaged = training_data_load(cutoff=now)
    monkeypatch.setattr("recommendations.training_data.ROWS_AT_ONCE", 4)
    monkeypatch.setattr("recommendations.training_data.EVENTS_AT_ONCE", 2)
    with CaptureQueriesContext(connection) as paged_queries:
        paged = training_data_load(cutoff=now)
    assert (len(unpaged_queries), len(paged_queries)) == (3, 6 + 3 + 3)
    assert paged.fingerprint == unpaged.fingerprint
    assert artists(paged) == artists(unpaged)
    assert len(artists(unpaged)) == 5


def test_people_and_events_are_numbered_by_what_happened_first_whatever_arrived_first() -> None:
    event_add("e")
    feedback_add("late", "e", days_ago=1)
    feedback_add("early", "e", days_ago=9)
    feedback_add("between", "e", days_ago=5)
    taste_put(user_id="early", taste=TasteIn(preferred_artists=["Kernel"]), now=timezone.now())
    found = training_data_load(cutoff=timezone.now()).interactions
    assert found.user.tolist() == [0, 1, 2]
    assert list(found.tastes) == [0]
