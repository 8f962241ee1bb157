"""A draft's plan written by the calculator, and weights left open by whoever fills the form in."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from common import errors
from experiments.models import Experiment
from experiments.plans import WEEK, PlanQuestion, PlanSuggestion, plan_suggest
from experiments.statistics.values import Unknown

LONGEST_DAYS = 52 * WEEK
DAYS_WHEN_UNMEASURED = 4 * WEEK


def days_suggested(suggestion: PlanSuggestion) -> int:
    """Four weeks where nobody was measured, so that nothing can be worked out; a year at most."""
    days = suggestion.days
    return DAYS_WHEN_UNMEASURED if isinstance(days, Unknown) else min(days, LONGEST_DAYS)


def experiment_plan_fill(*, experiment: Experiment, now: datetime, anew: bool) -> None:
    """Write people, days and the expected rate into a draft where they are open; `anew`: people and days in
    any case. Raises InvalidInput where they cannot be worked out."""
    is_whole = experiment.planned_users is not None and experiment.planned_days is not None
    question = PlanQuestion.of(experiment)
    if question is None or (is_whole and not anew):
        return
    suggestion = plan_suggest(question, now=now)
    if isinstance(suggestion.users, Unknown):
        raise errors.InvalidInput(suggestion.users.reason)
    experiment.expected_rate = suggestion.rate
    if anew or experiment.planned_users is None:
        experiment.planned_users = suggestion.users
    if anew or experiment.planned_days is None:
        experiment.planned_days = days_suggested(suggestion)
    experiment.save(update_fields=["expected_rate", "planned_users", "planned_days"])


def shares(weights: Sequence[float | None]) -> list[float]:
    """`weights` with each None an equal part of what the others leave; the first such takes what rounding
    leaves over, so that shown with six digits they still sum to 1."""
    open_places = [place for place, weight in enumerate(weights) if weight is None]
    if not open_places:
        return [weight or 0.0 for weight in weights]
    left = max(0.0, 1 - math.fsum(weight for weight in weights if weight is not None))
    part = round(left / len(open_places), 6)
    first = round(left - part * (len(open_places) - 1), 6)
    return [
        weight if weight is not None else first if place == open_places[0] else part
        for place, weight in enumerate(weights)
    ]


def control_first(rows: Iterable[tuple[bool, str, float | None]]) -> tuple[tuple[str, float], ...]:
    """Rows of (is control, name, weight or None) as a plan wants them: control first, no weight open."""
    ordered = sorted(rows, key=lambda row: not row[0])
    weights = shares([weight for *_, weight in ordered])
    return tuple((name, weight) for (_, name, _), weight in zip(ordered, weights, strict=True))
