"""A metric's sums as the sample its statistics want, and what each kind of sample can say."""

from experiments.counting import PeopleCounted
from experiments.metrics import Metric, MetricKind
from experiments.reports import CONFIDENCE
from experiments.statistics.guardrails import non_inferior_mean, non_inferior_rate
from experiments.statistics.means import compare_means, difference_of_means, mean_interval
from experiments.statistics.proportions import difference_of_rates, wilson_interval
from experiments.statistics.ratios import compare_ratios, difference_of_ratios, ratio_interval
from experiments.statistics.values import (
    Difference,
    Interval,
    MeanComparison,
    MeanSample,
    PairedSample,
    Proportion,
    ScoreTest,
    Unknown,
)

Sample = Proportion | MeanSample | PairedSample
_MIXED_KINDS = "Two samples of one metric are of one kind."


def sample_of(metric: Metric, counted: PeopleCounted) -> Sample:
    users, activity, x = counted.users, counted.activity, metric.numerator
    if metric.kind is MetricKind.PROPORTION:
        return Proportion(activity.some.get(x, 0), users)
    squares = activity.products.get((x, x), 0)
    if metric.kind is MetricKind.MEAN or metric.denominator is None:
        return MeanSample(users, activity.totals.get(x, 0), squares)
    y = metric.denominator
    return PairedSample(
        users,
        activity.totals.get(x, 0),
        activity.totals.get(y, 0),
        squares,
        activity.products.get((y, y), 0),
        activity.products.get((x, y), 0),
    )


def total_of(sample: Sample) -> float:
    """Who converted, or the sum, or the ratio's numerator."""
    match sample:
        case Proportion():
            return sample.conversions
        case MeanSample():
            return sample.total
        case PairedSample():
            return sample.x


def value_of(sample: Sample) -> float | None:
    """The share, the mean or the ratio; None where nobody came, or a ratio has nothing to divide by."""
    match sample:
        case Proportion():
            return sample.rate
        case MeanSample():
            return sample.mean
        case PairedSample():
            return sample.ratio


def interval_of(sample: Sample) -> Interval | Unknown:
    """With the person as the unit."""
    match sample:
        case Proportion():
            return wilson_interval(sample, CONFIDENCE)
        case MeanSample():
            return mean_interval(sample, CONFIDENCE)
        case PairedSample():
            return ratio_interval(sample, CONFIDENCE)


def difference_of(treatment: Sample, control: Sample) -> Difference | Unknown:
    """Treatment minus control with unpooled variance, as the always-valid tests want it."""
    match treatment, control:
        case Proportion(), Proportion():
            return difference_of_rates(treatment, control)
        case MeanSample(), MeanSample():
            return difference_of_means(treatment, control)
        case PairedSample(), PairedSample():
            return difference_of_ratios(treatment, control)
    raise TypeError(_MIXED_KINDS)


def compared_means(treatment: Sample, control: Sample) -> MeanComparison | Unknown:
    """Of two means or two ratios."""
    match treatment, control:
        case MeanSample(), MeanSample():
            return compare_means(treatment, control, CONFIDENCE)
        case PairedSample(), PairedSample():
            return compare_ratios(treatment, control, CONFIDENCE)
    raise TypeError(_MIXED_KINDS)


def non_inferiority(metric: Metric, treatment: Sample, control: Sample) -> ScoreTest | Unknown:
    """One-sided test of "worse by the metric's margin"."""
    if isinstance(treatment, Proportion) and isinstance(control, Proportion):
        return non_inferior_rate(treatment, control, metric.margin, metric.higher_is_better)
    return non_inferior_mean(compared_means(treatment, control), metric.margin, metric.higher_is_better)
