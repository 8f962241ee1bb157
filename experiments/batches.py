"""People of all phases of an experiment, counted by phase: for what deals its weights anew as it goes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, Q

from experiments.models import Experiment, Exposure
from experiments.statistics.values import Proportion
from feedback.models import Feedback


@dataclass(frozen=True, slots=True)
class Batch:
    """People who came in one phase to one variant with one chance, and how many of them converted."""

    phase: int
    variant: str
    propensity: float
    is_matured: bool
    is_mixed: bool
    users: int
    conversions: int


def batches_of(experiment: Experiment, actions: Sequence[str], as_of: datetime) -> tuple[Batch, ...]:
    """Everybody first exposed until `as_of`, in one statement."""
    deeds = Feedback.objects.filter(
        user_id=OuterRef("user_id"),
        action__in=actions,
        occurred_at__gte=OuterRef("first_at"),
        occurred_at__lt=OuterRef("window_ends_at"),
        occurred_at__lte=as_of,
    )
    rows = (
        Exposure.objects.filter(experiment=experiment, first_at__lte=as_of, variant__isnull=False)
        .annotate(
            is_matured=ExpressionWrapper(Q(window_ends_at__lte=as_of), output_field=BooleanField()),
            key=F("variant__key"),
        )
        .order_by()
        .values_list("phase", "key", "propensity", "is_matured", "is_mixed")
        .annotate(users=Count("id"), converted=Count("id", filter=Exists(deeds)))
    )
    return tuple(
        Batch(phase, key, propensity, bool(matured), bool(mixed), users, converted)
        for phase, key, propensity, matured, mixed, users, converted in rows
    )


def arm_samples(
    batches: Iterable[Batch], variants: Iterable[str], *, is_matured: bool = False
) -> dict[str, Proportion]:
    """By variant, over all phases; only matured people where asked for. The mixed ones are left out."""
    users: defaultdict[str, int] = defaultdict(int)
    conversions: defaultdict[str, int] = defaultdict(int)
    for batch in batches:
        if not batch.is_mixed and (batch.is_matured or not is_matured):
            users[batch.variant] += batch.users
            conversions[batch.variant] += batch.conversions
    return {key: Proportion(conversions[key], users[key]) for key in variants}
