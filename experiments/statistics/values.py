"""What goes into the statistics and what comes out. No scipy here, so that shapes cost no memory."""

from dataclasses import dataclass
from enum import StrEnum

SAMPLE_RATIO_WARN_BELOW = 0.01
SAMPLE_RATIO_FAIL_BELOW = 0.001


@dataclass(frozen=True, slots=True)
class Proportion:
    """`conversions` of `users` people converted."""

    conversions: int
    users: int

    def __post_init__(self) -> None:
        if not 0 <= self.conversions <= self.users:
            raise ValueError(f"{self.conversions} of {self.users} people cannot have converted.")

    @property
    def rate(self) -> float | None:
        return self.conversions / self.users if self.users else None


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval. `upper` is None where nothing bounds it from above."""

    lower: float
    upper: float | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No number can be given, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """`statistic`: z, positive when the treatment converts better. `p_value`: two-sided."""

    statistic: float
    p_value: float


class SampleRatioState(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """`p_value` and `statistic` are None where there is nothing to test; `reason` says why."""

    state: SampleRatioState
    p_value: float | None
    statistic: float | None
    reason: str = ""
