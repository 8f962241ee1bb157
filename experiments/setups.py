"""New experiments that nobody need fill in: a copy of an earlier one, and the A/A test of the pipeline."""

from datetime import datetime

from django.db import transaction

from common import errors
from experiments.allocations import variants_allocate_afresh
from experiments.models import Experiment, ExperimentKind, Layer, Variant, new_salt
from experiments.plans import traffic_measured
from experiments.services import (
    Plan,
    VariantPlan,
    event_record,
    experiment_create,
    experiment_start,
)

AA_DAYS = 14
AA_HOURS = 72
LEAST_AA_USERS = 200
AA_USERS_UNMEASURED = 2000
_COPIED = (
    "kind",
    "description",
    "hypothesis",
    "layer",
    "layer_percentage",
    "traffic_percentage",
    "cities",
    "surfaces",
    "audience",
    "attribution_hours",
    "primary_metric",
    "minimum_effect",
    "expected_rate",
    "planned_users",
    "planned_days",
)
_COPIED_OF_VARIANT = (
    "key",
    "name",
    "description",
    "is_control",
    "algorithm",
    "parameters",
    "model_version",
    "weight",
)


@transaction.atomic
def experiment_copy(*, experiment: Experiment, key: str, actor: str, now: datetime) -> Experiment:
    """A new draft set up as `experiment`, with people split anew. Raises Conflict when the key is taken."""
    if Experiment.objects.filter(key=key).exists():
        raise errors.Conflict(f"There is already an experiment called {key}.")
    facts = {name: getattr(experiment, name) for name in _COPIED}
    copy = Experiment.objects.create(
        key=key, name=experiment.name, created_at=now, created_by=actor, salt=new_salt(), **facts
    )
    for variant in experiment.variants.order_by("id"):
        Variant.objects.create(
            experiment=copy, **{name: getattr(variant, name) for name in _COPIED_OF_VARIANT}
        )
    variants_allocate_afresh(copy)
    event_record(experiment=copy, actor=actor, what=f"Copied from {experiment.key}", reason="", now=now)
    return copy


@transaction.atomic
def experiment_aa_create(*, actor: str, now: datetime) -> Experiment:
    """Make and start an A/A test of the ordinary way, planned by the traffic of the last two weeks.

    It has a layer of its own, as it changes nothing about anybody's list. Raises Conflict while one runs.
    """
    layer = Layer.objects.get_or_create(
        key="pipeline",
        defaults={"name": "Pipeline checks", "description": "A/A tests. They change nobody's list."},
    )[0]
    halves = (("a", "A"), ("b", "B"))
    draft = experiment_create(
        key=_key(now),
        name=f"A/A test of {now:%d %B %Y}",
        kind=ExperimentKind.AA,
        hypothesis="Both variants are the ordinary way, so nothing may differ but by chance.",
        variants=[
            VariantPlan(key=key, name=name, weight=0.5, is_control=number == 0)
            for number, (key, name) in enumerate(halves)
        ],
        plan=Plan(minimum_effect=0.1, users=_users(now), days=AA_DAYS),
        layer=layer,
        attribution_hours=AA_HOURS,
        actor=actor,
        now=now,
    )
    try:
        return experiment_start(
            experiment=draft, actor=actor, reason="Check that the pipeline tells no difference", now=now
        )
    except errors.InvalidInput as error:
        raise errors.Conflict(f"An A/A test cannot start now. {error.detail}") from error


def _users(now: datetime) -> int:
    traffic = traffic_measured("conversion_rate", now=now)
    if not traffic.users:
        return AA_USERS_UNMEASURED
    return max(LEAST_AA_USERS, round(traffic.users_per_day * AA_DAYS))


def _key(now: datetime) -> str:
    """A name for the day; a second one on the same day is told apart by the time."""
    key = f"aa-{now:%Y%m%d}"
    return f"{key}-{now:%H%M%S}" if Experiment.objects.filter(key=key).exists() else key
