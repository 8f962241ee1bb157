import numpy as np
import pytest

from recommendations.algorithms.dataset import EventTable, Interactions
from recommendations.algorithms.hybrid import PRIOR, Hybrid
from recommendations.algorithms.ranker import Choice, fit_weights
from recommendations.algorithms.samples import cut_at
from recommendations.algorithms.signals import INDEX
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import DAY, NOW, concert, world


class TestHybrid(AlgorithmContract):
    algorithm = Hybrid


def test_with_nothing_to_learn_from_it_keeps_the_fixed_weights() -> None:
    fitted = Hybrid.fit(Interactions.empty(), generator=np.random.default_rng(0))
    np.testing.assert_array_equal(fitted.weights, PRIOR)


def test_it_learns_something_from_a_world_with_tastes() -> None:
    fitted = Hybrid.fit(world(n_users=80).data, generator=np.random.default_rng(0))
    assert not np.array_equal(fitted.weights, PRIOR)
    assert np.isfinite(fitted.weights).all()


def test_a_signal_that_the_data_say_nothing_about_keeps_its_prior_weight() -> None:
    fitted = Hybrid.fit(world().data, generator=np.random.default_rng(0))
    assert fitted.weights[INDEX["home"]] == PRIOR[INDEX["home"]]


def test_it_refuses_the_weights_of_a_release_with_other_signals() -> None:
    arrays = dict(Hybrid.fit(Interactions.empty(), generator=np.random.default_rng(0)).to_arrays())
    arrays["weights"] = arrays["weights"][:-1]
    with pytest.raises(ValueError, match="train again"):
        Hybrid.from_arrays(arrays)


def choices(weights: list[float], people: int = 600) -> list[Choice]:
    """People who choose one of five by the conditional logit with these weights."""
    generator = np.random.default_rng(5)
    out = []
    for _ in range(people):
        signals = generator.normal(size=(5, len(weights))).astype(np.float32)
        utility = signals @ np.array(weights) + generator.gumbel(size=5)
        out.append(Choice(signals, np.arange(5) == np.argmax(utility)))
    return out


def test_the_ranker_recovers_the_weights_that_people_chose_by() -> None:
    found = fit_weights(choices([2.0, -1.0, 0.0], people=3000), np.zeros(3), strength=1e-3)
    np.testing.assert_allclose(found, [2.0, -1.0, 0.0], atol=0.15)


def test_the_stronger_the_pull_the_nearer_to_the_prior() -> None:
    prior = np.array([0.0, 3.0])
    near = [
        float(np.abs(fit_weights(choices([1.0, 1.0]), prior, strength=strength) - prior).sum())
        for strength in (0.1, 100.0, 1e6)
    ]
    assert near[0] > near[1] > near[2]
    assert near[2] < 0.01


def test_separable_choices_give_finite_weights() -> None:
    signals = np.array([[1.0], [0.0]], np.float32)
    found = fit_weights([Choice(signals, np.array([True, False]))] * 50, np.zeros(1), strength=0.1)
    assert np.isfinite(found).all()
    assert found[0] > 0


def test_an_event_still_to_come_that_nobody_has_touched_is_not_one_passed_over() -> None:
    """Cold, its choices are not in the data yet; one that began without any was passed over."""
    events = [
        concert("past", starts_at=NOW - 9 * DAY, announced_at=NOW - 40 * DAY),
        concert("begun", starts_at=NOW - DAY, announced_at=NOW - 40 * DAY),
        concert("wanted", starts_at=NOW + 5 * DAY, announced_at=NOW - 40 * DAY),
        concert("untouched", starts_at=NOW + 6 * DAY, announced_at=NOW - 40 * DAY),
    ]
    data = Interactions(
        EventTable.of(events),
        1,
        np.array([0, 0], np.int32),
        np.array([0, 2], np.int32),
        np.ones(2, np.float32),
        np.array([NOW - 10 * DAY, NOW - DAY]),
        NOW,
    )
    assert cut_at(data, NOW - 5 * DAY, cold=True).rows.tolist() == [1, 2]
    assert cut_at(data, NOW - 5 * DAY, cold=False).rows.tolist() == [1, 2, 3]
