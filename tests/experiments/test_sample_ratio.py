import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln

from experiments.statistics.sample_ratio import sample_ratio_test, sequential_sample_ratio_test
from experiments.statistics.values import SampleRatioState
from tests.experiments.oracle import CLOSED_FORM, STATISTICS

CASES = pytest.mark.parametrize("case", STATISTICS["sample_ratio"], ids=lambda case: case["name"])


@CASES
def test_it_is_the_chi_square_test(case: dict[str, Any]) -> None:
    found = sample_ratio_test(case["users"], case["weights"])
    assert found.p_value == pytest.approx(case["p"], rel=CLOSED_FORM)
    assert found.statistic == pytest.approx(case["chi2"], rel=CLOSED_FORM)


@CASES
def test_the_sequential_test_is_lindon_and_maleks(case: dict[str, Any]) -> None:
    found = sequential_sample_ratio_test(case["users"], case["weights"])
    assert found.log_e_value == pytest.approx(case["log_e_value"], abs=CLOSED_FORM)
    assert found.p_value == pytest.approx(case["p_always_valid"], rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("users", "state"), [([5000, 5200], "ok"), ([1000, 1135], "warn"), ([9463, 7681], "fail")]
)
def test_a_mismatch_warns_below_a_hundredth_and_fails_below_a_thousandth(
    users: list[int], state: str
) -> None:
    assert sample_ratio_test(users, [0.5, 0.5]).state == state


@pytest.mark.parametrize(("users", "state"), [([5000, 5200], "ok"), ([9463, 7681], "warn")])
def test_the_sequential_test_only_warns(users: list[int], state: str) -> None:
    assert sequential_sample_ratio_test(users, [0.5, 0.5]).state == state


def test_a_variant_of_weight_zero_is_no_degree_of_freedom() -> None:
    assert sample_ratio_test([5000, 5200, 0], [0.5, 0.5, 0]).p_value == pytest.approx(0.0476703806561615)
    assert sequential_sample_ratio_test([5000, 5200, 0], [0.5, 0.5, 0]) == sequential_sample_ratio_test(
        [5000, 5200], [0.5, 0.5]
    )


def test_a_person_in_a_variant_of_weight_zero_is_a_failure_of_its_own() -> None:
    for test in (sample_ratio_test, sequential_sample_ratio_test):
        found = test([5000, 5000, 1], [0.5, 0.5, 0])
        assert found.state is SampleRatioState.FAIL
        assert found.reason


@pytest.mark.parametrize(
    ("users", "weights"), [([0, 0], [0.5, 0.5]), ([9, 0], [1.0, 0.0]), ([], []), ([0, 0], [0.0, 0.0])]
)
def test_nothing_to_test_is_no_number_but_the_reason(users: list[int], weights: list[float]) -> None:
    for test in (sample_ratio_test, sequential_sample_ratio_test):
        found = test(users, weights)
        assert found.p_value is None
        assert found.reason


def test_only_the_proportions_of_the_weights_count() -> None:
    for test in (sample_ratio_test, sequential_sample_ratio_test):
        assert test([90, 110, 210], [1, 1, 2]).p_value == pytest.approx(
            test([90, 110, 210], [0.25, 0.25, 0.5]).p_value
        )


@given(
    st.lists(st.integers(0, 10**9), min_size=2, max_size=5),
    st.lists(st.integers(1, 100), min_size=5, max_size=5),
)
def test_whatever_the_counts_the_numbers_are_finite(users: list[int], weights: list[int]) -> None:
    shares = [float(weight) for weight in weights[: len(users)]]
    if not sum(users):
        return
    fixed, sequential = sample_ratio_test(users, shares), sequential_sample_ratio_test(users, shares)
    assert fixed.p_value is not None
    assert 0 <= fixed.p_value <= 1
    assert sequential.p_value is not None
    assert 0 <= sequential.p_value <= 1
    assert sequential.log_e_value is not None
    assert math.isfinite(sequential.log_e_value)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=4).filter(any))
def test_the_evidence_is_the_ratio_of_gamma_functions(users: list[int]) -> None:
    """The plain formula, which has its digits while counts are small."""
    shares = np.arange(1, len(users) + 1) / np.arange(1, len(users) + 1).sum()
    prior, counts = 100 * shares, np.array(users)
    marginal = gammaln(100) - gammaln(100 + counts.sum()) + (gammaln(prior + counts) - gammaln(prior)).sum()
    found = sequential_sample_ratio_test(users, shares.tolist())
    assert found.log_e_value == pytest.approx(marginal - (counts * np.log(shares)).sum(), abs=1e-9)


def test_a_billion_users_keep_their_digits() -> None:
    """Exactly as planned, the evidence is about half the log of 100 over the number of users."""
    found = sequential_sample_ratio_test([10**9, 10**9], [0.5, 0.5])
    assert found.log_e_value == pytest.approx(math.log(100 / (2 * 10**9 + 100)) / 2 - 1 / 400, abs=1e-5)
    off = sequential_sample_ratio_test([10**9 + 1, 10**9 - 1], [0.5, 0.5])
    assert off.log_e_value is not None
    assert found.log_e_value is not None
    assert off.log_e_value - found.log_e_value == pytest.approx(1e-9, rel=1e-3)


def test_looked_at_all_the_time_it_errs_less_often_than_it_says() -> None:
    generator = np.random.default_rng(9)
    first = generator.binomial(50, 0.5, (500, 40)).cumsum(axis=1)
    ever = sum(
        any(
            (sequential_sample_ratio_test([int(x), 50 * (day + 1) - int(x)], [1, 1]).p_value or 0) < 0.05
            for day, x in enumerate(path)
        )
        for path in first
    )
    assert ever <= 35


@pytest.mark.parametrize(
    ("users", "weights"), [([-1, 2], [1, 1]), ([1, 2], [-1, 1]), ([1, 2], [1, math.nan])]
)
def test_what_is_no_count_and_no_share_is_refused(users: list[int], weights: list[float]) -> None:
    for test in (sample_ratio_test, sequential_sample_ratio_test):
        with pytest.raises(ValueError, match="none may be below 0"):
            test(users, weights)
