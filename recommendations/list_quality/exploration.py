"""Places of a list given to events that few people were shown yet, each with the chance it had of its place.

For every place a coin is thrown; at heads it is given to an event drawn from a pool, none twice, until
the pool is empty. The others keep their order and close up; the last drop out. All chances are exact and none
is nought, so that inverse propensity scoring (Horvitz and Thompson 1952; self-normalised: Swaminathan and
Joachims 2015) can use them as they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Explored:
    """k places."""

    rows: list[int]
    chances: list[float]  # the probability of this row at this place


def explore(
    ordinary: Sequence[int], pool: Sequence[int], share: float, generator: np.random.Generator
) -> Explored:
    """`ordinary` with each place given, with probability `share`, to `pool`: rows that `ordinary` has not."""
    coins = generator.random(len(ordinary)) < share
    waiting = generator.permutation(np.asarray(pool, dtype=np.int64)).tolist()
    rows: list[int] = []
    chances: list[float] = []
    given = 0
    for place, heads in enumerate(coins):
        if heads and given < len(waiting):
            rows.append(waiting[given])
            chances.append(share * _pool_lasts(place, len(pool), share) / len(pool))
            given += 1
        else:
            rows.append(ordinary[place - given])
            chances.append(_chance_of_ordinary(place, given, len(pool), share))
    return Explored(rows, chances)


def _chance_of_ordinary(place: int, given: int, available: int, share: float) -> float:
    """That `given` of the places before `place` go to a pool of `available` rows, and `place` does not."""
    if given == available:
        return 1 - _pool_lasts(place, available, share)
    return _binomial(given, place, share) * (1 - share)


def _pool_lasts(throws: int, available: int, share: float) -> float:
    """That fewer than `available` of `throws` coins fall heads."""
    return sum(_binomial(heads, throws, share) for heads in range(min(available, throws + 1)))


def _binomial(heads: int, throws: int, share: float) -> float:
    return math.comb(throws, heads) * share**heads * (1 - share) ** (throws - heads)
