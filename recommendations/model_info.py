"""What `GET /v1/model/info` tells of the champion and of the last day's serving."""

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from feedback.models import Prediction
from modelregistry.models import ModelVersion
from recommendations.schemas import DriftOut, ModelInfoOut

DAY = timedelta(hours=24)
NEWEST_LISTS = 10_000  # whose latencies are looked at: a bounded read however busy the day was


def model_info(*, now: datetime) -> ModelInfoOut:
    version = ModelVersion.objects.champion()
    served = Prediction.objects.filter(served_at__gt=now - DAY, served_at__lte=now)
    newest = served.order_by("-served_at").values_list("latency_ms", flat=True)[:NEWEST_LISTS]
    latencies = np.sort(np.fromiter(newest.iterator(), np.float64))
    mean = round(float(latencies.mean()), 3) if len(latencies) else None
    return ModelInfoOut(
        model_version=version.name if version else None,
        last_trained=version.created_at if version else None,
        deployed_at=version.deployed_at if version else None,
        training_samples=version.training_samples if version else 0,
        validation_metrics=version.metrics.get("validation_metrics", {}) if version else {},
        algorithms=version.algorithms if version else [],
        prediction_count=served.count(),
        avg_latency_ms=mean,
        avg_latency=mean,
        p50_latency_ms=percentile(latencies, 50),
        p95_latency_ms=percentile(latencies, 95),
        p99_latency_ms=percentile(latencies, 99),
        drift=DriftOut(state="not_measured", worst_signal=None),
    )


def percentile(ascending: npt.NDArray[np.float64], q: int) -> float | None:
    """The nearest-rank percentile: the smallest value with at least q % of all at or below it."""
    if len(ascending) == 0:
        return None
    rank = max(0, -(-len(ascending) * q // 100) - 1)
    return round(float(ascending[rank]), 3)
