"""Which variants a person gets, on the path of every recommendation.

The price of experiments here: no query when nothing runs, one indexed read when something does, one
insert at a person's first exposure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from experiments.definitions import ExperimentDefinition, VariantDefinition, Visitor, running_definitions
from experiments.exposures import exposures_insert, variants_exposed
from experiments.models import ExperimentKind, Exposure

INTERLEAVED = "interleaved"  # the variant's name in answers and logs where a list is drafted from two


@dataclass(frozen=True, slots=True)
class Ranker:
    """One way to make a list. Empty or None: the ordinary algorithm, the champion."""

    variant_key: str
    algorithm: str
    parameters: Mapping[str, Any]
    model_version_id: int | None

    @classmethod
    def of(cls, variant: VariantDefinition) -> "Ranker":
        return cls(variant.key, variant.algorithm, variant.parameters, variant.model_version_id)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One person in one experiment. `opponent` is given where the list is drafted from two rankers."""

    experiment_id: int
    experiment_key: str
    variant_id: int | None
    variant_key: str
    ranker: Ranker
    opponent: Ranker | None
    phase: int
    propensity: float
    window_hours: int
    already_exposed: bool

    @property
    def chooses(self) -> bool:
        """Whether it decides what ranks, and not only how a list is made."""
        return bool(self.ranker.algorithm or self.ranker.model_version_id or self.opponent)


@dataclass(frozen=True, slots=True)
class Treatment:
    """Everything experiments say about one list: at most one assignment a layer, by layer.

    Call `exposures_record` once the list was served, and never before.
    """

    assignments: tuple[Assignment, ...] = ()

    @property
    def leading(self) -> Assignment | None:
        """The one that answers and logs name: it chooses what ranks, or else comes first."""
        choosing = (one for one in self.assignments if one.chooses)
        return next(choosing, self.assignments[0] if self.assignments else None)

    @property
    def parameters(self) -> dict[str, Any]:
        """Of all layers together; a running experiment never sets what one of another layer sets."""
        return self.parameters_with(self.leading.ranker if self.leading else None)

    def parameters_with(self, ranker: Ranker | None) -> dict[str, Any]:
        """The same where `ranker`, one of the leading assignment's two, makes the list."""
        rankers = [one.ranker for one in self.assignments if one is not self.leading]
        rankers += [ranker] if ranker is not None else []
        return {name: value for one in rankers for name, value in one.parameters.items()}


def assign(*, visitor: Visitor) -> Treatment:
    """What this person is served now.

    A person once exposed keeps their variant whatever weights and traffic become. While an experiment is
    paused, people exposed before are served control and nobody else takes part.
    """
    mine = [one for one in running_definitions() if one.is_for_request(visitor) and one.owns(visitor.user_id)]
    if not mine:
        return Treatment()
    exposed = variants_exposed(visitor.user_id, [one.id for one in mine])
    assignments = (_assign_in(one, visitor, exposed) for one in mine)
    return Treatment(tuple(one for one in assignments if one is not None))


def exposures_record(*, treatment: Treatment, visitor: Visitor, now: datetime) -> int:
    """Record that the list was served. How many of its experiments the person came into by this."""
    return exposures_insert(
        [_exposure(one, visitor, now) for one in treatment.assignments if not one.already_exposed]
    )


def _assign_in(
    definition: ExperimentDefinition, visitor: Visitor, exposed: Mapping[int, int | None]
) -> Assignment | None:
    was_exposed = definition.id in exposed
    if not was_exposed and (definition.is_paused or not definition.is_open_to(visitor)):
        return None
    if definition.is_paused:
        return _assignment(definition, definition.control, was_exposed)
    if definition.kind is ExperimentKind.INTERLEAVING:
        return _drafted(definition, was_exposed)
    stored = exposed.get(definition.id)
    if stored is not None:
        return _assignment(definition, definition.variant_of_id(stored), was_exposed)
    hashed = definition.variant_by_hash(visitor.user_id)
    return None if hashed is None else _assignment(definition, hashed, was_exposed)


def _assignment(
    definition: ExperimentDefinition, variant: VariantDefinition, already_exposed: bool
) -> Assignment:
    return Assignment(
        experiment_id=definition.id,
        experiment_key=definition.key,
        variant_id=variant.id,
        variant_key=variant.key,
        ranker=Ranker.of(variant),
        opponent=None,
        phase=definition.phase,
        propensity=variant.weight,
        window_hours=definition.attribution_hours,
        already_exposed=already_exposed,
    )


def _drafted(definition: ExperimentDefinition, already_exposed: bool) -> Assignment:
    """Both variants at once: the control and the treatment draft the list in turn."""
    other = next(one for one in definition.variants.values() if one.id != definition.control.id)
    return Assignment(
        experiment_id=definition.id,
        experiment_key=definition.key,
        variant_id=None,
        variant_key=INTERLEAVED,
        ranker=Ranker.of(definition.control),
        opponent=Ranker.of(other),
        phase=definition.phase,
        propensity=1.0,
        window_hours=definition.attribution_hours,
        already_exposed=already_exposed,
    )


def _exposure(assignment: Assignment, visitor: Visitor, now: datetime) -> Exposure:
    return Exposure(
        experiment_id=assignment.experiment_id,
        variant_id=assignment.variant_id,
        user_id=visitor.user_id,
        first_at=now,
        window_ends_at=now + timedelta(hours=assignment.window_hours),
        phase=assignment.phase,
        propensity=assignment.propensity,
        city=visitor.city[:100],
        is_new=visitor.is_new,
        surface=visitor.surface[:50],
    )
