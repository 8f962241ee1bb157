"""What goes into the statistics and what comes out. No scipy here, so that shapes cost no memory."""

import math
from dataclasses import astuple, dataclass
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
class MeanSample:
    """One number per user: `total` is the sum over users, `squares` the sum of squares.

    Whole numbers may be given as int; the variance is then free of rounding, however many users there are.
    """

    users: int
    total: float
    squares: float

    def __post_init__(self) -> None:
        _check_sums(self.users, astuple(self))

    @property
    def mean(self) -> float | None:
        return self.total / self.users if self.users else None

    @property
    def variance(self) -> float:
        """Of one user's number, with n - 1 in the denominator. Needs two users."""
        return max(_centred(self.users, self.squares, self.total, self.total), 0.0)


@dataclass(frozen=True, slots=True)
class PairedSample:
    """Two numbers per user, x and y: sums over users of x, y, x², y² and xy.

    For a ratio metric x is the numerator and y the denominator (clicks and recommendations shown); for
    CUPED x is the metric and y the same metric before the experiment.
    """

    users: int
    x: float
    y: float
    xx: float
    yy: float
    xy: float

    def __post_init__(self) -> None:
        _check_sums(self.users, astuple(self))

    def __add__(self, other: "PairedSample") -> "PairedSample":
        return PairedSample(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def ratio(self) -> float | None:
        return self.x / self.y if self.y > 0 else None

    @property
    def variance_x(self) -> float:
        return max(_centred(self.users, self.xx, self.x, self.x), 0.0)

    @property
    def variance_y(self) -> float:
        return max(_centred(self.users, self.yy, self.y, self.y), 0.0)

    @property
    def covariance(self) -> float:
        return _centred(self.users, self.xy, self.x, self.y)


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment minus control, its sampling variance, and what a relative lift needs to know of the control.

    `covariance` is that of the difference with the control's estimate: minus the control's variance where
    the two variants are independent.
    """

    value: float
    variance: float
    control: float
    control_variance: float
    covariance: float

    @property
    def standard_error(self) -> float:
        return math.sqrt(self.variance)


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


@dataclass(frozen=True, slots=True)
class MeanComparison:
    """A treatment against control on a mean or a ratio: one test, and both intervals dual to it.

    `degrees_of_freedom` is None where the test is a z test. `relative_*` carry a reason where they have
    no meaning.
    """

    difference: Difference
    degrees_of_freedom: float | None
    statistic: float
    p_value: float
    interval: Interval
    relative_lift: float | Unknown
    relative_interval: Interval | Unknown


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


@dataclass(frozen=True, slots=True)
class SequentialSampleRatio:
    """`log_e_value`: natural logarithm of the evidence against the shares. `p_value`: always valid."""

    state: SampleRatioState
    p_value: float | None
    log_e_value: float | None
    reason: str = ""


def _check_sums(users: int, sums: tuple[float, ...]) -> None:
    if users < 0:
        raise ValueError(f"{users} users cannot be; count them from 0.")
    if not all(math.isfinite(number) for number in sums):
        raise ValueError("A sum over users is not a finite number; leave out users without a value.")


def _centred(users: int, products: float, x: float, y: float) -> float:
    """Sample covariance from sums. Multiplying out first keeps whole numbers exact."""
    if users < 2:
        raise ValueError("A variance needs at least two users.")
    return (users * products - x * y) / (users * (users - 1))
