"""Experiments through the services, exposures and feedback straight into their tables."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from experiments.definitions import Visitor
from experiments.models import Experiment, Exposure
from experiments.services import Plan, VariantPlan, experiment_create, experiment_start
from experiments.serving import Assignment, Treatment, assign, exposures_record
from feedback.models import Feedback, Prediction

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLAN = Plan(minimum_effect=0.1, users=2000, days=14, expected_rate=0.2)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
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


def serve(
    user_id: str,
    at: datetime,
    events: Sequence[str] = (),
    latency_ms: float = 5.0,
    fallback_reason: str = "",
) -> Prediction:
    """A list that was served, straight into the log."""
    return Prediction.objects.create(
        recommendation_id=uuid.uuid4(),
        user_id=user_id,
        served_at=at,
        algorithm="hybrid",
        fallback_reason=fallback_reason,
        latency_ms=latency_ms,
        items=[[event, 0.5] for event in events],
    )


def expose_many(
    experiment: Experiment,
    variant: str,
    users: int,
    converted: int,
    at: datetime = NOON,
    action: str = "save",
) -> list[str]:
    """`users` new people, of whom the first `converted` did `action` an hour later; their ids."""
    chosen = experiment.variants.get(key=variant)
    names = [f"{variant}-{at.isoformat()}-{number}" for number in range(users)]
    Exposure.objects.bulk_create(
        Exposure(
            experiment=experiment,
            variant=chosen,
            user_id=name,
            first_at=at,
            window_ends_at=at + timedelta(hours=experiment.attribution_hours),
            phase=experiment.phases.filter(started_at__lte=at).count() or 1,
        )
        for name in names
    )
    act_many(names[:converted], action, at + HOUR)
    return names


def act_many(people: Sequence[str], action: str, at: datetime) -> None:
    Feedback.objects.bulk_create(
        Feedback(user_id=name, event_id="gig", action=action, occurred_at=at) for name in people
    )
