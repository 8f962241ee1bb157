"""How many people an experiment needs, and how long they take to come, from what the last weeks measured."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Exists, F, Min, OuterRef

from common import errors
from experiments.metrics import metric_named
from experiments.models import Experiment
from experiments.statistics.power import plan_for_rates
from feedback.models import Feedback, Prediction

MEASURED_OVER = timedelta(days=28)
MEASURED_ANEW_AFTER = timedelta(minutes=10)
WEEK = 7
LONGEST_DAYS = 364
DAYS_WHEN_UNMEASURED = 4 * WEEK
NO_RATE = "Nothing was measured in the last four weeks. Write the rate you expect of control, such as 0.1."


@dataclass(frozen=True, slots=True)
class Measured:
    """`people` were served lists over `days`. `rate`: of those whose window has passed, the share, 0 to 1,
    who did what the metric counts; None where there are none."""

    people: int
    days: float
    rate: float | None

    @property
    def people_per_day(self) -> float:
        return self.people / self.days if self.days else 0.0


@dataclass(frozen=True, slots=True)
class PlanQuestion:
    """`weights`: name and share, control's first. `share` of all people, 0 to 1, who may take part.
    `expected_rate` None: as measured."""

    metric: str
    expected_rate: float | None
    minimum_effect: float
    weights: tuple[tuple[str, float], ...]
    share: float
    attribution_hours: int


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """`days`: whole weeks; four of them where nobody was measured. `too_long`: more than a year."""

    rate: float
    is_rate_measured: bool
    people_of: tuple[tuple[str, int], ...]
    people: int
    people_per_day: float
    days: int

    @property
    def is_too_long(self) -> bool:
        return self.days > LONGEST_DAYS


def measured(*, metric: str, attribution_hours: int, now: datetime) -> Measured:
    """The last four weeks' people and their rate; kept for ten minutes, as the form asks at every change."""
    key = f"experiments.measured.{metric}.{attribution_hours}"
    held: Measured | None = cache.get(key)
    if held is None:
        held = _measure(metric, timedelta(hours=attribution_hours), now)
        cache.set(key, held, MEASURED_ANEW_AFTER.total_seconds())
    return held


def plan_answer(question: PlanQuestion, found: Measured) -> PlanAnswer:
    """Raises InvalidInput, naming the field, where the question has no answer."""
    rate = question.expected_rate or found.rate
    if not rate:
        raise errors.InvalidInput(NO_RATE, errors={"expected_rate": [NO_RATE]})
    per_day = found.people_per_day * question.share
    try:
        plan = plan_for_rates(rate, question.minimum_effect, [one for _, one in question.weights], per_day)
    except ValueError as error:
        raise errors.InvalidInput(str(error), errors={"minimum_effect": [str(error)]}) from error
    return PlanAnswer(
        rate=rate,
        is_rate_measured=question.expected_rate is None,
        people_of=tuple(
            (name, users) for (name, _), users in zip(question.weights, plan.users_per_variant, strict=True)
        ),
        people=plan.users,
        people_per_day=per_day,
        days=_whole_weeks(plan.days) if isinstance(plan.days, int) else DAYS_WHEN_UNMEASURED,
    )


def plan_question(experiment: Experiment) -> PlanQuestion | None:
    """What this draft asks; None while it says no minimum effect or has no two variants."""
    variants = sorted(experiment.variants.all(), key=lambda one: not one.is_control)
    if experiment.minimum_effect is None or len(variants) < 2:
        return None
    return PlanQuestion(
        metric=experiment.primary_metric,
        expected_rate=experiment.expected_rate,
        minimum_effect=experiment.minimum_effect,
        weights=tuple((one.name, one.weight) for one in variants),
        share=experiment.layer_percentage * experiment.traffic_percentage / 10_000,
        attribution_hours=experiment.attribution_hours,
    )


def shares(weights: Sequence[float | None]) -> list[float]:
    """`weights` with each None an equal part of what the others leave; the first such takes what rounding
    leaves over, so that shown with six digits they still sum to 1."""
    open_places = [place for place, weight in enumerate(weights) if weight is None]
    given = math.fsum(weight for weight in weights if weight is not None)
    if not open_places:
        return [weight or 0.0 for weight in weights]
    part = round(max(0.0, 1 - given) / len(open_places), 6)
    first = round(max(0.0, 1 - given) - part * (len(open_places) - 1), 6)
    return [
        weight if weight is not None else first if place == open_places[0] else part
        for place, weight in enumerate(weights)
    ]


def _measure(metric: str, window: timedelta, now: datetime) -> Measured:
    served = Prediction.objects.filter(served_at__gte=now - MEASURED_OVER, served_at__lte=now).order_by()
    first_lists = served.values("user_id").annotate(first=Min("served_at"))
    people = first_lists.count()
    if not people:
        return Measured(0, 0.0, None)
    began = served.aggregate(began=Min("served_at"))["began"]
    days = max(1.0, (now - began) / timedelta(days=1))
    return Measured(people, days, _rate(metric, window, now))


def _rate(metric: str, window: timedelta, now: datetime) -> float | None:
    """Of the people whose whole window has passed since their first list of these weeks."""
    served = Prediction.objects.filter(served_at__gte=now - MEASURED_OVER).order_by()
    matured = served.values("user_id").annotate(first=Min("served_at")).filter(first__lte=now - window)
    people = matured.count()
    if not people:
        return None
    deeds = Feedback.objects.filter(
        user_id=OuterRef("user_id"),
        action__in=metric_named(metric).actions,
        occurred_at__gte=OuterRef("first"),
        occurred_at__lt=OuterRef("ends"),
    )
    with_windows = matured.annotate(ends=F("first") + window)
    return with_windows.filter(Exists(deeds)).count() / people


def _whole_weeks(days: int) -> int:
    return max(WEEK, math.ceil(days / WEEK) * WEEK)


def control_first(rows: Iterable[tuple[bool, str, float | None]]) -> tuple[tuple[str, float], ...]:
    """Rows of (is control, name, weight or None) as a question wants them: control first, shares filled in."""
    ordered = sorted(rows, key=lambda row: not row[0])
    return tuple(zip((name for _, name, _ in ordered), shares([weight for *_, weight in ordered]), strict=True))


def experiment_plan_fill(*, experiment: Experiment, now: datetime, anew: bool) -> PlanAnswer | None:
    """Write people, days and the expected rate into a draft where they are open; `anew`: people and days in
    any case. None where there is nothing to fill. Raises InvalidInput where the plan has no answer."""
    is_whole = experiment.planned_users is not None and experiment.planned_days is not None
    question = plan_question(experiment)
    if question is None or (is_whole and not anew):
        return None
    found = measured(metric=question.metric, attribution_hours=question.attribution_hours, now=now)
    answer = plan_answer(question, found)
    experiment.expected_rate = experiment.expected_rate or answer.rate
    if anew or experiment.planned_users is None:
        experiment.planned_users = answer.people
    if anew or experiment.planned_days is None:
        experiment.planned_days = min(answer.days, LONGEST_DAYS)
    experiment.save(update_fields=["expected_rate", "planned_users", "planned_days"])
    return answer
