import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms.dataset import EventTable, Interactions
from recommendations.algorithms.encoding import person_words
from recommendations.algorithms.user_knn import (
    BYTES_PER_ENTRY,
    Neighbourhood,
    UserKNN,
    UserKNNParameters,
    largest_per_row,
    limit_within,
)
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import NOW, concert, slate_of, somebody, world


class TestUserKNN(AlgorithmContract):
    algorithm = UserKNN


# Ann and Bob follow Bicep; Bob and Cat follow Kneecap; Dan follows a trad band that nobody else does.
EVENTS = [
    concert("1", artists=["Bicep"]),
    concert("2", artists=["Kneecap"]),
    concert("3", artists=["Lankum"]),
]
ANN, BOB, CAT, DAN = range(4)


def four_people() -> Interactions:
    pairs = [(ANN, 0), (BOB, 0), (BOB, 1), (CAT, 1), (DAN, 2)]
    user, event = np.array(pairs, np.int32).T
    ones = np.ones(len(pairs), np.float32)
    return Interactions(EventTable.of(EVENTS), 4, user, event, ones, np.full(len(pairs), NOW - 5.0), NOW)


def test_the_nearest_neighbours_are_those_with_the_same_past() -> None:
    people, cosine = Neighbourhood.of(four_people()).likeness(person_words(somebody([EVENTS[0]])))
    assert people.tolist() == [ANN, BOB]
    assert cosine[0] == pytest.approx(1.0)
    # Bob holds the same words as much again: half of his squared length, as every word is held by two.
    assert cosine[1] == pytest.approx(np.sqrt(0.5))


def test_it_recommends_what_the_neighbours_like() -> None:
    fitted = UserKNN.fit(four_people(), generator=np.random.default_rng(0))
    slate = slate_of([concert("x", artists=["Kneecap"]), concert("y", artists=["Lankum"])])
    kneecap, lankum = fitted.score(somebody([EVENTS[0]]), fitted.prepare(slate, now=NOW))
    assert kneecap > lankum == 0.0


def test_a_stranger_to_everybody_sees_the_popular_events_in_order() -> None:
    fitted = UserKNN.fit(four_people(), generator=np.random.default_rng(0))
    slate = slate_of([concert("x"), concert("y"), concert("z")], [1.0, 9.0, 4.0])
    scores = fitted.score(somebody([concert("q", artists=["Nobody Knows"])]), fitted.prepare(slate, now=NOW))
    assert np.argsort(-scores).tolist() == [1, 2, 0]


def test_it_keeps_the_largest_entries_of_each_row() -> None:
    matrix = sparse.csr_array(np.array([[1.0, -5.0, 3.0, 0.0], [0.0, 0.0, 2.0, 0.0], [4.0, 4.0, 4.0, 9.0]]))
    kept = largest_per_row(matrix, 2).toarray()
    np.testing.assert_array_equal(kept, [[0, -5, 3, 0], [0, 0, 2, 0], [4, 0, 0, 9]])


@pytest.mark.parametrize(("total", "limit"), [(100, 5), (9, 5), (8, 4), (7, 3), (5, 2), (3, 1), (1, 1)])
def test_rows_share_what_may_be_kept_by_one_limit_for_all(total: int, limit: int) -> None:
    counts = np.array([1, 3, 0, 5])  # up to a limit of 1, 2, 3, 4, 5 they keep 3, 5, 7, 8, 9
    assert min(limit_within(counts, total), 5) == limit


def test_its_table_keeps_to_the_memory_and_is_whole_where_there_is_room() -> None:
    data = world().data
    whole = Neighbourhood.of(data)
    few = Neighbourhood.of(data, UserKNNParameters(memory_mb=0.1, read=1))
    everything = Neighbourhood.of(data, UserKNNParameters(memory_mb=1_000.0))
    assert len(whole.person_word) == len(everything.person_word)
    assert len(few.person_word) <= 0.1e6 / BYTES_PER_ENTRY


def test_a_request_reads_the_holders_of_the_rarest_words_alone() -> None:
    user, event = np.array([(ANN, 0), (BOB, 1), (CAT, 1), (DAN, 1)], np.int32).T
    ones = np.ones(len(user), np.float32)
    data = Interactions(EventTable.of(EVENTS), 4, user, event, ones, np.full(len(user), NOW - 5.0), NOW)
    words = person_words(somebody(EVENTS[:2]))
    for read, found in ((1, {ANN}), (2, {ANN}), (1_000, {ANN, BOB, CAT, DAN})):
        people, _ = Neighbourhood.of(data, UserKNNParameters(read=read)).likeness(words)
        assert set(people.tolist()) == found


def test_a_word_that_everybody_holds_does_not_keep_the_others_from_being_read() -> None:
    scenes = [
        concert("techno", genres=["music"], promoter="A"),
        concert("trad", genres=["music"], promoter="B"),
    ]
    user, event = np.arange(60, dtype=np.int32), np.repeat([0, 1], 30).astype(np.int32)
    ones = np.ones(60, np.float32)
    data = Interactions(EventTable.of(scenes), 60, user, event, ones, np.full(60, NOW - 5.0), NOW)
    neighbourhood = Neighbourhood.of(data, UserKNNParameters(read=60, neighbours=30))
    people, _ = neighbourhood.likeness(person_words(somebody(scenes[:1])))
    assert set(people.tolist()) == set(range(30))


def plain_votes(rows: np.ndarray, person: np.ndarray, neighbours: int) -> np.ndarray:
    """User-based nearest neighbours of the textbooks: the nearest people's rows, weighted by the cosine."""
    cosine = rows @ person / (np.linalg.norm(rows, axis=1) * np.linalg.norm(person))
    nearest = np.argsort(-cosine, kind="stable")[:neighbours]
    return np.asarray(cosine[nearest] @ rows[nearest] / cosine[nearest].sum())


def test_without_rarity_and_lengths_it_is_the_plain_cosine_neighbourhood() -> None:
    rows = (np.random.default_rng(5).random((20, 12)) < 0.4).astype(np.float64)
    user, event = (each.astype(np.int32) for each in np.nonzero(rows))
    events = EventTable.of([concert(str(number)) for number in range(12)])
    ones = np.ones(len(user), np.float32)
    data = Interactions(events, 20, user, event, ones, np.full(len(user), NOW - 5.0), NOW)
    fitted = Neighbourhood.of(data, UserKNNParameters(neighbours=7, rarity=0, rarity_voted=0, length=0))
    votes = fitted.votes(person_words(somebody([concert("0"), concert("3"), concert("4")])))
    found = votes[fitted.vocabulary.find(events.keys)[0]]
    expected = plain_votes(rows, np.isin(np.arange(12), [0, 3, 4]).astype(np.float64), 7)
    np.testing.assert_allclose(found / found.sum(), expected / expected.sum(), atol=1e-5)
