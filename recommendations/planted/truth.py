"""What is planted: how many people come, when, and with what chance each variant makes them convert."""

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from recommendations.demonstration.randomness import generator

WINDOW = timedelta(hours=48)
CONTROL = "control"
TREATMENT = "treatment"  # the one with the planted lift; all others do as control does
_WEEK = 7
_RETURNING = 0.4
_RETURNS_WITHIN = 5.0  # days


@dataclass(frozen=True, slots=True)
class Truth:
    """`users` in all, over `days`; `variants` with the control; `lift` relative, of the first treatment.

    Raises ValueError, which says what to give instead, where a chance would not be one.
    """

    users: int
    days: int
    variants: int
    baseline: float
    lift: float
    seed: int

    def __post_init__(self) -> None:
        if not 0 < self.baseline < 1:
            raise ValueError(
                f"A baseline of {self.baseline:g}: give a share above 0 and below 1, such as 0.3."
            )
        if not 0 < self.baseline * (1 + self.lift) < 1:
            raise ValueError(
                f"A lift of {self.lift:+.0%} on a baseline of {self.baseline:.0%} makes "
                f"{self.baseline * (1 + self.lift):.0%}: give one that leaves it above 0 and below 100 %."
            )
        if not 2 <= self.variants <= self.users:
            raise ValueError("Give at least two variants, and at least one person for each.")

    @property
    def treatments(self) -> tuple[str, ...]:
        return (TREATMENT, *(f"{TREATMENT}_{number}" for number in range(2, self.variants)))

    @property
    def planned_days(self) -> int:
        """Whole weeks, as a plan wants them."""
        return math.ceil(self.days / _WEEK) * _WEEK

    @property
    def looks(self) -> int:
        """One a day, until the windows of all who may come have passed."""
        return self.planned_days + WINDOW // timedelta(days=1)

    def lift_of(self, variant: str) -> float:
        return self.lift if variant == TREATMENT else 0.0

    def rate_of(self, variant: str) -> float:
        return self.baseline * (1 + self.lift_of(variant))


def experiment_key(truth: Truth, repetition: int) -> str:
    """Its salt as well, so that the same people fall into the same variants again."""
    return f"simulated-{truth.seed}-{repetition}"


def person_id(key: str, person: int) -> str:
    return f"{key}-{person}"


@dataclass(frozen=True, slots=True)
class Act:
    """A visit of a person (a number from 0), or with a `draw` the moment at which they convert if that lies
    below the rate of their variant. `at` counts from the start."""

    at: timedelta
    person: int
    draw: float | None = None


def acts_of(truth: Truth, repetition: int) -> list[Act]:
    """All that people of this repetition may do, by time: a function of the truth and the repetition alone.

    They come at random moments, convert at most once, within the window of their first visit, and two in
    five come back within days.
    """
    chance = generator(truth.seed, "planted", repetition)
    draws = chance.random((truth.users, 5))
    arrives = draws[:, 0] * truth.days
    converts = arrives + draws[:, 1] * (WINDOW / timedelta(days=1))
    returns = arrives + draws[:, 2] * _RETURNS_WITHIN
    is_returning = (draws[:, 3] < _RETURNING) & (returns < truth.looks)
    found = [Act(timedelta(days=at), person) for person, at in enumerate(arrives.tolist())]
    found += [Act(timedelta(days=returns[one]), one) for one in np.flatnonzero(is_returning).tolist()]
    found += [
        Act(timedelta(days=at), person, draw)
        for person, (at, draw) in enumerate(zip(converts.tolist(), draws[:, 4].tolist(), strict=True))
    ]
    return sorted(found, key=lambda act: (act.at, act.draw is not None))
