"""What `confidence` promises, on people whose chances are known because they were planted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms.confidence import (
    Confidence,
    confidence_from_arrays,
    rule_of_thumb,
    unit_scores,
)
from recommendations.evaluation.calibration import (
    FEWEST_PEOPLE,
    confidence_fit,
    held_out_reliability,
    reliability,
)
from recommendations.evaluation.evaluate import Evaluation, pooled

PLANTED = np.array([-5.0, 3.5, 0.5])
PLACES = 20


def planted(
    people: int, weights: np.ndarray = PLANTED, *, seed: int = 0, personal: float = 1.0
) -> Evaluation:
    """People who choose what they are shown by `weights`: of 1, the score in the list, log of 1 + actions."""
    random = np.random.default_rng(seed)
    history = random.integers(0, 30, people)
    unit = -np.sort(-random.uniform(0, 1, (people, PLACES)), axis=1)
    chance = Confidence(weights).of(unit.ravel(), np.repeat(history, PLACES)).reshape(unit.shape)
    return Evaluation(
        algorithm="planted",
        user=np.arange(people),
        history=history,
        city=np.zeros(people, np.uint64),
        is_personal=random.uniform(size=people) < personal,
        shown=np.tile(np.arange(PLACES), (people, 1)),
        unit=unit,
        hits=random.uniform(size=unit.shape) < chance,
        targets=np.full(people, PLACES),
        novelty=np.zeros(people),
        diversity=np.zeros(people),
        candidates=PLACES,
    )


def test_planted_chances_are_found_again() -> None:
    learned = confidence_fit(planted(5_000))
    assert learned is not None
    assert learned.weights == pytest.approx(PLANTED, abs=0.25)
    asked = [0.1, 0.5, 0.9]
    assert learned.of(asked, 5) == pytest.approx(Confidence(PLANTED).of(asked, 5), abs=0.01)


def test_learned_on_some_it_holds_for_others_and_the_rule_of_thumb_does_not() -> None:
    learned, others = confidence_fit(planted(2_000)), planted(2_000, seed=1)
    assert learned is not None
    scores, history = others.unit.ravel(), np.repeat(others.history, PLACES)
    chosen = others.hits.ravel()
    assert reliability(learned.of(scores, history), chosen).expected_calibration_error < 0.015
    assert reliability(rule_of_thumb(scores, history), chosen).expected_calibration_error > 0.1


def test_it_is_checked_on_people_it_was_not_learned_from() -> None:
    """People with even numbers choose often, with odd ones hardly ever: each half misjudges the other."""
    often, hardly = planted(400, np.array([2.0, 0.0, 0.0])), planted(400, np.array([-2.0, 0.0, 0.0]), seed=1)
    even = np.arange(400) % 2 == 0
    mixed = replace(often, hits=np.where(even[:, None], often.hits, hardly.hits))
    learned, found = confidence_fit(mixed), held_out_reliability(mixed)
    assert learned is not None
    assert found is not None
    cases = mixed.unit.ravel(), np.repeat(mixed.history, PLACES)
    assert reliability(learned.of(*cases), mixed.hits.ravel()).expected_calibration_error < 0.05
    assert found.expected_calibration_error > 0.7


def test_a_reliability_table_of_planted_chances_is_straight() -> None:
    found = held_out_reliability(planted(1_000))
    assert found is not None
    assert found.expected_calibration_error < 0.02
    assert sum(each.cases for each in found.bins) == 1_000 * PLACES
    assert [each.predicted for each in found.bins] == sorted(each.predicted for each in found.bins)
    for each in found.bins:
        assert each.chosen == pytest.approx(each.predicted, abs=0.04)


def test_a_higher_score_never_makes_an_event_less_likely() -> None:
    """Where people choose the bottom of their lists, the order stands and the score says nothing."""
    learned = confidence_fit(planted(500, np.array([-1.0, -2.0, 0.3])))
    assert learned is not None
    values = learned.of([0.0, 0.4, 1.0], 3)
    assert values == pytest.approx([values[0]] * 3, abs=1e-3)


@pytest.mark.parametrize("chosen", [True, False])
def test_nothing_is_learned_from_few_or_where_all_or_nothing_is_chosen(chosen: bool) -> None:
    assert confidence_fit(planted(FEWEST_PEOPLE - 1)) is None
    assert confidence_fit(planted(FEWEST_PEOPLE)) is not None
    certain = planted(200)
    certain.hits[:] = chosen
    assert confidence_fit(certain) is None
    assert held_out_reliability(certain) is None


def test_somebody_measured_in_many_folds_is_one_person() -> None:
    few = planted(FEWEST_PEOPLE - 1)
    assert confidence_fit(pooled([few, few, few])) is None


def test_lists_that_popularity_made_for_strangers_teach_it_nothing() -> None:
    assert confidence_fit(planted(FEWEST_PEOPLE, personal=0.9)) is None


def test_a_reliability_table_by_hand() -> None:
    predicted = np.array([0.1, 0.1, 0.1, 0.1, 0.6, 0.6])
    chosen = np.array([False, False, False, True, True, False])
    found = reliability(predicted, chosen, bins=2)
    assert [each.cases for each in found.bins] == [4, 2]
    assert [each.predicted for each in found.bins] == pytest.approx([0.1, 0.6])
    assert [each.chosen for each in found.bins] == [0.25, 0.5]
    assert found.expected_calibration_error == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.1)
    assert found.brier == pytest.approx((3 * 0.1**2 + 0.9**2 + 0.4**2 + 0.6**2) / 6)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60),
    st.integers(1, 12),
)
def test_bins_share_out_all_cases_and_errors_are_bounded(cases: list[tuple[float, bool]], bins: int) -> None:
    predicted, chosen = np.array([one for one, _ in cases]), np.array([one for _, one in cases])
    found = reliability(predicted, chosen, bins=bins)
    assert 1 <= len(found.bins) <= bins
    assert sum(each.cases for each in found.bins) == len(cases)
    overall = abs(predicted.mean() - chosen.mean())
    assert overall - 1e-9 <= found.expected_calibration_error <= 1 + 1e-9
    assert 0 <= found.brier <= 1


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=20),
    st.integers(0, 500),
    st.tuples(st.floats(-20, 20), st.floats(0, 20), st.floats(-5, 5)),
)
def test_confidence_lies_between_0_and_1_and_never_falls_as_the_score_rises(
    scores: list[float], history: int, weights: tuple[float, float, float]
) -> None:
    for values in (
        Confidence(np.array(weights)).of(sorted(scores), history),
        rule_of_thumb(sorted(scores), history),
    ):
        assert ((values >= 0) & (values <= 1)).all()
        assert (np.diff(values) >= -1e-12).all()


def test_weights_of_another_shape_are_left_out() -> None:
    read = confidence_from_arrays({"hybrid": PLANTED, "user_knn": np.zeros(5)})
    assert list(read) == ["hybrid"]


def test_scores_are_scaled_by_what_can_be_served() -> None:
    scores = np.array([9.0, 1.0, 2.0, 3.0])
    assert unit_scores(scores, np.array([1, 2, 3]))[1:].tolist() == [0.0, 0.5, 1.0]
    assert unit_scores(np.ones(3), np.arange(3)).tolist() == [0.5] * 3
    assert unit_scores(np.empty(0), np.empty(0, np.int64)).tolist() == []
