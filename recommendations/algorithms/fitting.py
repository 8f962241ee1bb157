"""All algorithms fitted to the same data, with what two of them learn alike learned once."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from recommendations.algorithms.collaborative_filtering import CollaborativeFiltering, ItemWeights
from recommendations.algorithms.dataset import Interactions
from recommendations.algorithms.hybrid import Hybrid, HybridParameters
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.protocol import Algorithm
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.algorithms.signals import SignalModel
from recommendations.algorithms.user_knn import Neighbourhood, UserKNN


def fit_each(
    data: Interactions,
    parameters: Mapping[str, Parameters],
    *,
    seed: int,
    on_step: Callable[[float, str], None],
) -> Iterator[tuple[str, Algorithm]]:
    """Each algorithm named in `parameters`, in their order, as its own `fit` with a generator of `seed`
    would have it. on_step is told the share that is done, and what is next.

    What `hybrid` knows of neighbours and of what goes with what is what `user_knn` and
    `collaborative_filtering` learned before it, where their parameters are the defaults.
    """
    neighbourhood: Neighbourhood | None = None
    items: ItemWeights | None = None
    for place, (name, settings) in enumerate(parameters.items()):
        on_step(place / len(parameters), name)
        generator = np.random.default_rng(seed)
        if isinstance(settings, HybridParameters):
            model = SignalModel.fit(data, neighbourhood=neighbourhood, items=items)
            yield name, Hybrid.fit(data, generator=generator, parameters=settings, model=model)
            continue
        fitted = ALGORITHMS[name].fit(data, generator=generator, parameters=settings)
        if isinstance(fitted, UserKNN) and not settings.changed():
            neighbourhood = fitted.neighbourhood
        if isinstance(fitted, CollaborativeFiltering) and not settings.changed():
            items = fitted.weights
        yield name, fitted
