import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms.collaborative_filtering import (
    CollaborativeFiltering,
    CollaborativeFilteringParameters,
    ItemWeights,
    closed_form,
    columns_within,
    strongest,
)
from recommendations.algorithms.dataset import EventTable, Interactions
from recommendations.algorithms.protocol import Signal
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import NOW, concert, nobody, slate_of, somebody, world


class TestCollaborativeFiltering(AlgorithmContract):
    algorithm = CollaborativeFiltering


RIDGE = 30.0

# Thirty people follow Bicep and Kneecap both, thirty others Lankum alone.
EVENTS = [
    concert("1", artists=["Bicep"]),
    concert("2", artists=["Kneecap"]),
    concert("3", artists=["Lankum"]),
]


def two_scenes() -> Interactions:
    pairs = [(user, event) for user in range(30) for event in (0, 1)]
    pairs += [(user, 2) for user in range(30, 60)]
    user, event = np.array(pairs, np.int32).T
    ones = np.ones(len(pairs), np.float32)
    return Interactions(EventTable.of(EVENTS), 60, user, event, ones, np.full(len(pairs), NOW - 5.0), NOW)


def fitted() -> CollaborativeFiltering:
    return CollaborativeFiltering.fit(two_scenes(), generator=np.random.default_rng(0))


def test_event_columns_are_ease_and_never_predict_themselves() -> None:
    rows = sparse.csr_array(np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]))
    dense = rows.toarray()
    found = closed_form(rows, np.array([True, True, True]), ridge=RIDGE)
    np.testing.assert_allclose(np.diag(found), 0.0)
    for column in range(3):  # the regression on the other columns, with the same ridge
        rest = [other for other in range(3) if other != column]
        x = dense[:, rest]
        expected = np.linalg.solve(x.T @ x + RIDGE * np.eye(2), x.T @ dense[:, column])
        np.testing.assert_allclose(found[rest, column], expected)


def test_word_columns_are_a_ridge_regression_that_may_use_the_word_itself() -> None:
    dense = np.array([[2.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    found = closed_form(sparse.csr_array(dense), np.array([False, False]), ridge=RIDGE)
    gram = dense.T @ dense
    np.testing.assert_allclose(found, np.linalg.solve(gram + RIDGE * np.eye(2), gram))


def test_it_reaches_an_unseen_event_through_what_goes_with_its_artist() -> None:
    model = fitted()
    slate = slate_of([concert("x", artists=["Kneecap"]), concert("y", artists=["Lankum"])])
    prepared = model.prepare(slate, now=NOW)
    kneecap, lankum = model.score(somebody([EVENTS[0]]), prepared)
    assert kneecap > max(lankum, 0.0)
    [reasons] = model.explain(somebody([EVENTS[0]]), prepared, np.array([0]))
    assert [each.code for each in reasons] == [Signal.GOES_WITH]


def test_an_artist_of_ones_own_is_given_as_the_reason() -> None:
    model = fitted()
    prepared = model.prepare(slate_of([concert("x", artists=["Lankum"])]), now=NOW)
    [reasons] = model.explain(somebody([EVENTS[2]]), prepared, np.array([0]))
    assert {each.code for each in reasons} >= {Signal.ARTIST}
    assert all(each.value > 0 for each in reasons)


def test_an_artist_that_the_model_never_saw_still_counts_for_who_saw_them() -> None:
    model = fitted()
    slate = slate_of([concert("x", artists=["Brand New"]), concert("y", artists=["Else"])])
    new, other = model.score(somebody([concert("q", artists=["Brand New"])]), model.prepare(slate, now=NOW))
    assert new > other == 0.0


def test_turning_something_down_speaks_against_what_goes_with_it() -> None:
    model = fitted()
    prepared = model.prepare(slate_of([concert("x", artists=["Kneecap"])]), now=NOW)
    assert model.score(somebody([EVENTS[0]], [-1.0]), prepared)[0] < 0


def test_a_stranger_sees_the_popular_events_in_order() -> None:
    model = fitted()
    slate = slate_of([concert("x"), concert("y"), concert("z")], [1.0, 9.0, 4.0])
    assert np.argsort(-model.score(nobody(), model.prepare(slate, now=NOW))).tolist() == [1, 2, 0]


def test_its_vocabulary_keeps_to_the_memory_and_drops_the_least_supported() -> None:
    everything = ItemWeights.of(world().data)
    few = ItemWeights.of(world().data, CollaborativeFilteringParameters(memory_mb=0.1))
    assert len(everything.vocabulary) > len(few.vocabulary) == columns_within(0.1)
    assert set(few.vocabulary.words) <= set(everything.vocabulary.words)


@pytest.mark.parametrize(("memory_mb", "columns"), [(72.0, 1_500), (512.0, 4_000), (0.00001, 1)])
def test_memory_is_turned_into_columns(memory_mb: float, columns: int) -> None:
    assert columns_within(memory_mb) == columns


def test_it_keeps_the_strongest_weights_of_each_row() -> None:
    words, weights = strongest(np.array([[0.0, -5.0, 3.0, 1.0]] * 4), 2)
    np.testing.assert_array_equal(words, [[1, 2]] * 4)
    np.testing.assert_array_equal(weights, [[-5, 3]] * 4)


def test_more_ridge_makes_rare_words_say_less() -> None:
    bold, shy = (
        CollaborativeFiltering.fit(
            two_scenes(),
            generator=np.random.default_rng(0),
            parameters=CollaborativeFilteringParameters(ridge=ridge),
        )
        for ridge in (1.0, 1_000.0)
    )
    slate = slate_of([concert("x", artists=["Kneecap"])])
    said = [model.score(somebody([EVENTS[0]]), model.prepare(slate, now=NOW))[0] for model in (bold, shy)]
    assert said[0] > 2 * said[1] > 0


def test_it_refuses_weights_stored_as_an_earlier_release_did() -> None:
    arrays = dict(ItemWeights.of(world().data).to_arrays())
    arrays["weight"] = arrays["weight"].ravel()
    with pytest.raises(ValueError, match="train again"):
        ItemWeights.from_arrays(arrays)
