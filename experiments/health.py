"""The health strip of the review page: whether the numbers can be believed at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from experiments import words
from experiments.reports import ExperimentReport, GuardrailCheck, GuardrailState, SinceLastLook
from experiments.statistics.values import SampleRatio, SampleRatioState, SequentialSampleRatio
from experiments.verdicts import MOST_MIXED


class Health(StrEnum):
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    OPEN = "open"  # nothing to say yet


@dataclass(frozen=True, slots=True)
class HealthFact:
    label: str
    value: str
    note: str
    state: Health


_RATIOS = {
    SampleRatioState.OK: ("As planned", Health.GOOD),
    SampleRatioState.WARN: ("Suspicious", Health.WARN),
    SampleRatioState.FAIL: ("Mismatch", Health.BAD),
}
_GUARDRAILS = (
    (GuardrailState.HARMED, "Harmed", Health.BAD),
    (GuardrailState.OPEN, "Not shown yet", Health.OPEN),
    (GuardrailState.PASSED, "Within the margin", Health.GOOD),
    (GuardrailState.UNMEASURED, "Nothing to measure", Health.OPEN),
)


def health_facts(report: ExperimentReport) -> tuple[HealthFact, ...]:
    return (
        *_shares(report),
        *_guardrails(report),
        *_burn_in(report),
        _last_look(report),
        _since_last_look(report.since_last_look),
    )


def _shares(report: ExperimentReport) -> Iterator[HealthFact]:
    """Where lists are drafted everybody is served both variants; a bandit's shares change every day."""
    if report.preference is not None:
        return
    yield _sample_ratio(report.sample_ratio)
    if report.bandit is None:
        yield _early_warning(report.sample_ratio_warning)
    yield _mixed(report)


def _sample_ratio(ratio: SampleRatio) -> HealthFact:
    value, state = _RATIOS[ratio.state]
    if ratio.p_value is not None:
        return HealthFact("Sample ratio", value, f"p = {words.p_value(ratio.p_value)}", state)
    if state is Health.GOOD:
        return HealthFact("Sample ratio", "Nothing to test yet", ratio.reason, Health.OPEN)
    return HealthFact("Sample ratio", value, ratio.reason, state)


def _early_warning(ratio: SequentialSampleRatio) -> HealthFact:
    if ratio.p_value is None:
        return HealthFact("Sample ratio, early warning", words.NOTHING, ratio.reason, Health.OPEN)
    value, state = _RATIOS[ratio.state]
    note = f"p = {words.p_value(ratio.p_value)}, valid at any moment"
    return HealthFact("Sample ratio, early warning", value, note, state)


def _mixed(report: ExperimentReport) -> HealthFact:
    everybody = report.participants + report.mixed_participants
    too_many = report.mixed_participants > MOST_MIXED * everybody
    note = f"{words.share(report.mixed_participants, everybody)} of all, left out; at most {MOST_MIXED:.0%}"
    state = Health.BAD if too_many else Health.GOOD
    return HealthFact("Saw two variants", f"{report.mixed_participants:,}", note, state)


def _guardrails(report: ExperimentReport) -> Iterator[HealthFact]:
    """One fact a metric: the worst of its treatments."""
    for label in dict.fromkeys(check.metric.label for check in report.guardrails):
        checks = [check for check in report.guardrails if check.metric.label == label]
        yield _guardrail(label, checks, {one.key: one.name for one in report.variants})


def _guardrail(label: str, checks: list[GuardrailCheck], names: dict[str, str]) -> HealthFact:
    for wanted, value, health in _GUARDRAILS:
        found = [check for check in checks if check.state is wanted]
        if found:
            said = dict.fromkeys(check.reason for check in found if check.reason)
            which = ", ".join(names[check.variant] for check in found) if len(names) > 2 else ""
            note = ": ".join(filter(None, (which, " ".join(said))))
            return HealthFact(label, value, note, health)
    raise ValueError(f"{label} has no check.")


def _burn_in(report: ExperimentReport) -> Iterator[HealthFact]:
    """A bandit has none: it decides at its end only."""
    if report.bandit is not None:
        return
    if report.look.is_counted:
        yield HealthFact("Burn-in", "Over", "looks decide", Health.GOOD)
        return
    reasons = dict.fromkeys(test.reason for test in report.look.tests if test.reason)
    yield HealthFact("Burn-in", "Not over", " ".join(reasons) or "no look decides yet", Health.OPEN)


def _last_look(report: ExperimentReport) -> HealthFact:
    if not report.history:
        return HealthFact("Last look", "None yet", "see below how looks are scheduled", Health.OPEN)
    last = report.history[-1]
    age = (report.as_of - last.taken_at).days
    is_late = age >= 2 and report.ended_at is None
    note = f"{age} days ago: is the daily job running?" if is_late else f"{len(report.history)} in all"
    return HealthFact(
        "Last look", f"{last.taken_at:%-d %b, %H:%M} UTC", note, Health.WARN if is_late else Health.GOOD
    )


def _since_last_look(since: SinceLastLook | None) -> HealthFact:
    if since is None:
        return HealthFact("New since the last look", words.NOTHING, "", Health.OPEN)
    note = f"{since.conversions:+,} did it; counted at the next look"
    return HealthFact("New since the last look", f"{since.users:+,} people", note, Health.OPEN)
