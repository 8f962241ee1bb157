"""Algorithms fitted together are what each fitted alone would be."""

import numpy as np
import pytest

from recommendations.algorithms.collaborative_filtering import (
    CollaborativeFiltering,
    CollaborativeFilteringParameters,
)
from recommendations.algorithms.fitting import fit_each
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.protocol import Algorithm
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.algorithms.user_knn import UserKNN, UserKNNParameters
from tests.algorithms.worlds import World, world

SEED = 3


@pytest.fixture(scope="module")
def small() -> World:
    return world()


def defaults() -> dict[str, Parameters]:
    return {name: algorithm.settings() for name, algorithm in ALGORITHMS.items()}


def fitted_together(small: World, parameters: dict[str, Parameters]) -> dict[str, Algorithm]:
    return dict(fit_each(small.data, parameters, seed=SEED, on_step=lambda share, name: None))


def tuned() -> dict[str, Parameters]:
    return {
        **defaults(),
        UserKNN.name: UserKNNParameters(neighbours=5, rarity=0.5),
        CollaborativeFiltering.name: CollaborativeFilteringParameters(ridge=3.0),
    }


@pytest.mark.parametrize("parameters", [defaults(), tuned()], ids=["defaults", "tuned"])
def test_together_or_alone_they_learn_the_same(small: World, parameters: dict[str, Parameters]) -> None:
    for name, fitted in fitted_together(small, parameters).items():
        generator = np.random.default_rng(SEED)
        alone = ALGORITHMS[name].fit(small.data, generator=generator, parameters=parameters[name])
        arrays = fitted.to_arrays()
        for part, array in alone.to_arrays().items():
            np.testing.assert_array_equal(arrays[part], array, err_msg=f"{name} {part}")


def test_what_two_learn_alike_is_learned_once(small: World) -> None:
    fitted = fitted_together(small, defaults())
    knn, items, hybrid = (fitted[each.name] for each in (UserKNN, CollaborativeFiltering, Hybrid))
    assert isinstance(knn, UserKNN)
    assert isinstance(items, CollaborativeFiltering)
    assert isinstance(hybrid, Hybrid)
    assert hybrid.model.neighbourhood is knn.neighbourhood
    assert hybrid.model.items is items.weights


def test_it_tells_what_is_next(small: World) -> None:
    told: list[tuple[float, str]] = []
    names = ("popularity", "user_knn")
    settings = {name: ALGORITHMS[name].settings() for name in names}
    for name, _ in fit_each(small.data, settings, seed=SEED, on_step=lambda *step: told.append(step)):
        assert told[-1][1] == name
    assert told == [(0.0, "popularity"), (0.5, "user_knn")]
