"""An experiment's life: draft, active, paused, completed. Every change says who made it and why."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from common import errors
from experiments.algorithm_names import algorithm_names
from experiments.metrics import PRIMARY_METRICS
from experiments.models import Experiment, ExperimentEvent, ExperimentStatus, Exposure, Variant, new_salt
from experiments.querysets import RUNNING
from experiments.serving import definitions_forget
from experiments.statistics.assignment import Range, allocate, share_moved
from experiments.variant_parameters import variant_parameter_problems

CONTROL_NEEDS_WEIGHT = "The control needs a weight above 0: without it there is nothing to compare with."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VariantPlan:
    key: str
    name: str
    algorithm: str
    weight: float
    is_control: bool = False
    description: str = ""
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@transaction.atomic
def experiment_create(
    *,
    key: str,
    name: str,
    variants: Sequence[VariantPlan],
    actor: str,
    now: datetime,
    description: str = "",
    hypothesis: str = "",
    primary_metric: str = "conversion_rate",
    traffic_percentage: float = 100.0,
    attribution_hours: int = 168,
    salt: str | None = None,
) -> Experiment:
    """A new draft. Raises Conflict when the key is taken, InvalidInput when weights do not sum to 1.

    `salt` is random unless given; two experiments never share one.
    """
    if Experiment.objects.filter(key=key).exists():
        raise errors.Conflict(f"There is already an experiment called {key}.")
    if primary_metric not in [metric.key for metric in PRIMARY_METRICS]:
        raise errors.InvalidInput(f"There is no metric called {primary_metric}.")
    experiment = Experiment.objects.create(
        key=key,
        name=name,
        description=description,
        hypothesis=hypothesis,
        primary_metric=primary_metric,
        traffic_percentage=traffic_percentage,
        attribution_hours=attribution_hours,
        created_at=now,
        created_by=actor,
        salt=salt or new_salt(),
    )
    rows = [Variant(experiment=experiment, **dataclasses.asdict(plan)) for plan in variants]
    if problems := _parameter_problems(rows):
        raise errors.InvalidInput(problems[0], errors={"parameters": problems})
    for row in rows:
        row.save()
    _allocate_afresh(experiment)
    event_record(experiment=experiment, actor=actor, what="Created", reason="", now=now)
    return experiment


@transaction.atomic
def experiment_start(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Draft to active. Raises Conflict while another runs and InvalidInput when the set-up is not sound."""
    experiment = _locked(experiment)
    _require_status(experiment, ExperimentStatus.DRAFT, "started")
    _require_none_running()
    problems = start_problems(experiment)
    if problems:
        raise errors.InvalidInput(
            f"It cannot start yet. {' '.join(problems)}", errors={"experiment": problems}
        )
    _allocate_afresh(experiment)
    experiment.started_at = experiment.phase_started_at = now
    return _transition(experiment, ExperimentStatus.ACTIVE, "Started", actor, reason, now)


