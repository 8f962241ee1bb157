"""GET /v1/model/info and POST /v1/model/retrain."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from common.services import api_key_issue
from feedback.models import Prediction
from modelregistry.models import RunState, TrainingRun, Trigger
from modelregistry.runs import run_enqueue, run_finish, run_start
from recommendations.model_info import model_info
from tests.credentials import client_of
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import model_train

INFO_KEYS = {
    "model_version", "last_trained", "deployed_at", "training_samples", "validation_metrics", "algorithms",
    "prediction_count", "avg_latency_ms", "avg_latency", "p50_latency_ms", "p95_latency_ms", "p99_latency_ms",
    "drift",
}  # fmt: skip


@pytest.mark.usefixtures("trained_world")
def test_it_tells_of_the_champion_and_of_the_last_day(ask: RecommendationClient) -> None:
    ask.ids("techno-1")
    info = ask.api.get("/v1/model/info").json()
    assert set(info) == INFO_KEYS
    assert (info["model_version"], info["prediction_count"]) == ("v1", 1)
    assert {"precision_at_10", "recall_at_10", "ndcg_at_10", "map", "coverage", "popularity"} <= set(
        info["validation_metrics"]
    )


@pytest.mark.django_db
def test_it_answers_before_anything_was_trained(api: Client) -> None:
    info = api.get("/v1/model/info").json()
    assert (info["model_version"], info["prediction_count"], info["p95_latency_ms"]) == (None, 0, None)


@pytest.mark.django_db
def test_it_gives_nearest_rank_percentiles_of_the_last_24_hours() -> None:
    now = timezone.now()
    for number in range(1, 101):
        Prediction.objects.create(
            recommendation_id=f"00000000-0000-4000-8000-{number:012d}", user_id="u", algorithm="hybrid",
            served_at=now - timedelta(hours=1), latency_ms=float(number),
        )  # fmt: skip
    Prediction.objects.create(
        recommendation_id="00000000-0000-4000-8000-999999999999", user_id="u", algorithm="hybrid",
        served_at=now - timedelta(hours=25), latency_ms=9999.0,
    )  # fmt: skip
    info = model_info(now=now)
    assert (info.p50_latency_ms, info.p95_latency_ms, info.p99_latency_ms) == (50.0, 95.0, 99.0)
    assert (info.prediction_count, info.avg_latency_ms, info.avg_latency) == (100, 50.5, 50.5)


def start(api: Client, **headers: Any) -> Any:
    return api.post("/v1/model/retrain", headers={"Prefer": "wait=0", **headers})


@pytest.mark.django_db
def test_it_queues_a_run_for_the_worker_and_never_trains_by_itself(api: Client) -> None:
    answer = start(api)
    run = TrainingRun.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"status": "running", "run_id": run.pk})
    assert answer.headers["Location"] == f"/v1/model/retrain/{run.pk}"
    assert run.state == RunState.QUEUED
    assert DBTaskResult.objects.get().args_kwargs["args"] == [run.pk]
    assert api.get(answer.headers["Location"]).json()["state"] == "queued"


@pytest.mark.django_db
def test_somebody_with_the_longest_id_can_ask_for_a_run_too(api: Client) -> None:
    admin = client_of("é" * 255, role="admin")
    assert start(admin).status_code == 202
    assert TrainingRun.objects.get().requested_by == "user:" + "é" * 195


@pytest.mark.django_db
def test_it_answers_409_with_the_active_run(api: Client) -> None:
    active = run_enqueue(trigger=Trigger.COMMAND, requested_by="cron", parameters={}, now=timezone.now())
    answer = start(api)
    assert (answer.status_code, answer.json()["run_id"]) == (409, active.pk)


def finished(state: RunState, **facts: Any) -> TrainingRun:
    run = run_enqueue(trigger=Trigger.COMMAND, requested_by="t", parameters={}, now=timezone.now())
    run = run_start(run=run, now=timezone.now())
    return run_finish(run=run, state=state, now=timezone.now(), **facts)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("promoted", [True, False])
def test_it_answers_200_for_a_trained_model_and_says_whether_it_was_promoted(
    api: Client, settings: Any, promoted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AUTO_PROMOTE = promoted
    monkeypatch.setattr("recommendations.api.retraining_start", lambda **_: model_train())
    body = api.post("/v1/model/retrain").json()
    assert (body["status"], body["promoted"], body["model_version"]) == ("success", promoted, "v1")
    assert body["reason"]
    assert body["metrics"]["training_samples"] > 0
    assert body["metrics"]["training_duration_seconds"] > 0


@pytest.mark.django_db
def test_it_never_answers_200_for_a_run_that_failed(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "recommendations.api.retraining_start", lambda **_: finished(RunState.FAILED, error="no space left")
    )
    answer = api.post("/v1/model/retrain")
    assert answer.status_code == 422
    assert (answer.json()["status"], answer.json()["detail"]) == ("failed", "no space left")


@pytest.mark.django_db
@pytest.mark.parametrize(("scope", "status"), [("train", 202), ("read", 403)])
def test_only_a_key_with_the_scope_may_train(settings: Any, scope: str, status: int) -> None:
    settings.API_AUTH = "required"
    _, key = api_key_issue(name="cron", scopes=[scope], created_by="test")
    assert start(Client(), Authorization=f"Api-Key {key}").status_code == status
    assert start(Client()).status_code == 401


@pytest.mark.django_db
def test_an_unknown_run_is_404(api: Client) -> None:
    assert api.get("/v1/model/retrain/999").status_code == 404
