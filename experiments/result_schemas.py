"""The bodies that leave: the results of an experiment.

Several numbers have two names: clients of the platform read one or the other.
"""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field

from common.shapes import Shape
from experiments.reports import (
    CONFIDENCE,
    BanditResult,
    Comparison,
    ExperimentReport,
    GuardrailCheck,
    HistoryDay,
    HistoryPoint,
    PipelineCheck,
    PreferenceResult,
    Progress,
    SequentialTest,
    SinceLastLook,
    VariantResult,
)
from experiments.statistics.values import Interval
from experiments.verdicts import Verdict

Bounds = tuple[float, float | None]


class VersusControlOut(Shape):
    p_value: float | None
    is_significant: bool = Field(
        description="Whether the sequential test crossed its boundary at a daily look. The p-value beside it "
        "holds for one look at a time chosen beforehand and must not be used to stop."
    )
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
    matured_conversions: int = Field(description="Of matured_users, those who converted.")
    metrics: dict[str, float | None] = Field(
        description="By metric, over everybody exposed; null where there is nothing to measure."
    )
    chance_to_be_best: float | None = Field(description="From flat priors. Not a stopping rule.")
    expected_loss: float | None = Field(
        description="By how much in rate the best variant is expected to be better, if this one is chosen."
    )


class TreatmentResultOut(VariantResultOut):
    p_value: float | None = Field(description="Two-sided score test against control.")
    adjusted_p_value: float | None = Field(description="Holm's, over all treatments.")
    exact_p_value: float | None = Field(description="Boschloo's, or Fisher's; where the sample is small.")
    is_small: bool = Field(description="Fewer than 5 people expected in one cell.")
    absolute_difference: float | None
    absolute_difference_interval: Bounds | None
    relative_lift: float | None
    relative_lift_interval: Bounds | None = Field(
        description="The upper bound is null where nothing bounds it."
    )
    chance_to_beat_control: float | None = Field(description="From flat priors. Not a stopping rule.")
    missing_because: list[str] = Field(description="Why numbers are null.")
    finding: Literal["better", "worse"] | None = Field(description="What the daily looks have found so far.")
    statistical_significance: SignificanceOut


class SampleRatioOut(Shape):
    p_value: float | None
    state: Literal["ok", "warn", "fail"]
    reason: str
    early_warning_p_value: float | None = Field(description="Always valid; it never fails an experiment.")
    early_warning: Literal["ok", "warn", "fail"]

    @classmethod
    def of(cls, report: ExperimentReport) -> Self:
        ratio, warning = report.sample_ratio, report.sample_ratio_warning
        return cls(
            p_value=ratio.p_value,
            state=ratio.state.value,
            reason=ratio.reason,
            early_warning_p_value=warning.p_value,
            early_warning=warning.state.value,
        )


class VerdictOut(Shape):
    state: Literal["invalid", "roll_back", "ship", "keep_running", "no_effect_found"]
    rule: str
    explanation: str

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        return cls(state=verdict.state.value, rule=verdict.rule, explanation=verdict.explanation)


class HistoryPointOut(Shape):
    variant_id: str
    users: int
    matured_users: int
    conversions: int
    conversion_rate: float | None
    interval: Bounds | None

    @classmethod
    def of(cls, point: HistoryPoint) -> Self:
        return cls(
            variant_id=point.variant,
            users=point.users,
            matured_users=point.matured,
            conversions=point.conversions,
            conversion_rate=point.rate,
            interval=_bounds(point.interval),
        )


class SequentialTestOut(Shape):
    variant_id: str
    method: Literal["group_sequential", "always_valid"]
    statistic: float | None = Field(description="z against control, among matured people.")
    critical_value: float | None = Field(
        description="|statistic| must reach it; null where nothing is decided."
    )
    p_value: float | None = Field(description="Always valid and Holm's; null where group-sequential.")
    interval: Bounds | None = Field(description="Of the absolute difference, dual to this look's test.")
    finding: Literal["better", "worse"] | None
    reason: str

    @classmethod
    def of(cls, test: SequentialTest) -> Self:
        return cls(
            variant_id=test.variant,
            method=test.method.value,
            statistic=test.statistic,
            critical_value=test.critical_value,
            p_value=test.p_value,
            interval=_bounds(test.interval),
            finding=test.finding.value if test.finding else None,
            reason=test.reason,
        )


class HistoryDayOut(Shape):
    date: date
    taken_at: datetime
    phase: int
    information: float | None = Field(description="Matured people over planned ones.")
    alpha_spent: float
    verdict: VerdictOut
    variants: list[HistoryPointOut]
    tests: list[SequentialTestOut]

    @classmethod
    def of(cls, day: HistoryDay) -> Self:
        return cls(
            date=day.day,
            taken_at=day.taken_at,
            phase=day.phase,
            information=day.information,
            alpha_spent=day.alpha_spent,
            verdict=VerdictOut.of(day.verdict),
            variants=[HistoryPointOut.of(point) for point in day.variants],
            tests=[SequentialTestOut.of(test) for test in day.tests],
        )


