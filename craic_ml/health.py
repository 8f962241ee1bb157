"""Liveness, readiness, metrics: how the service looks from outside."""

import os
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from common.json_codec import json_response
from common.safe_methods import require_safe
from modelregistry.live import LiveState
from recommendations import refresher
from recommendations.live_model import champion


@csrf_exempt
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 as long as recommendations can be served at all; `degraded` when not as they should be.

    One cheap query, whatever the refresher is loading at the moment.
    """
    database = _answers(_query_database)
    served = champion.state() if refresher.is_running() else _looked_up()
    body = {
        "status": "healthy" if database and not served.is_degraded else "degraded",
        "service": settings.SERVICE_NAME,
        "version": settings.SERVICE_VERSION,
        "model_version": served.loaded,
        "model_loaded": served.loaded is not None,
        "timestamp": timezone.now(),
    }
    return json_response(body, status=200 if database else 503)


def _looked_up() -> LiveState:
    champion.current()
    return champion.state()


@csrf_exempt
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when all that serving well needs is there; 503 names what is not."""
    checks: dict[str, Callable[[], object]] = {
        "database": _query_database,
        "migrations": _require_migrations,
        "model": _require_model,
        "cache": _require_cache,
    }
    results = {name: "ok" if _answers(check) else "failed" for name, check in checks.items()}
    failed = [name for name, result in results.items() if result != "ok"]
    body: dict[str, object] = {"status": "not_ready" if failed else "ready", "checks": results}
    if failed:
        body |= {"detail": f"Not ready: {', '.join(failed)}.", "code": "not_ready"}
    headers = {"Retry-After": "2"} if failed else {}
    return json_response(body, status=503 if failed else 200, headers=headers)


@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, added up over all web processes."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class NotReady(Exception):
    """One of the things that serving needs is missing."""


def _answers(check: Callable[[], object]) -> bool:
    try:
        check()
    except (Error, NotReady):
        return False
    return True


def _query_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _require_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady("migrations are not applied")


def _require_model() -> None:
    if champion.current() is None:
        raise NotReady("no model is trained yet: manage.py retrain")


def _require_cache() -> None:
    try:
        cache.set("ready", "yes", 10)
        answered = cache.get("ready") == "yes"
    except Exception as error:
        raise NotReady("the cache is away") from error
    if not answered:
        raise NotReady("the cache forgets")
