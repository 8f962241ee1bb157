"""Comparing two rankers within one list: both contribute, and what people choose credits its contributor."""

import random
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from scipy.special import betainc

from experiments.statistics.proportions import wilson_interval
from experiments.statistics.values import Interval, Proportion, Unknown

Item = TypeVar("Item", bound=Hashable)

NO_PREFERENCE = "No user has preferred either ranker yet."


class Team(StrEnum):
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Slot(Generic[Item]):
    """One place of the list. `team` is None where only one ranker had anything left: it credits nobody."""

    item: Item
    team: Team | None


@dataclass(frozen=True, slots=True)
class Credit:
    """How much of what one user did was contributed by each ranker."""

    first: int
    second: int

    @property
    def preferred(self) -> Team | None:
        if self.first == self.second:
            return None
        return Team.FIRST if self.first > self.second else Team.SECOND


@dataclass(frozen=True, slots=True)
class Preference:
    """`share`: of the users with a preference, how many prefer the first ranker. `ties` count in neither."""

    first: int
    second: int
    ties: int
    share: float
    interval: Interval
    p_value: float


def team_draft(
    first: Sequence[Item], second: Sequence[Item], length: int, generator: random.Random
) -> tuple[Slot[Item], ...]:
    """A list of up to `length` distinct items, drafted in turns from two rankings, best first.

    Each round a coin says who picks first; each picks its best item not yet taken. Once one ranking has
    nothing left the other fills the list without credit, as its picks no longer have a rival.
    Source: Radlinski, Kurup and Joachims (2008), "How Does Clickthrough Data Reflect Retrieval Quality?".
    """
    rankings = {Team.FIRST: first, Team.SECOND: second}
    slots: list[Slot[Item]] = []
    taken: set[Item] = set()
    order: list[Team] = []
    while len(slots) < length:
        left = {team: _best_left(ranking, taken) for team, ranking in rankings.items()}
        if not all(left.values()):
            break
        if not order:
            order = list(Team) if generator.random() < 0.5 else list(reversed(Team))
        team = order.pop(0)
        item = left[team][0]
        slots.append(Slot(item, team))
        taken.add(item)
    rest = dict.fromkeys(item for item in (*first, *second) if item not in taken)
    return (*slots, *(Slot(item, None) for item in list(rest)[: max(length - len(slots), 0)]))


def _best_left(ranking: Sequence[Item], taken: Collection[Item]) -> list[Item]:
    """The best item not yet taken, or nothing."""
    return next(([item] for item in ranking if item not in taken), [])


def credit(slots: Sequence[Slot[Item]], chosen: Collection[Item]) -> Credit:
    """Each ranker's items among those `chosen`. Add up a user's lists before asking who is preferred."""
    teams = [slot.team for slot in slots if slot.item in chosen]
    return Credit(teams.count(Team.FIRST), teams.count(Team.SECOND))


def preference_test(first: int, second: int, ties: int = 0) -> Preference | Unknown:
    """Exact two-sided binomial test that users prefer either ranker equally often, ties left out.

    `first`, `second`, `ties`: users by the ranker they prefer. The interval of the share is Wilson's.
    Source: scipy `binomtest(first, first + second, 0.5)`.
    """
    if min(first, second, ties) < 0:
        raise ValueError("Users are counted from 0.")
    users = first + second
    if not users:
        return Unknown(NO_PREFERENCE)
    interval = wilson_interval(Proportion(first, users))
    if isinstance(interval, Unknown):
        return interval
    more = max(first, second)
    p_value = min(1.0, 2 * float(betainc(more, users - more + 1, 0.5)))
    return Preference(first, second, ties, first / users, interval, p_value)
