"""Which variant a person gets, on the path of every recommendation.

The price of experiments here: no query when nothing runs, one indexed read when something does, one
insert at a person's first exposure. Definitions are kept per process for REFRESH_SECONDS at most.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from experiments.models import Experiment, ExperimentStatus, Exposure
from experiments.statistics.assignment import BucketTable, Purpose, bucket, takes_part


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to serve one person. Call `exposure_record` once the list was served, and never before."""

    experiment_key: str
    variant_key: str
    algorithm: str
    parameters: Mapping[str, Any]  # as checked by `variant_parameters`
    already_exposed: bool
    experiment_id: int
    variant_id: int


@dataclass(frozen=True, slots=True)
class VariantDefinition:
    id: int
    key: str
    algorithm: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExperimentDefinition:
    id: int
    key: str
    salt: str
    traffic_percentage: float
    is_paused: bool
    variants: Mapping[str, VariantDefinition]
    control: VariantDefinition
    table: BucketTable

    def variant_of_id(self, variant_id: int) -> VariantDefinition:
        return next(one for one in self.variants.values() if one.id == variant_id)

    def variant_of_person(self, user_id: str) -> VariantDefinition | None:
        if not takes_part(self.salt, user_id, self.traffic_percentage):
            return None
        key = self.table.variant_of(bucket(self.salt, Purpose.VARIANT, user_id))
        return None if key is None else self.variants[key]


def assign(*, user_id: str, now: datetime) -> Assignment | None:
    """The variant this person is served now, or None when they take part in no experiment.

    A person once exposed keeps their variant whatever the weights become. While an experiment is paused,
    people exposed before are served control and nobody else takes part.
    """
    for definition in running_definitions():
        assignment = _assign_in(definition, user_id)
        if assignment is not None:
            return assignment
    return None


def exposure_record(*, assignment: Assignment, user_id: str, now: datetime) -> bool:
    """Record that `assignment` was served. True when this was the person's first exposure.

    Two processes may serve one person's first list at once: the unique constraint lets the first win.
    """
    if assignment.already_exposed:
        return False
    exposure = Exposure(
        experiment_id=assignment.experiment_id,
        variant_id=assignment.variant_id,
        user_id=user_id,
        first_at=now,
    )
    try:
        with transaction.atomic():
            exposure.save(force_insert=True)
    except IntegrityError:
        if not _exposed_variant(assignment.experiment_id, user_id):
            raise
        return False
    return True


def _assign_in(definition: ExperimentDefinition, user_id: str) -> Assignment | None:
    hashed = definition.variant_of_person(user_id)
    if hashed is None:
        return None
    exposed_id = _exposed_variant(definition.id, user_id)
    if definition.is_paused:
        variant = definition.control if exposed_id else None
    else:
        variant = definition.variant_of_id(exposed_id) if exposed_id else hashed
    if variant is None:
        return None
    return Assignment(
        experiment_key=definition.key,
        variant_key=variant.key,
        algorithm=variant.algorithm,
        parameters=variant.parameters,
        already_exposed=exposed_id is not None,
        experiment_id=definition.id,
        variant_id=variant.id,
    )


def _exposed_variant(experiment_id: int, user_id: str) -> int | None:
    rows = Exposure.objects.filter(experiment_id=experiment_id, user_id=user_id).order_by()
    return next(iter(rows.values_list("variant_id", flat=True)[:1]), None)


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
    """The active and paused experiments, at most REFRESH_SECONDS old."""
    return _definitions.current()


def definitions_forget() -> None:
    """Read the definitions again at the next call in this process."""
    _definitions.forget()


def _read_definitions() -> tuple[ExperimentDefinition, ...]:
    running = Experiment.objects.filter(status__in=[ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED])
    return tuple(
        _definition(experiment) for experiment in running.order_by("id").prefetch_related("variants")
    )


def _definition(experiment: Experiment) -> ExperimentDefinition:
    rows = list(experiment.variants.all())
    variants = {row.key: VariantDefinition(row.pk, row.key, row.algorithm, row.parameters) for row in rows}
    return ExperimentDefinition(
        id=experiment.pk,
        key=experiment.key,
        salt=experiment.salt,
        traffic_percentage=experiment.traffic_percentage,
        is_paused=experiment.status == ExperimentStatus.PAUSED,
        variants=variants,
        control=next(variants[row.key] for row in rows if row.is_control),
        table=BucketTable.of({row.key: [(start, end) for start, end in row.buckets] for row in rows}),
    )
