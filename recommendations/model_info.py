"""What `GET /v1/model/info` tells of the champion and of the last day's serving."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, QuerySet

from modelregistry.models import ModelVersion
from recommendations.models import Prediction
from recommendations.schemas import DriftOut, ModelInfoOut

DAY = timedelta(hours=24)


def model_info(*, now: datetime) -> ModelInfoOut:
    version = ModelVersion.objects.champion()
    served = Prediction.objects.filter(served_at__gt=now - DAY, served_at__lte=now)
    totals = served.aggregate(lists=Count("pk"), mean=Avg("latency_ms"))
    mean = None if totals["mean"] is None else round(totals["mean"], 3)
    return ModelInfoOut(
        model_version=version.name if version else None,
        last_trained=version.created_at if version else None,
        deployed_at=version.deployed_at if version else None,
        training_samples=version.training_samples if version else 0,
        validation_metrics=version.metrics.get("validation_metrics", {}) if version else {},
        algorithms=version.algorithms if version else [],
        prediction_count=totals["lists"],
        avg_latency_ms=mean,
        avg_latency=mean,
        **{f"p{q}_latency_ms": _percentile(served, totals["lists"], q) for q in (50, 95, 99)},
        drift=DriftOut(state="not_measured", worst_signal=None),
    )


def _percentile(served: QuerySet[Prediction], count: int, q: int) -> Any:
    """The nearest-rank percentile: the smallest value with at least q % of all at or below it."""
    if count == 0:
        return None
    rank = max(0, -(-count * q // 100) - 1)
    value = served.order_by("latency_ms").values_list("latency_ms", flat=True)[rank : rank + 1].first()
    return None if value is None else round(value, 3)
