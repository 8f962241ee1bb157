import logging
import os
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from unittest import mock

import pytest
from django.db import OperationalError, connection
from pytest_django import DjangoAssertNumQueries, Settings

from modelregistry import live
from modelregistry.artefacts import Artefact
from modelregistry.live import LiveChampion, LiveModel, LiveState
from modelregistry.models import ModelVersion
from modelregistry.versions import champion_rollback
from tests.modelregistry.factories import NOW, champion, corrupt, folder, version

R = TypeVar("R")

pytestmark = pytest.mark.django_db


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def first_score(artefact: Artefact) -> float:
    """A payload: the first number of the one array."""
    return float(artefact.arrays_by_algorithm["popularity"]["scores"][0])


def _served(holder: LiveChampion[float]) -> tuple[str, float] | None:
    model = holder.current()
    return (model.version, model.payload) if model else None


def test_without_a_champion_there_is_no_model() -> None:
    version()
    holder = LiveChampion(first_score)
    assert holder.current() is None
    assert holder.state() == LiveState(loaded=None, champion=None, refused=None)


def test_it_serves_the_champion_and_says_what_it_is() -> None:
    row = champion(0.5)
    model = LiveChampion(first_score).current()
    assert model == LiveModel(
        version_id=row.pk,
        version="v1",
        number=1,
        manifest_sha256=row.manifest_sha256,
        payload=0.5,
        data_cutoff=row.data_cutoff,
        deployed_at=NOW,
    )


def test_it_follows_promotions_and_rollbacks() -> None:
    holder = LiveChampion(first_score)
    champion(1.0)
    assert _served(holder) == ("v1", 1.0)
    champion(2.0)
    assert _served(holder) == ("v2", 2.0)
    champion_rollback(actor="test", reason="Back", to=None, now=NOW)
    assert _served(holder) == ("v1", 1.0)


def test_it_can_forget_and_be_as_new(settings: Settings) -> None:
    settings.REFRESH_SECONDS = 3600.0
    holder = LiveChampion(first_score)
    champion(1.0)
    holder.current()
    champion(2.0)
    assert _served(holder) == ("v1", 1.0)
    holder.forget()
    assert holder.state() == LiveState(loaded=None, champion=None, refused=None)
    assert _served(holder) == ("v2", 2.0)


