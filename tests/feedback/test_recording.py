"""Recording: ids are right on every database, keys count once, whoever comes first."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback import services
from feedback.models import Action, Feedback
from feedback.services import NewFeedback, Recorded, feedback_record, person_erase
from tests.concurrency import together

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def new(user_id: str = "1", event_id: str = "gig", key: str | None = None) -> NewFeedback:
    return NewFeedback(user_id=user_id, event_id=event_id, action=Action.SAVE, idempotency_key=key)


@pytest.fixture(params=[True, False], ids=["ids from one statement", "row by row"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is what MySQL itself needs."""
    if not request.param:
        monkeypatch.setattr(type(connection.features), "can_return_rows_from_bulk_insert", False)


@pytest.mark.django_db
@pytest.mark.usefixtures("_both_ways")
def test_it_answers_each_rows_own_id() -> None:
    recorded = feedback_record(items=[new(event_id=str(n)) for n in range(1_200)], now=NOW)
    events = dict(Feedback.objects.values_list("pk", "event_id"))
    assert [events[one.feedback_id] for one in recorded] == [str(n) for n in range(1_200)]


@pytest.mark.django_db
def test_it_records_nothing_when_there_is_nothing() -> None:
    assert feedback_record(items=[], now=NOW) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("_both_ways")
def test_it_knows_keys_of_before_and_of_the_same_batch() -> None:
    [before] = feedback_record(items=[new(key="a")], now=NOW)
    items = [new(key="b"), new(), new(key="a"), new(key="b"), new("2", key="b"), new()]
    found = feedback_record(items=items, now=NOW)
    assert [one.duplicate for one in found] == [False, False, True, True, False, False]
    assert found[2].feedback_id == before.feedback_id
    assert found[3].feedback_id == found[0].feedback_id
    assert Feedback.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_it_stores_a_key_once_when_many_race() -> None:
    answers: list[list[Recorded]] = []

    def send() -> None:
        answers.append(feedback_record(items=[new(key=f"k{n}") for n in range(10)], now=NOW))

    together(*[send] * 6)
    assert Feedback.objects.count() == 10
    assert len({tuple(one.feedback_id for one in answer) for answer in answers}) == 1
    assert sum(not one.duplicate for answer in answers for one in answer) == 10


@pytest.mark.django_db
def test_it_reads_the_winner_back_when_it_lost_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another process stores the key between our look and our insert."""
    [winner] = feedback_record(items=[new(key="k")], now=NOW)
    look, looks = services._ids_by_key, []

    def miss_once(items: Any) -> dict[tuple[str, str], int]:
        looks.append(items)
        return look(items) if len(looks) > 1 else {}

    monkeypatch.setattr(services, "_ids_by_key", miss_once)
    found = feedback_record(items=[new(event_id="other"), new(key="k")], now=NOW)
    assert found[1] == Recorded(winner.feedback_id, duplicate=True)
    assert found[0].duplicate is False
    assert Feedback.objects.count() == 2


@pytest.mark.django_db
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from("12"), st.sampled_from([None, "a", "b", "c"])), max_size=6),
        max_size=4,
    )
)
def test_a_key_is_stored_once_per_person_whatever_comes(batches: list[list[tuple[str, str | None]]]) -> None:
    Feedback.objects.all().delete()
    ids: dict[tuple[str, str], int] = {}
    for batch in batches:
        found = feedback_record(items=[new(user_id, key=key) for user_id, key in batch], now=NOW)
        assert len(found) == len(batch)
        for (user_id, key), one in zip(batch, found, strict=True):
            if key is None:
                assert not one.duplicate
            else:
                assert one.duplicate == ((user_id, key) in ids)
                assert ids.setdefault((user_id, key), one.feedback_id) == one.feedback_id
    keyless = sum(key is None for batch in batches for _, key in batch)
    assert Feedback.objects.count() == len(ids) + keyless


@pytest.mark.django_db
def test_it_erases_a_person() -> None:
    feedback_record(items=[new("1"), new("1"), new("2")], now=NOW)
    assert person_erase(user_id="1") == 2
    assert {row.user_id for row in Feedback.objects.all()} == {"2"}
