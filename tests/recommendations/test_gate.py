"""Who may be promoted, decided on a hold-out with known numbers."""

from dataclasses import dataclass

import pytest

from recommendations.gate import gate_decide


@dataclass(frozen=True)
class Report:
    users: int = 500
    challenger_ndcg: float = 0.30
    popularity_ndcg: float = 0.20
    champion_ndcg: float | None = 0.30
    has_champion: bool = True


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


def test_force_overrules_it_and_is_on_record() -> None:
    decision = gate_decide(Report(challenger_ndcg=0.0), forced=True)  # type: ignore[arg-type]
    assert decision.promote
    assert decision.reason.startswith("Forced, against the gate.")
