"""The one test that decides: each treatment against control on the primary metric, look after look.

Within the plan it is group-sequential (Lan and DeMets, alpha * t² spent), each of m treatments at alpha / m;
past it, an always-valid confidence sequence with Holm's adjustment. Only people whose whole window has passed
take part, so what is known of a person never changes from one look to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.special import ndtr

from experiments.reports import ALPHA, Finding, HistoryDay, SequentialMethod, SequentialTest
from experiments.statistics.confidence_sequence import confidence_sequence
from experiments.statistics.group_sequential import Boundary, group_sequential_boundaries
from experiments.statistics.multiple_testing import holm
from experiments.statistics.proportions import difference_interval, difference_of_rates, score_test
from experiments.statistics.values import Interval, Proportion, Unknown

LEAST_USERS = 50  # in each variant: below, the normal approximation of the tests is not to be relied on
LEAST_CONVERSIONS = 5
UNPLANNED_USERS = 10_000
NOTHING_NEW = "Too few new people since the last look to decide anything."


@dataclass(frozen=True, slots=True)
class Plan:
    """`users` of all variants, None where nobody planned; `shares` of control and the treatments compared, by
    key, summing to 1."""

    users: int | None
    shares: Mapping[str, float]

    def pair(self, treatment: str, control: str) -> int:
        """People planned for a treatment and control together, at least 1: what widths are tuned to."""
        users = self.users or UNPLANNED_USERS
        return max(1, round(users * (self.shares[treatment] + self.shares[control])))


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look finds. A look that is not `is_counted` spends nothing; `alpha_spent` is of the phase."""

    information: float | None
    is_counted: bool
    alpha_spent: float
    tests: tuple[SequentialTest, ...]


NOT_LOOKED = Looked(None, False, 0.0, ())


def burn_in_lacks(samples: Mapping[str, Proportion]) -> str:
    """What a gain still waits for before it is judged; empty when nothing."""
    enough = all(
        sample.users >= LEAST_USERS and sample.conversions >= LEAST_CONVERSIONS for sample in samples.values()
    )
    if enough:
        return ""
    return (
        f"each variant needs {LEAST_USERS} people whose window has passed and "
        f"{LEAST_CONVERSIONS} of them who converted"
    )


def look_at(
    samples: Mapping[str, Proportion], control: str, plan: Plan, history: Sequence[HistoryDay], phase: int
) -> Looked:
    """This moment as the next look after `history`. `samples`: matured people by variant, control's too.

    A phase has what the ones before it have left of alpha.
    """
    matured = sum(sample.users for sample in samples.values())
    information = matured / plan.users if plan.users else None
    treatments = [key for key in samples if key != control]
    spent = spent_in(history, phase)
    if waits_for := burn_in_lacks(samples):
        waiting = tuple(
            SequentialTest(key, SequentialMethod.GROUP_SEQUENTIAL, reason=f"First {waits_for}.")
            for key in treatments
        )
        return Looked(information, False, spent, waiting)
    boundary = next_boundary(information, history, phase, len(treatments))
    if boundary is None:
        return Looked(information, True, spent, _always_valid(samples, control, treatments, plan))
    tests = tuple(_group_sequential(key, samples[key], samples[control], boundary) for key in treatments)
    return Looked(information, True, boundary.alpha_spent * len(treatments), tests)


def next_boundary(
    information: float | None, history: Sequence[HistoryDay], phase: int, treatments: int
) -> Boundary | None:
    """The group-sequential boundary of each of the treatments at this look; None once the plan is reached, or
    where there is none or nothing left to spend: what comes then is judged by what is always valid."""
    earlier = _counted(history, phase)
    left = ALPHA - _spent_in_other_phases(history, phase)
    if information is None or left <= 0 or any(is_whole(day.information) for day in earlier):
        return None
    looks = [*(day.information or 0.0 for day in earlier), information]
    return group_sequential_boundaries(looks, left / treatments)[-1]


def spent_in(history: Sequence[HistoryDay], phase: int) -> float:
    """Of alpha, by the looks of this phase."""
    earlier = _counted(history, phase)
    return earlier[-1].alpha_spent if earlier else 0.0


def _counted(history: Sequence[HistoryDay], phase: int) -> list[HistoryDay]:
    return [day for day in history if day.phase == phase and day.is_counted]


def findings(days: Sequence[HistoryDay], phase: int) -> dict[str, Finding]:
    """What the looks of a phase have found, the latest finding of each treatment.

    A boundary once crossed stays crossed, whatever the numbers do afterwards: that is what it was for.
    """
    tests = (test for day in days if day.phase == phase for test in day.tests)
    return {test.variant: test.finding for test in tests if test.finding is not None}


def _spent_in_other_phases(history: Sequence[HistoryDay], phase: int) -> float:
    return sum({day.phase: day.alpha_spent for day in history if day.phase != phase}.values())


def is_whole(information: float | None) -> bool:
    return information is not None and information >= 1


def _group_sequential(
    key: str, treatment: Proportion, control: Proportion, boundary: Boundary
) -> SequentialTest:
    test = score_test(treatment, control)
    statistic = None if isinstance(test, Unknown) else test.statistic
    critical = boundary.critical_value
    if statistic is None or critical is None:
        return SequentialTest(key, SequentialMethod.GROUP_SEQUENTIAL, statistic, reason=NOTHING_NEW)
    interval = difference_interval(treatment, control, 1 - 2 * float(ndtr(-critical)))
    return SequentialTest(
        key,
        SequentialMethod.GROUP_SEQUENTIAL,
        statistic,
        critical,
        interval=interval if isinstance(interval, Interval) else None,
        finding=_direction(statistic) if abs(statistic) >= critical else None,
    )


def _always_valid(
    samples: Mapping[str, Proportion], control: str, treatments: Sequence[str], plan: Plan
) -> tuple[SequentialTest, ...]:
    tests = [
        _confidence_sequence(key, samples[key], samples[control], plan.pair(key, control))
        for key in treatments
    ]
    adjusted = iter(holm([test.p_value for test in tests if test.p_value is not None]))
    return tuple(test if test.p_value is None else _judged(test, next(adjusted)) for test in tests)


def _confidence_sequence(
    key: str, treatment: Proportion, control: Proportion, planned: int
) -> SequentialTest:
    difference = difference_of_rates(treatment, control)
    if isinstance(difference, Unknown):
        return SequentialTest(key, SequentialMethod.ALWAYS_VALID, reason=difference.reason)
    valid = confidence_sequence(difference, treatment.users + control.users, planned, ALPHA)
    return SequentialTest(
        key,
        SequentialMethod.ALWAYS_VALID,
        difference.value / difference.standard_error,
        valid.critical_value,
        valid.p_value,
        valid.interval,
    )


def _judged(test: SequentialTest, adjusted: float) -> SequentialTest:
    finding = _direction(test.statistic or 0.0) if adjusted < ALPHA else None
    return replace(test, p_value=adjusted, finding=finding)


def _direction(statistic: float) -> Finding:
    """Every metric that may decide is better when higher."""
    return Finding.BETTER if statistic > 0 else Finding.WORSE
