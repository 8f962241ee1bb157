"""The bodies that leave: experiments and their results.

Several numbers have two names: clients of the platform read one or the other.
"""

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import Field

from common.shapes import Shape
from experiments.metrics import METRICS
from experiments.models import Experiment, Variant
from experiments.reports import CONFIDENCE, Comparison, ExperimentReport, HistoryDay, VariantResult
from experiments.statistics.values import Interval, SampleRatio
from experiments.verdicts import Verdict

Bounds = tuple[float, float | None]


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


class VersusControlOut(Shape):
    p_value: float | None
    is_significant: bool = Field(description="Whether the adjusted p-value is below 1 - confidence_level.")
    confidence_level: float


class SignificanceOut(Shape):
    vs_control: VersusControlOut


class VariantResultOut(Shape):
    variant_id: str
    variant: str = Field(description="Same as variant_id.")
    name: str
    variant_name: str = Field(description="Same as name.")
    algorithm: str
    is_control: bool
    participants: int
    user_count: int = Field(description="Same as participants.")
    users: int = Field(description="Same as participants.")
    matured_users: int = Field(description="Participants whose whole attribution window has passed.")
    conversions: int = Field(description="Participants who converted; each counts once.")
    conversion_rate: float | None = Field(description="Of the metric that decides; null before anybody came.")
    interval: Bounds | None = Field(description="Wilson's 95 % interval of conversion_rate.")
    metrics: dict[str, float | None] = Field(
        description="Per metric, the share of participants who did it at least once after their exposure."
    )


class TreatmentResultOut(VariantResultOut):
    p_value: float | None = Field(description="Two-sided score test against control.")
    adjusted_p_value: float | None = Field(description="Holm's, over all treatments.")
    absolute_difference_interval: Bounds | None
    relative_lift: float | None
    relative_lift_interval: Bounds | None = Field(
        description="The upper bound is null where nothing bounds it."
    )
    chance_to_beat_control: float | None = Field(description="From flat priors. Not a stopping rule.")
    missing_because: list[str] = Field(description="Why numbers are null.")
    statistical_significance: SignificanceOut


class SampleRatioOut(Shape):
    p_value: float | None
    state: Literal["ok", "warn", "fail"]
    reason: str

    @classmethod
    def of(cls, ratio: SampleRatio) -> Self:
        return cls.model_validate({"p_value": ratio.p_value, "state": ratio.state, "reason": ratio.reason})


class VerdictOut(Shape):
    state: Literal["invalid", "roll_back", "ship", "keep_running", "no_effect_found"]
    rule: str
    explanation: str

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        return cls.model_validate(
            {"state": verdict.state, "rule": verdict.rule, "explanation": verdict.explanation}
        )


class HistoryPointOut(Shape):
    variant_id: str
    users: int
    conversions: int
    conversion_rate: float | None
    interval: Bounds | None


class HistoryDayOut(Shape):
    date: date
    variants: list[HistoryPointOut]

    @classmethod
    def of(cls, day: HistoryDay) -> Self:
        points = [
            HistoryPointOut(
                variant_id=point.variant,
                users=point.users,
                conversions=point.conversions,
                conversion_rate=point.rate,
                interval=_bounds(point.interval),
            )
            for point in day.variants
        ]
        return cls(date=day.day, variants=points)


class ResultsOut(Shape):
    experiment_id: str
    name: str
    status: Literal["draft", "active", "paused", "completed"]
    start_date: datetime | None
    end_date: datetime | None
    as_of: datetime
    participants: int
    total_users: int = Field(description="Same as participants.")
    earlier_participants: int = Field(description="Exposed before the present weights; not compared.")
    primary_metric: str
    variants: list[TreatmentResultOut | VariantResultOut]
    sample_ratio: SampleRatioOut
    verdict: VerdictOut
    history: list[HistoryDayOut] = Field(description="Cumulative, one point per UTC day.")

    @classmethod
    def of(cls, report: ExperimentReport) -> Self:
        return cls.model_validate(
            {
                "experiment_id": report.key,
                "name": report.name,
                "status": report.status,
                "start_date": report.started_at,
                "end_date": report.ended_at,
                "as_of": report.as_of,
                "participants": report.participants,
                "total_users": report.participants,
                "earlier_participants": report.earlier_participants,
                "primary_metric": report.metric.key,
                "variants": [variant_result_out(variant) for variant in report.variants],
                "sample_ratio": SampleRatioOut.of(report.sample_ratio),
                "verdict": VerdictOut.of(report.verdict),
                "history": [HistoryDayOut.of(day) for day in report.history],
            }
        )


def variant_result_out(variant: VariantResult) -> VariantResultOut:
    common = {
        "variant_id": variant.key,
        "variant": variant.key,
        "name": variant.name,
        "variant_name": variant.name,
        "algorithm": variant.algorithm,
        "is_control": variant.is_control,
        "participants": variant.users,
        "user_count": variant.users,
        "users": variant.users,
        "matured_users": variant.matured,
        "conversions": variant.conversions,
        "conversion_rate": variant.rate,
        "interval": _bounds(variant.interval),
        "metrics": variant.metrics,
    }
    if variant.comparison is None:
        return VariantResultOut.model_validate(common)
    return TreatmentResultOut.model_validate(common | _comparison_fields(variant.comparison))


def _comparison_fields(comparison: Comparison) -> dict[str, object]:
    versus_control = VersusControlOut(
        p_value=comparison.p_value,
        is_significant=comparison.is_significant,
        confidence_level=CONFIDENCE,
    )
    return {
        "p_value": comparison.p_value,
        "adjusted_p_value": comparison.adjusted_p_value,
        "absolute_difference_interval": _bounds(comparison.difference_interval),
        "relative_lift": comparison.relative_lift,
        "relative_lift_interval": _bounds(comparison.relative_lift_interval),
        "chance_to_beat_control": comparison.chance_to_beat_control,
        "missing_because": list(comparison.reasons),
        "statistical_significance": SignificanceOut(vs_control=versus_control),
    }


def _bounds(interval: Interval | None) -> Bounds | None:
    return None if interval is None else (interval.lower, interval.upper)
