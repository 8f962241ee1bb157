"""What the review page shows of one kind only: a preference, a bandit's deals, an A/A test's checks."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments import words
from experiments.charts import COLOURS, Chart, allocation_chart
from experiments.metrics import Metric
from experiments.reports import (
    BanditArm,
    BanditResult,
    ExperimentReport,
    PreferenceEstimate,
    PreferenceResult,
    VariantResult,
)


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    """`share` of those with a preference who prefer the treatment; half of them is no preference."""

    people: str
    control: str
    treatment: str
    ties: str
    share: str
    interval: str
    p_value: str
    reason: str


@dataclass(frozen=True, slots=True)
class PreferenceBlock:
    control: str
    treatment: str
    rows: tuple[PreferenceRow, ...]


@dataclass(frozen=True, slots=True)
class ArmRow:
    colour: str
    name: str
    is_control: bool
    weight: str
    people: str
    conversions: str
    chance: str
    loss: str
    stratified: str
    off_policy: str
    note: str


@dataclass(frozen=True, slots=True)
class BanditBlock:
    floor: str
    arms: tuple[ArmRow, ...]
    chart: Chart | None


def preference_block(report: ExperimentReport) -> PreferenceBlock | None:
    found = report.preference
    if found is None:
        return None
    names = {one.key: one.name for one in report.variants}
    return PreferenceBlock(names[found.control], names[found.treatment], _preference_rows(found))


def bandit_block(report: ExperimentReport) -> BanditBlock | None:
    found = report.bandit
    if found is None:
        return None
    variants = {one.key: (index, one) for index, one in enumerate(report.variants)}
    return BanditBlock(
        floor=f"{found.floor:.0%}",
        arms=tuple(_arm(report.metric, *variants[arm.variant], arm) for arm in found.arms),
        chart=_allocation(found, variants),
    )


def _preference_rows(found: PreferenceResult) -> tuple[PreferenceRow, ...]:
    return (
        _preference_row(f"Everybody ({found.participants:,})", found.everyone),
        _preference_row(f"Matured, which decide ({found.matured_participants:,})", found.matured),
    )


def _preference_row(people: str, one: PreferenceEstimate) -> PreferenceRow:
    return PreferenceRow(
        people=people,
        control=f"{one.control:,}",
        treatment=f"{one.treatment:,}",
        ties=f"{one.ties:,}",
        share=words.percent(one.share),
        interval=f"{one.interval.lower:.1%} to {words.percent(one.interval.upper)}" if one.interval else "",
        p_value=words.p_value(one.p_value),
        reason=one.reason,
    )


def _allocation(found: BanditResult, variants: Mapping[str, tuple[int, VariantResult]]) -> Chart | None:
    deals = [(phase.started_at.date(), phase.weights) for phase in found.phases]
    return allocation_chart(deals, list(variants))


def _arm(metric: Metric, index: int, variant: VariantResult, arm: BanditArm) -> ArmRow:
    return ArmRow(
        colour=COLOURS[index % len(COLOURS)],
        name=variant.name,
        is_control=variant.is_control,
        weight=f"{arm.weight:.1%}",
        people=f"{arm.users:,}",
        conversions=f"{arm.conversions:,}",
        chance=words.chance(arm.chance_to_be_best),
        loss=words.difference_of_metric(metric, arm.expected_loss),
        stratified=words.value_of_metric(metric, arm.stratified_rate),
        off_policy=_off_policy(metric, arm),
        note=_note(arm),
    )


def _off_policy(metric: Metric, arm: BanditArm) -> str:
    found = arm.off_policy
    if found is None:
        return words.NOTHING
    interval = words.interval_of_metric(metric, found.interval)
    return f"{words.value_of_metric(metric, found.value)}{f' ({interval})' if interval else ''}"


def _note(arm: BanditArm) -> str:
    if arm.off_policy is None:
        return ""
    return f"effective sample {arm.off_policy.effective_sample_size:,.0f}. {arm.off_policy.warning}".strip()