@transaction.atomic
def experiment_pause(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Active to paused: people already exposed get control, nobody new takes part."""
    experiment = _locked(experiment)
    _require_status(experiment, ExperimentStatus.ACTIVE, "paused")
    return _transition(experiment, ExperimentStatus.PAUSED, "Paused", actor, reason, now)


@transaction.atomic
def experiment_resume(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Paused to active: everybody has the variant they had."""
    experiment = _locked(experiment)
    _require_status(experiment, ExperimentStatus.PAUSED, "resumed")
    return _transition(experiment, ExperimentStatus.ACTIVE, "Resumed", actor, reason, now)


@transaction.atomic
def experiment_complete(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Active or paused to completed, for good."""
    experiment = _locked(experiment)
    _require_status(experiment, RUNNING, "completed")
    experiment.ended_at = now
    return _transition(experiment, ExperimentStatus.COMPLETED, "Completed", actor, reason, now)


@transaction.atomic
def experiment_reweigh(
    *, experiment: Experiment, weights: Mapping[str, float], actor: str, reason: str, now: datetime
) -> Experiment:
    """Change the weights while it runs, moving only the surplus; people already exposed stay.

    It opens a new phase: people exposed under other weights are not compared with those who come now.
    """
    experiment = _locked(experiment)
    _require_status(experiment, RUNNING, "given other weights")
    variants = {variant.key: variant for variant in experiment.variants.all()}
    if set(weights) != set(variants):
        raise errors.InvalidInput(f"Give a weight to each of {', '.join(sorted(variants))}, and to no other.")
    if not any(variant.is_control and weights[key] > 0 for key, variant in variants.items()):
        raise errors.InvalidInput(CONTROL_NEEDS_WEIGHT, errors={"weight": [CONTROL_NEEDS_WEIGHT]})
    before = _allocation(variants)
    after = _allocate(weights, before)
    _store_allocation(variants, weights, after)
    # Until then another process may still serve by the old weights (its definitions are that old at most).
    experiment.phase_started_at = now + timedelta(seconds=settings.REFRESH_SECONDS + 1)
    experiment.save(update_fields=["phase_started_at"])
    listed = ", ".join(f"{key} {weight:g}" for key, weight in weights.items())
    what = f"Weights changed to {listed}; {share_moved(before, after):.1%} of people not yet exposed move"
    event_record(experiment=experiment, actor=actor, what=what[:200], reason=reason, now=now)
    transaction.on_commit(definitions_forget)
    return experiment


@transaction.atomic
def experiment_draft_saved(
    *, experiment: Experiment, actor: str, what: str, now: datetime, details: str = ""
) -> None:
    """After a draft's definition was edited: allocate its buckets and note who edited it."""
    experiment = _locked(experiment)
    _require_status(experiment, ExperimentStatus.DRAFT, "edited")
    _allocate_afresh(experiment)
    event_record(experiment=experiment, actor=actor, what=what, reason=details, now=now)


@transaction.atomic
def person_erase(*, user_id: str) -> int:
    """Forget every exposure of this person; the number of rows removed."""
    removed, _ = Exposure.objects.filter(user_id=user_id).delete()
    return removed


def event_record(
    *, experiment: Experiment, actor: str, what: str, reason: str, now: datetime
) -> ExperimentEvent:
    return ExperimentEvent.objects.create(
        experiment=experiment, actor=actor, what=what, reason=reason, at=now
    )


def start_problems(experiment: Experiment) -> list[str]:
    """Why this draft may not start, one sentence each; empty when it may."""
    variants = list(experiment.variants.all())
    problems = []
    if len(variants) < 2:
        problems.append("It needs at least two variants.")
    controls = sum(variant.is_control for variant in variants)
    if controls != 1:
        problems.append(f"Exactly one variant must be the control; {controls or 'none'} is marked.")
    elif any(variant.is_control and variant.weight == 0 for variant in variants):
        problems.append(CONTROL_NEEDS_WEIGHT)
    if variants:
        problems += _weight_problems({variant.key: variant.weight for variant in variants})
    problems += _algorithm_problems(variants)
    problems += _parameter_problems(variants)
    if not 0 < experiment.traffic_percentage <= 100:
        problems.append("The traffic must be above 0 and at most 100 per cent.")
    return problems


def _weight_problems(weights: Mapping[str, float]) -> list[str]:
    try:
        allocate(weights)
    except ValueError as error:
        return [str(error)]
    return []


def _algorithm_problems(variants: Sequence[Variant]) -> list[str]:
    known = algorithm_names()
    unknown = sorted({variant.algorithm for variant in variants} - set(known))
    return [
        f"There is no algorithm called {name!r}; known are {', '.join(known) or 'none'}." for name in unknown
    ]


def _parameter_problems(variants: Sequence[Variant]) -> list[str]:
    return [
        f"{variant.key}: {problem}"
        for variant in variants
        for problem in variant_parameter_problems(variant.parameters)
    ]


def _locked(experiment: Experiment) -> Experiment:
    """The present row. All experiments are locked together, so that two cannot start at once."""
    rows = {row.pk: row for row in Experiment.objects.select_for_update().order_by("pk")}
    if experiment.pk not in rows:
        raise errors.NotFound("There is no such experiment any more.")
    return rows[experiment.pk]


def _require_none_running() -> None:
    running = Experiment.objects.filter(status__in=RUNNING).first()
    if running is not None:
        raise errors.Conflict(
            f"{running.key} is still {running.status}, and one experiment runs at a time. Complete it first."
        )


def _require_status(experiment: Experiment, allowed: str | Sequence[str], done: str) -> None:
    allowed = (allowed,) if isinstance(allowed, str) else allowed
    if experiment.status not in allowed:
        raise errors.Conflict(
            f"{experiment.key} is {experiment.status}; only one that is {' or '.join(allowed)} can be {done}."
        )


def _transition(
    experiment: Experiment, status: ExperimentStatus, what: str, actor: str, reason: str, now: datetime
) -> Experiment:
    if not reason.strip():
        raise errors.InvalidInput("Say why.", errors={"reason": ["This field is required."]})
    experiment.status = status
    experiment.save()
    event_record(experiment=experiment, actor=actor, what=what, reason=reason.strip(), now=now)
    transaction.on_commit(definitions_forget)
    return experiment


def _allocation(variants: Mapping[str, Variant]) -> dict[str, tuple[Range, ...]]:
    return {key: tuple((start, end) for start, end in row.buckets) for key, row in variants.items()}


def _allocate(
    weights: Mapping[str, float], current: Mapping[str, Sequence[Range]] | None = None
) -> dict[str, tuple[Range, ...]]:
    try:
        return allocate(weights, current)
    except ValueError as error:
        raise errors.InvalidInput(str(error), errors={"weight": [str(error)]}) from error


def _allocate_afresh(experiment: Experiment) -> None:
    """Before anybody is exposed, the buckets may be dealt without regard to how they were."""
    variants = {variant.key: variant for variant in experiment.variants.order_by("id")}
    if variants:
        weights = {key: variant.weight for key, variant in variants.items()}
        _store_allocation(variants, weights, _allocate(weights))


def _store_allocation(
    variants: Mapping[str, Variant],
    weights: Mapping[str, float],
    allocation: Mapping[str, Sequence[Range]],
) -> None:
    for key, variant in variants.items():
        variant.weight = weights[key]
        variant.buckets = [list(one) for one in allocation[key]]
        variant.save(update_fields=["weight", "buckets"])
