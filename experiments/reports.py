"""The frozen report on one experiment as of one moment; `results.py` fills it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from experiments.metrics import Metric
from experiments.statistics.values import Interval, SampleRatio
from experiments.verdicts import Verdict

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Comparison:
    """A treatment against control on the primary metric. `adjusted_p_value` is Holm's over all treatments."""

    p_value: float | None
    adjusted_p_value: float | None
    difference_interval: Interval | None
    relative_lift: float | None
    relative_lift_interval: Interval | None
    chance_to_beat_control: float | None
    reasons: tuple[str, ...]  # why a number above is missing

    @property
    def is_significant(self) -> bool:
        return self.adjusted_p_value is not None and self.adjusted_p_value < 1 - CONFIDENCE


@dataclass(frozen=True, slots=True)
class VariantResult:
    """`matured` of the `users` have their whole attribution window behind them."""

    key: str
    name: str
    algorithm: str
    is_control: bool
    weight: float
    users: int
    matured: int
    conversions: int
    rate: float | None
    interval: Interval | None
    metrics: Mapping[str, float | None]
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One variant at the end of one UTC day: everybody so far."""

    variant: str
    users: int
    conversions: int
    rate: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class HistoryDay:
    day: date
    variants: tuple[HistoryPoint, ...]


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """`earlier_participants` were exposed under other weights; they keep their variant, uncompared."""

    key: str
    name: str
    status: str
    metric: Metric
    started_at: datetime | None
    ended_at: datetime | None
    phase_started_at: datetime | None
    as_of: datetime
    participants: int
    earlier_participants: int
    variants: tuple[VariantResult, ...]
    sample_ratio: SampleRatio
    verdict: Verdict
    history: tuple[HistoryDay, ...]
