"""Experiments through the services, exposures and feedback straight into their tables."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from experiments.definitions import Visitor
from experiments.models import Experiment, Exposure
from experiments.services import Plan, VariantPlan, experiment_create, experiment_start
from experiments.serving import Assignment, Treatment, assign, exposures_record
from feedback.models import Feedback

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLAN = Plan(minimum_effect=0.1, users=2000, days=14, expected_rate=0.2)
HALVES: Mapping[str, float] = {"control": 0.5, "treatment": 0.5}


def draft(
    key: str = "rec_v1", weights: Mapping[str, float] = HALVES, traffic_percentage: float = 100.0
) -> Experiment:
    plans = [
        VariantPlan(
            key=name,
            name=name.capitalize(),
            algorithm="popularity" if number == 0 else "hybrid",
            weight=weight,
            is_control=number == 0,
        )
        for number, (name, weight) in enumerate(weights.items())
    ]
    return experiment_create(
        key=key,
        name=f"Experiment {key}",
        variants=plans,
        actor="staff:ann",
        now=NOON,
        hypothesis="What a person liked before tells what they will like.",
        plan=PLAN,
        traffic_percentage=traffic_percentage,
    )


def started(
    key: str = "rec_v1",
    weights: Mapping[str, float] = HALVES,
    now: datetime = NOON,
    traffic_percentage: float = 100.0,
) -> Experiment:
    experiment = draft(key, weights, traffic_percentage)
    return experiment_start(experiment=experiment, actor="staff:ann", reason="Ready", now=now)


def expose(experiment: Experiment, variant: str, user_id: str, at: datetime = NOON) -> Exposure:
    chosen = experiment.variants.get(key=variant)
    return Exposure.objects.create(
        experiment=experiment,
        variant=chosen,
        user_id=user_id,
        first_at=at,
        window_ends_at=at + timedelta(hours=experiment.attribution_hours),
        phase=experiment.phases.filter(started_at__lte=at).count() or 1,
    )


def treatment_of(user_id: str) -> Treatment:
    return assign(visitor=Visitor(user_id))


def assignment_of(user_id: str) -> Assignment | None:
    return treatment_of(user_id).leading


def exposed(user_id: str, at: datetime = NOON) -> int:
    """Serve this person; how many experiments they came into by it."""
    return exposures_record(treatment=treatment_of(user_id), visitor=Visitor(user_id), now=at)


def act(user_id: str, action: str, at: datetime, event_id: str = "gig") -> Feedback:
    return Feedback.objects.create(user_id=user_id, event_id=event_id, action=action, occurred_at=at)
