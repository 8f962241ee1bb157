import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.statistics.multiple_testing import holm


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.012, 0.034, 0.2], [0.036, 0.068, 0.2]),
        ([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205], [0.008, 0.056, *[0.234] * 6]),
        ([0.04929726551711769, 0.6253747062376447, 0.002655289291502353],
         [0.09859453103423538, 0.6253747062376447, 0.007965867874507059]),
        ([], []),
    ],
)  # fmt: skip
def test_it_adjusts_as_statsmodels_multipletests_does(p_values: list[float], adjusted: list[float]) -> None:
    assert holm(p_values) == pytest.approx(adjusted, abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusting_never_makes_a_p_value_smaller_nor_changes_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(0 <= raw <= new <= 1 for raw, new in zip(p_values, adjusted, strict=True))
    by_raw = [new for _, new in sorted(zip(p_values, adjusted, strict=True))]
    assert by_raw == sorted(by_raw)
