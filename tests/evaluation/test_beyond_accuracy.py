"""Novelty and diversity of lists, by hand and against the definitions taken literally."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms.dataset import EventTable, Interactions
from recommendations.evaluation.beyond_accuracy import (
    acted_matrix,
    diversity,
    novelty,
    self_information,
    unit_words,
)
from tests.algorithms.worlds import concert


def information(*acted: tuple[int, int]) -> list[float]:
    """Of three events, when (person, event) is all that ever happened."""
    user, row = np.array(acted, np.int32).reshape(-1, 2).T
    table = EventTable.of(concert(str(number)) for number in range(3))
    ones = np.ones(len(user), np.float32)
    data = Interactions(table, 9, user, row, ones, ones.astype(np.float64), 2.0)
    return list(self_information(acted_matrix(data)))


def test_what_everybody_did_is_no_news_and_what_one_in_four_did_is_two_bits() -> None:
    assert information((0, 0), (1, 0), (2, 0), (3, 0), (2, 1))[:2] == [0.0, 2.0]


def test_an_event_nobody_touched_is_as_new_as_one_that_one_person_did() -> None:
    assert information((0, 0), (1, 0), (2, 0), (3, 1)) == pytest.approx([math.log2(4 / 3), 2.0, 2.0])


def test_somebody_who_acts_twice_is_one_person() -> None:
    assert information((0, 0), (0, 0), (1, 1))[0] == 1.0


def test_without_anybody_nothing_is_new() -> None:
    assert information() == [0.0, 0.0, 0.0]


def test_novelty_is_the_mean_over_filled_slots() -> None:
    shown = np.array([[0, 2, -1], [1, -1, -1], [-1, -1, -1]])
    assert novelty(shown, np.array([1.0, 5.0, 2.0])).tolist() == [1.5, 5.0, 0.0]
    assert novelty(np.full((2, 3), -1), np.empty(0)).tolist() == [0.0, 0.0]


EVENTS = [
    concert("one", artists=["A"], venue="V", promoter="P", genres=["g"]),
    concert("same", artists=["A"], venue="V", promoter="P", genres=["g"]),
    concert("half", artists=["A"], venue="V", promoter="Q", genres=["h"]),
    concert("other", artists=["B"], venue="W", promoter="Q", genres=["h"]),
    concert("bare"),
    concert("bare too"),
]
ONE, SAME, HALF, OTHER, BARE, BARE_TOO = range(6)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([ONE, SAME], 0.0),
        ([ONE, OTHER], 1.0),
        ([ONE, HALF], 0.5),
        ([ONE, SAME, OTHER], 2 / 3),  # of three pairs, one is the same thing twice
        ([ONE, HALF, OTHER], 1 - (0.5 + 0.0 + 0.5) / 3),
        ([BARE, BARE_TOO], 1.0),
        ([ONE, BARE], 1.0),
        ([ONE, -1], 0.0),
        ([-1, -1], 0.0),
    ],
)
def test_diversity_is_what_the_pairs_do_not_share(rows: list[int], expected: float) -> None:
    found = diversity(np.array([rows]), unit_words(EventTable.of(EVENTS)))
    assert found[0] == pytest.approx(expected, abs=1e-6)


def test_a_festival_is_as_like_a_gig_of_its_headliner_as_the_share_of_the_bill_says() -> None:
    events = [concert("gig", artists=["A"]), concert("festival", artists=["A", "B", "C", "D"])]
    found = diversity(np.array([[0, 1]]), unit_words(EventTable.of(events)))
    assert found[0] == pytest.approx(1 - 1 / math.sqrt(4), abs=1e-6)


@given(st.lists(st.permutations(range(6)), min_size=1, max_size=4), st.integers(0, 6))
def test_diversity_agrees_with_comparing_every_pair(lists: list[list[int]], filled: int) -> None:
    words = unit_words(EventTable.of(EVENTS))
    shown = np.array([rows[:filled] + [-1] * (6 - filled) for rows in lists])
    dense = words.toarray()
    for row, found in zip(shown, diversity(shown, words), strict=True):
        pairs = list(combinations(row[row >= 0], 2))
        expected = np.mean([1 - dense[one] @ dense[other] for one, other in pairs]) if pairs else 0.0
        assert found == pytest.approx(expected, abs=1e-6)
        assert -1e-9 <= found <= 1 + 1e-9
