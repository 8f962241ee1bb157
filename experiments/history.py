"""The looks taken at an experiment, read back."""

from datetime import datetime

from pydantic import TypeAdapter

from experiments.models import Experiment
from experiments.reports import HistoryDay

_DAY = TypeAdapter(HistoryDay)


def history_of(experiment: Experiment, as_of: datetime) -> tuple[HistoryDay, ...]:
    """Every look taken until `as_of`, in order. Of the stored reports only this part is read."""
    taken = experiment.looks.filter(taken_at__lte=as_of).order_by("taken_at")
    return tuple(_DAY.validate_python(day) for day in taken.values_list("report__look", flat=True))