class GuardrailOut(Shape):
    metric: str
    variant_id: str
    state: Literal["harmed", "passed", "open", "unmeasured"]
    margin: float
    harm_p_value: float | None = Field(description="Always valid, Holm's over all guardrails and treatments.")
    within_margin_p_value: float | None = Field(description='One-sided, of "worse by the margin".')
    reason: str

    @classmethod
    def of(cls, check: GuardrailCheck) -> Self:
        return cls(
            metric=check.metric.key,
            variant_id=check.variant,
            state=check.state.value,
            margin=check.metric.margin,
            harm_p_value=check.harm_p_value,
            within_margin_p_value=check.within_margin_p_value,
            reason=check.reason,
        )


class ResultsOut(Shape):
    experiment_id: str
    name: str
    kind: Literal["ab", "interleaving", "bandit", "aa"]
    status: Literal["draft", "active", "paused", "completed"]
    start_date: datetime | None
    end_date: datetime | None
    as_of: datetime
    phase: int
    participants: int
    total_users: int = Field(description="Same as participants.")
    matured_users: int = Field(description="Participants whose whole attribution window has passed.")
    mixed_participants: int = Field(description="Served two variants; left out.")
    earlier_participants: int = Field(description="Exposed before the present weights; not compared.")
    primary_metric: str
    variants: list[TreatmentResultOut | VariantResultOut]
    sample_ratio: SampleRatioOut
    verdict: VerdictOut = Field(description="Of the last daily look, unless something protective came since.")
    since_last_look: SinceLastLook | None = Field(description="Not counted until the next look.")
    progress: Progress
    guardrails: list[GuardrailOut]
    history: list[HistoryDayOut] = Field(description="One point per daily look, oldest first.")
    preference: PreferenceResult | None = Field(
        description="Of an interleaving experiment: whom people prefer."
    )
    bandit: BanditResult | None = Field(description="Of a bandit: its deals and how its variants stand.")
    pipeline: list[PipelineCheck] = Field(description="Of an A/A test: what it proves of the pipeline.")

    @classmethod
    def of(cls, report: ExperimentReport) -> Self:
        return cls(
            experiment_id=report.key,
            name=report.name,
            kind=report.kind,
            status=report.status,
            start_date=report.started_at,
            end_date=report.ended_at,
            as_of=report.as_of,
            phase=report.phase,
            participants=report.participants,
            total_users=report.participants,
            matured_users=report.matured_participants,
            mixed_participants=report.mixed_participants,
            earlier_participants=report.earlier_participants,
            primary_metric=report.metric.key,
            variants=[variant_result_out(variant, report) for variant in report.variants],
            sample_ratio=SampleRatioOut.of(report),
            verdict=VerdictOut.of(report.verdict),
            since_last_look=report.since_last_look,
            progress=report.progress,
            guardrails=[GuardrailOut.of(check) for check in report.guardrails],
            history=[HistoryDayOut.of(day) for day in report.history],
            preference=report.preference,
            bandit=report.bandit,
            pipeline=list(report.pipeline),
        )


def variant_result_out(variant: VariantResult, report: ExperimentReport) -> VariantResultOut:
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
        "matured_conversions": variant.matured_conversions,
        "conversion_rate": variant.rate,
        "interval": _bounds(variant.interval),
        "metrics": {**variant.metrics, **_variety(variant.key, report)},
        "chance_to_be_best": variant.chance_to_be_best,
        "expected_loss": variant.expected_loss,
    }
    if variant.comparison is None:
        return VariantResultOut.model_validate(common)
    return TreatmentResultOut.model_validate(common | _comparison_fields(variant, variant.comparison))


def _variety(key: str, report: ExperimentReport) -> dict[str, float | None]:
    """Descriptive metrics of a bounded number of lists, under the names of the catalogue's others."""
    found = next((one for one in report.variety if one.variant == key), None)
    return {
        "coverage_events": found.distinct_events if found else None,
        "genre_diversity": found.genres_per_list if found else None,
    }


def _comparison_fields(variant: VariantResult, comparison: Comparison) -> dict[str, object]:
    versus_control = VersusControlOut(
        p_value=comparison.p_value,
        is_significant=variant.finding is not None,
        confidence_level=CONFIDENCE,
    )
    return {
        "p_value": comparison.p_value,
        "adjusted_p_value": comparison.adjusted_p_value,
        "exact_p_value": comparison.exact_p_value,
        "is_small": comparison.is_small,
        "absolute_difference": comparison.difference,
        "absolute_difference_interval": _bounds(comparison.difference_interval),
        "relative_lift": comparison.relative_lift,
        "relative_lift_interval": _bounds(comparison.relative_lift_interval),
        "chance_to_beat_control": comparison.chance_to_beat_control,
        "missing_because": list(comparison.reasons),
        "finding": variant.finding.value if variant.finding else None,
        "statistical_significance": SignificanceOut(vs_control=versus_control),
    }


def _bounds(interval: Interval | None) -> Bounds | None:
    return None if interval is None else (interval.lower, interval.upper)
