"""The bodies that leave: experiments. Those of their results are in `result_schemas.py`."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from common.shapes import Shape
from experiments.metrics import METRICS
from experiments.models import Experiment, Variant


class VariantOut(Shape):
    variant_id: str
    name: str
    description: str
    algorithm: str
    parameters: dict[str, Any] = Field(
        description="How its lists are made, where that differs from the defaults."
    )
    weight: float = Field(description="Share of the experiment's people, 0 to 1.")
    traffic_percentage: float = Field(description="Share of all people, 0 to 100.")

    @classmethod
    def of(cls, variant: Variant, traffic_percentage: float) -> Self:
        return cls(
            variant_id=variant.key,
            name=variant.name,
            description=variant.description,
            algorithm=variant.algorithm,
            parameters=variant.parameters,
            weight=variant.weight,
            traffic_percentage=round(variant.weight * traffic_percentage, 6),
        )


class ExperimentOut(Shape):
    experiment_id: str
    id: str = Field(description="Same as experiment_id.")
    name: str
    description: str
    status: Literal["draft", "active", "paused", "completed"]
    variants: list[VariantOut]
    created_at: datetime
    start_date: datetime | None
    end_date: datetime | None
    metrics_tracked: list[str] = Field(description="The metric that decides comes first.")

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        others = [metric.key for metric in METRICS if metric.key != experiment.primary_metric]
        return cls.model_validate(
            {
                "experiment_id": experiment.key,
                "id": experiment.key,
                "name": experiment.name,
                "description": experiment.description,
                "status": experiment.status,
                "variants": [
                    VariantOut.of(variant, experiment.traffic_percentage)
                    for variant in experiment.variants.all()
                ],
                "created_at": experiment.created_at,
                "start_date": experiment.started_at,
                "end_date": experiment.ended_at,
                "metrics_tracked": [experiment.primary_metric, *others],
            }
        )


class ExperimentsOut(Shape):
    experiments: list[ExperimentOut]
    count: int
