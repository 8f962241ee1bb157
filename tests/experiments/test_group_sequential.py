import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from experiments.statistics.group_sequential import (
    Boundary,
    Spending,
    crossing_chances,
    group_sequential_boundaries,
)
from tests.experiments.oracle import GROUP_SEQUENTIAL, STATISTICS

POWER_80 = 1.9599639845400545 + 0.8416212335729143


def equal_looks(count: int) -> list[float]:
    return [look / count for look in range(1, count + 1)]


def critical_values(boundaries: tuple[Boundary, ...]) -> list[float | None]:
    return [boundary.critical_value for boundary in boundaries]


@pytest.mark.parametrize("looks", STATISTICS["group_sequential"])
def test_equal_looks_have_the_known_boundaries(looks: str) -> None:
    found = critical_values(group_sequential_boundaries(equal_looks(int(looks))))
    assert found == pytest.approx(STATISTICS["group_sequential"][looks], abs=GROUP_SEQUENTIAL)


@pytest.mark.parametrize(
    ("spending", "published"),
    [
        (Spending.OBRIEN_FLEMING, [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        (Spending.POCOCK, [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]),
    ],
)
def test_other_spending_has_the_published_boundaries(spending: Spending, published: list[float]) -> None:
    """Reboussin, DeMets, Kim and Lan (2000), Controlled Clinical Trials 21; R package ldbounds."""
    found = critical_values(group_sequential_boundaries(equal_looks(5), spending=spending))
    assert found == pytest.approx(published, abs=2e-4)


def test_twenty_eight_looks_keep_the_error_and_cost_four_points_of_power() -> None:
    boundaries = group_sequential_boundaries(equal_looks(28))
    assert crossing_chances(boundaries)[-1] == pytest.approx(0.05, abs=1e-9)
    assert crossing_chances(boundaries, POWER_80)[-1] == pytest.approx(0.763, abs=1e-3)


def test_a_tenth_more_users_give_the_power_back() -> None:
    boundaries = group_sequential_boundaries(equal_looks(28))
    assert crossing_chances(boundaries, POWER_80 * 1.1**0.5)[-1] == pytest.approx(0.80, abs=3e-3)


@pytest.mark.parametrize("information", [[0.3, 0.55, 1.1], [0.5, 0.502, 1.0], [0.01, 0.9, 0.902]])
def test_the_chance_of_crossing_is_that_of_the_joint_normal_distribution(information: list[float]) -> None:
    """Independent of the recursion: the mass of a box under the correlated normal scores."""
    boundaries = group_sequential_boundaries(information)
    scale = np.sqrt(information)
    ratio = scale[:, None] / scale
    covariance = np.minimum(ratio, ratio.T)
    bound = np.array(critical_values(boundaries), dtype=float)
    for drift in (0.0, 2.0):
        mean = drift * scale
        inside = multivariate_normal(mean, covariance).cdf(
            bound, lower_limit=-bound, rng=np.random.default_rng(1)
        )
        assert crossing_chances(boundaries, drift)[-1] == pytest.approx(1 - inside, abs=1e-4)


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1.5), min_size=1, max_size=8))
def test_whatever_the_looks_the_error_is_what_was_spent_and_never_more_than_alpha(
    information: list[float],
) -> None:
    boundaries = group_sequential_boundaries(information)
    chances = crossing_chances(boundaries)
    assert chances == pytest.approx([boundary.alpha_spent for boundary in boundaries], abs=1e-7)
    assert all(0 <= chance <= 0.05 + 1e-9 for chance in chances)
    assert all(value is None or 1.9 < value < 9 for value in critical_values(boundaries))


def test_later_looks_leave_earlier_boundaries_alone() -> None:
    information = [0.1, 0.35, 0.4, 0.8, 1.0]
    whole = group_sequential_boundaries(information)
    for count in range(1, 5):
        assert group_sequential_boundaries(information[:count]) == whole[:count]


def test_the_look_that_overruns_the_plan_spends_the_rest_and_later_ones_decide_nothing() -> None:
    boundaries = group_sequential_boundaries([0.5, 1.3, 1.5])
    assert [boundary.alpha_spent for boundary in boundaries] == pytest.approx([0.0125, 0.05, 0.05])
    assert boundaries[2].critical_value is None
    assert group_sequential_boundaries([1.7])[0].critical_value == pytest.approx(1.959964)


@pytest.mark.parametrize("early", [0.0, 1e-9])
def test_a_look_with_next_to_no_information_decides_nothing(early: float) -> None:
    first, second = group_sequential_boundaries([early, 0.5])
    assert first == Boundary(early, 0.0, None)
    assert second == group_sequential_boundaries([0.5])[0]


def test_a_tiny_first_look_has_a_far_boundary() -> None:
    boundary = group_sequential_boundaries([1e-4])[0]
    assert boundary.critical_value == pytest.approx(norm.isf(0.05 * 1e-8 / 2))


def test_a_look_that_adds_next_to_nothing_leaves_its_share_to_the_next() -> None:
    plain = group_sequential_boundaries([0.5, 0.6])
    crowded = group_sequential_boundaries([0.5, 0.50001, 0.4, 0.6])
    assert critical_values(crowded) == [plain[0].critical_value, None, None, plain[1].critical_value]


def test_half_a_year_of_daily_looks_still_adds_up() -> None:
    boundaries = group_sequential_boundaries(equal_looks(180), alpha=0.05 / 3)
    assert crossing_chances(boundaries)[-1] == pytest.approx(0.05 / 3, abs=1e-9)


@pytest.mark.parametrize("share", [-0.1, float("nan"), float("inf")])
def test_what_is_no_information_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="no share of a plan"):
        group_sequential_boundaries([share])


@pytest.mark.parametrize("alpha", [0, 1, float("nan")])
def test_what_is_no_alpha_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        group_sequential_boundaries([0.5], alpha)
