"""Predictions wait in memory and are written together."""

import uuid
from unittest import mock

import pytest
from django.db import OperationalError
from django.utils import timezone

from recommendations import prediction_log as module
from recommendations.models import Prediction
from recommendations.prediction_log import PredictionLog


def prediction() -> Prediction:
    return Prediction(
        recommendation_id=uuid.uuid4(),
        user_id="u",
        served_at=timezone.now(),
        algorithm="hybrid",
        latency_ms=1.0,
    )


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
    for _ in range(5):
        log.append(prediction())
    assert log.dropped == 2


@pytest.mark.django_db(transaction=True)
def test_its_writer_thread_writes_within_the_time_set(settings: object) -> None:
    settings.PREDICTION_FLUSH_SECONDS = 0.01  # type: ignore[attr-defined]
    log = PredictionLog()
    log.append(prediction())
    log.stop()
    assert Prediction.objects.count() == 1
