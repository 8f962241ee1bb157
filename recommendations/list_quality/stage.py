"""From scores to a list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from recommendations.algorithms.dataset import Float64, Int64
from recommendations.list_quality.exploration import explore
from recommendations.list_quality.parameters import ListParameters
from recommendations.list_quality.shows import ShowFacts
from recommendations.list_quality.variety import Choice, Move, Tally, choose

POOL = 50  # events that wait for a first showing in one list; enough for a fair draw, few enough to be quick


@dataclass(frozen=True, slots=True)
class Candidates:
    """n candidates, as the stage sees them."""

    scores: Float64  # (n,)
    starts_at: Float64  # (n,) Unix seconds
    facts: ShowFacts  # n
    showings: Int64  # (n,) how often people were shown each so far


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a list."""

    row: int
    propensity: float  # the probability with which this row got this place; 1 where nothing was drawn
    moved_by: Move | None = None
    added: float = 0.0  # to its score, which makes the scores of a list fall from place to place


def list_make(
    candidates: Candidates,
    eligible: Int64,
    *,
    limit: int,
    parameters: ListParameters,
    generator: np.random.Generator,
) -> list[Place]:
    """At most `limit` of the rows `eligible`, in the order to serve; fewer only when there are fewer.

    The same arguments and the same state of `generator` make the same list.
    """
    order = eligible[np.lexsort((candidates.starts_at[eligible], -candidates.scores[eligible]))]
    choice = choose(map(int, order), Tally.of(candidates.facts, parameters), limit)
    ordinary = _ordinary(choice, candidates.scores)
    if parameters.exploration_share == 0:
        return ordinary
    pool = _pool(order, choice, candidates, parameters)
    return _with_explored(ordinary, pool, candidates.scores, parameters.exploration_share, generator)


def _ordinary(choice: Choice, scores: Float64) -> list[Place]:
    """The list without exploration. What comes late for variety's sake is marked down, all by as much."""
    places = [Place(row, 1.0) for row in choice.within]
    for part in (choice.beyond, choice.repeats):
        if part:
            last = float(scores[places[-1].row]) + places[-1].added
            added = min(last - float(scores[part[0]]), 0.0)
            places += [Place(row, 1.0, Move.VARIETY, added) for row in part]
    return places


def _pool(order: Int64, choice: Choice, candidates: Candidates, parameters: ListParameters) -> list[int]:
    """Rows that few people were shown, fewest first, then best; together with the list within its bounds.

    It follows from the list and the showings alone, so that a row's chance can be told.
    """
    few = order[candidates.showings[order] < parameters.exploration_showings]
    listed = {*choice.within, *choice.beyond, *choice.repeats}
    fewest_first = few[np.argsort(candidates.showings[few], kind="stable")]
    waiting = (int(row) for row in fewest_first if int(row) not in listed)
    return list(islice((row for row in waiting if choice.tally.admit(row)), POOL))


def _with_explored(
    ordinary: Sequence[Place],
    pool: Sequence[int],
    scores: Float64,
    share: float,
    generator: np.random.Generator,
) -> list[Place]:
    explored = explore([place.row for place in ordinary], pool, share, generator)
    known = {place.row: place for place in ordinary}
    places: list[Place] = []
    level = _level(ordinary[-1], scores) if ordinary else 0.0
    for row, chance in zip(explored.rows[::-1], explored.chances[::-1], strict=True):
        if row in known:
            level = _level(known[row], scores)
            places.append(replace(known[row], propensity=chance))
        else:  # as much as what comes after it
            places.append(Place(row, chance, Move.EXPLORATION, level - float(scores[row])))
    return places[::-1]


def _level(place: Place, scores: Float64) -> float:
    return float(scores[place.row]) + place.added
