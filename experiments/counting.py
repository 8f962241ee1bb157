"""Counting exposed people and what they did, in the database: aggregates, never a loop over people.

Only people exposed since the present weights hold are counted: whoever came under other weights came at
another time, and pooling the two would show differences that are none (Simpson's paradox).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import TruncDate

from experiments.metrics import METRICS, Metric
from experiments.models import Experiment, Exposure, Phase
from feedback.models import Feedback

PeoplePerDay = Mapping[tuple[int, date], int]


@dataclass(frozen=True, slots=True)
class VariantCounts:
    users: int
    matured: int
    by_metric: Mapping[str, int]


NOBODY = VariantCounts(0, 0, {metric.key: 0 for metric in METRICS})


def phase_at(experiment: Experiment, as_of: datetime) -> Phase | None:
    """The phase that held at `as_of`; None before the start."""
    return experiment.phases.filter(started_at__lte=as_of).last()


def exposures_compared(experiment: Experiment, phase: Phase | None, as_of: datetime) -> QuerySet[Exposure]:
    """Exposures of the phase that held at `as_of`, until then."""
    rows = Exposure.objects.filter(experiment=experiment, first_at__lte=as_of, is_mixed=False)
    return rows.filter(phase=phase.number if phase else 1).order_by()


def earlier_participants(experiment: Experiment, phase: Phase | None, as_of: datetime) -> int:
    """People exposed before the present weights; they keep their variant, uncompared."""
    if phase is None or phase.number == 1:
        return 0
    rows = Exposure.objects.filter(experiment=experiment, first_at__lte=as_of)
    return rows.filter(phase__lt=phase.number).count()


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
        occurred_at__lt=OuterRef("window_ends_at"),
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
