"""/health, /ready and /metrics."""

from pathlib import Path
from unittest import mock

import pytest
from django.core.files.storage import storages
from django.db import InterfaceError, OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from modelregistry.models import ModelVersion
from tests.recommendations.factories import model_restore, world_add


@pytest.fixture
def trained_world(db: None) -> None:
    world_add()
    model_restore()


@pytest.mark.usefixtures("trained_world")
def test_health_names_what_is_served(client: Client) -> None:
    answer = client.get("/health")
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"status", "service", "version", "model_version", "model_loaded", "timestamp"}
    assert (body["status"], body["model_version"], body["model_loaded"]) == ("healthy", "v1", True)


@pytest.mark.django_db
def test_health_is_200_without_a_model_since_popularity_is_served(client: Client) -> None:
    body = client.get("/health").json()
    assert (body["status"], body["model_version"], body["model_loaded"]) == ("healthy", None, False)


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_health_is_503_while_the_database_is_away(client: Client, error: type[Exception]) -> None:
    with mock.patch("craic_ml.health.connection.cursor", side_effect=error("gone away")):
        answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")


@pytest.mark.django_db
def test_health_is_degraded_when_the_champion_is_refused(client: Client) -> None:
    ModelVersion.objects.create(
        number=1, champion_slot=1, artefact_path="nowhere", manifest_sha256="0" * 64,
        data_cutoff="2026-01-01T00:00:00Z",
    )  # fmt: skip
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["model_loaded"]) == (
        200,
        "degraded",
        False,
    )
    assert Path(storages["artefacts"].path("nowhere")).exists() is False


@pytest.mark.usefixtures("trained_world")
def test_ready_says_so_when_all_is_there(client: Client) -> None:
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "model": "ok", "cache": "ok"},
    }


@pytest.mark.django_db
def test_ready_names_what_is_missing(client: Client) -> None:
    with mock.patch("craic_ml.health.cache.get", side_effect=ConnectionError):
        answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Not ready: model, cache."
    assert answer.headers["Retry-After"]


@pytest.mark.usefixtures("trained_world")
def test_metrics_are_prometheus_text(client: Client, open_api: None) -> None:
    client.post("/v1/recommendations", '{"user_id": "u"}', content_type="application/json")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.content.decode())}
    assert {"craic_recommendation_lists", "craic_recommendation_seconds"} <= set(families)
    labels = {name for sample in families["craic_recommendation_lists"].samples for name in sample.labels}
    assert labels == {"variant", "algorithm", "model_version", "fallback"}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/health", "/ready", "/metrics"])
def test_they_can_only_be_read(address: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(address)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"
