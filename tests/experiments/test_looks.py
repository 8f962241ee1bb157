import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from experiments.looks import experiments_to_look_at, look_take, report_of_look
from experiments.models import Experiment, Look
from experiments.results import experiment_report, report_at_look
from experiments.services import experiment_complete, experiment_pause, experiment_reweigh
from experiments.verdicts import VerdictState
from tests.experiments.factories import DAY, HOUR, NOON, PLAN, draft, expose_many, started

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
LOOKED_BY = "experiments.looks.report_at_look"


def grown(experiment: Experiment, saved: int = 60, at: datetime = NOON, users: int = 100) -> None:
    """20 of 100 in control, `saved` of 100 in the treatment."""
    expose_many(experiment, "control", users, 20, at)
    expose_many(experiment, "treatment", users, saved, at)


def test_a_second_look_on_one_day_changes_nothing(experiment: Experiment) -> None:
    grown(experiment)
    first = look_take(experiment=experiment, now=NOON + WEEK)
    grown(experiment, at=NOON + HOUR)
    second = look_take(experiment=experiment, now=NOON + WEEK + 3 * HOUR)
    assert (first.is_new, second.is_new) == (True, False)
    assert second.look == first.look
    assert Look.objects.get().report == first.look.report


def test_a_look_is_never_changed(experiment: Experiment) -> None:
    look = look_take(experiment=experiment, now=NOON + HOUR).look
    look.verdict = "ship"
    with pytest.raises(TypeError):
        look.save()


def test_days_are_utc_and_missed_ones_stay_missed(experiment: Experiment) -> None:
    grown(experiment)
    for hours in (1, 12, 12 + 24 * 3):
        look_take(experiment=experiment, now=NOON + hours * HOUR)
    assert [look.day for look in Look.objects.all()] == [date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 8)]


def test_a_look_keeps_its_whole_report(experiment: Experiment) -> None:
    grown(experiment)
    look = look_take(experiment=experiment, now=NOON + WEEK).look
    kept = report_of_look(Look.objects.get(pk=look.pk))
    assert kept.verdict.state is VerdictState.SHIP
    assert kept.variants == experiment_report(experiment=experiment, as_of=NOON + WEEK).variants
    assert look.information == 200 / PLAN.users


def test_only_a_look_finds_anything(experiment: Experiment) -> None:
    """Opening the page a thousand times spends nothing and says what the last look said."""
    grown(experiment)
    opened = experiment_report(experiment=experiment, as_of=NOON + WEEK)
    assert opened.verdict.rule == "No look taken yet"
    assert [one.finding for one in opened.variants] == [None, None]
    look_take(experiment=experiment, now=NOON + WEEK)
    grown(experiment, saved=20, at=NOON + WEEK, users=50)
    later = experiment_report(experiment=experiment, as_of=NOON + WEEK + 5 * HOUR)
    assert later.verdict.state is VerdictState.SHIP
    assert [one.finding for one in later.variants] == [None, "better"]
    assert later.since_last_look is not None
    assert (later.since_last_look.users, later.since_last_look.conversions) == (100, 40)
    assert len(later.history) == 1


def test_only_people_whose_window_has_passed_are_judged(experiment: Experiment) -> None:
    grown(experiment)
    look = report_of_look(look_take(experiment=experiment, now=NOON + 6 * DAY).look).look
    assert (look.information, look.is_counted) == (0.0, False)
    assert [one.users for one in look.variants] == [100, 100]


def test_a_mismatch_after_a_look_that_said_ship_is_said_at_once(experiment: Experiment) -> None:
    grown(experiment)
    look_take(experiment=experiment, now=NOON + WEEK)
    expose_many(experiment, "treatment", 100, 0, NOON + WEEK)
    found = experiment_report(experiment=experiment, as_of=NOON + WEEK + HOUR)
    assert found.verdict.state is VerdictState.INVALID


def test_new_weights_begin_a_new_comparison_without_the_old_verdict(experiment: Experiment) -> None:
    grown(experiment)
    look_take(experiment=experiment, now=NOON + WEEK)
    experiment_reweigh(
        experiment=experiment,
        weights={"control": 0.2, "treatment": 0.8},
        actor="staff:ann",
        reason="More of it",
        now=NOON + WEEK + HOUR,
    )
    expose_many(experiment, "control", 1, 0, NOON + WEEK + 2 * HOUR)
    found = experiment_report(experiment=experiment, as_of=NOON + 8 * DAY)
    assert (found.phase, found.verdict.rule) == (2, "No look taken yet")
    look_take(experiment=experiment, now=NOON + 8 * DAY)
    history = experiment_report(experiment=experiment, as_of=NOON + 9 * DAY).history
    assert [(day.phase, day.alpha_spent > 0) for day in history] == [(1, True), (2, False)]


def test_running_and_paused_ones_are_looked_at_and_ended_ones_until_all_windows_passed() -> None:
    draft("planned")
    running = started("running")
    reason: dict[str, Any] = {"actor": "staff:ann", "reason": "Odd"}
    experiment_pause(experiment=running, now=NOON, **reason)
    assert [one.key for one in experiments_to_look_at()] == ["running"]
    experiment_complete(experiment=running, now=NOON + DAY, **reason)
    look_take(experiment=running, now=NOON + 2 * DAY)
    assert [one.key for one in experiments_to_look_at()] == ["running"]
    look_take(experiment=running, now=NOON + 9 * DAY)
    assert experiments_to_look_at() == []


def test_a_look_that_another_process_took_meanwhile_stands(experiment: Experiment, monkeypatch: Any) -> None:
    grown(experiment)

    def overtaken(*, experiment: Experiment, as_of: datetime) -> Any:
        monkeypatch.setattr(LOOKED_BY, report_at_look)
        look_take(experiment=experiment, now=as_of - HOUR)
        return report_at_look(experiment=experiment, as_of=as_of)

    monkeypatch.setattr(LOOKED_BY, overtaken)
    taken = look_take(experiment=experiment, now=NOON + WEEK)
    assert not taken.is_new
    assert taken.look.taken_at == NOON + WEEK - HOUR
    assert Look.objects.count() == 1


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("snapshot_experiments", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_looks_at_each_and_can_be_called_again() -> None:
    started("rec_v1", now=timezone.now())
    first = run()
    assert "1/1 rec_v1: keep running. Nobody exposed yet" in first
    assert "1 looked at, 0 looked at earlier today, 0 failed" in first
    assert "0 looked at, 1 looked at earlier today, 0 failed" in run()
    assert Look.objects.get().day == datetime.now(UTC).date()


def test_the_command_looks_at_the_others_when_one_fails(monkeypatch: Any, caplog: Any) -> None:
    one = started("one", now=timezone.now())
    experiment_complete(experiment=one, actor="staff:ann", reason="Done", now=timezone.now())
    started("two", now=timezone.now())

    def fails_for_one(*, experiment: Experiment, as_of: datetime) -> Any:
        if experiment.key == "one":
            raise RuntimeError("No such luck.")
        return report_at_look(experiment=experiment, as_of=as_of)

    monkeypatch.setattr(LOOKED_BY, fails_for_one)
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("snapshot_experiments", stdout=out)
    assert ended.value.code == 1
    assert "1/2 one: failed" in out.getvalue()
    assert "2/2 two: keep running" in out.getvalue()
    assert "No such luck." in caplog.text


def test_the_command_refuses_an_experiment_it_cannot_look_at() -> None:
    draft("planned")
    for key in ("planned", "nothing"):
        with pytest.raises(CommandError) as refused:
            run("--experiment", key)
        assert refused.value.returncode == 2
