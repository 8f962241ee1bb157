"""Do the experiment statistics keep their word? Planted truth, looked at every day.

    python -m benchmarks.experiments [--repetitions 1000] [--intervals 4000] [--variants 2 4]

Simulated experiments without the service: a control and treatments of equal weight, users in
random numbers every day (on average a 28th of the plan), one look a day until the plan is reached. A
treatment ships when its sequential test crosses in the good direction after the burn-in; alpha is .05 over
the number of treatments. The plan is for a lift of 20 % on a rate of 20 % at a power of .80, once with the
tenth added for looking daily and once for a single look. Seeds are fixed.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.statistics.confidence_sequence import confidence_sequence
from experiments.statistics.group_sequential import group_sequential_boundaries
from experiments.statistics.power import plan_for_rates, users_for_rates
from experiments.statistics.proportions import (
    difference_interval,
    difference_of_rates,
    relative_lift_interval,
    score_test,
)
from experiments.statistics.values import Difference, Interval, Proportion, ScoreTest, Unknown

RATE, LIFT, ALPHA, POWER, DAYS = 0.2, 0.2, 0.05, 0.8, 28
BURN_IN_USERS, BURN_IN_CONVERSIONS = 50, 5

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Design:
    """`users` planned in each variant; `lift` of the first treatment, none of the others."""

    variants: int
    users: int
    lift: float

    @property
    def rates(self) -> list[float]:
        return [RATE, RATE * (1 + self.lift), *[RATE] * (self.variants - 2)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one simulated experiment. `days`: of the first crossing, or of the plan."""

    shipped: bool
    shipped_right: bool
    crossed: bool
    always_valid_crossed: bool
    days: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--intervals", type=int, default=4000)
    parser.add_argument("--variants", type=int, nargs="+", default=[2, 4])
    asked = parser.parse_args()
    print("variants  truth   users a variant  ships  ships the better  crosses  always valid  mean days")
    for variants in asked.variants:
        planned = plan_for_rates(RATE, LIFT, [1 / variants] * variants, 1, ALPHA, POWER).users_per_variant[0]
        single = round(users_for_rates(RATE, LIFT, ALPHA / (variants - 1), POWER))
        for users, lift in ((planned, 0.0), (planned, LIFT), (single, LIFT)):
            print(_row(Design(variants, users, lift), asked.repetitions))
    print()
    print("95 % intervals at the end of the plan, two variants, share that hold the truth")
    print("truth   difference  relative lift")
    for lift in (0.0, LIFT):
        planned = plan_for_rates(RATE, LIFT, [0.5, 0.5], 1, ALPHA, POWER).users_per_variant[0]
        print(_coverage(Design(2, planned, lift), asked.intervals))


def _row(design: Design, repetitions: int) -> str:
    generator = np.random.default_rng(1)
    outcomes = [_simulated(design, generator) for _ in range(repetitions)]
    truth = f"+{design.lift:.0%}" if design.lift else "null"
    shares = [
        np.mean([getattr(one, name) for one in outcomes])
        for name in ("shipped", "shipped_right", "crossed", "always_valid_crossed")
    ]
    days = np.mean([one.days for one in outcomes])
    ships, right, crosses, always = shares
    return (
        f"{design.variants:<10}{truth:<8}{design.users:>15,}{ships:>7.3f}{right:>18.3f}"
        f"{crosses:>9.3f}{always:>14.3f}{days:>11.1f}"
    )


def _simulated(design: Design, generator: np.random.Generator) -> Outcome:
    users, conversions = _paths(design, generator)
    looks = [
        crossings(design, users[[0, index]], conversions[[0, index]]) for index in range(1, design.variants)
    ]
    first = min((day for crossing in looks for day in crossing.days), default=users.shape[1])
    return Outcome(
        shipped=any(crossing.good for crossing in looks),
        shipped_right=design.lift > 0 and looks[0].good,
        crossed=any(crossing.days for crossing in looks),
        always_valid_crossed=any(crossing.always_valid for crossing in looks),
        days=first,
    )


def _paths(design: Design, generator: np.random.Generator) -> tuple[Counts, Counts]:
    """Users and conversions so far, one row a variant and one column a day, until the plan is reached."""
    arrived = generator.poisson(design.users / DAYS, (design.variants, 2 * DAYS))
    converted = generator.binomial(arrived, np.array(design.rates)[:, None])
    users, conversions = arrived.cumsum(axis=1), converted.cumsum(axis=1)
    reached = int(np.argmax((users[0] + users[1:]).min(axis=0) >= 2 * design.users)) + 1
    return users[:, :reached], conversions[:, :reached]


@dataclass(frozen=True, slots=True)
class Crossings:
    """Of one treatment: the first day (from 1) of a crossing, if any; whether it was for the better."""

    days: tuple[int, ...]
    good: bool
    always_valid: bool


def crossings(design: Design, users: Counts, conversions: Counts) -> Crossings:
    """Of a treatment against control: rows control and treatment, a column for each look, all so far."""
    pairs = [
        (Proportion(int(x[1]), int(n[1])), Proportion(int(x[0]), int(n[0])))
        for n, x in zip(users.T, conversions.T, strict=True)
    ]
    alpha = ALPHA / (design.variants - 1)
    ready = [(day, pair) for day, pair in enumerate(pairs, start=1) if _burnt_in(pair)]
    information = [(pair[0].users + pair[1].users) / (2 * design.users) for _, pair in ready]
    boundaries = group_sequential_boundaries(information, alpha)
    statistics = [_z(pair) for _, pair in ready]
    crossed = [
        (day, z)
        for (day, _), z, boundary in zip(ready, statistics, boundaries, strict=True)
        if boundary.critical_value is not None and abs(z) >= boundary.critical_value
    ]
    always = any(_always_valid_p(pair, design) < alpha for _, pair in ready)
    return Crossings(tuple(day for day, _ in crossed[:1]), bool(crossed) and crossed[0][1] > 0, always)


def _burnt_in(pair: tuple[Proportion, Proportion]) -> bool:
    return all(one.users >= BURN_IN_USERS and one.conversions >= BURN_IN_CONVERSIONS for one in pair)


def _z(pair: tuple[Proportion, Proportion]) -> float:
    test = score_test(*pair)
    return test.statistic if isinstance(test, ScoreTest) else 0.0


def _always_valid_p(pair: tuple[Proportion, Proportion], design: Design) -> float:
    difference = difference_of_rates(*pair)
    if not isinstance(difference, Difference):
        return 1.0
    return confidence_sequence(difference, pair[0].users + pair[1].users, 2 * design.users).p_value


def _coverage(design: Design, repetitions: int) -> str:
    generator = np.random.default_rng(2)
    converted = generator.binomial(design.users, design.rates, (repetitions, 2))
    pairs = [(Proportion(int(t), design.users), Proportion(int(c), design.users)) for c, t in converted]
    absolute = [_holds(difference_interval(*pair), RATE * design.lift) for pair in pairs]
    relative = [_holds(relative_lift_interval(*pair), design.lift) for pair in pairs]
    truth = f"+{design.lift:.0%}" if design.lift else "null"
    return f"{truth:<8}{np.mean(absolute):>10.4f}{np.mean(relative):>15.4f}"


def _holds(found: Interval | Unknown, truth: float) -> bool:
    return (
        isinstance(found, Interval) and found.lower <= truth and (found.upper is None or truth <= found.upper)
    )


if __name__ == "__main__":
    main()
