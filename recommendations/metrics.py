"""What Prometheus sees of serving. No user or event ids: bounded cardinality."""

from prometheus_client import Counter, Histogram

from recommendations.schemas import RecommendationsOut

LATENCY_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_lists = Counter(
    "craic_recommendation_lists",
    "Lists served, by variant, algorithm, model version and why a fallback was served (empty: none).",
    ["variant", "algorithm", "model_version", "fallback"],
)
_seconds = Histogram(
    "craic_recommendation_seconds", "Time to make one list, in seconds.", buckets=LATENCY_BUCKETS
)
_sizes = Histogram("craic_recommendation_list_size", "Events in a list.", buckets=(0, 1, 5, 10, 20, 50, 100))


def observe_list(answer: RecommendationsOut, algorithm: str, fallback_reason: str) -> None:
    _lists.labels(answer.variant or "", algorithm, answer.model_version or "", fallback_reason).inc()
    _seconds.observe(answer.latency_ms / 1000)
    _sizes.observe(len(answer.recommendations))
