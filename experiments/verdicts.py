"""Whether to act. Each verdict names the rule that gave it.

The order of the rules is the order of the verdicts: invalid, roll back, ship, keep running, no effect found.
The first two come from tests that are valid at any moment; what a treatment gains comes from the looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from experiments.statistics.values import SAMPLE_RATIO_FAIL_BELOW, SampleRatio, SampleRatioState

MOST_MIXED = 0.01
LEAST_DAYS = 7  # a whole week, so that every weekday has its say


class VerdictState(StrEnum):
    INVALID = "invalid"
    ROLL_BACK = "roll_back"
    SHIP = "ship"
    KEEP_RUNNING = "keep_running"
    NO_EFFECT_FOUND = "no_effect_found"


@dataclass(frozen=True, slots=True)
class Verdict:
    state: VerdictState
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True)
class TreatmentEvidence:
    """`is_better`, `is_worse`: what the looks have found on the primary metric. `harmed`: labels of the
    guardrails shown to be worse; `unproven`: of those not yet shown to be within their margin."""

    name: str
    is_better: bool
    is_worse: bool
    harmed: tuple[str, ...]
    unproven: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leader:
    """The variant of a bandit most likely to be the best, of people whose window has passed. Losses are in
    rate (0 to 1); `leads_in_every_estimate`: also where people are compared phase by phase."""

    name: str
    is_control: bool
    chance_to_be_best: float
    expected_loss: float
    tolerated_loss: float
    leads_in_every_estimate: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a verdict is given from. `unmeasured`: labels of guardrails with nothing to measure. `leader`
    is a bandit's; `failed_checks` are an A/A test's, each a name and a sentence."""

    has_started: bool
    has_ended: bool
    has_plan: bool
    participants: int
    mixed: int
    sample_ratio: SampleRatio
    waits_for: str  # what the burn-in still asks for; empty when it is over
    treatments: tuple[TreatmentEvidence, ...]
    unmeasured: tuple[str, ...]
    days_run: float
    days_left: int | None
    is_plan_reached: bool
    information: float | None
    leader: Leader | None = None
    failed_checks: tuple[tuple[str, str], ...] = ()


Rule = Callable[[Evidence], Verdict | None]


def ab_verdict(evidence: Evidence) -> Verdict:
    """Of an A/B test, at a look."""
    rules: tuple[Rule, ...] = (not_started, _invalid, _roll_back, _ship, _keep_running)
    given = (rule(evidence) for rule in rules)
    return next((verdict for verdict in given if verdict is not None), _no_effect_found(evidence))


def verdict_at_once(evidence: Evidence) -> Verdict | None:
    """What need not wait for a look: it protects people or the comparison, and spends nothing."""
    return not_started(evidence) or _invalid(evidence) or _guardrail_harm(evidence)


def verdict_before_looks(evidence: Evidence) -> Verdict:
    if not evidence.participants:
        return _keep("Nobody exposed yet", "A person counts from the first list they are served.")
    return _keep("No look taken yet", "The first daily look will judge what has come so far.")


def not_started(evidence: Evidence) -> Verdict | None:
    if evidence.has_started:
        return None
    return _keep("Not started", "It is a draft; nobody takes part yet.")


def _invalid(evidence: Evidence) -> Verdict | None:
    if evidence.sample_ratio.state is SampleRatioState.FAIL:
        return Verdict(VerdictState.INVALID, "Sample-ratio mismatch", _mismatch(evidence.sample_ratio))
    everybody = evidence.participants + evidence.mixed
    if evidence.mixed > MOST_MIXED * everybody:
        return Verdict(
            VerdictState.INVALID,
            f"More than {MOST_MIXED:.0%} of people saw two variants",
            f"{evidence.mixed:,} of {everybody:,} people were served two variants of it. They are left out, "
            "but so many mean that assignment does not work as it should. Find the cause before reading on.",
        )
    if not evidence.has_plan:
        return Verdict(
            VerdictState.INVALID,
            "No plan",
            "Nobody wrote down before the start how many people it needs, so no daily look at it can be "
            "judged. Complete it and start one that has a plan.",
        )
    return None


def _roll_back(evidence: Evidence) -> Verdict | None:
    return _guardrail_harm(evidence) or _all_worse(evidence)


