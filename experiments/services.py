"""An experiment's life: draft, active, paused, completed. Every change says who made it and why."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from common import errors
from experiments.allocations import (
    allocation_for,
    allocation_of,
    allocation_store,
    layer_part_free,
    variants_allocate_afresh,
)
from experiments.definitions import definitions_forget
from experiments.metrics import PRIMARY_METRICS
from experiments.models import (
    Decision,
    Experiment,
    ExperimentEvent,
    ExperimentKind,
    ExperimentStatus,
    Exposure,
    Layer,
    Phase,
    Variant,
    new_salt,
)
from experiments.pins import pin_problems, room_problems
from experiments.querysets import RUNNING
from experiments.start_checks import CONTROL_NEEDS_WEIGHT, parameter_problems, start_problems
from experiments.statistics.assignment import share_moved
from modelregistry.models import ModelVersion

DEFAULT_LAYER = "ranking"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VariantPlan:
    key: str
    name: str
    weight: float
    algorithm: str = ""
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    model_version: ModelVersion | None = None
    is_control: bool = False
    description: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large and how long: see `statistics/` for the sample size, whole weeks for the days."""

    minimum_effect: float  # relative: 0.1 is ten per cent more than control
    users: int  # all variants together
    days: int
    expected_rate: float | None = None  # of control on the primary metric


def layer_default() -> Layer:
    """The layer an experiment is in unless told otherwise."""
    return Layer.objects.get_or_create(
        key=DEFAULT_LAYER, defaults={"name": "Ranking", "description": "What ranks the events of a list."}
    )[0]


@transaction.atomic
def layer_hold_out(*, layer: Layer, percentage: float) -> Layer:
    """Let no experiment of this layer touch so many of all people. Raises Conflict while one runs."""
    if not 0 <= percentage < 100:
        raise errors.InvalidInput("Hold out 0 per cent or more, and less than 100.")
    layer = Layer.objects.select_for_update().get(pk=layer.pk)
    running = layer.experiments.filter(status__in=RUNNING).values_list("key", flat=True)
    if running:
        raise errors.Conflict(f"People of {layer} are taken by {', '.join(running)}; complete that first.")
    layer.holdout_percentage = percentage
    layer.save(update_fields=["holdout_percentage"])
    return layer


@transaction.atomic
def experiment_create(
    *,
    key: str,
    name: str,
    variants: Sequence[VariantPlan],
    actor: str,
    now: datetime,
    kind: ExperimentKind = ExperimentKind.AB,
    description: str = "",
    hypothesis: str = "",
    primary_metric: str = "conversion_rate",
    plan: Plan | None = None,
    layer: Layer | None = None,
    layer_percentage: float = 100.0,
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
        kind=kind,
        description=description,
        hypothesis=hypothesis,
        primary_metric=primary_metric,
        minimum_effect=plan.minimum_effect if plan else None,
        expected_rate=plan.expected_rate if plan else None,
        planned_users=plan.users if plan else None,
        planned_days=plan.days if plan else None,
        layer=layer or layer_default(),
        layer_percentage=layer_percentage,
        traffic_percentage=traffic_percentage,
        attribution_hours=attribution_hours,
        created_at=now,
        created_by=actor,
        salt=salt or new_salt(),
    )
    rows = [Variant(experiment=experiment, **_fields_of(one)) for one in variants]
    if problems := parameter_problems(rows):
        raise errors.InvalidInput(problems[0], errors={"parameters": problems})
    for row in rows:
        row.save()
    variants_allocate_afresh(experiment)
    event_record(experiment=experiment, actor=actor, what="Created", reason="", now=now)
    return experiment


