"""The frozen report on one experiment as of one moment; `results.py` fills it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from experiments.metrics import Metric
from experiments.statistics.values import Interval, SampleRatio, SequentialSampleRatio
from experiments.verdicts import Verdict

CONFIDENCE = 0.95
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """A treatment against control on one metric, as if looked at once: for reading, never for stopping.

    `adjusted_p_value`: Holm's over all treatments for the primary metric, Benjamini and Hochberg's over all
    other outcomes and treatments (or segments) elsewhere; None for guardrails, which `GuardrailCheck` judges.
    `exact_p_value` is given for the primary metric where the sample is small; `chance_to_beat_control` for
    proportions only.
    """

    difference: float | None
    difference_interval: Interval | None
    relative_lift: float | None
    relative_lift_interval: Interval | None
    p_value: float | None
    adjusted_p_value: float | None
    is_small: bool
    exact_p_value: float | None
    chance_to_beat_control: float | None
    reasons: tuple[str, ...]  # why a number above is missing


@dataclass(frozen=True, slots=True)
class VariantEstimate:
    """One variant on one metric. `total` is who converted, or the sum; `comparison` is None for control."""

    variant: str
    users: int
    total: float
    value: float | None
    interval: Interval | None
    reason: str  # why there is no value or no interval
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class MetricTable:
    metric: Metric
    variants: tuple[VariantEstimate, ...]

    def of(self, variant: str) -> VariantEstimate:
        return next(row for row in self.variants if row.variant == variant)


@dataclass(frozen=True, slots=True)
class Segment:
    """The primary metric among some of the people. Exploratory: it never decides."""

    dimension: str
    value: str
    table: MetricTable


class GuardrailState(StrEnum):
    HARMED = "harmed"  # shown to be worse than tolerated
    PASSED = "passed"  # shown to be within the margin
    OPEN = "open"  # neither yet
    UNMEASURED = "unmeasured"  # in no variant is there anything to measure


@dataclass(frozen=True, slots=True)
class GuardrailCheck:
    """`harm_p_value`: always valid, Holm's over all guardrails and treatments. `within_margin_p_value`:
    one-sided, of the null "worse by the margin"."""

    metric: Metric
    variant: str
    state: GuardrailState
    harm_p_value: float | None
    within_margin_p_value: float | None
    reason: str


class SequentialMethod(StrEnum):
    GROUP_SEQUENTIAL = "group_sequential"
    ALWAYS_VALID = "always_valid"


class Finding(StrEnum):
    BETTER = "better"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class SequentialTest:
    """A treatment against control on the primary metric among matured people, at one look.

    It finds something when |statistic| reaches `critical_value`, or where the method is always valid when
    `p_value` (Holm's) is below 0.05. `interval` of the difference is dual to the unadjusted test. `reason`
    says why nothing could be decided.
    """

    variant: str
    method: SequentialMethod
    statistic: float | None = None
    critical_value: float | None = None
    p_value: float | None = None
    interval: Interval | None = None
    finding: Finding | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One variant at one look: everybody exposed so far in this phase."""

    variant: str
    users: int
    matured: int
    conversions: int
    rate: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class HistoryDay:
    """One look. `information`: matured people over planned ones, None without a plan. A look that is not
    `is_counted` came before the burn-in was over and spent nothing. `alpha_spent`: in this phase so far."""

    day: date
    taken_at: datetime
    phase: int
    information: float | None
    is_counted: bool
    alpha_spent: float
    verdict: Verdict
    variants: tuple[HistoryPoint, ...]
    tests: tuple[SequentialTest, ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """People exposed first on one UTC day, by variant key."""

    day: date
    users: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ListVariety:
    """Descriptive, of the first list of `lists` people, as many in each variant: the last who came."""

    variant: str
    lists: int
    distinct_events: int | None
    genres_per_list: float | None  # different genres among the first ten events, mean


@dataclass(frozen=True, slots=True)
class Progress:
    """`information` and `days_left` are None where nothing is planned, or nobody comes by."""

    planned_users: int | None
    planned_days: int | None
    days_run: float
    users_per_day: float | None
    information: float | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class SinceLastLook:
    """What came since: shown, and not counted until the next look."""

    taken_at: datetime
    users: int
    conversions: int


@dataclass(frozen=True, slots=True)
class VariantResult:
    """One variant on the primary metric, everybody exposed. `matured` of the `users`, of whom
    `matured_conversions` converted, have their whole attribution window behind them.

    `finding` is what the sequential test has found in the looks so far, and the only significance there is.
    """

    key: str
    name: str
    algorithm: str
    is_control: bool
    weight: float
    users: int
    matured: int
    conversions: int
    matured_conversions: int
    rate: float | None
    interval: Interval | None
    chance_to_be_best: float | None
    expected_loss: float | None
    metrics: Mapping[str, float | None]
    comparison: Comparison | None
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class PreferenceEstimate:
    """Whom people prefer, by what they chose from drafted lists. `control`, `treatment`: people by the ranker
    more of whose picks they chose; `ties`: as many of both. `share` prefers the treatment, of those with a
    preference; its interval is Wilson's, `p_value` the exact binomial one without ties, as if looked at once.
    `credited`: by variant, people who chose at least one of its picks."""

    control: int
    treatment: int
    ties: int
    credited: Mapping[str, int]
    share: float | None
    interval: Interval | None
    p_value: float | None
    reason: str  # why the numbers are missing


@dataclass(frozen=True, slots=True)
class PreferenceResult:
    """Of an interleaving experiment. `everyone` is for reading; `matured` is what the looks judge."""

    control: str
    treatment: str
    participants: int
    matured_participants: int
    everyone: PreferenceEstimate
    matured: PreferenceEstimate


@dataclass(frozen=True, slots=True)
class BanditPhase:
    """One deal of a bandit: the weights it held, and who came under them."""

    number: int
    started_at: datetime
    weights: Mapping[str, float]
    users: Mapping[str, int]
    sample_ratio: SampleRatio


@dataclass(frozen=True, slots=True)
class OffPolicyValue:
    """What everybody would have converted at if all had been given this variant (SNIPS)."""

    value: float
    interval: Interval | None
    effective_sample_size: float
    warning: str


@dataclass(frozen=True, slots=True)
class BanditArm:
    """`chance_to_be_best` and `expected_loss` of everybody so far, as the next deal sees them: they are no
    stopping rule. `stratified_rate` compares like with like: matured people, phase by phase, weighed by how
    many came in each; `off_policy` weighs the same people by their logged propensities."""

    variant: str
    users: int
    matured: int
    conversions: int
    matured_conversions: int
    weight: float
    chance_to_be_best: float
    expected_loss: float
    stratified_rate: float | None
    off_policy: OffPolicyValue | None


@dataclass(frozen=True, slots=True)
class BanditResult:
    floor: float
    phases: tuple[BanditPhase, ...]
    arms: tuple[BanditArm, ...]


@dataclass(frozen=True, slots=True)
class PipelineCheck:
    """One thing an A/A test proves of the pipeline, in words."""

    name: str
    passed: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """`earlier_participants` were exposed in an earlier phase; they keep their variant, uncompared.
    `mixed_participants` were served two variants and are left out. `look` is this moment as a look would
    see it; it counts for nothing until it is taken. `history` holds the looks taken. `preference` is given
    for interleaving, `bandit` for a bandit, `pipeline` for an A/A test. A bandit's people are those of all
    phases."""

    key: str
    name: str
    kind: str
    status: str
    metric: Metric
    attribution_hours: int
    started_at: datetime | None
    ended_at: datetime | None
    phase: int
    phase_started_at: datetime | None
    as_of: datetime
    participants: int
    matured_participants: int
    mixed_participants: int
    earlier_participants: int
    variants: tuple[VariantResult, ...]
    everyone: tuple[MetricTable, ...]  # the primary metric first
    matured: tuple[MetricTable, ...]
    guardrails: tuple[GuardrailCheck, ...]
    segments: tuple[Segment, ...]
    variety: tuple[ListVariety, ...]
    arrivals: tuple[Arrivals, ...]
    sample_ratio: SampleRatio
    sample_ratio_warning: SequentialSampleRatio
    progress: Progress
    verdict: Verdict
    look: HistoryDay
    since_last_look: SinceLastLook | None
    history: tuple[HistoryDay, ...] = ()
    preference: PreferenceResult | None = None
    bandit: BanditResult | None = None
    pipeline: tuple[PipelineCheck, ...] = ()
