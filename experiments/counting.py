"""Counting exposed people and what they did, in the database: aggregates, never a loop over people.

Only people exposed since the present weights hold are counted: whoever came under other weights came at
another time, and pooling the two would show differences that are none (Simpson's paradox).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import TruncDate

from experiments.metrics import METRICS, Metric
from experiments.models import Experiment, Exposure
from feedback.models import Feedback

PeoplePerDay = Mapping[tuple[int, date], int]


@dataclass(frozen=True, slots=True)
class VariantCounts:
    users: int
    matured: int
    by_metric: Mapping[str, int]


NOBODY = VariantCounts(0, 0, {metric.key: 0 for metric in METRICS})


def exposures_compared(experiment: Experiment, as_of: datetime) -> QuerySet[Exposure]:
    """Exposures of the present phase until `as_of`, each with the end of its attribution window."""
    since = experiment.phase_started_at or experiment.created_at
    rows = Exposure.objects.filter(experiment=experiment, first_at__gte=since, first_at__lte=as_of)
    window_end = F("first_at") + timedelta(hours=experiment.attribution_hours)
    return rows.order_by().annotate(
        window_end=ExpressionWrapper(window_end, output_field=DateTimeField()),
    )


def earlier_participants(experiment: Experiment, as_of: datetime) -> int:
    """People exposed before the present weights; they keep their variant, uncompared."""
    if experiment.phase_started_at is None or experiment.phase_started_at == experiment.started_at:
        return 0
    before = min(experiment.phase_started_at, as_of)
    return Exposure.objects.filter(experiment=experiment, first_at__lt=before).count()


def count_by_variant(
    exposed: QuerySet[Exposure], experiment: Experiment, as_of: datetime
) -> dict[int, VariantCounts]:
    """People per variant: all, matured, and those who did what each metric counts."""
    matured_by = as_of - timedelta(hours=experiment.attribution_hours)
    did = {
        f"did_{metric.key}": Count("id", filter=Exists(_actions_after_exposure(metric, as_of)))
        for metric in METRICS
    }
    matured = Count("id", filter=Q(first_at__lte=matured_by))
    rows = exposed.values("variant_id").annotate(users=Count("id"), matured=matured, **did)
    return {
        variant_id: VariantCounts(users, matured, dict(zip([m.key for m in METRICS], numbers, strict=True)))
        for variant_id, users, matured, *numbers in rows.values_list("variant_id", "users", "matured", *did)
    }


def arrivals_per_day(exposed: QuerySet[Exposure]) -> PeoplePerDay:
    return _per_day(exposed, F("first_at"))


def conversions_per_day(exposed: QuerySet[Exposure], metric: Metric, as_of: datetime) -> PeoplePerDay:
    """People by the day of the first action of theirs that counts."""
    first = _actions_after_exposure(metric, as_of).order_by("occurred_at")
    return _per_day(exposed, Subquery(first.values("occurred_at")[:1]))


def _actions_after_exposure(metric: Metric, as_of: datetime) -> QuerySet[Feedback]:
    """One exposed person's actions that count: after the exposure, inside the window, before `as_of`."""
    return Feedback.objects.filter(
        user_id=OuterRef("user_id"),
        action__in=metric.actions,
        occurred_at__gte=OuterRef("first_at"),
        occurred_at__lt=OuterRef("window_end"),
        occurred_at__lte=as_of,
    ).order_by()


def _per_day(exposed: QuerySet[Exposure], moment: F | Subquery) -> dict[tuple[int, date], int]:
    """People per variant and UTC day of `moment`."""
    rows = (
        exposed.annotate(moment=moment)
        .filter(moment__isnull=False)
        .annotate(day=TruncDate("moment", tzinfo=UTC))
        .values("variant_id", "day")
        .annotate(people=Count("id"))
    )
    return {(row["variant_id"], row["day"]): row["people"] for row in rows}
