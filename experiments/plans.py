"""How many people and days an experiment needs, from what was measured of the traffic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from experiments.metrics import ACTIONS_OF, Deeds, metric_named
from experiments.models import Experiment
from experiments.statistics.power import NO_TRAFFIC, plan_for_rates
from experiments.statistics.values import Unknown
from feedback.models import Feedback, Prediction

MEASURED_OVER = timedelta(days=14)
WEEK = 7
POWER = 0.8


@dataclass(frozen=True, slots=True)
class PlanQuestion:
    """`weights`: control's first. `share_of_traffic`: 0 to 1, of everybody who comes by. `surfaces`: only
    these; empty means every one. `expected_rate` None: as measured."""

    minimum_effect: float
    weights: tuple[float, ...]
    primary_metric: str = "conversion_rate"
    expected_rate: float | None = None
    share_of_traffic: float = 1.0
    surfaces: tuple[str, ...] = ()

    @classmethod
    def of(cls, experiment: Experiment) -> "PlanQuestion | None":
        """None where the experiment lacks what a plan is worked out from."""
        variants = sorted(experiment.variants.all(), key=lambda one: not one.is_control)
        if not experiment.minimum_effect or len(variants) < 2 or not variants[0].is_control:
            return None
        return cls(
            minimum_effect=experiment.minimum_effect,
            weights=tuple(one.weight for one in variants),
            primary_metric=experiment.primary_metric,
            expected_rate=experiment.expected_rate,
            share_of_traffic=experiment.layer_percentage * experiment.traffic_percentage / 10_000,
            surfaces=tuple(experiment.surfaces),
        )


@dataclass(frozen=True, slots=True)
class Traffic:
    """Of the last 14 days: different people served per day of that time, and how many of all of them did
    what the metric counts. People who come again count once, as an experiment counts them."""

    users: int
    users_per_day: float
    converted: int

    @property
    def rate(self) -> float | None:
        return self.converted / self.users if self.users else None


@dataclass(frozen=True, slots=True)
class PlanSuggestion:
    """`days` are whole weeks. `users` and `days` are reasons where they cannot be worked out."""

    traffic: Traffic
    rate: float | None  # of control, as it was taken for the plan
    users_per_day: float  # who would come into the experiment
    users: int | Unknown
    days: int | Unknown


def plan_suggest(question: PlanQuestion, *, now: datetime) -> PlanSuggestion:
    """People and whole weeks to find `minimum_effect` with a power of 0.8, at 5 % over all treatments."""
    traffic = traffic_measured(question.primary_metric, question.surfaces, now=now)
    rate = question.expected_rate if question.expected_rate is not None else traffic.rate
    arriving = traffic.users_per_day * question.share_of_traffic
    if not rate:
        unknown = Unknown("Nobody did this in the last two weeks: say what share of people you expect to.")
        return PlanSuggestion(traffic, rate, arriving, unknown, unknown)
    try:
        plan = plan_for_rates(rate, question.minimum_effect, question.weights, arriving, power=POWER)
    except ValueError as error:
        return PlanSuggestion(traffic, rate, arriving, Unknown(str(error)), Unknown(str(error)))
    days = plan.days if isinstance(plan.days, Unknown) else _whole_weeks(plan.days)
    return PlanSuggestion(traffic, rate, arriving, plan.users, days)


def traffic_measured(metric: str, surfaces: Sequence[str] = (), *, now: datetime) -> Traffic:
    since = now - MEASURED_OVER
    on_surface = Q(surface__in=surfaces) if surfaces else Q()
    lists = Prediction.objects.filter(on_surface, served_at__gte=since, served_at__lte=now).order_by()
    people = lists.values("user_id").distinct()
    deeds = Feedback.objects.filter(
        action__in=ACTIONS_OF[Deeds(metric_named(metric).numerator)],
        occurred_at__gte=since,
        occurred_at__lte=now,
        user_id__in=people,
    )
    users = people.count()
    converted = deeds.order_by().values("user_id").distinct().count()
    return Traffic(users, users / (MEASURED_OVER / timedelta(days=1)), converted)


def plan_warnings(experiment: Experiment, *, now: datetime) -> list[str]:
    """In what the plan of this draft falls short of its own minimum effect, one sentence each."""
    question, users = PlanQuestion.of(experiment), experiment.planned_users
    if question is None or users is None:
        return []
    suggested = plan_suggest(question, now=now)
    warnings = []
    if not isinstance(suggested.users, Unknown) and users < suggested.users:
        warnings.append(
            f"{users:,} people are too few to find a change of {question.minimum_effect:.0%}: about "
            f"{suggested.users:,} are needed."
        )
    days = experiment.planned_days
    if days and suggested.users_per_day * days < users:
        warnings.append(_too_slow(suggested.users_per_day, days, users))
    return warnings


def _too_slow(users_per_day: float, days: int, users: int) -> str:
    if not users_per_day:
        return f"No traffic was measured in the last two weeks. {NO_TRAFFIC}"
    return (
        f"At {users_per_day:,.0f} people a day, as measured, {days} days bring {users_per_day * days:,.0f} "
        f"of the {users:,} people planned."
    )


def _whole_weeks(days: int) -> int:
    return max(1, math.ceil(days / WEEK)) * WEEK
