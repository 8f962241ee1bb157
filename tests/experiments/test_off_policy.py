import math

import numpy as np
import pytest

from experiments.statistics.off_policy import NO_OVERLAP, NOTHING_LOGGED, off_policy_estimate
from experiments.statistics.values import Unknown
from tests.experiments.oracle import CLOSED_FORM, STATISTICS
from tests.experiments.samples import bounds, known


def test_it_is_snips_with_its_effective_sample_size() -> None:
    case = STATISTICS["off_policy"]
    found = known(off_policy_estimate(case["reward"], case["behaviour_prob"], case["target_prob"]))
    assert found.value == pytest.approx(case["SNIPS"], rel=CLOSED_FORM)
    assert found.standard_error == pytest.approx(case["SNIPS_se"], rel=CLOSED_FORM)
    assert found.plain == pytest.approx(case["IPS"], rel=CLOSED_FORM)
    assert found.plain_standard_error == pytest.approx(case["IPS_se"], rel=CLOSED_FORM)
    assert found.effective_sample_size == pytest.approx(case["ESS"], rel=CLOSED_FORM)
    assert "only 5 decisions" in found.warning


def test_its_interval_covers_what_the_other_policy_would_have_earned() -> None:
    """Three actions with rewards 0.1, 0.2, 0.5; logged mostly the first, asked for mostly the last."""
    generator = np.random.default_rng(7)
    rates, logging, target = np.array([0.1, 0.2, 0.5]), np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
    covered = 0
    for _ in range(1000):
        actions = generator.choice(3, 600, p=logging)
        rewards = generator.random(600) < rates[actions]
        found = known(off_policy_estimate(rewards, logging[actions], target[actions]))
        lower, upper = bounds(found.interval)
        covered += lower <= float(rates @ target) <= upper
    assert 930 <= covered <= 970
    assert found.warning == ""


def test_the_logging_policy_itself_earns_what_was_logged() -> None:
    rewards, logged = [1, 0, 0, 1, 1], [0.2, 0.5, 0.1, 0.9, 0.3]
    found = known(off_policy_estimate(rewards, logged, logged))
    assert found.value == found.plain == pytest.approx(0.6)
    assert found.effective_sample_size == pytest.approx(5)


def test_adding_a_constant_to_all_rewards_moves_the_estimate_by_it() -> None:
    """What the plain estimate does not do."""
    rewards, logged, target = np.array([1.0, 0.0, 2.0]), [0.2, 0.5, 0.3], [0.6, 0.1, 0.3]
    low, high = (known(off_policy_estimate(rewards + add, logged, target)) for add in (0, 10))
    assert high.value - low.value == pytest.approx(10)
    assert high.standard_error == pytest.approx(low.standard_error)


def test_equal_rewards_have_no_interval() -> None:
    found = known(off_policy_estimate([0, 0, 0], [0.5, 0.5, 0.1], [0.1, 0.2, 0.3]))
    assert found.value == 0
    assert isinstance(found.interval, Unknown)


def test_one_decision_has_no_plain_standard_error() -> None:
    found = known(off_policy_estimate([1], [0.5], [0.25]))
    assert (found.value, found.plain, found.plain_standard_error) == (1, 0.5, None)


def test_what_cannot_be_judged_has_a_reason() -> None:
    assert off_policy_estimate([], [], []) == Unknown(NOTHING_LOGGED)
    assert off_policy_estimate([1, 0], [0.5, 0.5], [0, 0]) == Unknown(NO_OVERLAP)


@pytest.mark.parametrize(
    ("rewards", "logged", "target", "message"),
    [
        ([1], [0.0], [0.5], "logged propensity"),
        ([1], [1.1], [0.5], "logged propensity"),
        ([1], [math.nan], [0.5], "logged propensity"),
        ([1], [0.5], [-0.1], "target propensity"),
        ([math.nan], [0.5], [0.5], "reward"),
        ([1, 2], [0.5], [0.5], "one length"),
    ],
)
def test_what_cannot_have_been_logged_is_refused(
    rewards: list[float], logged: list[float], target: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        off_policy_estimate(rewards, logged, target)
