"""The running experiments as serving needs them: frozen, kept per process for REFRESH_SECONDS."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from experiments.models import Audience, Experiment, ExperimentKind, ExperimentStatus, Phase, Variant
from experiments.statistics.assignment import BUCKETS, BucketTable, Purpose, bucket, takes_part


@dataclass(frozen=True, slots=True)
class Visitor:
    """What an experiment may ask of a request: whom it is for and where it comes from."""

    user_id: str
    city: str = ""
    surface: str = ""
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class VariantDefinition:
    """`algorithm` is empty where the ordinary one is used; `model_version_id` is None for the champion."""

    id: int
    key: str
    algorithm: str
    parameters: Mapping[str, Any]
    model_version_id: int | None
    weight: float


@dataclass(frozen=True, slots=True)
class ExperimentDefinition:
    id: int
    key: str
    kind: ExperimentKind
    salt: str
    layer_salt: str
    layer_table: BucketTable  # the experiment's own part of the layer
    traffic_percentage: float
    cities: frozenset[str]
    surfaces: frozenset[str]
    audience: Audience
    attribution_hours: int
    is_paused: bool
    phase: int
    variants: Mapping[str, VariantDefinition]
    control: VariantDefinition
    table: BucketTable

    def owns(self, user_id: str) -> bool:
        """Whether the person belongs to this experiment and no other of its layer."""
        return self.layer_table.variant_of(bucket(self.layer_salt, Purpose.LAYER, user_id)) is not None

    def is_for_request(self, visitor: Visitor) -> bool:
        """Whether requests like this one are part of it, for people exposed before as well."""
        if self.surfaces and visitor.surface not in self.surfaces:
            return False
        return not self.cities or visitor.city.casefold() in self.cities

    def is_open_to(self, visitor: Visitor) -> bool:
        """Whether somebody never exposed may come in now."""
        if self.audience != Audience.EVERYONE and visitor.is_new != (self.audience == Audience.NEWCOMERS):
            return False
        return takes_part(self.salt, visitor.user_id, self.traffic_percentage)

    def variant_of_id(self, variant_id: int) -> VariantDefinition:
        return next(one for one in self.variants.values() if one.id == variant_id)

    def variant_by_hash(self, user_id: str) -> VariantDefinition | None:
        key = self.table.variant_of(bucket(self.salt, Purpose.VARIANT, user_id))
        return None if key is None else self.variants[key]


class _Definitions:
    """This process's copy of the running experiments. One thread refreshes it, the others read on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[ExperimentDefinition, ...] | None = None
        self._read_at = 0.0

    def current(self) -> tuple[ExperimentDefinition, ...]:
        held = self._held
        if held is not None and time.monotonic() - self._read_at < settings.REFRESH_SECONDS:
            return held
        if not self._lock.acquire(blocking=held is None):
            return held or ()
        try:
            started = time.monotonic()
            self._held = _read_definitions()
            self._read_at = started
            return self._held
        finally:
            self._lock.release()

    def forget(self) -> None:
        self._held = None


_definitions = _Definitions()


def running_definitions() -> tuple[ExperimentDefinition, ...]:
    """The active and paused experiments by layer, at most REFRESH_SECONDS old."""
    return _definitions.current()


def definitions_forget() -> None:
    """Read the definitions again at the next call in this process."""
    _definitions.forget()


def _read_definitions() -> tuple[ExperimentDefinition, ...]:
    running = Experiment.objects.filter(status__in=[ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED])
    rows = running.order_by("layer_id", "id").select_related("layer").prefetch_related("variants", "phases")
    return tuple(_definition(experiment) for experiment in rows)


def _definition(experiment: Experiment) -> ExperimentDefinition:
    rows = list(experiment.variants.all())
    phases: list[Phase] = list(experiment.phases.all())
    variants = {row.key: _variant(row) for row in rows}
    return ExperimentDefinition(
        id=experiment.pk,
        key=experiment.key,
        kind=ExperimentKind(experiment.kind),
        salt=experiment.salt,
        layer_salt=experiment.layer.salt,
        layer_table=BucketTable.of({experiment.key: [(a, b) for a, b in experiment.layer_buckets]}),
        traffic_percentage=experiment.traffic_percentage,
        cities=frozenset(city.casefold() for city in experiment.cities),
        surfaces=frozenset(experiment.surfaces),
        audience=Audience(experiment.audience),
        attribution_hours=experiment.attribution_hours,
        is_paused=experiment.status == ExperimentStatus.PAUSED,
        phase=phases[-1].number if phases else 1,
        variants=variants,
        control=next(variants[row.key] for row in rows if row.is_control),
        table=BucketTable.of({row.key: [(start, end) for start, end in row.buckets] for row in rows}),
    )


def _variant(row: Variant) -> VariantDefinition:
    held = sum(end - start for start, end in row.buckets)
    return VariantDefinition(
        id=row.pk,
        key=row.key,
        algorithm=row.algorithm,
        parameters=row.parameters,
        model_version_id=row.model_version_id,
        weight=held / BUCKETS,
    )
