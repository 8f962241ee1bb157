"""Experiments through the services, exposures and feedback straight into their tables."""

from collections.abc import Mapping
from datetime import UTC, datetime

from experiments.models import Experiment, Exposure
from experiments.services import VariantPlan, experiment_create, experiment_start
from feedback.models import Feedback

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
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
    return Exposure.objects.create(experiment=experiment, variant=chosen, user_id=user_id, first_at=at)


def act(user_id: str, action: str, at: datetime, event_id: str = "gig") -> Feedback:
    return Feedback.objects.create(user_id=user_id, event_id=event_id, action=action, occurred_at=at)
