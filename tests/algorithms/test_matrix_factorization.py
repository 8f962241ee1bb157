from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recommendations.algorithms.dataset import EventTable, Interactions
from recommendations.algorithms.matrix_factorization import (
    Factors,
    MatrixFactorization,
    MatrixFactorizationParameters,
    columns_for,
    rows_at_most,
)
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import NOW, concert, nobody, slate_of, somebody


class TestMatrixFactorization(AlgorithmContract):
    algorithm = MatrixFactorization


ROWS = np.random.default_rng(3).random((12, 5))


def predicted(factors: Factors, row: np.ndarray) -> np.ndarray:
    columns = np.arange(len(row))
    return factors.words(columns) @ factors.person(columns, row)


@pytest.mark.parametrize("rows", [ROWS, ROWS.T], ids=["fewer columns", "fewer rows"])
def test_unscaled_and_unshrunk_it_is_the_truncated_svd(rows: np.ndarray) -> None:
    factors = Factors.of(
        sparse.csr_array(rows), MatrixFactorizationParameters(factors=2, scaling=0.0, shrinkage=0.0)
    )
    u, s, vt = np.linalg.svd(rows, full_matrices=False)
    best = (u[:, :2] * s[:2]) @ vt[:2]
    np.testing.assert_allclose([predicted(factors, row) for row in rows], best, rtol=1e-4, atol=1e-4)


def test_with_all_factors_it_is_the_ridge_regression_of_the_scaled_columns() -> None:
    factors = Factors.of(
        sparse.csr_array(ROWS), MatrixFactorizationParameters(factors=5, scaling=0.5, shrinkage=2.0)
    )
    scale = np.linalg.norm(ROWS, axis=0) ** -0.5
    z = ROWS * scale
    ridge = 2.0 * np.linalg.eigvalsh(z.T @ z)[0]
    expected = z @ np.linalg.solve(z.T @ z + ridge * np.eye(5), z.T @ z) / scale
    np.testing.assert_allclose([predicted(factors, row) for row in ROWS], expected, rtol=1e-4, atol=1e-4)


def test_from_the_smaller_side_the_factors_are_the_same() -> None:
    wide = ROWS.T  # 5 rows, 12 columns
    padded = np.vstack([wide, np.zeros((20, 12))])  # as many again that say nothing: by columns
    parameters = MatrixFactorizationParameters(factors=3, scaling=0.5, shrinkage=2.0)
    by_row, by_column = (Factors.of(sparse.csr_array(each), parameters) for each in (wide, padded))
    for row in wide:
        np.testing.assert_allclose(predicted(by_row, row), predicted(by_column, row), rtol=1e-3, atol=1e-4)


def bare(people: int) -> Interactions:
    """Everybody went to the same two nights, of which nothing else is known."""
    events = EventTable.of([concert("1", artists=["Bicep"]), concert("2"), concert("3")])
    user, event = np.repeat(np.arange(people, dtype=np.int32), 2), np.tile([1, 2], people).astype(np.int32)
    ones = np.ones(len(user), np.float32)
    return Interactions(events, people, user, event, ones, np.full(len(user), NOW - 5.0), NOW)


def test_the_rows_are_people_and_events_with_a_word_besides_their_own() -> None:
    data = bare(30)
    assert rows_at_most(data) == 30  # nobody went to the first night, and the others are bare
    worded = replace(data, event=np.where(data.event == 1, 0, 2).astype(np.int32))
    assert rows_at_most(worded) == 31


def test_the_words_are_bounded_by_their_factors_alone_where_the_rows_are_few() -> None:
    parameters = MatrixFactorizationParameters(memory_mb=0.1, factors=10)
    assert columns_for(bare(200), parameters) == 79  # isqrt(100,000 / 16)
    assert columns_for(bare(79), parameters) == 100_000 // (8 * 10)
    assert columns_for(bare(200), replace(parameters, rows=79)) == 100_000 // (8 * 10)


def test_the_factors_tell_two_scenes_apart() -> None:
    block = sparse.csr_array(np.kron(np.eye(2), np.ones((10, 3))))
    factors = Factors.of(block, MatrixFactorizationParameters(factors=2))
    liking = factors.words(np.arange(6)) @ factors.person(np.array([0]), np.array([1.0]))
    assert liking[:3].min() > 0.05
    assert np.abs(liking[3:]).max() < liking[:3].min() / 10


def test_it_reaches_an_unseen_event_through_what_goes_with_its_artist() -> None:
    events = [
        concert("1", artists=["Bicep"]),
        concert("2", artists=["Kneecap"]),
        concert("3", artists=["Lankum"]),
    ]
    pairs = [(user, event) for user in range(30) for event in (0, 1)] + [(user, 2) for user in range(30, 60)]
    user, event = np.array(pairs, np.int32).T
    ones = np.ones(len(pairs), np.float32)
    data = Interactions(EventTable.of(events), 60, user, event, ones, np.full(len(pairs), NOW - 5.0), NOW)
    model = MatrixFactorization.fit(data, generator=np.random.default_rng(0))
    slate = slate_of([concert("x", artists=["Kneecap"]), concert("y", artists=["Lankum"])])
    kneecap, lankum = model.score(somebody([events[0]]), model.prepare(slate, now=NOW))
    assert kneecap > 2 * abs(lankum)


def test_a_stranger_sees_the_popular_events_in_order() -> None:
    model = MatrixFactorization.fit(Interactions.empty(), generator=np.random.default_rng(0))
    slate = slate_of([concert("x"), concert("y"), concert("z")], [1.0, 9.0, 4.0])
    assert np.argsort(-model.score(nobody(), model.prepare(slate, now=NOW))).tolist() == [1, 2, 0]
