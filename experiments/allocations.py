"""Buckets dealt to variants and to the experiments of a layer, and stored with them."""

from collections.abc import Mapping, Sequence

from common import errors
from experiments.models import Experiment, Layer, Variant
from experiments.querysets import RUNNING
from experiments.statistics.assignment import BUCKETS, Range, allocate, part_free


def variants_allocate_afresh(experiment: Experiment) -> None:
    """Before anybody is exposed, the buckets may be dealt without regard to how they were."""
    variants = {variant.key: variant for variant in experiment.variants.order_by("id")}
    if variants:
        weights = {key: variant.weight for key, variant in variants.items()}
        allocation_store(variants, weights, allocation_for(weights))


def allocation_of(variants: Mapping[str, Variant]) -> dict[str, tuple[Range, ...]]:
    return {key: tuple((start, end) for start, end in row.buckets) for key, row in variants.items()}


def allocation_for(
    weights: Mapping[str, float], current: Mapping[str, Sequence[Range]] | None = None
) -> dict[str, tuple[Range, ...]]:
    """Raises InvalidInput when the weights are not shares of one whole."""
    try:
        return allocate(weights, current)
    except ValueError as error:
        raise errors.InvalidInput(str(error), errors={"weight": [str(error)]}) from error


def allocation_store(
    variants: Mapping[str, Variant],
    weights: Mapping[str, float],
    allocation: Mapping[str, Sequence[Range]],
) -> None:
    for key, variant in variants.items():
        variant.weight = weights[key]
        variant.buckets = [list(one) for one in allocation[key]]
        variant.save(update_fields=["weight", "buckets"])


def layer_part_free(experiment: Experiment) -> tuple[Range, ...]:
    """The part of the layer this experiment would have. Raises ValueError when too little is left."""
    wanted = round(experiment.layer_percentage * BUCKETS / 100)
    return part_free([*_holdout(experiment.layer), *_taken(experiment)], wanted)


def _holdout(layer: Layer) -> list[Range]:
    size = round(layer.holdout_percentage * BUCKETS / 100)
    return [(BUCKETS - size, BUCKETS)] if size else []


def _taken(experiment: Experiment) -> list[Range]:
    others = Experiment.objects.filter(layer=experiment.layer_id, status__in=RUNNING).exclude(
        pk=experiment.pk
    )
    return [
        (start, end) for ranges in others.values_list("layer_buckets", flat=True) for start, end in ranges
    ]