def test_it_looks_once_per_interval_with_one_query(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.REFRESH_SECONDS = 1.0
    clock = Clock()
    holder = LiveChampion(first_score, clock)
    champion(1.0)
    holder.current()
    champion(2.0)
    clock.seconds += 0.9
    with django_assert_num_queries(0):
        assert _served(holder) == ("v1", 1.0)
    clock.seconds += 0.2
    with django_assert_num_queries(1):
        assert _served(holder) == ("v2", 2.0)
    clock.seconds += 1.1
    with django_assert_num_queries(1):
        assert _served(holder) == ("v2", 2.0)


def test_a_corrupted_champion_is_refused_and_the_one_before_keeps_serving() -> None:
    holder = LiveChampion(first_score)
    champion(1.0)
    holder.current()
    bad = champion(2.0)
    corrupt(bad)
    assert _served(holder) == ("v1", 1.0)
    state = holder.state()
    assert (state.loaded, state.champion, state.is_degraded) == ("v1", "v2", True)
    assert state.refused is not None
    assert "scores.npy" in state.refused


def test_the_next_good_champion_ends_the_trouble() -> None:
    holder = LiveChampion(first_score)
    corrupt(champion(1.0))
    assert holder.current() is None
    champion(2.0)
    assert _served(holder) == ("v2", 2.0)
    assert holder.state() == LiveState(loaded="v2", champion="v2", refused=None)


def test_a_fresh_process_with_a_corrupted_champion_serves_the_newest_earlier_one_that_verifies() -> None:
    champion(1.0)
    damaged = [champion(2.0), champion(3.0)]
    for row in damaged:
        corrupt(row)
    holder = LiveChampion(first_score)
    assert _served(holder) == ("v1", 1.0)
    assert (holder.state().champion, holder.state().is_degraded) == ("v3", True)


def test_a_version_that_was_rolled_back_from_is_not_fallen_back_to() -> None:
    champion(1.0)
    second = champion(2.0)
    champion(3.0)
    champion_rollback(actor="test", reason="v3 is bad", to=None, now=NOW)
    corrupt(second)
    assert _served(LiveChampion(first_score)) == ("v1", 1.0)


def test_it_logs_a_refused_version_once_and_looks_again_now_and_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    holder = LiveChampion(first_score, clock)
    champion(1.0)
    holder.current()
    bad = champion(2.0)
    file = folder(bad) / "popularity" / "scores.npy"
    good = file.read_bytes()
    corrupt(bad)
    for _ in range(5):
        assert _served(holder) == ("v1", 1.0)
        clock.seconds += live.RETRY_REFUSED_SECONDS
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
    file.write_bytes(good)
    assert _served(holder) == ("v2", 2.0)
    assert not holder.state().is_degraded


def test_between_two_tries_a_refused_version_costs_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    clock = Clock()
    holder = LiveChampion(first_score, clock)
    champion(1.0)
    holder.current()
    corrupt(champion(2.0))
    holder.current()
    clock.seconds += live.RETRY_REFUSED_SECONDS - 1
    with django_assert_num_queries(1):
        holder.current()


def test_a_payload_that_cannot_be_made_is_refused_like_a_damaged_file() -> None:
    def only_small(artefact: Artefact) -> float:
        if first_score(artefact) > 1:
            raise KeyError("weights")
        return first_score(artefact)

    holder = LiveChampion(only_small)
    champion(1.0)
    holder.current()
    champion(2.0)
    assert _served(holder) == ("v1", 1.0)
    assert holder.state().refused == "v2: 'weights'"


def test_while_the_database_is_away_it_serves_what_is_loaded() -> None:
    holder = LiveChampion(first_score)
    champion(1.0)
    holder.current()
    with mock.patch.object(ModelVersion.objects, "filter", side_effect=OperationalError("gone away")):
        assert _served(holder) == ("v1", 1.0)
        assert LiveChampion(first_score).current() is None
    champion(2.0)
    assert _served(holder) == ("v2", 2.0)


@pytest.mark.django_db(transaction=True)
def test_readers_are_served_the_old_model_while_one_of_them_loads_the_new() -> None:
    loading, go_on = threading.Event(), threading.Event()

    def slow(artefact: Artefact) -> float:
        if first_score(artefact) == 2.0:
            loading.set()
            assert go_on.wait(timeout=30)
        return first_score(artefact)

    holder = LiveChampion(slow)
    champion(1.0)
    holder.current()
    champion(2.0)
    with ThreadPoolExecutor(1) as pool:
        loader = pool.submit(_in_thread, holder.current)
        assert loading.wait(timeout=30)
        assert _served(holder) == ("v1", 1.0)
        go_on.set()
        loader.result(timeout=30)
    assert _served(holder) == ("v2", 2.0)


@pytest.mark.django_db(transaction=True)
def test_a_fresh_process_makes_its_threads_wait_for_the_first_model() -> None:
    loads: list[float] = []

    def slow(artefact: Artefact) -> float:
        time.sleep(0.2)
        loads.append(first_score(artefact))
        return loads[-1]

    champion(1.0)
    holder = LiveChampion(slow)
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: _in_thread(holder.current), range(4)))
    assert [model.version for model in models if model] == ["v1"] * 4
    assert loads == [1.0]


@pytest.mark.django_db(transaction=True)
def test_under_many_readers_every_swap_is_whole_and_none_is_left_without_a_model() -> None:
    loads: list[float] = []
    stop = threading.Event()

    def load(artefact: Artefact) -> float:
        loads.append(first_score(artefact))
        return loads[-1]

    holder = LiveChampion(load)
    champion(1.0)
    holder.current()

    def read() -> list[LiveModel[float] | None]:
        seen = [holder.current()]
        while not stop.is_set():
            model = holder.current()
            if model is not seen[-1]:
                seen.append(model)
        return seen

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(_in_thread, read) for _ in range(4)]
        for number in range(2, 8):
            champion(float(number))
            while (model := holder.current()) and model.number != number:
                time.sleep(0.001)
        stop.set()
        histories = [reader.result(timeout=30) for reader in readers]
    for history in histories:
        models = [model for model in history if model is not None]
        assert len(models) == len(history)
        assert [model.number for model in models] == sorted({model.number for model in models})
        assert all(model.payload == model.number for model in models)
    assert loads == [float(number) for number in range(1, 8)]


@pytest.mark.django_db(transaction=True)
def test_a_process_forked_while_a_thread_was_loading_can_still_swap() -> None:
    parent, loading, go_on = os.getpid(), threading.Event(), threading.Event()

    def slow_in_parent(artefact: Artefact) -> float:
        if first_score(artefact) == 2.0 and os.getpid() == parent:
            loading.set()
            assert go_on.wait(timeout=30)
        return first_score(artefact)

    holder = LiveChampion(slow_in_parent)
    champion(1.0)
    holder.current()
    champion(2.0)
    with ThreadPoolExecutor(1) as pool:
        loader = pool.submit(_in_thread, holder.current)
        assert loading.wait(timeout=30)
        connection.close()
        status = _exit_status_of_fork(lambda: _served(holder) == ("v2", 2.0))
        go_on.set()
        loader.result(timeout=30)
    assert status == 0


def _exit_status_of_fork(is_true: Callable[[], bool]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: forking a process with threads
        child = os.fork()
    if child == 0:
        status = 2
        try:
            status = 0 if is_true() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _in_thread(function: Callable[[], R]) -> R:
    try:
        return function()
    finally:
        connection.close()
