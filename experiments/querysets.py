"""Reads."""

from django.db.models import QuerySet

from common import errors
from experiments.models import Experiment, ExperimentStatus

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
