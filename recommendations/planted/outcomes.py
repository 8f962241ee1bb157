"""What the platform concluded about one planted experiment."""

from dataclasses import dataclass

from experiments.reports import ExperimentReport, Finding
from experiments.verdicts import VerdictState
from recommendations.planted.truth import Truth


@dataclass(frozen=True, slots=True)
class DayConcluded:
    """One daily look. `users` and `conversions`, by variant, of the people whose window had passed."""

    day: int
    verdict: VerdictState
    rule: str
    users: dict[str, int]
    conversions: dict[str, int]
    better: tuple[str, ...]  # variants the looks so far have found to be better
    worse: tuple[str, ...]

    @property
    def is_conclusion(self) -> bool:
        return self.verdict is not VerdictState.KEEP_RUNNING

    @classmethod
    def of(cls, day: int, report: ExperimentReport) -> "DayConcluded":
        return cls(
            day=day,
            verdict=report.verdict.state,
            rule=report.verdict.rule,
            users={one.key: one.matured for one in report.variants},
            conversions={one.key: one.matured_conversions for one in report.variants},
            better=_found(report, Finding.BETTER),
            worse=_found(report, Finding.WORSE),
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """The relative lift of one treatment, planted and as seen at the end, with its 95 % interval."""

    variant: str
    planted: float
    lift: float | None
    lower: float | None
    upper: float | None  # None as well where nothing bounds it

    @property
    def holds(self) -> bool:
        """Whether the interval holds what was planted."""
        if self.lower is None:
            return False
        return self.lower <= self.planted and (self.upper is None or self.planted <= self.upper)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One experiment looked at to the end of its plan; it `concluded` on the first day that said to act."""

    key: str
    repetition: int
    days: tuple[DayConcluded, ...]
    estimates: tuple[Estimate, ...]
    sample_ratio_p_value: float | None
    lists: int

    @property
    def concluded(self) -> DayConcluded:
        """The last day where no day said to act."""
        return next((day for day in self.days if day.is_conclusion), self.days[-1])

    @property
    def shipped(self) -> tuple[str, ...]:
        return self.concluded.better if self.concluded.verdict is VerdictState.SHIP else ()


def estimates_of(report: ExperimentReport, truth: Truth) -> tuple[Estimate, ...]:
    return tuple(
        Estimate(
            variant=one.key,
            planted=truth.lift_of(one.key),
            lift=one.comparison.relative_lift,
            lower=interval.lower if interval else None,
            upper=interval.upper if interval else None,
        )
        for one in report.variants
        if one.comparison is not None
        for interval in [one.comparison.relative_lift_interval]
    )


def _found(report: ExperimentReport, finding: Finding) -> tuple[str, ...]:
    return tuple(one.key for one in report.variants if one.finding is finding)
