from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics.bayes import chance_to_beat_control, standings
from experiments.statistics.thompson import thompson_allocation
from experiments.statistics.values import Proportion
from tests.experiments.oracle import PROPORTIONS, QUADRATURE
from tests.experiments.samples import proportions

MANY = pytest.mark.parametrize("case", PROPORTIONS["many"], ids=lambda case: case["name"])


def samples(case: dict[str, Any]) -> list[Proportion]:
    return [Proportion(*one) for one in case["samples"]]


@MANY
def test_the_chance_to_be_best_and_the_loss_are_the_exact_ones(case: dict[str, Any]) -> None:
    found = standings(samples(case))
    assert [one.chance_to_be_best for one in found] == pytest.approx(
        case["chance_to_be_best"], abs=QUADRATURE
    )
    assert [one.expected_loss for one in found] == pytest.approx(
        case["expected_loss"], rel=QUADRATURE, abs=1e-11
    )


@MANY
@pytest.mark.parametrize("floor", [0.01, 0.05])
def test_traffic_follows_the_chance_to_be_best_above_a_floor(case: dict[str, Any], floor: float) -> None:
    found = thompson_allocation(samples(case), floor)
    assert found == pytest.approx(case[f"allocation_floor_{floor}"], abs=QUADRATURE)


def test_it_agrees_with_draws_from_the_posteriors() -> None:
    variants = [Proportion(3, 20), Proportion(9, 60), Proportion(40, 200)]
    generator = np.random.default_rng(2)
    drawn = np.array(
        [generator.beta(1 + one.conversions, 1 + one.users - one.conversions, 200_000) for one in variants]
    )
    best, loss = np.bincount(drawn.argmax(axis=0)) / 200_000, (drawn.max(axis=0) - drawn).mean(axis=1)
    found = standings(variants)
    assert [one.chance_to_be_best for one in found] == pytest.approx(best.tolist(), abs=5e-3)
    assert [one.expected_loss for one in found] == pytest.approx(loss.tolist(), abs=5e-4)


@settings(max_examples=30)
@given(st.lists(proportions(), min_size=1, max_size=5))
def test_chances_sum_to_one_and_the_best_loses_least(variants: list[Proportion]) -> None:
    found = standings(variants)
    assert sum(one.chance_to_be_best for one in found) == pytest.approx(1, abs=1e-12)
    assert all(0 <= one.chance_to_be_best <= 1 for one in found)
    assert all(0 <= one.expected_loss <= 1 for one in found)
    shares = thompson_allocation(variants, 0.1)
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert min(shares) >= 0.1


@settings(max_examples=30)
@given(proportions(), proportions())
def test_two_variants_agree_however_they_are_asked(one: Proportion, other: Proportion) -> None:
    chance = chance_to_beat_control(one, other)
    assert chance + chance_to_beat_control(other, one) == pytest.approx(1, abs=1e-7)
    first, second = standings([one, other])
    assert first.chance_to_be_best == pytest.approx(chance, abs=1e-7)
    # What choosing one loses less what choosing the other loses is the difference of the expected rates.
    means = [(1 + sample.conversions) / (2 + sample.users) for sample in (one, other)]
    assert second.expected_loss - first.expected_loss == pytest.approx(means[0] - means[1], abs=1e-9)


def test_without_data_all_stand_alike() -> None:
    found = standings([Proportion(0, 0)] * 3)
    assert [one.chance_to_be_best for one in found] == pytest.approx([1 / 3] * 3)
    assert [one.expected_loss for one in found] == pytest.approx([0.75 - 0.5] * 3)


def test_a_variant_alone_is_the_best() -> None:
    assert thompson_allocation([Proportion(0, 3)], 0.2) == (1.0,)


@pytest.mark.parametrize(("count", "floor"), [(0, 0.1), (3, 0.4), (2, -0.1), (2, float("nan"))])
def test_floors_that_exceed_the_whole_are_refused(count: int, floor: float) -> None:
    with pytest.raises(ValueError, match=r"floor|at least one"):
        thompson_allocation([Proportion(1, 2)] * count, floor)
