"""The settings of every algorithm: what they accept, what they refuse, and what they do."""

import json
from dataclasses import fields

import numpy as np
import pytest

from recommendations.algorithms.collaborative_filtering import CollaborativeFilteringParameters
from recommendations.algorithms.content_based import ContentBased, ContentBasedParameters
from recommendations.algorithms.dataset import EventTable, Float64, Interactions
from recommendations.algorithms.hybrid import Hybrid, HybridParameters
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.popularity import Popularity, PopularityParameters
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.algorithms.user_knn import UserKNN, UserKNNParameters
from tests.algorithms.worlds import DAY, NOW, concert, nobody, slate_of, somebody, world

ALL = [algorithm.settings for algorithm in ALGORITHMS.values()]


@pytest.mark.parametrize("settings", ALL)
def test_defaults_and_candidates_keep_to_their_own_ranges(settings: type[Parameters]) -> None:
    candidates = settings.search_space()
    assert candidates
    assert len(set(candidates)) == len(candidates)
    assert settings() not in candidates


@pytest.mark.parametrize("settings", ALL)
def test_every_parameter_is_explained(settings: type[Parameters]) -> None:
    for each in fields(settings):
        assert f"{each.name}:" in (settings.__doc__ or "")


@pytest.mark.parametrize("settings", ALL)
def test_what_is_stored_comes_back(settings: type[Parameters]) -> None:
    for one in (settings(), *settings.search_space()):
        assert settings.of(json.loads(json.dumps(one.as_json(), allow_nan=False))) == one
        assert settings.of(one.changed()) == one


@pytest.mark.parametrize("settings", ALL)
def test_it_refuses_what_is_out_of_range_and_says_what_to_choose(settings: type[Parameters]) -> None:
    for each in fields(settings):
        for value in (each.metadata["most"] * 2 + 1, each.metadata["least"] - 1, float("nan"), "1", True):
            with pytest.raises(ValueError, match=rf"{each.name} is .*: choose a (whole )?number from"):
                settings.of({each.name: value})


def test_it_takes_no_half_neighbours() -> None:
    with pytest.raises(ValueError, match="whole number"):
        UserKNNParameters(neighbours=2.5)  # type: ignore[arg-type]


def test_it_refuses_a_parameter_that_it_does_not_have() -> None:
    with pytest.raises(ValueError, match="has no zodiac"):
        CollaborativeFilteringParameters.of({"zodiac": 3})


def test_it_says_in_words_what_differs_from_the_defaults() -> None:
    assert str(HybridParameters()) == "the defaults"
    assert str(HybridParameters(pull=10.0, choosers=50)) == "pull 10, choosers 50"


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_a_restored_algorithm_scores_with_the_parameters_it_was_fitted_with(name: str) -> None:
    algorithm, small = ALGORITHMS[name], world()
    parameters = algorithm.settings.search_space()[-1]
    fitted = algorithm.fit(small.data, generator=np.random.default_rng(0), parameters=parameters)
    restored = algorithm.from_arrays(fitted.to_arrays(), parameters=parameters)
    person, slate = small.person(1), small.slate()
    before, after = (each.score(person, each.prepare(slate, now=NOW)) for each in (fitted, restored))
    np.testing.assert_array_equal(before, after)


def test_popularity_can_forget_what_a_promoter_drew_long_ago() -> None:
    events = [
        concert("old", promoter="Faded", starts_at=NOW - 300 * DAY),
        concert("new", promoter="Rising", starts_at=NOW - 3 * DAY),
    ]
    row = np.array([0, 0, 0, 1, 1], np.int32)
    data = Interactions(
        EventTable.of(events),
        5,
        np.arange(5, dtype=np.int32),
        row,
        np.ones(5, np.float32),
        np.full(5, NOW),
        NOW,
    )
    slate = slate_of([concert("a", promoter="Faded"), concert("b", promoter="Rising")])

    def scores(days: float) -> Float64:
        parameters = PopularityParameters(record_half_life_days=days)
        fitted = Popularity.fit(data, generator=np.random.default_rng(0), parameters=parameters)
        return fitted.score(nobody(), fitted.prepare(slate, now=NOW))

    faded, rising = scores(0.0)
    assert faded > rising
    faded, rising = scores(30.0)
    assert faded < rising


def test_popularity_can_put_what_is_on_sooner_first() -> None:
    slate = slate_of([concert("later", starts_at=NOW + 20 * DAY), concert("sooner", starts_at=NOW + DAY)])
    fitted = Popularity.fit(
        Interactions.empty(), generator=np.random.default_rng(0), parameters=PopularityParameters(soon=0.5)
    )
    prepared = fitted.prepare(slate, now=NOW)
    assert fitted.score(nobody(), prepared).tolist() == [0.0, 0.5]
    [[reason]] = fitted.explain(nobody(), prepared, np.array([1]))
    assert (reason.code, reason.value) == ("lead_time", 0.5)


def test_one_neighbour_is_the_nearest_only() -> None:
    events = [concert("a", artists=["A"]), concert("b", artists=["B"]), concert("c", artists=["C"])]
    # Ann went to a and b, Bob to a, b and c. A person of a and b is nearest to Ann, who knows nothing of c.
    user, event = np.array([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2)], np.int32).T
    data = Interactions(
        EventTable.of(events), 3, user, event, np.ones(6, np.float32), np.full(6, NOW - DAY), NOW
    )
    slate = slate_of([concert("next", artists=["C"])])

    def score(neighbours: int) -> float:
        parameters = UserKNNParameters(neighbours=neighbours)
        fitted = UserKNN.fit(data, generator=np.random.default_rng(0), parameters=parameters)
        return float(fitted.score(somebody(events[:2]), fitted.prepare(slate, now=NOW))[0])

    assert score(1) == 0.0
    assert score(2) > 0.0


def test_content_can_leave_places_out() -> None:
    small = world()
    without = ContentBased.fit(
        small.data, generator=np.random.default_rng(0), parameters=ContentBasedParameters(places=0.0)
    )
    reasons = without.explain(small.person(0), without.prepare(small.slate(), now=NOW), np.arange(10))
    assert "nearby" not in {each.code for row in reasons for each in row}


def test_a_hard_pull_leaves_the_prior_where_it_is() -> None:
    small = world()
    soft, hard = (
        Hybrid.fit(
            small.data,
            generator=np.random.default_rng(0),
            parameters=HybridParameters(pull=pull),
        ).weights
        for pull in (1.0, 1_000_000.0)
    )
    prior = Hybrid.fit(Interactions.empty(), generator=np.random.default_rng(0)).weights
    assert np.abs(hard - prior).max() < 0.1
    assert np.abs(soft - prior).max() > 0.5
