import numpy as np
import pytest

from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.evaluation.compare import bootstrap_interval, paired_comparison
from recommendations.evaluation.evaluate import evaluate, sample, summary
from recommendations.evaluation.splits import DAY, Histories, HoldOut, temporal_hold_out
from tests.algorithms.worlds import NOW, world


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


def test_a_bootstrap_interval_matches_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, 2_000)
    interval = bootstrap_interval(values, generator=generator())
    error = values.std() / np.sqrt(len(values))
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert interval.high == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)


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
        bootstrap_interval(np.zeros(0), generator=generator())
