from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import boschloo_exact, fisher_exact

from experiments.statistics.exact import ExactMethod, ExactTest, exact_test, is_small
from experiments.statistics.values import Proportion, Unknown
from tests.experiments.oracle import PROPORTIONS, QUADRATURE
from tests.experiments.samples import known, proportions, rate_pair

SMALL = [case for case in PROPORTIONS["cases"] if case["boschloo"] is not None]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case["name"])
def test_it_is_boschloos_test(case: dict[str, Any]) -> None:
    found = known(exact_test(*rate_pair(case)))
    assert found.method is ExactMethod.BOSCHLOO
    assert found.p_value == pytest.approx(case["boschloo"], rel=QUADRATURE)


@pytest.mark.parametrize(
    ("treatment", "control"),
    [((3, 10), (9, 10)), ((4, 30), (0, 25)), ((7, 60), (2, 90)), ((0, 3), (2, 2)), ((1, 1), (0, 40)),
     ((5, 9), (5, 9)), ((1, 2), (1, 2)), ((39, 40), (30, 40)), ((0, 1), (1, 1))],
)  # fmt: skip
def test_it_gives_what_scipy_gives(treatment: tuple[int, int], control: tuple[int, int]) -> None:
    (x, n), (y, m) = treatment, control
    found = known(exact_test(Proportion(x, n), Proportion(y, m)))
    assert found.p_value == pytest.approx(boschloo_exact([[x, y], [n - x, m - y]]).pvalue, rel=1e-6)


@settings(max_examples=40)
@given(proportions(most=300), proportions(most=300))
def test_swapping_changes_nothing_and_fishers_p_bounds_it(treatment: Proportion, control: Proportion) -> None:
    found = known(exact_test(treatment, control)).p_value
    assert found == pytest.approx(known(exact_test(control, treatment)).p_value, rel=1e-9)
    x, y = treatment.conversions, control.conversions
    table = np.array([[x, y], [treatment.users - x, control.users - y]])
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert 0 < found <= min(1.0, 2 * min(tails)) * (1 + 1e-9)


@given(proportions(), proportions())
@settings(max_examples=30)
def test_huge_and_extreme_counts_give_a_p_value(treatment: Proportion, control: Proportion) -> None:
    if is_small(treatment, control):
        assert 0 < known(exact_test(treatment, control)).p_value <= 1


def test_with_many_users_it_is_fishers_test() -> None:
    found = exact_test(Proportion(6, 10**9), Proportion(0, 10**9))
    assert isinstance(found, ExactTest)
    assert found.method is ExactMethod.FISHER
    assert found.p_value == pytest.approx(2 * 0.5**6, rel=1e-6)


def test_far_out_the_p_value_is_small_but_never_zero() -> None:
    assert 0 < known(exact_test(Proportion(2000, 2000), Proportion(0, 2000))).p_value < 1e-299


@pytest.mark.parametrize(("conversions", "users"), [(0, 5), (5, 5)])
def test_where_all_did_the_same_there_is_no_evidence(conversions: int, users: int) -> None:
    sample = Proportion(conversions, users)
    assert known(exact_test(sample, sample)).p_value == 1.0


def test_nobody_exposed_has_a_reason() -> None:
    assert isinstance(exact_test(Proportion(0, 0), Proportion(0, 3)), Unknown)


@pytest.mark.parametrize(
    ("treatment", "control", "small"),
    [
        ((6, 500), (0, 500), True),
        ((10, 500), (0, 500), False),
        ((9, 500), (0, 500), True),
        ((40, 40), (31, 40), True),
        ((40, 40), (30, 40), False),
        ((50, 100), (50_000, 100_000), False),
        ((5, 9), (50_000, 100_000), True),
        ((0, 0), (0, 0), True),
    ],
)
def test_a_table_is_small_when_a_cell_expects_fewer_than_five(
    treatment: tuple[int, int], control: tuple[int, int], small: bool
) -> None:
    assert is_small(Proportion(*treatment), Proportion(*control)) is small
