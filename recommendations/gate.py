"""May the challenger be promoted? Decided on the hold-out that neither it nor the champion learned from."""

from dataclasses import dataclass

from recommendations.evaluation.compare import Comparison
from recommendations.holdout_metrics import FEWEST_USERS, HoldoutReport

TOLERANCE = 0.05  # the share of the other's NDCG@10 that may be lost and still count as not worse


@dataclass(frozen=True, slots=True)
class GateDecision:
    promote: bool
    reason: str


def gate_decide(report: HoldoutReport, *, forced: bool) -> GateDecision:
    decision = _decide(report)
    if forced and not decision.promote:
        return GateDecision(True, f"Forced, against the gate. {decision.reason}")
    return decision


def _decide(report: HoldoutReport) -> GateDecision:
    if report.users < FEWEST_USERS:
        return GateDecision(
            True, f"{report.users} people in the hold-out are too few to judge by; the newer data decides."
        )
    challenger, popularity = report.challenger_ndcg, report.popularity_ndcg
    if challenger < popularity * (1 - TOLERANCE):
        return GateDecision(
            False,
            f"NDCG@10 {challenger:.4f} is below popularity's {popularity:.4f} on the hold-out"
            f"{_by(report.over_popularity)}.",
        )
    champion = report.champion_ndcg
    if champion is None:
        return GateDecision(
            True,
            f"NDCG@10 {challenger:.4f} beside popularity's {popularity:.4f}{_by(report.over_popularity)}. "
            f"{_alone(report)}",
        )
    words = (
        f"NDCG@10 {challenger:.4f} beside the champion's {champion:.4f}{_by(report.over_champion)} and "
        f"popularity's {popularity:.4f}{_by(report.over_popularity)}."
    )
    if challenger < champion * (1 - TOLERANCE):
        return GateDecision(False, f"Worse than the champion. {words}")
    return GateDecision(True, f"Not worse than the champion. {words}")


def _by(found: Comparison | None) -> str:
    """How far ahead the challenger is, person by person, and how sure that is."""
    if found is None:
        return ""
    one = found.difference
    return f" ({one.mean:+.4f}, 95 % interval {one.low:+.4f} to {one.high:+.4f})"


def _alone(report: HoldoutReport) -> str:
    if report.has_champion:
        return "The champion has learned from this hold-out, too little is newer, so it is not compared with."
    return "There is no champion yet."
