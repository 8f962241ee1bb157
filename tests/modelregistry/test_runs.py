from datetime import datetime

import pytest

from modelregistry import runs
from modelregistry.models import RunState, TrainingRun, Trigger
from modelregistry.runs import (
    RunInProgress,
    RunNotActive,
    run_finish,
    run_heartbeat,
    run_report,
    run_start,
    runs_expire_lost,
)
from tests.modelregistry.factories import NOW, minutes, race

pytestmark = pytest.mark.django_db


def _enqueue(now: datetime = NOW) -> TrainingRun:
    return runs.run_enqueue(trigger=Trigger.COMMAND, requested_by="cron", parameters={"seed": 7}, now=now)


def _running(now: datetime = NOW) -> TrainingRun:
    return run_start(run=_enqueue(now), now=now)


def test_it_goes_from_queued_to_running_to_an_end() -> None:
    run = _enqueue()
    assert (run.state, run.queued_at, run.parameters) == (RunState.QUEUED, NOW, {"seed": 7})
    run_start(run=run, now=NOW + minutes(1))
    run_report(run=run, progress=0.5, stage="Fitting hybrid", line="popularity done", now=NOW + minutes(2))
    run_finish(
        run=run,
        state=RunState.PROMOTED,
        outcome="Better than v3",
        metrics={"training_samples": 10},
        peak_memory_mb=321.5,
        now=NOW + minutes(3),
    )
    stored = TrainingRun.objects.by_id(run.pk)
    assert (stored.state, stored.progress, stored.is_active) == (RunState.PROMOTED, 1.0, False)
    assert (stored.started_at, stored.finished_at) == (NOW + minutes(1), NOW + minutes(3))
    assert (stored.stage, stored.log) == ("Fitting hybrid", "03:02:00 popularity done\n")
    assert (stored.outcome, stored.metrics) == ("Better than v3", {"training_samples": 10})
    assert stored.peak_memory_mb == 321.5


def test_a_second_run_is_told_which_one_is_in_progress() -> None:
    first = _enqueue()
    with pytest.raises(RunInProgress) as refused:
        _enqueue()
    assert refused.value.status == 409
    assert refused.value.code == "run_in_progress"
    assert refused.value.extra == {"run_id": first.pk}
    assert TrainingRun.objects.count() == 1


@pytest.mark.parametrize("state", [state for state in RunState if state not in {"queued", "running"}])
def test_when_a_run_ends_the_next_may_start(state: RunState) -> None:
    run_finish(run=_running(), state=state, now=NOW)
    assert _enqueue().state == RunState.QUEUED


def test_a_failed_run_shows_how_far_it_came_and_why_it_failed() -> None:
    run = _running()
    run_report(run=run, progress=0.4, stage="Fitting", now=NOW)
    run_finish(run=run, state=RunState.FAILED, error="No space left\x00", now=NOW)
    assert (run.progress, run.error) == (0.4, "No space left")


def test_a_run_is_claimed_once() -> None:
    run = _enqueue()
    run_start(run=TrainingRun.objects.by_id(run.pk), now=NOW)
    with pytest.raises(RunNotActive):
        run_start(run=run, now=NOW + minutes(1))
    assert TrainingRun.objects.by_id(run.pk).started_at == NOW


def test_a_run_ends_once() -> None:
    run = _running()
    run_finish(run=run, state=RunState.KEPT, outcome="Not better", now=NOW)
    with pytest.raises(RunNotActive):
        run_finish(run=run, state=RunState.PROMOTED, outcome="Better", now=NOW)
    assert TrainingRun.objects.by_id(run.pk).outcome == "Not better"


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
def test_a_run_cannot_end_in_a_state_that_is_no_end(state: RunState) -> None:
    with pytest.raises(ValueError, match="cannot finish"):
        run_finish(run=_running(), state=state, now=NOW)


def test_a_killed_run_is_lost_after_two_silent_minutes_and_frees_the_lock() -> None:
    run = _running()
    with pytest.raises(RunInProgress):
        _enqueue(NOW + minutes(1.9))
    following = _enqueue(NOW + minutes(2.1))
    run.refresh_from_db()
    assert (run.state, run.finished_at, run.is_active) == (RunState.LOST, NOW + minutes(2.1), False)
    assert "No sign of life" in run.error
    assert following.is_active


@pytest.mark.parametrize("sign", ["report", "heartbeat"])
def test_a_run_that_shows_signs_of_life_is_not_lost(sign: str) -> None:
    run = _running()
    if sign == "report":
        run_report(run=run, progress=0.1, stage="Reading", now=NOW + minutes(5))
    else:
        run_heartbeat(run=run, now=NOW + minutes(5))
    assert runs_expire_lost(now=NOW + minutes(6)) == 0
    assert runs_expire_lost(now=NOW + minutes(8)) == 1


def test_a_queued_run_that_nobody_picks_up_is_lost_after_fifteen_minutes() -> None:
    _enqueue()
    assert runs_expire_lost(now=NOW + minutes(14)) == 0
    assert runs_expire_lost(now=NOW + minutes(16)) == 1


def test_a_lost_run_that_is_alive_after_all_learns_that_it_must_stop() -> None:
    run = _running()
    following = _enqueue(NOW + minutes(3))
    for last_words in (
        lambda: run_report(run=run, progress=0.9, stage="Evaluating", now=NOW + minutes(4)),
        lambda: run_heartbeat(run=run, now=NOW + minutes(4)),
        lambda: run_finish(run=run, state=RunState.PROMOTED, now=NOW + minutes(4)),
    ):
        with pytest.raises(RunNotActive, match="lost"):
            last_words()
    assert TrainingRun.objects.active().get() == following


def test_the_log_keeps_its_last_lines_within_bounds() -> None:
    run = _running()
    for number in range(40):
        line = f"line {number} " + "é" * 4000
        run_report(run=run, progress=number / 40, stage="Fitting", line=line, now=NOW)
    log = TrainingRun.objects.by_id(run.pk).log
    assert len(log) <= runs.LOG_TAIL_CHARACTERS
    assert log.startswith("03:00:00 line ")
    assert "line 39 " in log
    assert "line 0 " not in log


@pytest.mark.parametrize(("told", "kept"), [(-0.5, 0.0), (1.7, 1.0)])
def test_progress_stays_between_0_and_1(told: float, kept: float) -> None:
    run = _running()
    run_report(run=run, progress=told, stage="Fitting", now=NOW)
    assert TrainingRun.objects.by_id(run.pk).progress == kept


@pytest.mark.django_db(transaction=True)
def test_of_runs_requested_at_the_same_moment_one_is_queued() -> None:
    for _ in range(5):
        TrainingRun.objects.all().delete()
        results = race(*[_enqueue] * 4)
        queued = [result for result in results if isinstance(result, TrainingRun)]
        refused = [result for result in results if isinstance(result, RunInProgress)]
        assert (len(queued), len(refused)) == (1, 3), results
        assert {error.extra["run_id"] for error in refused} == {queued[0].pk}


@pytest.mark.django_db(transaction=True)
def test_of_workers_that_pick_up_a_run_at_the_same_moment_one_gets_it() -> None:
    run = _enqueue()
    results = race(*[lambda: run_start(run=TrainingRun.objects.by_id(run.pk), now=NOW)] * 4)
    assert sum(isinstance(result, TrainingRun) for result in results) == 1, results
    assert sum(isinstance(result, RunNotActive) for result in results) == 3
