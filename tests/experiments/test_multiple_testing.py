from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.multiple_testing import benjamini_hochberg, holm
from tests.experiments.oracle import STATISTICS

THREE = [0.04929726551711769, 0.6253747062376447, 0.002655289291502353]
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@pytest.mark.parametrize("case", STATISTICS["multiple_testing"], ids=lambda case: case["name"])
def test_they_adjust_as_statsmodels_multipletests_does(case: dict[str, Any]) -> None:
    assert holm(case["p"]) == pytest.approx(case["holm"], abs=1e-12)
    assert benjamini_hochberg(case["p"]) == pytest.approx(case["bh"], abs=1e-12)


def test_the_answers_come_in_the_order_of_the_questions() -> None:
    assert holm(THREE) == pytest.approx([0.09859453103423538, THREE[1], 0.007965867874507059], abs=1e-12)
    assert benjamini_hochberg(THREE) == pytest.approx(
        [0.07394589827567653, THREE[1], 0.00796586787450706], abs=1e-12
    )


def test_nothing_adjusted_is_nothing() -> None:
    assert holm([]) == benjamini_hochberg([]) == []


@given(P_VALUES)
def test_adjusting_never_makes_a_p_value_smaller_nor_changes_the_order(p_values: list[float]) -> None:
    for adjusted in (holm(p_values), benjamini_hochberg(p_values)):
        assert all(0 <= raw <= new * (1 + 1e-15) for raw, new in zip(p_values, adjusted, strict=True))
        assert max(adjusted) <= 1
        by_raw = [new for _, new in sorted(zip(p_values, adjusted, strict=True))]
        assert by_raw == sorted(by_raw)


@given(P_VALUES)
def test_holding_back_false_discoveries_costs_less_than_any_false_one(p_values: list[float]) -> None:
    for family, discovery in zip(holm(p_values), benjamini_hochberg(p_values), strict=True):
        assert discovery <= family * (1 + 1e-12)


@pytest.mark.parametrize("p_value", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p_value: float) -> None:
    for adjust in (holm, benjamini_hochberg):
        with pytest.raises(ValueError, match="no p-value"):
            adjust([0.5, p_value])
