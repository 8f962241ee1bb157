"""What must hold before an experiment starts: each check is one sentence that says what to do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from experiments.algorithm_names import algorithm_names
from experiments.allocations import layer_part_free
from experiments.models import Experiment, ExperimentKind, Variant
from experiments.pins import pin_problems, room_problems
from experiments.plans import plan_warnings
from experiments.querysets import RUNNING
from experiments.statistics.assignment import allocate
from experiments.variant_parameters import variant_parameter_problems

PLAN = "A plan"
CONTROL_NEEDS_WEIGHT = "The control needs a weight above 0: without it there is nothing to compare with."


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist; `problems` is empty when it holds. A warning stops nothing."""

    name: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.problems


def start_checklist(experiment: Experiment) -> tuple[Check, ...]:
    """Every check of this draft, in the order a person would set things right."""
    variants = list(experiment.variants.all())
    return tuple(
        Check(name, tuple(check(experiment, variants)), _warnings(name, experiment))
        for name, check in _CHECKS.items()
    )


def start_problems(experiment: Experiment) -> list[str]:
    """Why this draft may not start, one sentence each; empty when it may."""
    variants = list(experiment.variants.all())
    return [problem for check in _CHECKS.values() for problem in check(experiment, variants)]


def _warnings(name: str, experiment: Experiment) -> tuple[str, ...]:
    """What to think about again; an A/A test has no effect to be planned for."""
    if name != PLAN or experiment.kind == ExperimentKind.AA:
        return ()
    return tuple(plan_warnings(experiment, now=timezone.now()))


def _hypothesis(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    if not experiment.hypothesis.strip():
        yield "Write down what you expect and why, before you see any result."


def _variants(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    if len(variants) < 2:
        yield "It needs at least two variants."
    controls = sum(variant.is_control for variant in variants)
    if controls != 1:
        yield f"Exactly one variant must be the control; {controls or 'none'} is marked."
    if experiment.kind in _PAIRS and len(variants) > 2:
        yield "This kind compares two variants only; take the others out."


def _weights(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    if any(variant.is_control and variant.weight == 0 for variant in variants):
        yield CONTROL_NEEDS_WEIGHT
    if experiment.kind == ExperimentKind.INTERLEAVING and any(variant.weight == 0 for variant in variants):
        yield "Interleaving drafts from both variants: give each a weight above 0."
    if variants:
        yield from _weight_problems({variant.key: variant.weight for variant in variants})


def _weight_problems(weights: Mapping[str, float]) -> Iterator[str]:
    try:
        allocate(weights)
    except ValueError as error:
        yield str(error)


def _rankers(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    yield from parameter_problems(variants)
    known = algorithm_names()
    for name in sorted({variant.algorithm for variant in variants} - {*known, ""}):
        yield f"There is no algorithm called {name!r}; known are {', '.join(known) or 'none'}."
    distinct = {_way(variant) for variant in variants}
    if experiment.kind == ExperimentKind.AA:
        if len({variant.weight for variant in variants}) > 1:
            yield "In an A/A test both variants have the same weight."
        if len(distinct) > 1:
            yield "In an A/A test both variants must be the same: same algorithm, parameters and model."
    elif len(variants) > 1 and len(distinct) == 1:
        yield "All variants do the same. Give a treatment another algorithm, parameter or model version."


def _pins(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    for variant in variants:
        yield from pin_problems(variant)
    yield from room_problems(experiment, {one.model_version_id for one in variants if one.model_version_id})


def parameter_problems(variants: Sequence[Variant]) -> list[str]:
    return [
        f"{variant.key}: {problem}"
        for variant in variants
        for problem in variant_parameter_problems(variant.parameters)
    ]


def _plan(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    if experiment.minimum_effect is None:
        yield "Say the smallest change worth acting on (minimum effect)."
    if experiment.planned_users is None or experiment.planned_days is None:
        yield "Plan how many people and days it needs: the calculator on the form works them out."
    elif experiment.planned_days % 7:
        yield f"Plan whole weeks: {experiment.planned_days} days give some weekdays more say than others."


def _people(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    if not 0 < experiment.traffic_percentage <= 100:
        yield "The traffic must be above 0 and at most 100 per cent."
    if not 0 < experiment.layer_percentage <= 100:
        yield "Its part of the layer must be above 0 and at most 100 per cent."
        return
    try:
        layer_part_free(experiment)
    except ValueError as error:
        running = ", ".join(_running_in(experiment)) or "the holdout"
        yield f"The layer {experiment.layer} is taken by {running}: {error} Take less of it, or complete one."


def _other_layers(experiment: Experiment, variants: Sequence[Variant]) -> Iterator[str]:
    mine = _sets(experiment, variants)
    others = Experiment.objects.filter(status__in=RUNNING).exclude(layer=experiment.layer_id)
    for other in others.prefetch_related("variants"):
        for name in sorted(mine & _sets(other, list(other.variants.all()))):
            yield (
                f"{other.key}, running in the layer {other.layer}, also sets the {name}: one person would be "
                "in both. Put them in one layer."
            )


def _running_in(experiment: Experiment) -> list[str]:
    rows = Experiment.objects.filter(layer=experiment.layer_id, status__in=RUNNING)
    return list(rows.exclude(pk=experiment.pk).values_list("key", flat=True))


def _sets(experiment: Experiment, variants: Sequence[Variant]) -> set[str]:
    """The names of what these variants decide about a list. A drafted list is decided as a whole."""
    chooses = experiment.kind == ExperimentKind.INTERLEAVING or any(
        variant.algorithm or variant.model_version_id for variant in variants
    )
    return {name for variant in variants for name in variant.parameters} | (
        {"algorithm"} if chooses else set()
    )


def _way(variant: Variant) -> tuple[str, tuple[tuple[str, object], ...], int | None]:
    parameters = tuple(sorted((name, repr(value)) for name, value in variant.parameters.items()))
    return variant.algorithm, parameters, variant.model_version_id


_PAIRS = (ExperimentKind.INTERLEAVING, ExperimentKind.AA)
_CHECKS: Mapping[str, Callable[[Experiment, Sequence[Variant]], Iterator[str]]] = {
    "A hypothesis": _hypothesis,
    "Variants and a control": _variants,
    "Weights that make a whole": _weights,
    "Something to compare": _rankers,
    "Pinned models that can be served": _pins,
    PLAN: _plan,
    "People to take part": _people,
    "No clash with other layers": _other_layers,
}
