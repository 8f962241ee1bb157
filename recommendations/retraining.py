"""Starting a training run from the API or the admin, and telling how it goes (it trains in `training.py`)."""

import time
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from modelregistry.models import RunState, TrainingRun, Trigger
from modelregistry.runs import run_enqueue
from recommendations.schemas import RetrainMetricsOut, RetrainOut, RunOut
from recommendations.tasks import training_run

POLL_SECONDS = 0.25
LOG_LINES = 20


@transaction.atomic
def retraining_start(
    *, trigger: Trigger, requested_by: str, parameters: Mapping[str, object], now: datetime
) -> TrainingRun:
    """A queued run, and the task that will train it, or neither. Raises `RunInProgress`."""
    run = run_enqueue(trigger=trigger, requested_by=requested_by, parameters=parameters, now=now)
    training_run.enqueue(run.pk)
    return run


def run_await(run_id: int, *, seconds: float) -> TrainingRun:
    """The run as it is when it ends, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        run = TrainingRun.objects.by_id(run_id)
        if not run.is_active or time.monotonic() >= deadline:
            return run
        time.sleep(POLL_SECONDS)


def run_result(run: TrainingRun) -> RetrainOut:
    """The answer for a run that trained a model."""
    return RetrainOut(
        status="success",
        run_id=run.pk,
        model_version=_version_name(run),
        promoted=run.state == RunState.PROMOTED,
        reason=run.outcome,
        metrics=RetrainMetricsOut(
            training_samples=run.metrics.get("training_samples"),
            training_duration_seconds=_seconds(run),
            validation_metrics=run.metrics.get("validation_metrics", {}),
        ),
    )


def run_out(run: TrainingRun) -> RunOut:
    return RunOut(
        run_id=run.pk,
        state=run.state,
        progress=run.progress,
        stage=run.stage,
        log_tail=run.log.splitlines()[-LOG_LINES:],
        model_version=_version_name(run),
        promoted=run.state == RunState.PROMOTED,
        reason=run.outcome or None,
        error=run.error or None,
        queued_at=run.queued_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _version_name(run: TrainingRun) -> str | None:
    version = run.versions.first()
    return version.name if version else None


def _seconds(run: TrainingRun) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return (run.finished_at - run.started_at).total_seconds()
