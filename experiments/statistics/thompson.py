"""A bandit's next day: traffic in proportion to the chance of being the best, with a floor for each.

Plain p-values have no meaning on data collected this way: who was shown what depends on what came before.
"""

from collections.abc import Sequence

from experiments.statistics.bayes import standings
from experiments.statistics.values import Proportion


def thompson_allocation(samples: Sequence[Proportion], floor: float) -> tuple[float, ...]:
    """Each variant's share of traffic, summing to 1: floor + (1 - variants * floor) * chance to be best.

    The chance is computed, not drawn, so the same counts always give the same shares. Raises ValueError
    where there is no variant or the floors of all exceed the whole.
    Source: Thompson (1933), Biometrika 25; Scott (2010), "A modern Bayesian look at the multi-armed bandit".
    """
    count = len(samples)
    if not count:
        raise ValueError("A bandit needs at least one variant.")
    if not 0 <= floor * count <= 1:
        raise ValueError(
            f"A floor of {floor} for each of {count} variants: give one from 0 to {1 / count:g}."
        )
    return tuple(floor + (1 - count * floor) * standing.chance_to_be_best for standing in standings(samples))
