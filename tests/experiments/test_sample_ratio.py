import pytest

from experiments.statistics.sample_ratio import sample_ratio_test
from experiments.statistics.values import SampleRatioState


@pytest.mark.parametrize(
    ("users", "weights", "p_value", "state"),
    [
        ([5000, 5200], [0.5, 0.5], 0.0476703806561615, "ok"),
        ([2500, 2480, 2515, 2505], [0.25] * 4, 0.9673670415717125, "ok"),
        ([166080, 171180, 166300], [1 / 3] * 3, 3.116329865438442e-22, "fail"),
        ([9463, 7681], [0.5, 0.5], 3.502192273048579e-42, "fail"),
        ([3, 1], [0.5, 0.5], 0.31731050786291115, "ok"),
        ([1000, 1135], [0.5, 0.5], 0.003481, "warn"),
    ],
)
def test_it_is_the_chi_square_test(
    users: list[int], weights: list[float], p_value: float, state: str
) -> None:
    """From scipy.stats.chisquare."""
    found = sample_ratio_test(users, weights)
    assert found.p_value == pytest.approx(p_value, rel=1e-9 if state != "warn" else 1e-3)
    assert found.state == state


def test_a_variant_of_weight_zero_is_no_degree_of_freedom() -> None:
    assert sample_ratio_test([5000, 5200, 0], [0.5, 0.5, 0]).p_value == pytest.approx(0.0476703806561615)


def test_a_person_in_a_variant_of_weight_zero_is_a_failure_of_its_own() -> None:
    found = sample_ratio_test([5000, 5000, 1], [0.5, 0.5, 0])
    assert found.state is SampleRatioState.FAIL
    assert found.reason


@pytest.mark.parametrize(("users", "weights"), [([0, 0], [0.5, 0.5]), ([9, 0], [1.0, 0.0]), ([], [])])
def test_nothing_to_test_is_no_number_but_the_reason(users: list[int], weights: list[float]) -> None:
    found = sample_ratio_test(users, weights)
    assert found.p_value is None
    assert found.reason
