import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from experiments.statistics.interleaving import Credit, Slot, Team, credit, preference_test, team_draft
from experiments.statistics.proportions import wilson_interval
from experiments.statistics.values import Proportion, Unknown
from tests.experiments.samples import known

RANKINGS = st.lists(st.integers(0, 12), max_size=12)


@given(RANKINGS, RANKINGS, st.integers(0, 15), st.integers())
def test_a_draft_is_as_long_as_it_can_be_without_repeats(
    first: list[int], second: list[int], length: int, seed: int
) -> None:
    items = [slot.item for slot in team_draft(first, second, length, random.Random(seed))]
    assert len(items) == len(set(items)) == min(length, len({*first, *second}))


@given(RANKINGS, RANKINGS, st.integers(0, 15), st.integers())
def test_each_pick_is_the_best_its_ranker_had_left(
    first: list[int], second: list[int], length: int, seed: int
) -> None:
    rankings = {Team.FIRST: first, Team.SECOND: second}
    taken: set[int] = set()
    for slot in team_draft(first, second, length, random.Random(seed)):
        if slot.team is not None:
            assert slot.item == next(item for item in rankings[slot.team] if item not in taken)
        taken.add(slot.item)


@given(st.permutations(range(8)), st.permutations(range(8)), st.integers())
def test_both_pick_as_often_within_each_round(first: list[int], second: list[int], seed: int) -> None:
    teams = [slot.team for slot in team_draft(first, second, 8, random.Random(seed))]
    assert all({one, other} == set(Team) for one, other in zip(teams[::2], teams[1::2], strict=True))


def test_the_coin_is_fair() -> None:
    generator = random.Random(6)
    firsts = Counter(team_draft([1, 2], [3, 4], 2, generator)[0].team for _ in range(2000))
    assert 900 <= firsts[Team.FIRST] <= 1100


def test_the_same_seed_drafts_the_same_list() -> None:
    assert team_draft("abc", "cba", 3, random.Random("user-7")) == team_draft(
        "abc", "cba", 3, random.Random("user-7")
    )


def test_where_one_ranker_has_nothing_left_the_rest_credits_nobody() -> None:
    slots = team_draft([1], [2, 3, 4], 4, random.Random(1))
    assert sorted(slot.item for slot in slots[:2]) == [1, 2]
    assert slots[2:] == (Slot(3, None), Slot(4, None))
    assert credit(slots, {3, 4}) == Credit(0, 0)


def test_what_a_user_chose_credits_the_ranker_that_contributed_it() -> None:
    slots = (Slot("a", Team.FIRST), Slot("b", Team.SECOND), Slot("c", Team.SECOND), Slot("d", Team.FIRST))
    assert credit(slots, {"b", "c", "elsewhere"}) == Credit(0, 2)
    assert credit(slots, {"a"}).preferred is Team.FIRST
    assert credit(slots, {"b"}).preferred is Team.SECOND
    assert credit(slots, {"a", "b"}).preferred is None
    assert credit(slots, set()).preferred is None


def test_equal_rankers_are_preferred_equally_often() -> None:
    generator = random.Random(12)
    counts: Counter[Team | None] = Counter()
    for _ in range(2000):
        slots = team_draft(range(10), range(10), 6, generator)
        counts[credit(slots, {generator.randrange(3)}).preferred] += 1
    assert known(preference_test(counts[Team.FIRST], counts[Team.SECOND])).p_value > 0.01


@pytest.mark.parametrize(("first", "second"), [(60, 40), (0, 7), (1, 0), (5, 5), (6, 5), (100_000, 98_000)])
def test_it_is_the_binomial_test_without_ties(first: int, second: int) -> None:
    found = known(preference_test(first, second, ties=17))
    assert found.p_value == pytest.approx(binomtest(first, first + second, 0.5).pvalue, rel=1e-9)
    assert found.share == first / (first + second)
    assert found.interval == wilson_interval(Proportion(first, first + second))
    assert found.ties == 17


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_swapping_the_rankers_changes_no_p_value(first: int, second: int) -> None:
    if first + second:
        p_value = known(preference_test(first, second)).p_value
        assert 0 <= p_value <= 1
        assert p_value == known(preference_test(second, first)).p_value


def test_only_ties_are_no_number_but_the_reason() -> None:
    assert isinstance(preference_test(0, 0, ties=9), Unknown)


def test_less_than_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        preference_test(-1, 2)
