"""An algorithm and the slate it prepared are used together or not at all, also while a model is swapped."""

import threading
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from modelregistry.live import LiveModel
from recommendations.live_model import ServedModel, champion
from recommendations.slates import PreparedSlates
from recommendations.snapshot import CandidateSnapshot
from tests.recommendations.factories import event_add

pytestmark = pytest.mark.django_db


def another(model: LiveModel[ServedModel]) -> Any:
    """The same algorithm as another version would have it: equal, but not the same."""
    hybrid = model.payload.algorithms["hybrid"]
    return type(hybrid).from_arrays(hybrid.to_arrays())


@pytest.mark.usefixtures("trained_world")
def test_while_another_thread_prepares_it_gives_the_old_slate_with_its_own_algorithm(settings: Any) -> None:
    settings.REFRESH_SECONDS = 1.0
    now = timezone.now()
    model = champion.current()
    assert model is not None
    snapshot = CandidateSnapshot().current(now=now)
    slates = PreparedSlates()
    old, new = model.payload.algorithms["hybrid"], another(model)
    before = slates.get(old, model, snapshot, now=now)
    assert before.algorithm is old
    preparing, go_on = threading.Event(), threading.Event()
    original = type(new).prepare

    def slow(self: Any, *args: Any, **kwargs: Any) -> Any:
        preparing.set()
        go_on.wait(10)
        return original(self, *args, **kwargs)

    with mock.patch.object(type(new), "prepare", slow):
        other = threading.Thread(target=slates.get, args=(new, model, snapshot), kwargs={"now": now})
        other.start()
        assert preparing.wait(10)
        meanwhile = slates.get(new, model, snapshot, now=now)
        assert meanwhile is before
        assert meanwhile.algorithm is old
        go_on.set()
        other.join()
    assert slates.get(new, model, snapshot, now=now).algorithm is new


@pytest.mark.usefixtures("trained_world")
def test_it_prepares_again_when_the_catalogue_or_the_model_changed_or_time_passed(settings: Any) -> None:
    settings.REFRESH_SECONDS = 1.0
    clock = mock.Mock(return_value=0.0)
    now = timezone.now()
    model = champion.current()
    assert model is not None
    hybrid = model.payload.algorithms["hybrid"]
    slates, candidates = PreparedSlates(clock), CandidateSnapshot()
    first = slates.get(hybrid, model, candidates.current(now=now), now=now)
    assert slates.get(hybrid, model, first.snapshot, now=now) is first
    assert slates.get(another(model), model, first.snapshot, now=now) is not first
    settings.REFRESH_SECONDS = 0
    event_add("one-more")
    changed = candidates.current(now=now)
    settings.REFRESH_SECONDS = 1.0
    second = slates.get(hybrid, model, changed, now=now)
    assert len(second.rows) == len(first.rows) + 1
    clock.return_value = 30.0
    assert slates.get(hybrid, model, changed, now=now) is not second
