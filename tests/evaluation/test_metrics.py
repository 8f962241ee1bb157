import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.evaluation.metrics import coverage, ranking_metrics, top


def test_a_worked_case() -> None:
    # Targets {1, 3}; the list is 3, 0, 1: hits at ranks 1 and 3.
    each = ranking_metrics(np.array([[True, False, True]]), np.array([2]), 3)
    assert each.recall[0] == 1.0
    assert each.precision[0] == pytest.approx(2 / 3)
    assert each.ndcg[0] == pytest.approx((1 + 1 / math.log2(4)) / (1 + 1 / math.log2(3)))
    assert each.average_precision[0] == pytest.approx((1 + 2 / 3) / 2)
    assert each.reciprocal_rank[0] == 1.0


def test_a_list_without_a_hit_scores_nothing() -> None:
    each = ranking_metrics(np.zeros((1, 10), np.bool_), np.array([3]), 10)
    for metric in (each.recall, each.precision, each.ndcg, each.average_precision, each.reciprocal_rank):
        assert metric[0] == 0.0


def test_more_targets_than_places_can_still_be_a_perfect_list() -> None:
    each = ranking_metrics(np.ones((1, 10), np.bool_), np.array([40]), 10)
    assert each.ndcg[0] == pytest.approx(1.0)
    assert each.average_precision[0] == pytest.approx(1.0)
    assert each.recall[0] == 0.25


def test_only_the_first_k_count() -> None:
    hits = np.array([[False, False, True]])
    assert ranking_metrics(hits, np.array([1]), 2).ndcg[0] == 0.0
    assert ranking_metrics(hits, np.array([1]), 3).reciprocal_rank[0] == pytest.approx(1 / 3)


def test_it_refuses_lists_that_are_too_short() -> None:
    with pytest.raises(ValueError, match="10 are needed"):
        ranking_metrics(np.zeros((1, 5), np.bool_), np.array([1]), 10)


def test_it_refuses_people_without_targets() -> None:
    with pytest.raises(ValueError, match="needs a target"):
        ranking_metrics(np.zeros((1, 5), np.bool_), np.array([0]), 5)


def naive(hits: list[bool], targets: int, k: int) -> tuple[float, float, float, float, float]:
    """Straight from the definitions, one rank at a time."""
    found = dcg = precisions = 0.0
    first = 0.0
    for rank, hit in enumerate(hits[:k], start=1):
        if hit:
            found += 1
            dcg += 1 / math.log2(rank + 1)
            precisions += found / rank
            first = first or 1 / rank
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, targets) + 1))
    return found / targets, found / k, dcg / ideal, precisions / min(k, targets), first


@given(st.lists(st.booleans(), min_size=20, max_size=20), st.integers(0, 30), st.integers(1, 20))
def test_it_agrees_with_a_naive_implementation(hits: list[bool], more: int, k: int) -> None:
    targets = max(sum(hits) + more, 1)
    each = ranking_metrics(np.array([hits]), np.array([targets]), k)
    ours = (each.recall, each.precision, each.ndcg, each.average_precision, each.reciprocal_rank)
    assert [float(metric[0]) for metric in ours] == pytest.approx(naive(hits, targets, k))
    assert all(0.0 <= float(metric[0]) <= 1.0 + 1e-12 for metric in ours)


def test_coverage_counts_each_candidate_once_and_no_empty_slots() -> None:
    assert coverage(np.array([[0, 1, -1], [1, 2, -1]]), 6) == 0.5
    assert coverage(np.empty((0, 10), np.int64), 0) == 0.0


def test_the_top_is_in_order_without_the_masked() -> None:
    scores = np.array([0.1, 0.9, 0.5, 0.7])
    assert top(scores, 2, np.array([1])).tolist() == [3, 2]


def test_a_top_longer_than_the_slate_ends_in_empty_slots() -> None:
    assert top(np.array([0.1, 0.9]), 4, np.array([0])).tolist() == [1, -1, -1, -1]
    assert top(np.empty(0), 2, np.empty(0, np.int64)).tolist() == [-1, -1]


def test_ties_go_to_the_first() -> None:
    assert top(np.zeros(5), 3, np.empty(0, np.int64)).tolist() == [0, 1, 2]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(1, 12), st.sets(st.integers(0, 29)))
def test_the_top_agrees_with_sorting_everything(values: list[int], k: int, masked: set[int]) -> None:
    hidden = sorted(row for row in masked if row < len(values))
    expected = sorted((row for row in range(len(values)) if row not in hidden), key=lambda row: -values[row])
    found = top(np.array(values, np.float64), k, np.array(hidden, np.int64))
    assert found.tolist() == (expected + [-1] * k)[:k]
