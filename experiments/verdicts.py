"""Whether to act. Each verdict names the rule that gave it.

The numbers of today are of a fixed horizon: looked at daily, a 5 % error becomes some 27 %. They can show
that a comparison is broken; that a variant has won they cannot show, so no verdict here ever says so.
"""

from dataclasses import dataclass
from enum import StrEnum

from experiments.statistics.values import SAMPLE_RATIO_FAIL_BELOW, SampleRatio, SampleRatioState


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


_ORIENTATION = "Fixed-horizon numbers are for orientation"


def verdict_give(
    *, has_started: bool, has_ended: bool, participants: int, sample_ratio: SampleRatio
) -> Verdict:
    if not has_started:
        return Verdict(VerdictState.KEEP_RUNNING, "Not started", "It is a draft; nobody takes part yet.")
    if sample_ratio.state is SampleRatioState.FAIL:
        return Verdict(VerdictState.INVALID, "Sample-ratio mismatch", _mismatch(sample_ratio))
    if not participants:
        return Verdict(
            VerdictState.KEEP_RUNNING,
            "Nobody exposed yet",
            "A person counts from the first recommendation list they are served.",
        )
    if has_ended:
        return Verdict(
            VerdictState.KEEP_RUNNING,
            _ORIENTATION,
            "It has ended without a sequential test, so there is no verdict on which variant to keep.",
        )
    return Verdict(
        VerdictState.KEEP_RUNNING,
        _ORIENTATION,
        "The p-values hold for one look at a time chosen beforehand. Whoever looks daily and stops at the "
        "first p below 0.05 is wrong far more often than 5 % of the time.",
    )


def _mismatch(sample_ratio: SampleRatio) -> str:
    why = sample_ratio.reason or f"p = {sample_ratio.p_value:.1e}, below {SAMPLE_RATIO_FAIL_BELOW}."
    return (
        f"People did not arrive in the shares the weights say. {why} Something loses or adds people in one "
        "variant, so the rates cannot be compared. Find the cause before reading on."
    )