@transaction.atomic
def experiment_start(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Draft to active. Raises InvalidInput, naming every problem, when the set-up is not sound."""
    experiment = experiment_locked(experiment)
    _require_status(experiment, ExperimentStatus.DRAFT, "started")
    problems = start_problems(experiment)
    if problems:
        raise errors.InvalidInput(
            f"It cannot start yet. {' '.join(problems)}", errors={"experiment": problems}
        )
    variants_allocate_afresh(experiment)
    experiment.layer_buckets = [list(one) for one in layer_part_free(experiment)]
    experiment.started_at = now
    _phase_open(experiment, "Started", now)
    return _transition(experiment, ExperimentStatus.ACTIVE, "Started", actor, reason, now)


@transaction.atomic
def experiment_pause(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Active to paused: people already exposed get control, nobody new takes part."""
    experiment = experiment_locked(experiment)
    _require_status(experiment, ExperimentStatus.ACTIVE, "paused")
    return _transition(experiment, ExperimentStatus.PAUSED, "Paused", actor, reason, now)


@transaction.atomic
def experiment_resume(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Paused to active: everybody has the variant they had."""
    experiment = experiment_locked(experiment)
    _require_status(experiment, ExperimentStatus.PAUSED, "resumed")
    return _transition(experiment, ExperimentStatus.ACTIVE, "Resumed", actor, reason, now)


@transaction.atomic
def experiment_complete(
    *,
    experiment: Experiment,
    actor: str,
    reason: str,
    now: datetime,
    decision: Decision = Decision.NONE,
    decided_variant: str | None = None,
) -> Experiment:
    """Active or paused to completed, for good, with what was decided.

    Raises InvalidInput when a decision to ship names no treatment of this experiment.
    """
    experiment = experiment_locked(experiment)
    _require_status(experiment, RUNNING, "completed")
    experiment.ended_at = now
    experiment.decision = decision
    experiment.decided_variant = _decided(experiment, decision, decided_variant)
    what = f"Completed: {Decision(decision).label.lower()}"
    if experiment.decided_variant is not None:
        what += f" ({experiment.decided_variant.key})"
    return _transition(experiment, ExperimentStatus.COMPLETED, what, actor, reason, now)


@transaction.atomic
def experiment_reweigh(
    *, experiment: Experiment, weights: Mapping[str, float], actor: str, reason: str, now: datetime
) -> Experiment:
    """Change the weights while it runs, moving only the surplus; people already exposed stay.

    It opens a new phase: people exposed under other weights are not compared with those who come now.
    """
    experiment = experiment_locked(experiment)
    _require_status(experiment, RUNNING, "given other weights")
    _require_reason(reason)
    if experiment.kind == ExperimentKind.INTERLEAVING:
        raise errors.Conflict(f"{experiment.key} drafts every list from both variants; no weight matters.")
    variants = {variant.key: variant for variant in experiment.variants.all()}
    if set(weights) != set(variants):
        raise errors.InvalidInput(f"Give a weight to each of {', '.join(sorted(variants))}, and to no other.")
    if not any(variant.is_control and weights[key] > 0 for key, variant in variants.items()):
        raise errors.InvalidInput(CONTROL_NEEDS_WEIGHT, errors={"weight": [CONTROL_NEEDS_WEIGHT]})
    before = allocation_of(variants)
    after = allocation_for(weights, before)
    allocation_store(variants, weights, after)
    listed = ", ".join(f"{key} {weight:g}" for key, weight in weights.items())
    what = f"Weights changed to {listed}; {share_moved(before, after):.1%} of people not yet exposed move"
    _phase_open(experiment, what, now)
    return _changed(experiment, what, actor, reason, now)


@transaction.atomic
def experiment_rerandomise(*, experiment: Experiment, actor: str, reason: str, now: datetime) -> Experiment:
    """Split people anew, in a draft or while it runs. People already exposed keep their variant.

    While it runs it opens a new phase: people split in different ways are not compared.
    """
    experiment = experiment_locked(experiment)
    _require_status(experiment, (ExperimentStatus.DRAFT, *RUNNING), "re-randomised")
    _require_reason(reason)
    experiment.salt = new_salt()
    experiment.save(update_fields=["salt"])
    what = "Re-randomised: everybody not yet exposed is split anew"
    if experiment.status != ExperimentStatus.DRAFT:
        _phase_open(experiment, what, now)
    return _changed(experiment, what, actor, reason, now)


@transaction.atomic
def experiment_ramp(
    *, experiment: Experiment, traffic_percentage: float, actor: str, reason: str, now: datetime
) -> Experiment:
    """Let more or fewer people come in from now on. Nobody changes variant, and it opens no phase."""
    experiment = experiment_locked(experiment)
    _require_status(experiment, RUNNING, "given other traffic")
    _require_reason(reason)
    if not 0 < traffic_percentage <= 100:
        raise errors.InvalidInput("The traffic must be above 0 and at most 100 per cent.")
    what = f"Traffic changed from {experiment.traffic_percentage:g} % to {traffic_percentage:g} %"
    experiment.traffic_percentage = traffic_percentage
    experiment.save(update_fields=["traffic_percentage"])
    return _changed(experiment, what, actor, reason, now)


@transaction.atomic
def variant_repin(
    *, variant: Variant, model_version: ModelVersion, actor: str, reason: str, now: datetime
) -> Experiment:
    """Serve another trained version in a pinned variant. It opens a new phase, as the variant is another."""
    experiment = experiment_locked(variant.experiment)
    _require_status(experiment, RUNNING, "given another model")
    _require_reason(reason)
    if variant.model_version_id is None:
        raise errors.Conflict(
            f"{variant.key} follows the champion; only a pinned variant can be pinned anew."
        )
    if experiment.kind == ExperimentKind.BANDIT:
        raise errors.Conflict(
            f"{experiment.key} deals by all it has seen of a variant, so that must not change. Start another."
        )
    what = f"{variant.key} pinned to {model_version.name}"
    variant.model_version = model_version
    _require_no(problems=[*pin_problems(variant), *_room_problems(experiment, variant)])
    variant.save(update_fields=["model_version"])
    _phase_open(experiment, what, now)
    return _changed(experiment, what, actor, reason, now)


@transaction.atomic
def experiment_draft_saved(
    *, experiment: Experiment, actor: str, what: str, now: datetime, details: str = ""
) -> None:
    """After a draft's definition was edited: allocate its buckets and note who edited it."""
    experiment = experiment_locked(experiment)
    _require_status(experiment, ExperimentStatus.DRAFT, "edited")
    variants_allocate_afresh(experiment)
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
        experiment=experiment, actor=actor, what=what[:200], reason=reason.strip(), at=now
    )


def _fields_of(plan: VariantPlan) -> dict[str, Any]:
    return {field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)}


