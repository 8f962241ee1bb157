"""Predictions wait in memory and are written together."""

import time
import uuid
from unittest import mock

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone
from prometheus_client import REGISTRY

from feedback.models import Prediction
from recommendations import prediction_log as module
from recommendations.prediction_log import PredictionLog


def prediction() -> Prediction:
    return Prediction(
        recommendation_id=uuid.uuid4(),
        user_id="u",
        served_at=timezone.now(),
        algorithm="hybrid",
        latency_ms=1.0,
    )


def dropped() -> float:
    return REGISTRY.get_sample_value("craic_predictions_dropped_total") or 0.0


@pytest.fixture
def log(settings: object, monkeypatch: pytest.MonkeyPatch) -> PredictionLog:
    """One that writes only when the test says so."""
    settings.PREDICTION_FLUSH_SECONDS = 3600  # type: ignore[attr-defined]
    monkeypatch.setattr(PredictionLog, "_start_writer", lambda _: None)
    return PredictionLog()


@pytest.mark.django_db
def test_it_writes_all_that_waits_in_one_insert(
    log: PredictionLog, django_assert_num_queries: mock.Mock
) -> None:
    for _ in range(40):
        log.append(prediction())
    assert not Prediction.objects.exists()
    with django_assert_num_queries(1):
        log.flush()
    assert Prediction.objects.count() == 40


@pytest.mark.django_db
def test_it_keeps_what_the_database_refuses_for_now(log: PredictionLog) -> None:
    log.append(prediction())
    with (
        mock.patch.object(module, "_write", side_effect=OperationalError),
        mock.patch.object(module, "logger"),
    ):
        log.flush()
    log.flush()
    assert Prediction.objects.count() == 1


def test_it_drops_and_counts_what_no_longer_fits(log: PredictionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_BACKLOG", 3)
    before = dropped()
    for _ in range(5):
        log.append(prediction())
    assert dropped() == before + 2


@pytest.mark.django_db
def test_it_drops_what_the_database_will_never_take_and_writes_the_rest(log: PredictionLog) -> None:
    before = dropped()
    log.append(prediction())
    with mock.patch.object(module, "_write", side_effect=DataError), mock.patch.object(module, "logger"):
        log.flush()
    log.append(prediction())
    log.flush()
    assert dropped() == before + 1
    assert Prediction.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_its_writer_thread_survives_a_fault(settings: object) -> None:
    settings.PREDICTION_FLUSH_SECONDS = 0.01  # type: ignore[attr-defined]
    log = PredictionLog()
    with (
        mock.patch.object(log, "flush", side_effect=RuntimeError("a fault")),
        mock.patch.object(module, "logger") as told,
    ):
        log.append(prediction())
        while not told.exception.called:
            time.sleep(0.01)
    log.stop()
    assert Prediction.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_its_writer_thread_writes_within_the_time_set(settings: object) -> None:
    settings.PREDICTION_FLUSH_SECONDS = 0.01  # type: ignore[attr-defined]
    log = PredictionLog()
    log.append(prediction())
    log.stop()
    assert Prediction.objects.count() == 1


@pytest.mark.django_db
def test_written_by_hand_only_a_flush_writes_and_the_rest_is_dropped(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: list[PredictionLog] = []
    monkeypatch.setattr(log, "_start_writer", lambda: writers.append(log))
    with log.written_by_hand():
        log.append(prediction())
        log.flush()
        log.append(prediction())
    log.flush()
    assert Prediction.objects.count() == 1
    assert writers == []
    log.append(prediction())
    assert writers == [log]
