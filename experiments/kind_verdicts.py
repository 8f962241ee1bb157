"""The verdicts of the kinds beside the A/B test: each names its rule, as those in `verdicts.py` do."""

from collections.abc import Callable

from experiments.verdicts import (
    LEAST_DAYS,
    Evidence,
    Leader,
    Verdict,
    VerdictState,
    not_started,
    verdict_at_once,
    verdict_before_looks,
)

SURE_ENOUGH = 0.95  # chance to be the best

Rule = Callable[[Evidence], Verdict | None]


def interleaving_verdict(evidence: Evidence) -> Verdict:
    """Of a preference between two rankers, at a look."""
    return (
        verdict_at_once(evidence)
        or _preferred(evidence)
        or _keep_drafting(evidence)
        or Verdict(
            VerdictState.NO_EFFECT_FOUND,
            "The plan is reached without a preference",
            "All the people or the time planned have passed, and neither ranker is preferred more often than "
            "chance would have it.",
        )
    )


def bandit_verdict(evidence: Evidence) -> Verdict:
    """Of a bandit, at a look: nothing is decided before the planned end, however well something does."""
    return verdict_at_once(evidence) or _keep_dealing(evidence) or _bandit_ended(evidence)


def aa_verdict(evidence: Evidence) -> Verdict:
    """Of an A/A test, at a look."""
    if (at_once := aa_verdict_at_once(evidence)) is not None:
        return at_once
    if evidence.is_plan_reached:
        return Verdict(
            VerdictState.NO_EFFECT_FOUND,
            "A/A test passed",
            "Every check of the pipeline held until the planned end: two variants that are the same look the "
            "same. What other experiments find can be believed.",
        )
    if not evidence.participants:
        return verdict_before_looks(evidence)
    return Verdict(
        VerdictState.KEEP_RUNNING,
        "A/A test: every check holds so far",
        f"Nothing speaks against the pipeline yet.{_days(evidence)}",
    )


def aa_verdict_at_once(evidence: Evidence) -> Verdict | None:
    """An A/A test fails at any moment, and by whichever check it is."""
    if (waiting := not_started(evidence)) is not None:
        return waiting
    if not evidence.failed_checks:
        return None
    names = " and ".join(name.lower() for name, _ in evidence.failed_checks)
    return Verdict(
        VerdictState.INVALID,
        f"A/A test failed: {names}"[:200],
        f"{' '.join(why for _, why in evidence.failed_checks)} Until the cause is found, no experiment on "
        "this pipeline is to be believed.",
    )


def _preferred(evidence: Evidence) -> Verdict | None:
    if evidence.waits_for or evidence.days_run < LEAST_DAYS:
        return None
    treatment = next(iter(evidence.treatments), None)
    if treatment is not None and treatment.is_better:
        return Verdict(
            VerdictState.SHIP,
            "The preference crossed its sequential boundary",
            f"Of the people who preferred one ranker, more prefer {treatment.name} than chance would have "
            "it, and it ran for at least a whole week. Interleaving says which ranker is liked better, not "
            "how many more people will convert: an A/B test says that.",
        )
    if treatment is not None and treatment.is_worse:
        return Verdict(
            VerdictState.ROLL_BACK,
            "The preference crossed its sequential boundary against the treatment",
            f"Of the people who preferred one ranker, more prefer control to {treatment.name}. Keep control.",
        )
    return None


def _keep_drafting(evidence: Evidence) -> Verdict | None:
    if not evidence.participants:
        return verdict_before_looks(evidence)
    has_crossed = any(one.is_better or one.is_worse for one in evidence.treatments)
    if evidence.is_plan_reached and not has_crossed:
        return None
    if evidence.has_ended:
        return _keep("Ended before the plan was reached", "It was stopped before it could tell.")
    if has_crossed:
        return _keep("A preference, but a whole week has not passed", "Every weekday is to have its say.")
    burn_in = f" Before any preference is judged, {evidence.waits_for}." if evidence.waits_for else ""
    return _keep("The plan is not reached", f"No boundary is crossed.{_days(evidence)}{burn_in}")


def _keep_dealing(evidence: Evidence) -> Verdict | None:
    if not evidence.participants:
        return verdict_before_looks(evidence)
    if evidence.is_plan_reached:
        return None
    if evidence.has_ended:
        return _keep("Ended before the plan was reached", "It was stopped before it could tell.")
    leading = f" {_standing(evidence.leader)}" if evidence.leader else ""
    return _keep(
        "The bandit's plan is not reached",
        "It goes on dealing once a day; how its variants stand is no reason to stop early."
        f"{leading}{_days(evidence)}",
    )


def _bandit_ended(evidence: Evidence) -> Verdict:
    leader = evidence.leader
    if leader is None or not _stands_out(leader) or evidence.waits_for:
        said = _standing(leader) if leader else "Nobody's window has passed."
        waits = f" Still wanted: {evidence.waits_for}." if evidence.waits_for else ""
        return Verdict(
            VerdictState.NO_EFFECT_FOUND,
            "The bandit's plan is reached and nothing stands out",
            f"{said} That is not enough to call one the best.{waits}",
        )
    rule = (
        f"Bandit at its planned end: chance to be best at least {SURE_ENOUGH:.0%}, expected loss below a "
        "tenth of the smallest change worth acting on"
    )
    if leader.is_control:
        return Verdict(VerdictState.NO_EFFECT_FOUND, rule, f"{_standing(leader)} Keep control.")
    return Verdict(
        VerdictState.SHIP,
        rule,
        f"{_standing(leader)} It leads phase by phase as well. This is a Bayesian rule and bounds no "
        "false-positive rate; where that matters, run an A/B test of the two best.",
    )


def _stands_out(leader: Leader) -> bool:
    return (
        leader.chance_to_be_best >= SURE_ENOUGH
        and leader.expected_loss <= leader.tolerated_loss
        and leader.leads_in_every_estimate
    )


def _standing(leader: Leader) -> str:
    return (
        f"{leader.name} leads: its chance to be the best is {leader.chance_to_be_best:.1%}, and by choosing "
        f"it {100 * leader.expected_loss:.2f} percentage points are expected to be lost."
    )


def _days(evidence: Evidence) -> str:
    left = evidence.days_left
    return "" if left is None else f" At this pace about {left} day{'' if left == 1 else 's'} are left."


def _keep(rule: str, explanation: str) -> Verdict:
    return Verdict(VerdictState.KEEP_RUNNING, rule, explanation)