def experiment_locked(experiment: Experiment) -> Experiment:
    """The present row. All experiments are locked together, so that two cannot take the same people."""
    rows = {row.pk: row for row in Experiment.objects.select_for_update().order_by("pk")}
    if experiment.pk not in rows:
        raise errors.NotFound("There is no such experiment any more.")
    return rows[experiment.pk]


def _require_status(experiment: Experiment, allowed: str | Sequence[str], done: str) -> None:
    allowed = (allowed,) if isinstance(allowed, str) else allowed
    if experiment.status not in allowed:
        raise errors.Conflict(
            f"{experiment.key} is {experiment.status}; only one that is {' or '.join(allowed)} can be {done}."
        )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise errors.InvalidInput("Say why.", errors={"reason": ["This field is required."]})


def _require_no(*, problems: Sequence[str]) -> None:
    if problems:
        raise errors.InvalidInput(" ".join(problems), errors={"experiment": list(problems)})


def _room_problems(experiment: Experiment, repinned: Variant) -> Iterator[str]:
    others = experiment.variants.exclude(pk=repinned.pk).filter(model_version__isnull=False)
    pinned = {*others.values_list("model_version_id", flat=True), repinned.model_version_id}
    return room_problems(experiment, {one for one in pinned if one is not None})


def _decided(experiment: Experiment, decision: Decision, variant_key: str | None) -> Variant | None:
    if decision != Decision.SHIP:
        return None
    treatment = experiment.variants.filter(key=variant_key or "", is_control=False).first()
    if treatment is None:
        message = "Say which treatment becomes the ordinary way."
        raise errors.InvalidInput(message, errors={"decided_variant": [message]})
    return treatment


def _transition(
    experiment: Experiment, status: ExperimentStatus, what: str, actor: str, reason: str, now: datetime
) -> Experiment:
    _require_reason(reason)
    experiment.status = status
    experiment.save()
    return _changed(experiment, what, actor, reason, now)


def _changed(experiment: Experiment, what: str, actor: str, reason: str, now: datetime) -> Experiment:
    event_record(experiment=experiment, actor=actor, what=what, reason=reason, now=now)
    transaction.on_commit(definitions_forget)
    return experiment


def _phase_open(experiment: Experiment, why: str, now: datetime) -> Phase:
    """From now on the present weights and models hold; exposures carry the number of their phase."""
    weights = dict(experiment.variants.values_list("key", "weight"))
    number = experiment.phases.count() + 1
    return Phase.objects.create(
        experiment=experiment, number=number, started_at=now, weights=weights, why=why[:200]
    )
