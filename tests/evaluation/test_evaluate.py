from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from recommendations.algorithms.dataset import Field, Person, Slate, Taste, token
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.evaluation.compare import Interval, bootstrap_intervals, paired_comparison
from recommendations.evaluation.evaluate import (
    Evaluation,
    evaluate,
    per_person,
    pooled,
    sample,
    share_empty,
    share_like,
    summary,
)
from recommendations.evaluation.splits import Histories, HoldOut, temporal_hold_out
from tests.algorithms.worlds import DAY, NOW, world

PERSONAL = [name for name in ALGORITHMS if name != Popularity.name]


@pytest.fixture(scope="module")
def held() -> HoldOut:
    return temporal_hold_out(world(n_users=120).data, NOW - 10 * DAY)


def generator() -> np.random.Generator:
    return np.random.default_rng(3)


def test_people_with_clear_tastes_are_served_better_than_by_popularity(held: HoldOut) -> None:
    found = {
        name: summary(evaluate(each.fit(held.train, generator=generator()), held)).ndcg
        for name, each in ALGORITHMS.items()
    }
    for name in ("user_knn", "content_based", "hybrid"):
        assert found[name] > found["popularity"] * 1.2


def test_lists_hold_no_seen_event_and_no_event_twice(held: HoldOut) -> None:
    evaluation = evaluate(Popularity.fit(held.train, generator=generator()), held)
    histories = Histories(held)
    for user, shown in zip(evaluation.user, evaluation.shown, strict=True):
        shown = shown[shown >= 0]
        assert len(np.unique(shown)) == len(shown)
        assert not np.isin(shown, histories.of(int(user)).seen).any()


def measured(name: str, held: HoldOut) -> Evaluation:
    popularity = Popularity.fit(held.train, generator=generator())
    fitted = ALGORITHMS[name].fit(held.train, generator=generator())
    return evaluate(fitted, held, strangers=popularity)


@pytest.mark.parametrize("name", PERSONAL)
def test_nobody_with_a_history_gets_an_empty_list_or_just_what_is_popular(held: HoldOut, name: str) -> None:
    evaluation = measured(name, held)
    assert (evaluation.history > 0).sum() > 50
    assert share_empty(evaluation) == 0.0
    assert share_like(evaluation, measured(Popularity.name, held)) == 0.0


def test_a_list_like_popularitys_or_without_events_is_counted(held: HoldOut) -> None:
    popular = measured(Popularity.name, held)
    known = np.flatnonzero(popular.history > 0)
    shown = popular.shown.copy()
    shown[known[0]] = -1
    shown[known[1], :2] = shown[known[1], 1::-1]  # the same events in another order are another list
    other = replace(popular, shown=shown)
    assert share_empty(other) == pytest.approx(1 / len(known))
    assert share_like(other, popular) == pytest.approx(1 - 2 / len(known))


def test_strangers_are_measured_with_the_list_of_popularity_as_they_are_served() -> None:
    held = temporal_hold_out(world(n_users=200, actions=3).data, NOW - 30 * DAY)
    found, popular = measured("user_knn", held), measured(Popularity.name, held)
    strangers = found.history == 0
    assert strangers.sum() > 10
    assert (found.targets[strangers] > 0).all()
    np.testing.assert_array_equal(found.is_personal, ~strangers)
    np.testing.assert_array_equal(found.shown[strangers], popular.shown[strangers])


def test_a_stranger_who_states_a_taste_gets_a_list_of_their_own() -> None:
    data = world(n_users=200, actions=3).data
    genre = Taste(words={Field.GENRE: np.array([token(Field.GENRE, "jazz")], np.uint64)})
    tastes = dict.fromkeys(range(200), genre)
    found = measured("content_based", temporal_hold_out(replace(data, tastes=tastes), NOW - 30 * DAY))
    assert (found.history == 0).any()
    assert found.is_personal.all()


@dataclass(frozen=True)
class Faulty:
    """Ranks what it is told to, whatever it is asked to leave out."""

    name: ClassVar[str] = "faulty"

    def prepare(self, slate: Slate, *, now: float) -> int:
        return len(slate.events)

    def score(self, person: Person, prepared: int) -> np.ndarray:
        return -np.arange(prepared, dtype=np.float64)


def test_a_list_with_what_has_started_is_refused(held: HoldOut) -> None:
    late = replace(held, now=float(held.slate.events.starts_at.max()) + 1)
    with pytest.raises(ValueError, match="has started"):
        evaluate(Faulty(), late)


