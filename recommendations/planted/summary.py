"""What the platform concluded over many planted experiments, beside what was planted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from experiments.statistics.proportions import wilson_interval
from experiments.statistics.values import SAMPLE_RATIO_FAIL_BELOW, Interval, Proportion
from experiments.verdicts import VerdictState
from recommendations.planted.outcomes import Estimate, Outcome
from recommendations.planted.truth import TREATMENT, Truth

VERDICT_WORDS = {
    VerdictState.SHIP: "ship",
    VerdictState.ROLL_BACK: "roll back",
    VerdictState.NO_EFFECT_FOUND: "no effect found",
    VerdictState.INVALID: "invalid",
    VerdictState.KEEP_RUNNING: "keep running",
}


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, with Wilson's 95 % interval."""

    count: int
    of: int
    lower: float
    upper: float

    @classmethod
    def counted(cls, count: int, of: int) -> "Share | None":
        """None of none."""
        interval = wilson_interval(Proportion(count, of))
        if not isinstance(interval, Interval) or interval.upper is None:
            return None
        return cls(count, of, interval.lower, interval.upper)

    def __str__(self) -> str:
        interval = f"{self.lower:.1%} to {self.upper:.1%}"
        return f"{self.count} of {self.of}, {self.count / self.of:.1%} (95 % interval {interval})"


@dataclass(frozen=True, slots=True)
class EstimateSummary:
    """Of one treatment. `mean_lift` is None where no end had a lift to show."""

    variant: str
    planted: float
    mean_lift: float | None
    coverage: Share | None


@dataclass(frozen=True, slots=True)
class Summary:
    """`false_ships`: a treatment was shipped that is no better. `power`: the better one was shipped; None
    where none is. `days_to_decision`: of the experiments that said to act: least, median, most.
    `sample_ratio_fails`: at the end."""

    repetitions: int
    verdicts: dict[VerdictState, int]
    false_ships: Share | None
    power: Share | None
    estimates: tuple[EstimateSummary, ...]
    days_to_decision: tuple[int, float, int] | None
    sample_ratio_fails: int


def summary_of(truth: Truth, outcomes: Sequence[Outcome]) -> Summary:
    verdicts = Counter(one.concluded.verdict for one in outcomes)
    false = sum(any(truth.lift_of(variant) <= 0 for variant in one.shipped) for one in outcomes)
    right = sum(TREATMENT in one.shipped for one in outcomes)
    days = sorted(one.concluded.day for one in outcomes if one.concluded.is_conclusion)
    return Summary(
        repetitions=len(outcomes),
        verdicts={state: verdicts[state] for state in VERDICT_WORDS},
        false_ships=Share.counted(false, len(outcomes)),
        power=Share.counted(right, len(outcomes)) if truth.lift > 0 else None,
        estimates=tuple(_estimate(key, truth, outcomes) for key in truth.treatments),
        days_to_decision=(days[0], median(days), days[-1]) if days else None,
        sample_ratio_fails=sum(_is_mismatch(one) for one in outcomes),
    )


def summary_lines(summary: Summary) -> Iterator[str]:
    """For a person."""
    yield f"{'Repetitions':<24}{summary.repetitions:>5}"
    for state, count in summary.verdicts.items():
        yield f"  {VERDICT_WORDS[state]:<22}{count:>5}"
    yield f"  {'false ship rate':<22}{summary.false_ships or '-'}"
    if summary.power:
        yield f"  {'power':<22}{summary.power}"
    if summary.days_to_decision:
        least, middle, most = summary.days_to_decision
        yield f"  {'days to decision':<22}{middle:g} (median; {least} to {most})"
    yield f"  {'sample ratio':<22}{_mismatches(summary.sample_ratio_fails)}"
    for one in summary.estimates:
        seen = "no estimate" if one.mean_lift is None else f"{one.mean_lift:+.1%} on average at the end"
        yield f"  {one.variant}: {one.planted:+.1%} planted, {seen}"
        yield f"    95 % interval holds the planted lift: {one.coverage or '-'}"


def verdict_lines(outcome: Outcome) -> Iterator[str]:
    """One line for every stretch of days with one verdict and one rule."""
    since = 1
    for today, tomorrow in zip(outcome.days, (*outcome.days[1:], None), strict=True):
        if tomorrow is not None and (tomorrow.verdict, tomorrow.rule) == (today.verdict, today.rule):
            continue
        days = f"day {since}" if since == today.day else f"days {since} to {today.day}"
        yield f"  {days:<16}{VERDICT_WORDS[today.verdict]}: {today.rule}"
        since = today.day + 1


def outcome_line(outcome: Outcome) -> str:
    """One experiment in a row: how it ended, and its lifts at the end."""
    concluded = outcome.concluded
    lifts = "; ".join(_lift(one) for one in outcome.estimates)
    return f"{outcome.repetition:>4}  day {concluded.day:>3}  {VERDICT_WORDS[concluded.verdict]:<16} {lifts}"


def _lift(one: Estimate) -> str:
    if one.lift is None or one.lower is None:
        return f"{one.variant} not known"
    upper = "" if one.upper is None else f"{one.upper:+.0%}"
    return f"{one.variant} {one.lift:+.0%} ({one.lower:+.0%} to {upper or 'no bound'})"


def _estimate(variant: str, truth: Truth, outcomes: Sequence[Outcome]) -> EstimateSummary:
    found = [one for outcome in outcomes for one in outcome.estimates if one.variant == variant]
    lifts = [one.lift for one in found if one.lift is not None]
    return EstimateSummary(
        variant=variant,
        planted=truth.lift_of(variant),
        mean_lift=sum(lifts) / len(lifts) if lifts else None,
        coverage=Share.counted(sum(one.holds for one in found), len(found)),
    )


def _is_mismatch(outcome: Outcome) -> bool:
    p_value = outcome.sample_ratio_p_value
    return p_value is not None and p_value < SAMPLE_RATIO_FAIL_BELOW


def _mismatches(count: int) -> str:
    return f"a mismatch in {count}" if count else "as planned in all"
