"""The chances told are the chances had."""

from collections import Counter

import numpy as np
import pytest

from recommendations.list_quality.exploration import explore

DRAWS = 4_000


@pytest.mark.parametrize(
    ("size", "pool_size", "share"),
    [(10, 5, 0.1), (10, 5, 0.25), (5, 2, 0.3), (10, 1, 0.3), (1, 3, 0.2), (7, 30, 0.3)],
)
def test_frequencies_match_the_chances(size: int, pool_size: int, share: float) -> None:
    ordinary, pool = list(range(size)), list(range(100, 100 + pool_size))
    times: Counter[tuple[int, int]] = Counter()
    told: dict[tuple[int, int], float] = {}
    generator = np.random.default_rng(1)
    for _ in range(DRAWS):
        drawn = explore(ordinary, pool, share, generator)
        for place, (row, chance) in enumerate(zip(drawn.rows, drawn.chances, strict=True)):
            times[place, row] += 1
            assert told.setdefault((place, row), chance) == chance
            assert 0 < chance <= 1
    for at, chance in told.items():
        error = np.sqrt(chance * (1 - chance) / DRAWS)
        assert times[at] / DRAWS == pytest.approx(chance, abs=5 * error + 1 / DRAWS), at
    for place in range(size):  # somebody has every place
        assert sum(chance for at, chance in told.items() if at[0] == place) == pytest.approx(1, abs=0.01)


def test_inverse_propensities_tell_what_each_place_is_worth() -> None:
    """A policy that never explores, judged from lists that do (Horvitz and Thompson)."""
    ordinary, pool = [0, 1, 2, 3, 4], [10, 11]
    clicks = {0: 0.9, 1: 0.5, 2: 0.3, 3: 0.2, 4: 0.1, 10: 0.6, 11: 0.0}
    estimate = 0.0
    generator = np.random.default_rng(1)
    for _ in range(DRAWS):
        drawn = explore(ordinary, pool, 0.3, generator)
        for place, (row, chance) in enumerate(zip(drawn.rows, drawn.chances, strict=True)):
            estimate += clicks[row] / chance / DRAWS if row == ordinary[place] else 0.0
    assert estimate == pytest.approx(2.0, abs=0.1)


def test_the_others_keep_their_order_and_nobody_comes_twice() -> None:
    for seed in range(200):
        drawn = explore(list(range(10)), [20, 21, 22], 0.25, np.random.default_rng(seed)).rows
        assert len(set(drawn)) == 10
        old = [row for row in drawn if row < 10]
        assert old == list(range(len(old)))


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_share_of_places_given_away_is_the_one_asked_for(share: float) -> None:
    generator = np.random.default_rng(2)
    new = [row >= 20 for _ in range(500) for row in explore(range(20), range(20, 70), share, generator).rows]
    assert np.mean(new) == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / len(new)))


@pytest.mark.parametrize(
    ("ordinary", "pool", "share"), [([], [1], 0.3), ([1, 2], [], 0.3), ([1, 2], [3], 0.0)]
)
def test_nothing_is_drawn_where_nothing_can_be(ordinary: list[int], pool: list[int], share: float) -> None:
    drawn = explore(ordinary, pool, share, np.random.default_rng(1))
    assert (drawn.rows, drawn.chances) == (ordinary, [1.0] * len(ordinary))


def test_the_same_seed_draws_the_same() -> None:
    first, second = (explore(range(20), range(50, 90), 0.3, np.random.default_rng(7)) for _ in range(2))
    assert first == second