@pytest.mark.parametrize(
    ("ranked", "words"), [([0, 0], "twice"), ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "acted on")]
)
def test_a_list_with_a_repeat_or_with_what_was_seen_is_refused(
    held: HoldOut, ranked: list[int], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(scores: np.ndarray, k: int, masked: np.ndarray) -> np.ndarray:
        return np.array((ranked + [-1] * k)[:k])

    monkeypatch.setattr("recommendations.evaluation.evaluate.top", careless)
    with pytest.raises(ValueError, match=words):
        evaluate(Faulty(), held)


def test_folds_are_pooled_person_by_person() -> None:
    data = world(n_users=120).data
    folds = [temporal_hold_out(data, cut) for cut in (NOW - 15 * DAY, NOW - 10 * DAY, NOW - 5 * DAY)]
    each = [measured("content_based", fold) for fold in folds]
    whole = pooled(each)
    assert summary(whole).users == sum(len(one.user) for one in each)
    for name, values in per_person(whole).items():
        np.testing.assert_array_equal(values, np.concatenate([per_person(one)[name] for one in each]))
    of_each = [one.coverage(10) * one.candidates for one in each]
    assert whole.coverage(10) == pytest.approx(sum(of_each) / sum(one.candidates for one in each))


def test_the_score_within_a_list_falls_from_1_and_is_that_of_what_is_shown(held: HoldOut) -> None:
    evaluation = measured("content_based", held)
    filled = evaluation.shown >= 0
    assert (evaluation.unit[:, 0] == 1.0).all()
    assert (np.diff(evaluation.unit, axis=1) <= 1e-12).all()
    assert (evaluation.unit[~filled] == 0).all()


def test_a_sample_is_bounded_and_the_same_for_the_same_seed(held: HoldOut) -> None:
    first, second = sample(held, 10, generator()), sample(held, 10, generator())
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first)) == 10
    assert len(sample(held, None, generator())) == len(held)
    fitted = Popularity.fit(held.train, generator=generator())
    all_of_them, some = evaluate(fitted, held), evaluate(fitted, held, people=first)
    np.testing.assert_array_equal(some.user, held.user[first])
    np.testing.assert_array_equal(some.at(10).ndcg, all_of_them.at(10).ndcg[first])


def test_the_summary_is_the_mean_over_people(held: HoldOut) -> None:
    evaluation = evaluate(Popularity.fit(held.train, generator=generator()), held)
    means, each = summary(evaluation, k=10), evaluation.at(10)
    assert means.users == len(held)
    assert means.ndcg == pytest.approx(each.ndcg.mean())
    assert means.map == pytest.approx(each.average_precision.mean())
    assert means.ndcg_standard_error == pytest.approx(each.ndcg.std() / np.sqrt(len(held)))
    assert 0 < means.coverage <= 1


def test_a_hold_out_without_people_has_a_summary_of_zeros() -> None:
    data = world().data
    empty = temporal_hold_out(data, data.cutoff)
    means = summary(evaluate(Popularity.fit(empty.train, generator=generator()), empty))
    assert (means.users, means.ndcg, means.ndcg_standard_error) == (0, 0.0, 0.0)


def test_somebody_in_every_fold_is_one_person_for_the_standard_error_too(held: HoldOut) -> None:
    """Nine folds with the same lists are no more evidence than one."""
    one = evaluate(Popularity.fit(held.train, generator=generator()), held)
    nine = summary(pooled([one] * 9))
    assert nine.users == 9 * len(held)
    assert nine.ndcg_standard_error == pytest.approx(summary(one).ndcg_standard_error)
    assert nine.ndcg_standard_error > 0


def interval(values: np.ndarray, **options: Any) -> Interval:
    return bootstrap_intervals({"": values}, **options)[""]


def test_a_bootstrap_interval_matches_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, 2_000)
    found = interval(values, generator=generator())
    error = values.std() / np.sqrt(len(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)


def test_somebody_measured_in_every_fold_is_one_person_and_not_many() -> None:
    """Twenty rows of each person, all alike, are no more evidence than one."""
    values = np.random.default_rng(0).normal(5.0, 2.0, 100)
    people = np.repeat(np.arange(100), 20)
    found = interval(np.repeat(values, 20), people=people, generator=generator())
    alone = interval(values, generator=generator())
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))
    naive = interval(np.repeat(values, 20), generator=generator())
    assert naive.high - naive.low < 0.4 * (found.high - found.low)


def test_a_person_with_more_rows_weighs_more() -> None:
    found = interval(np.array([1.0, 1.0, 1.0, 0.0]), people=np.array([5, 5, 5, 9]), generator=generator())
    assert (found.mean, found.low, found.high) == (0.75, 0.0, 1.0)


def test_several_intervals_are_each_as_if_alone() -> None:
    random = np.random.default_rng(0)
    values = {"a": random.normal(size=200), "b": random.uniform(size=200)}
    together = bootstrap_intervals(values, generator=generator())
    for name, column in values.items():
        alone = interval(column, generator=generator())
        assert (together[name].low, together[name].high) == pytest.approx((alone.low, alone.high))


def test_pairing_sees_a_small_difference_between_very_different_people() -> None:
    random = np.random.default_rng(0)
    champion = random.uniform(0, 1, 500)
    found = paired_comparison(champion + random.normal(0.01, 0.02, 500), champion, generator=generator())
    assert found.difference.low > 0
    assert found.chance_better > 0.99


def test_no_difference_is_a_toss_up() -> None:
    same = np.random.default_rng(0).uniform(0, 1, 50)
    found = paired_comparison(same, same, generator=generator())
    assert found.chance_better == 0.5
    assert (found.difference.mean, found.difference.low, found.difference.high) == (0, 0, 0)


def test_comparisons_need_the_same_people_and_at_least_one() -> None:
    with pytest.raises(ValueError, match="same people"):
        paired_comparison(np.zeros(3), np.zeros(4), generator=generator())
    with pytest.raises(ValueError, match="at least one person"):
        paired_comparison(np.zeros(0), np.zeros(0), generator=generator())
    with pytest.raises(ValueError, match="at least one person"):
        interval(np.zeros(0), generator=generator())
