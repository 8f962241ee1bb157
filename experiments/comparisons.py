"""Sums per variant become estimates with intervals, and treatments are compared with control."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from experiments.counting import PeopleCounted
from experiments.metrics import Metric
from experiments.reports import CONFIDENCE, Comparison, MetricTable, VariantEstimate
from experiments.samples import Sample, compared_means, interval_of, sample_of, total_of, value_of
from experiments.statistics.bayes import chance_to_beat_control
from experiments.statistics.exact import exact_test, is_small
from experiments.statistics.proportions import (
    difference_interval,
    relative_lift,
    relative_lift_interval,
    score_test,
)
from experiments.statistics.values import Interval, Proportion, Unknown

Adjustment = Callable[[Sequence[float]], Sequence[float]]


def metric_table(
    metric: Metric, people: Mapping[str, PeopleCounted], control: str | None, *, is_exact: bool = False
) -> MetricTable:
    """`metric` for the variants of `people`, in their order; p-values are not adjusted yet.

    Without a control nothing is compared. `is_exact`: small samples get an exact p-value too, which may take
    half a second each.
    """
    samples = {key: sample_of(metric, counted) for key, counted in people.items()}
    rows = tuple(
        _estimate(
            key,
            people[key].users,
            sample,
            None if control in (None, key) else _comparison(sample, samples[control], is_exact),
        )
        for key, sample in samples.items()
    )
    return MetricTable(metric, rows)


def adjusted(tables: Sequence[MetricTable], adjustment: Adjustment) -> tuple[MetricTable, ...]:
    """The tables with the p-values of all their comparisons adjusted together."""
    compared = [row.comparison for table in tables for row in table.variants if row.comparison is not None]
    values = iter(adjustment([one.p_value for one in compared if one.p_value is not None]))
    return tuple(
        replace(table, variants=tuple(_with_adjusted(row, values) for row in table.variants))
        for table in tables
    )


def _with_adjusted(row: VariantEstimate, values: Iterator[float]) -> VariantEstimate:
    if row.comparison is None or row.comparison.p_value is None:
        return row
    return replace(row, comparison=replace(row.comparison, adjusted_p_value=next(values)))


def _estimate(variant: str, users: int, sample: Sample, comparison: Comparison | None) -> VariantEstimate:
    interval = interval_of(sample)
    return VariantEstimate(
        variant=variant,
        users=users,
        total=total_of(sample),
        value=value_of(sample),
        interval=_known(interval),
        reason=interval.reason if isinstance(interval, Unknown) else "",
        comparison=comparison,
    )


def _comparison(treatment: Sample, control: Sample, is_exact: bool) -> Comparison:
    if isinstance(treatment, Proportion) and isinstance(control, Proportion):
        return _comparison_of_rates(treatment, control, is_exact)
    return _comparison_of_means(treatment, control)


def _comparison_of_rates(treatment: Proportion, control: Proportion, is_exact: bool) -> Comparison:
    test = score_test(treatment, control)
    interval = difference_interval(treatment, control, CONFIDENCE)
    lift = relative_lift(treatment, control)
    lift_interval = relative_lift_interval(treatment, control, CONFIDENCE)
    both_came = bool(treatment.users and control.users)
    small = both_came and is_small(treatment, control)
    exact = exact_test(treatment, control) if small and is_exact else None
    return Comparison(
        difference=(treatment.rate or 0.0) - (control.rate or 0.0) if both_came else None,
        difference_interval=_known(interval),
        relative_lift=None if isinstance(lift, Unknown) else lift,
        relative_lift_interval=_known(lift_interval),
        p_value=None if isinstance(test, Unknown) else test.p_value,
        adjusted_p_value=None,
        is_small=small,
        exact_p_value=None if exact is None or isinstance(exact, Unknown) else exact.p_value,
        chance_to_beat_control=chance_to_beat_control(treatment, control) if both_came else None,
        reasons=_reasons(test, interval, lift, lift_interval),
    )


def _comparison_of_means(treatment: Sample, control: Sample) -> Comparison:
    compared = compared_means(treatment, control)
    found = None if isinstance(compared, Unknown) else compared
    values = value_of(treatment), value_of(control)
    return Comparison(
        difference=None if values[0] is None or values[1] is None else values[0] - values[1],
        difference_interval=found.interval if found else None,
        relative_lift=None
        if found is None or isinstance(found.relative_lift, Unknown)
        else found.relative_lift,
        relative_lift_interval=_known(found.relative_interval) if found else None,
        p_value=found.p_value if found else None,
        adjusted_p_value=None,
        is_small=False,
        exact_p_value=None,
        chance_to_beat_control=None,
        reasons=_reasons(compared, *((found.relative_lift, found.relative_interval) if found else ())),
    )


def _known(value: Interval | Unknown) -> Interval | None:
    return None if isinstance(value, Unknown) else value


def _reasons(*values: object) -> tuple[str, ...]:
    """Why numbers are missing, each reason once."""
    return tuple(dict.fromkeys(value.reason for value in values if isinstance(value, Unknown)))