def _guardrail_harm(evidence: Evidence) -> Verdict | None:
    harmed = [one for one in evidence.treatments if one.harmed]
    if not harmed:
        return None
    what = "; ".join(f"{one.name}: {_listed(one.harmed)}" for one in harmed)
    return Verdict(
        VerdictState.ROLL_BACK,
        "A guardrail shows harm",
        f"{what}. The always-valid bound rules out that this is chance, however often it is looked at. "
        f"Take {_names(harmed)} away from people.",
    )


def _all_worse(evidence: Evidence) -> Verdict | None:
    if not evidence.treatments or not all(one.is_worse for one in evidence.treatments):
        return None
    return Verdict(
        VerdictState.ROLL_BACK,
        "The primary metric crossed its boundary in the bad direction",
        f"{_names(evidence.treatments)} does worse than control on what decides. Keep control.",
    )


def _ship(evidence: Evidence) -> Verdict | None:
    winners = [one for one in evidence.treatments if one.is_better and not one.unproven]
    if not winners or evidence.waits_for or evidence.days_run < LEAST_DAYS:
        return None
    unmeasured = f" Not measured at all: {_listed(evidence.unmeasured)}." if evidence.unmeasured else ""
    return Verdict(
        VerdictState.SHIP,
        "The primary metric crossed its sequential boundary, guardrails hold",
        f"{_names(winners)} does better than control on what decides, every guardrail measured is within its "
        f"margin, and it ran for at least a whole week.{unmeasured}{_losers(evidence)}",
    )


def _keep_running(evidence: Evidence) -> Verdict | None:
    if not evidence.participants:
        return verdict_before_looks(evidence)
    waiting = [one for one in evidence.treatments if one.is_better]
    if evidence.is_plan_reached and not waiting:
        return None
    if evidence.has_ended:
        return _keep(
            "Ended before the plan was reached",
            "It was stopped before it could show or rule out the planned effect."
            if not waiting
            else f"{_names(waiting)} crossed the boundary, but {_pending(waiting, evidence)}.",
        )
    if waiting:
        return _keep(
            "Better, but not yet to be shipped",
            f"{_names(waiting)} crossed the boundary. Still open: {_pending(waiting, evidence)}.",
        )
    return _keep("The plan is not reached", _outlook(evidence))


def _no_effect_found(evidence: Evidence) -> Verdict:
    reached = evidence.information is not None and evidence.information >= 1
    people = (
        "All the people planned came and their windows have passed"
        if reached
        else f"The planned time is over with {_share(evidence.information)} of the people planned"
    )
    power = "" if reached else " An effect of the planned size may have been missed."
    return Verdict(
        VerdictState.NO_EFFECT_FOUND,
        "The plan is reached without a gain",
        f"{people}, and no treatment crossed the boundary in the good direction.{power}{_losers(evidence)}",
    )


def _pending(waiting: list[TreatmentEvidence], evidence: Evidence) -> str:
    open_points = [
        f"{one.name} is not shown to hold {_listed(one.unproven)}" for one in waiting if one.unproven
    ]
    if evidence.days_run < LEAST_DAYS:
        open_points.append("a whole week has not passed")
    if evidence.waits_for:
        open_points.append(evidence.waits_for)
    return "; ".join(open_points)


def _outlook(evidence: Evidence) -> str:
    left = evidence.days_left
    days = "" if left is None else f" At this pace about {left} day{'' if left == 1 else 's'} are left."
    burn_in = f" Before any gain is judged: {evidence.waits_for}." if evidence.waits_for else ""
    return (
        f"{_share(evidence.information)} of the planned people have their whole window behind them, and "
        f"no boundary is crossed.{days}{burn_in}{_losers(evidence)}"
    )


def _losers(evidence: Evidence) -> str:
    losers = [one for one in evidence.treatments if one.is_worse]
    return f" Worse than control: {_names(losers)}." if losers else ""


def _mismatch(sample_ratio: SampleRatio) -> str:
    why = sample_ratio.reason or f"p = {sample_ratio.p_value:.1e}, below {SAMPLE_RATIO_FAIL_BELOW}."
    return (
        f"People did not arrive in the shares the weights say. {why} Something loses or adds people in one "
        "variant, so the rates cannot be compared. Find the cause before reading on."
    )


def _keep(rule: str, explanation: str) -> Verdict:
    return Verdict(VerdictState.KEEP_RUNNING, rule, explanation)


def _share(information: float | None) -> str:
    return f"{information or 0:.0%}"


def _names(treatments: tuple[TreatmentEvidence, ...] | list[TreatmentEvidence]) -> str:
    return _listed(tuple(one.name for one in treatments))


def _listed(words: tuple[str, ...]) -> str:
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"
