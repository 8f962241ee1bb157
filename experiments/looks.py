"""The daily look at an experiment: the only thing that spends what its sequential test may spend."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max
from pydantic import TypeAdapter

from experiments.models import Experiment, ExperimentStatus, Look
from experiments.querysets import RUNNING
from experiments.reports import ExperimentReport
from experiments.results import report_at_look

_REPORT = TypeAdapter(ExperimentReport)


@dataclass(frozen=True, slots=True)
class LookTaken:
    """`is_new` is False where the day had been looked at before; that look stands."""

    look: Look
    is_new: bool


def look_take(*, experiment: Experiment, now: datetime) -> LookTaken:
    """Look at `experiment` as of now and keep what is seen; once a UTC day, whoever calls how often.

    A day that was missed stays missed: the next look sees everything that came since.
    """
    day = now.astimezone(UTC).date()
    earlier = experiment.looks.filter(day=day).first()
    if earlier is not None:
        return LookTaken(earlier, is_new=False)
    report = report_at_look(experiment=experiment, as_of=now)
    try:
        with transaction.atomic():
            look = Look.objects.create(
                experiment=experiment,
                day=day,
                taken_at=now,
                phase=report.phase,
                information=report.look.information or 0.0,
                verdict=report.verdict.state,
                rule=report.verdict.rule,
                report=report_as_json(report),
            )
    except IntegrityError:  # another process was faster
        return LookTaken(experiment.looks.get(day=day), is_new=False)
    return LookTaken(look, is_new=True)


def report_as_json(report: ExperimentReport) -> dict[str, object]:
    """The report without its history: earlier looks have rows of their own."""
    whole: dict[str, object] = _REPORT.dump_python(report, mode="json", exclude={"history"})
    return whole


def report_of_look(look: Look) -> ExperimentReport:
    """The report as it was when the look was taken, without its history."""
    return _REPORT.validate_python(look.report)


def experiments_to_look_at() -> list[Experiment]:
    """Running ones, and ended ones until a look was taken after the last window had passed."""
    rows = Experiment.objects.exclude(status=ExperimentStatus.DRAFT).prefetch_related("variants")
    last = rows.annotate(last_look=Max("looks__taken_at")).order_by("id")
    return [one for one in last if one.status in RUNNING or _has_open_windows(one, one.last_look)]


def _has_open_windows(experiment: Experiment, last_look: datetime | None) -> bool:
    if last_look is None or experiment.ended_at is None:
        return True
    return last_look < experiment.ended_at + timedelta(hours=experiment.attribution_hours)
