"""Writes on training runs. One is queued or running at a time: the unique `lock` column holds it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from common import errors
from modelregistry.models import ACTIVE_STATES, NAME_LENGTH, RunState, TrainingRun, Trigger
from modelregistry.querysets import LOST_AFTER, NOT_PICKED_UP_AFTER

LOG_TAIL_CHARACTERS = 64 * 1024


class RunInProgress(errors.Conflict):
    """Another run holds the lock; `extra["run_id"]` says which."""

    code = "run_in_progress"


class RunNotActive(errors.Conflict):
    """The run was finished, or was taken for lost, in the meantime: whoever works on it must stop."""

    code = "run_not_active"


def run_enqueue(
    *, trigger: Trigger, requested_by: str, parameters: Mapping[str, object], now: datetime
) -> TrainingRun:
    """A new queued run. Raises `RunInProgress` while another is queued or running."""
    runs_expire_lost(now=now)
    while True:
        try:
            with transaction.atomic():
                return TrainingRun.objects.create(
                    trigger=trigger,
                    requested_by=requested_by[:NAME_LENGTH],
                    parameters=dict(parameters),
                    queued_at=now,
                )
        except IntegrityError:
            active = TrainingRun.objects.active().first()
            if active is not None:
                raise RunInProgress(
                    f"Training run {active.pk} is {active.state} already.", extra={"run_id": active.pk}
                ) from None
            # It ended between our insert and our look: the lock is free.


def run_start(*, run: TrainingRun, now: datetime) -> TrainingRun:
    """Claim a queued run. Of several that try, one succeeds; the others get `RunNotActive`."""
    claimed = TrainingRun.objects.filter(pk=run.pk, state=RunState.QUEUED).update(
        state=RunState.RUNNING, started_at=now, heartbeat_at=now
    )
    run.refresh_from_db()
    if not claimed:
        raise RunNotActive(f"Training run {run.pk} is {run.state}, not queued.", extra={"run_id": run.pk})
    return run


def run_report(
    *, run: TrainingRun, progress: float, stage: str, line: str | None = None, now: datetime
) -> None:
    """Show how far it is (0 to 1) and that it is alive; `line` goes to the end of its log."""
    run.progress = min(max(progress, 0.0), 1.0)
    run.stage = stage[:200]
    run.heartbeat_at = now
    if line is not None:
        run.log = _tail(f"{run.log}{now:%H:%M:%S} {line.rstrip()}\n")
    _update_running(run, progress=run.progress, stage=run.stage, heartbeat_at=run.heartbeat_at, log=run.log)


def run_heartbeat(*, run: TrainingRun, now: datetime) -> None:
    """Show that it is alive, from within a step that takes longer than it may be silent."""
    _update_running(run, heartbeat_at=now)


def run_finish(
    *,
    run: TrainingRun,
    state: RunState,
    now: datetime,
    outcome: str = "",
    error: str = "",
    metrics: Mapping[str, object] | None = None,
    peak_memory_mb: float | None = None,
) -> TrainingRun:
    """End it and free the lock. Raises `RunNotActive` when it has ended already."""
    if state in ACTIVE_STATES:
        raise ValueError(f"A run cannot finish as {state}.")
    ended = (
        TrainingRun.objects.active()
        .filter(pk=run.pk)
        .update(
            state=state,
            lock=None,
            progress=run.progress if state == RunState.FAILED else 1.0,
            outcome=_storable(outcome),
            error=_storable(error),
            metrics=dict(metrics or {}),
            peak_memory_mb=peak_memory_mb,
            finished_at=now,
        )
    )
    run.refresh_from_db()
    if not ended:
        raise RunNotActive(f"Training run {run.pk} is {run.state} already.", extra={"run_id": run.pk})
    return run


def runs_expire_lost(*, now: datetime) -> int:
    """Free the lock of a run that was killed. Returns how many were marked lost."""
    return TrainingRun.objects.lost(now=now).update(
        state=RunState.LOST,
        lock=None,
        finished_at=now,
        error=f"No sign of life for {_minutes(LOST_AFTER)} minutes while running, "
        f"or not picked up for {_minutes(NOT_PICKED_UP_AFTER)} minutes.",
    )


def _update_running(run: TrainingRun, **values: object) -> None:
    updated = TrainingRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(**values)
    if not updated:
        run.refresh_from_db(fields=["state", "lock"])
        raise RunNotActive(f"Training run {run.pk} is {run.state}, not running.", extra={"run_id": run.pk})


def _tail(log: str) -> str:
    """The last part that fits, from the beginning of a line."""
    log = _storable(log)
    if len(log) <= LOG_TAIL_CHARACTERS:
        return log
    tail = log[-LOG_TAIL_CHARACTERS:]
    return tail[tail.find("\n") + 1 :] or tail


def _storable(text: str) -> str:
    return text.replace("\x00", "")  # which PostgreSQL does not take


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
