"""Layers: whose people are whose, and the holdout that no experiment touches."""

from dataclasses import dataclass

from django.db import transaction

from common import errors
from experiments.models import Experiment, Layer
from experiments.querysets import RUNNING
from experiments.statistics.assignment import BUCKETS, Range

HOLDOUT = "Holdout"
FREE = "Free"


@dataclass(frozen=True, slots=True)
class LayerPart:
    """Who has a part of the layer's people. `share`: 0 to 1, over all `ranges` of buckets."""

    name: str
    experiment: Experiment | None
    ranges: tuple[Range, ...]

    @property
    def share(self) -> float:
        return sum(end - start for start, end in self.ranges) / BUCKETS


def layer_parts(layer: Layer) -> tuple[LayerPart, ...]:
    """The running experiments' parts, the holdout and what is free; together all of the layer's people."""
    running = layer.experiments.filter(status__in=RUNNING).order_by("started_at", "pk")
    parts = [LayerPart(one.name, one, _ranges(one.layer_buckets)) for one in running]
    held = round(layer.holdout_percentage * BUCKETS / 100)
    parts.append(LayerPart(HOLDOUT, None, ((BUCKETS - held, BUCKETS),) if held else ()))
    taken = sorted(one for part in parts for one in part.ranges)
    return (*parts, LayerPart(FREE, None, _gaps(taken)))


def holder_of(parts: tuple[LayerPart, ...], number: int) -> LayerPart:
    """Whose the bucket `number`, 0 to 999,999, is."""
    return next(part for part in parts if any(start <= number < end for start, end in part.ranges))


def holdout_problem(layer: Layer) -> str:
    """Why the holdout cannot be changed now; empty when it can."""
    running = list(layer.experiments.filter(status__in=RUNNING).values_list("name", flat=True))
    if not running:
        return ""
    return (
        f"The holdout cannot be changed while an experiment of the layer runs ({', '.join(running)}): "
        "people would move in or out of it and be compared all the same."
    )


@transaction.atomic
def layer_save(*, layer: Layer) -> Layer:
    """Raises Conflict when the holdout would change while an experiment of the layer runs."""
    held = Layer.objects.select_for_update().filter(pk=layer.pk).first()
    if held is not None and held.holdout_percentage != layer.holdout_percentage:
        # An experiment that starts locks all experiments, so the two cannot pass each other.
        list(Experiment.objects.select_for_update().order_by("pk").values_list("pk"))
        if problem := holdout_problem(held):
            raise errors.Conflict(problem)
    layer.save()
    return layer


def _ranges(stored: list[list[int]]) -> tuple[Range, ...]:
    return tuple((start, end) for start, end in stored)


def _gaps(taken: list[Range]) -> tuple[Range, ...]:
    starts = [0, *(end for _, end in taken)]
    ends = [*(start for start, _ in taken), BUCKETS]
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if start < end)
