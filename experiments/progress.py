"""How far an experiment is, and how long it may still take."""

import math
from datetime import timedelta

from experiments.frame import Frame
from experiments.reports import Progress

LEAST_DAYS_FOR_A_PACE = 0.5


def progress_of(frame: Frame, participants: int, matured: int) -> Progress:
    planned = frame.experiment.planned_users
    information = matured / planned if planned else None
    has_pace = participants and frame.days_run >= LEAST_DAYS_FOR_A_PACE
    pace = participants / frame.days_run if has_pace else None
    return Progress(
        planned_users=planned,
        planned_days=frame.experiment.planned_days,
        days_run=frame.days_run,
        users_per_day=pace,
        information=information,
        days_left=_days_left(frame, participants, information, pace),
    )


def _days_left(frame: Frame, participants: int, information: float | None, pace: float | None) -> int | None:
    """Until all planned people came and their windows have passed, or the planned time is over."""
    planned, days = frame.experiment.planned_users, frame.experiment.planned_days
    if planned is None or information is None or pace is None:
        return None
    if information >= 1 or frame.is_time_over:
        return 0
    window = frame.window / timedelta(days=1)
    by_people = (planned - participants) / pace + window
    by_time = days + window - frame.days_run if days else by_people
    return max(1, math.ceil(min(by_people, by_time)))
