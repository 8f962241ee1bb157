"""Reads."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from common import errors
from experiments.models import Experiment, ExperimentStatus, Exposure

STATUS_ALL = "all"
RUNNING = (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED)


def experiments_with_status(status: str | None) -> QuerySet[Experiment]:
    """The experiments of one status with their variants; active ones by default, every one for 'all'."""
    allowed = [*ExperimentStatus.values, STATUS_ALL]
    wanted = ExperimentStatus.ACTIVE if status is None else status
    if wanted not in allowed:
        message = f"Choose one of {', '.join(allowed)}."
        raise errors.InvalidInput("There is no such status.", errors={"status": [message]})
    found = Experiment.objects.prefetch_related("variants")
    return found if wanted == STATUS_ALL else found.filter(status=wanted)


def experiment_with_key(key: str) -> Experiment:
    experiment = Experiment.objects.prefetch_related("variants").filter(key=key).first()
    if experiment is None:
        raise errors.NotFound("There is no experiment with this id.")
    return experiment


@dataclass(frozen=True, slots=True)
class PersonExposure:
    experiment: str
    variant: str
    first_at: datetime


def person_exposures(user_id: str) -> list[PersonExposure]:
    """Which variants this person was served, oldest first: for their export."""
    rows = Exposure.objects.filter(user_id=user_id).order_by("first_at", "id")
    return [PersonExposure(*row) for row in rows.values_list("experiment__key", "variant__key", "first_at")]
