"""Who may be promoted, decided on a hold-out with known numbers."""

from dataclasses import dataclass

import pytest

from recommendations.evaluation.compare import Comparison, Interval
from recommendations.gate import gate_decide


@dataclass(frozen=True)
class Report:
    users: int = 500
    challenger_ndcg: float = 0.30
    popularity_ndcg: float = 0.20
    champion_ndcg: float | None = 0.30
    has_champion: bool = True
    over_champion: Comparison | None = None
    over_popularity: Comparison | None = None


@pytest.mark.parametrize(
    ("report", "promote", "words"),
    [
        (Report(), True, "Not worse"),
        (Report(challenger_ndcg=0.286), True, "Not worse"),
        (Report(challenger_ndcg=0.284), False, "Worse than the champion"),
        (
            Report(challenger_ndcg=0.030, popularity_ndcg=0.010, champion_ndcg=0.032),
            False,
            "Worse than the champion",
        ),
        (Report(challenger_ndcg=0.009, popularity_ndcg=0.010, champion_ndcg=None), False, "below popularity"),
        (Report(challenger_ndcg=0.10, champion_ndcg=0.05), False, "below popularity"),
        (Report(champion_ndcg=None, has_champion=False), True, "no champion yet"),
        (Report(champion_ndcg=None), True, "has learned from this hold-out"),
        (Report(users=5, challenger_ndcg=0.0), True, "too few to judge by"),
    ],
)
def test_it_decides_and_says_why(report: Report, promote: bool, words: str) -> None:
    decision = gate_decide(report, forced=False)  # type: ignore[arg-type]
    assert decision.promote is promote
    assert words in decision.reason


def test_the_reason_says_how_sure_the_difference_is() -> None:
    ahead = Comparison(Interval(0.012, -0.003, 0.027), 0.94)
    behind = Comparison(Interval(-0.1, -0.15, -0.05), 0.0)
    report = Report(over_champion=ahead, over_popularity=behind)
    words = gate_decide(report, forced=False).reason  # type: ignore[arg-type]
    assert "(+0.0120, 95 % interval -0.0030 to +0.0270)" in words
    assert "(-0.1000, 95 % interval -0.1500 to -0.0500)" in words


def test_force_overrules_it_and_is_on_record() -> None:
    decision = gate_decide(Report(challenger_ndcg=0.0), forced=True)  # type: ignore[arg-type]
    assert decision.promote
    assert decision.reason.startswith("Forced, against the gate.")
