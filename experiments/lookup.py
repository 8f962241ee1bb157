"""One person in all experiments: which, where the hash puts them, what they were served, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.definitions import (
    ExperimentDefinition,
    Visitor,
    definitions_forget,
    running_definitions,
)
from experiments.layers import holder_of, layer_parts
from experiments.models import Audience, Experiment, ExperimentStatus, Exposure, Layer
from experiments.serving import Assignment, Treatment, assign
from experiments.statistics.assignment import BUCKETS, Purpose, bucket, takes_part


@dataclass(frozen=True, slots=True)
class LayerPlace:
    layer: Layer
    bucket: int
    holder: str


@dataclass(frozen=True, slots=True)
class ExperimentPlace:
    """Buckets are 0 to 999,999. `hashed`: the variant whose the bucket is, "–" where it is nobody's.
    `served`: what this request would be served now, "–" where the experiment says nothing."""

    experiment: Experiment
    traffic_bucket: int
    variant_bucket: int
    hashed: str
    exposure: Exposure | None
    served: str
    why: str


@dataclass(frozen=True, slots=True)
class PersonPlaces:
    visitor: Visitor
    layers: tuple[LayerPlace, ...]
    experiments: tuple[ExperimentPlace, ...]


def person_places(*, visitor: Visitor) -> PersonPlaces:
    """Every running experiment, and every other that this person was exposed to."""
    definitions_forget()  # what is shown here is what is stored now
    exposures = _exposures(visitor.user_id)
    running = {one.id: one for one in running_definitions()}
    treatment = assign(visitor=visitor)
    wanted = {*running, *exposures}
    found = Experiment.objects.filter(pk__in=wanted).select_related("layer").order_by("layer_id", "-pk")
    return PersonPlaces(
        visitor=visitor,
        layers=tuple(_layer_place(layer, visitor.user_id) for layer in Layer.objects.all()),
        experiments=tuple(
            _place(one, running.get(one.pk), visitor, exposures.get(one.pk), treatment) for one in found
        ),
    )


def _exposures(user_id: str) -> Mapping[int, Exposure]:
    rows = Exposure.objects.filter(user_id=user_id).select_related("variant").order_by()
    return {row.experiment_id: row for row in rows}


def _layer_place(layer: Layer, user_id: str) -> LayerPlace:
    number = bucket(layer.salt, Purpose.LAYER, user_id)
    return LayerPlace(layer, number, holder_of(layer_parts(layer), number).name)


def _place(
    experiment: Experiment,
    definition: ExperimentDefinition | None,
    visitor: Visitor,
    exposure: Exposure | None,
    treatment: Treatment,
) -> ExperimentPlace:
    assigned = next((one for one in treatment.assignments if one.experiment_id == experiment.pk), None)
    hashed = definition.variant_by_hash(visitor.user_id) if definition else None
    return ExperimentPlace(
        experiment=experiment,
        traffic_bucket=bucket(experiment.salt, Purpose.TRAFFIC, visitor.user_id),
        variant_bucket=bucket(experiment.salt, Purpose.VARIANT, visitor.user_id),
        hashed=hashed.key if hashed else "–",
        exposure=exposure,
        served=assigned.variant_key if assigned else "–",
        why=_why(experiment, definition, visitor, exposure, assigned),
    )


def _why(
    experiment: Experiment,
    definition: ExperimentDefinition | None,
    visitor: Visitor,
    exposure: Exposure | None,
    assigned: Assignment | None,
) -> str:
    if definition is None:
        status = ExperimentStatus(experiment.status).label.lower()
        return f"The experiment is {status}: everybody gets the ordinary list."
    if assigned is not None:
        return _why_served(definition, exposure, assigned)
    return _why_not(definition, visitor)


def _why_served(definition: ExperimentDefinition, exposure: Exposure | None, assigned: Assignment) -> str:
    if definition.is_paused:
        return "It is paused: whoever was exposed before gets control."
    if assigned.opponent is not None:
        return "Both variants draft the list in turn."
    if exposure is not None:
        return f"Served first on {exposure.first_at:%-d %b %Y}; a person keeps their variant."
    return "Not exposed yet; the hash of their id decides."


def _why_not(definition: ExperimentDefinition, visitor: Visitor) -> str:
    if not definition.owns(visitor.user_id):
        return "Their bucket of the layer belongs to another experiment, the holdout or nobody."
    if not definition.is_for_request(visitor):
        return f"It is only for {_targets(definition)}; choose one above to see what they would be served."
    if definition.is_paused:
        return "It is paused: nobody new comes in."
    if not takes_part(definition.salt, visitor.user_id, definition.traffic_percentage):
        return _outside_traffic(definition)
    if not definition.is_open_to(visitor):
        label = str(Audience(definition.audience).label)
        return f"It is only for {label[0].lower()}{label[1:]}."
    return "Their bucket belongs to no variant."


def _outside_traffic(definition: ExperimentDefinition) -> str:
    limit = round(definition.traffic_percentage * BUCKETS / 100)
    return (
        f"Outside the traffic: {definition.traffic_percentage:g} % takes the buckets below {limit:,}. "
        "They get the ordinary list."
    )


def _targets(definition: ExperimentDefinition) -> str:
    cities = f"the cities {', '.join(sorted(definition.cities))}" if definition.cities else ""
    surfaces = f"the surfaces {', '.join(sorted(definition.surfaces))}" if definition.surfaces else ""
    return " and ".join(filter(None, (cities, surfaces)))
