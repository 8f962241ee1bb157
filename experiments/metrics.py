"""What an experiment measures, each metric defined here and nowhere else.

A metric is made of one or two sums per person, taken over what the person did and the lists they were
served after their first exposure and inside the attribution window. People who did nothing count with 0.
"""

from dataclasses import dataclass
from enum import StrEnum

from feedback.actions import Action


class MetricKind(StrEnum):
    PROPORTION = "proportion"  # of people whose sum is above 0
    MEAN = "mean"  # of the sum, over people
    RATIO = "ratio"  # of two sums over all people; the person is the unit, never the list or the click


class MetricRole(StrEnum):
    OUTCOME = "outcome"  # may decide; where another decides it is secondary and exploratory
    GUARDRAIL = "guardrail"  # must not get worse


class Unit(StrEnum):
    SHARE = "share"  # 0 to 1
    NUMBER = "number"
    MILLISECONDS = "ms"


class Deeds(StrEnum):
    """Sums per person over what they did: how many actions of the kinds in `ACTIONS_OF`."""

    CONVERSIONS = "conversions"
    SAVES = "saves"
    CLICKS = "clicks"
    HIDES = "hides"


class Served(StrEnum):
    """Sums per person over the lists they were served."""

    LISTS = "lists"
    SHOWN = "shown"
    LATENCY = "latency"
    EMPTY = "empty"
    FALLBACKS = "fallbacks"


PersonSum = Deeds | Served

ACTIONS_OF = {
    Deeds.CONVERSIONS: (Action.SAVE, Action.PURCHASE, Action.ATTEND, Action.THUMBS_UP),
    Deeds.SAVES: (Action.SAVE,),
    Deeds.CLICKS: (Action.CLICK,),
    Deeds.HIDES: (Action.HIDE,),
}


@dataclass(frozen=True, slots=True)
class Metric:
    """`numerator` and `denominator` are sums per person; only a ratio has a denominator.

    A guardrail has a `margin`, in the metric's own unit: a treatment must be shown to be less than that worse
    before it ships. `tolerance` is how much worse is no harm yet, however certain it is.
    """

    key: str
    label: str
    description: str
    kind: MetricKind
    role: MetricRole
    unit: Unit
    numerator: PersonSum
    denominator: PersonSum | None = None
    higher_is_better: bool = True
    margin: float = 0.0
    tolerance: float = 0.0


CONVERSION_RATE = Metric(
    "conversion_rate",
    "People who saved, bought, attended or gave a thumbs up",
    "Share of exposed people who did any of these at least once.",
    MetricKind.PROPORTION,
    MetricRole.OUTCOME,
    Unit.SHARE,
    Deeds.CONVERSIONS,
)
SAVE_RATE = Metric(
    "save_rate",
    "People who saved",
    "Share of exposed people who saved at least one event; a save taken back later still counts.",
    MetricKind.PROPORTION,
    MetricRole.OUTCOME,
    Unit.SHARE,
    Deeds.SAVES,
)
CLICK_THROUGH_RATE = Metric(
    "click_through_rate",
    "People who clicked",
    "Share of exposed people who clicked at least once.",
    MetricKind.PROPORTION,
    MetricRole.OUTCOME,
    Unit.SHARE,
    Deeds.CLICKS,
)
CLICKS_PER_RECOMMENDATION = Metric(
    "clicks_per_recommendation",
    "Clicks per recommendation shown",
    "All clicks over all recommendations in the lists served.",
    MetricKind.RATIO,
    MetricRole.OUTCOME,
    Unit.SHARE,
    Deeds.CLICKS,
    Served.SHOWN,
)
SAVES_PER_USER = Metric(
    "saves_per_user",
    "Saves per person",
    "Mean number of saves over all exposed people, those without any included.",
    MetricKind.MEAN,
    MetricRole.OUTCOME,
    Unit.NUMBER,
    Deeds.SAVES,
)
HIDE_RATE = Metric(
    "hide_rate",
    "People who hid something",
    "Share of exposed people who hid at least one event.",
    MetricKind.PROPORTION,
    MetricRole.GUARDRAIL,
    Unit.SHARE,
    Deeds.HIDES,
    higher_is_better=False,
    margin=0.03,
)
LATENCY = Metric(
    "latency_ms",
    "Milliseconds to make a list",
    "Mean over all lists served. Up to 20 ms more is nothing a person notices.",
    MetricKind.RATIO,
    MetricRole.GUARDRAIL,
    Unit.MILLISECONDS,
    Served.LATENCY,
    Served.LISTS,
    higher_is_better=False,
    margin=20.0,
    tolerance=20.0,
)
EMPTY_SHARE = Metric(
    "empty_share",
    "Lists with nothing in them",
    "Share of all lists served.",
    MetricKind.RATIO,
    MetricRole.GUARDRAIL,
    Unit.SHARE,
    Served.EMPTY,
    Served.LISTS,
    higher_is_better=False,
    margin=0.01,
)
FALLBACK_SHARE = Metric(
    "fallback_share",
    "Lists that fell back to what is popular",
    "Share of all lists served where the algorithm asked for was missing or failed. A newcomer without "
    "any history gets what is popular by design; that is not counted.",
    MetricKind.RATIO,
    MetricRole.GUARDRAIL,
    Unit.SHARE,
    Served.FALLBACKS,
    Served.LISTS,
    higher_is_better=False,
    margin=0.01,
)

METRICS = (
    CONVERSION_RATE,
    SAVE_RATE,
    CLICK_THROUGH_RATE,
    CLICKS_PER_RECOMMENDATION,
    SAVES_PER_USER,
    HIDE_RATE,
    LATENCY,
    EMPTY_SHARE,
    FALLBACK_SHARE,
)
PRIMARY_METRICS = (CONVERSION_RATE, SAVE_RATE, CLICK_THROUGH_RATE)
GUARDRAILS = tuple(metric for metric in METRICS if metric.role is MetricRole.GUARDRAIL)


def metric_named(key: str) -> Metric:
    return next(metric for metric in METRICS if metric.key == key)
