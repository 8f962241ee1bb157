"""What an experiment has shown so far: counts from the database, numbers from the statistics, one report."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from django.db.models import QuerySet

from experiments.counting import (
    NOBODY,
    VariantCounts,
    arrivals_per_day,
    conversions_per_day,
    count_by_variant,
    earlier_participants,
    exposures_compared,
    phase_at,
)
from experiments.metrics import Metric, metric_named
from experiments.models import Experiment, ExperimentStatus, Exposure, Variant
from experiments.reports import (
    CONFIDENCE,
    Comparison,
    ExperimentReport,
    HistoryDay,
    HistoryPoint,
    VariantResult,
)
from experiments.statistics.bayes import chance_to_beat_control
from experiments.statistics.multiple_testing import holm
from experiments.statistics.proportions import (
    difference_interval,
    relative_lift,
    relative_lift_interval,
    score_test,
    wilson_interval,
)
from experiments.statistics.sample_ratio import sample_ratio_test
from experiments.statistics.values import Interval, Proportion, ScoreTest, Unknown
from experiments.verdicts import verdict_give


def experiment_report(*, experiment: Experiment, as_of: datetime) -> ExperimentReport:
    """The report of `experiment` as it stood at `as_of`."""
    variants = sorted(experiment.variants.all(), key=lambda variant: (not variant.is_control, variant.pk))
    metric = metric_named(experiment.primary_metric)
    phase = phase_at(experiment, as_of)
    exposed = exposures_compared(experiment, phase, as_of)
    counts = count_by_variant(exposed, experiment, as_of)
    users = [counts.get(variant.pk, NOBODY).users for variant in variants]
    ratio = sample_ratio_test(users, [variant.weight for variant in variants])
    return ExperimentReport(
        key=experiment.key,
        name=experiment.name,
        status=experiment.status,
        metric=metric,
        started_at=experiment.started_at,
        ended_at=experiment.ended_at,
        phase_started_at=phase.started_at if phase else None,
        as_of=as_of,
        participants=sum(users),
        earlier_participants=earlier_participants(experiment, phase, as_of),
        variants=_variant_results(variants, counts, metric),
        sample_ratio=ratio,
        verdict=verdict_give(
            has_started=experiment.status != ExperimentStatus.DRAFT,
            has_ended=experiment.status == ExperimentStatus.COMPLETED,
            participants=sum(users),
            sample_ratio=ratio,
        ),
        history=_history(variants, exposed, metric, experiment, as_of),
    )


def _variant_results(
    variants: Sequence[Variant], counts: Mapping[int, VariantCounts], metric: Metric
) -> tuple[VariantResult, ...]:
    counted = {variant.key: counts.get(variant.pk, NOBODY) for variant in variants}
    samples = {key: Proportion(one.by_metric[metric.key], one.users) for key, one in counted.items()}
    control = next((variant.key for variant in variants if variant.is_control), None)
    compared = {} if control is None else _comparisons(samples, control)
    return tuple(
        VariantResult(
            key=variant.key,
            name=variant.name,
            algorithm=variant.algorithm,
            is_control=variant.is_control,
            weight=variant.weight,
            users=counted[variant.key].users,
            matured=counted[variant.key].matured,
            conversions=samples[variant.key].conversions,
            rate=samples[variant.key].rate,
            interval=_known(wilson_interval(samples[variant.key], CONFIDENCE)),
            metrics=_rates(counted[variant.key]),
            comparison=compared.get(variant.key),
        )
        for variant in variants
    )


def _rates(counts: VariantCounts) -> dict[str, float | None]:
    return {key: Proportion(number, counts.users).rate for key, number in counts.by_metric.items()}


def _comparisons(samples: Mapping[str, Proportion], control: str) -> dict[str, Comparison]:
    tests = {key: score_test(sample, samples[control]) for key, sample in samples.items() if key != control}
    p_values = {key: test.p_value for key, test in tests.items() if isinstance(test, ScoreTest)}
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    return {
        key: _comparison(samples[key], samples[control], p_values.get(key), adjusted.get(key))
        for key in tests
    }


def _comparison(
    treatment: Proportion, control: Proportion, p_value: float | None, adjusted: float | None
) -> Comparison:
    difference = difference_interval(treatment, control, CONFIDENCE)
    lift = relative_lift(treatment, control)
    lift_interval = relative_lift_interval(treatment, control, CONFIDENCE)
    missing = [one.reason for one in (difference, lift, lift_interval) if isinstance(one, Unknown)]
    return Comparison(
        p_value=p_value,
        adjusted_p_value=adjusted,
        difference_interval=_known(difference),
        relative_lift=None if isinstance(lift, Unknown) else lift,
        relative_lift_interval=_known(lift_interval),
        chance_to_beat_control=None if p_value is None else chance_to_beat_control(treatment, control),
        reasons=tuple(dict.fromkeys(missing)),
    )


def _known(value: Interval | Unknown) -> Interval | None:
    return None if isinstance(value, Unknown) else value


def _history(
    variants: Sequence[Variant],
    exposed: QuerySet[Exposure],
    metric: Metric,
    experiment: Experiment,
    as_of: datetime,
) -> tuple[HistoryDay, ...]:
    arrived = arrivals_per_day(exposed)
    converted = conversions_per_day(exposed, metric, as_of)
    if not arrived:
        return ()
    day = min(day for _, day in arrived)
    totals = {variant.pk: (0, 0) for variant in variants}
    history = []
    while day <= _last_day(experiment, as_of, [day for _, day in converted]):
        totals = {
            pk: (users + arrived.get((pk, day), 0), conversions + converted.get((pk, day), 0))
            for pk, (users, conversions) in totals.items()
        }
        points = tuple(_point(variant.key, *totals[variant.pk]) for variant in variants)
        history.append(HistoryDay(day, points))
        day += timedelta(days=1)
    return tuple(history)


def _last_day(experiment: Experiment, as_of: datetime, conversion_days: Sequence[date]) -> date:
    """Today while it runs; once it has ended, the day the last conversion that counts came in."""
    if experiment.ended_at is None or experiment.ended_at > as_of:
        return as_of.astimezone(UTC).date()
    return max([experiment.ended_at.astimezone(UTC).date(), *conversion_days])


def _point(key: str, users: int, conversions: int) -> HistoryPoint:
    sample = Proportion(conversions, users)
    return HistoryPoint(key, users, conversions, sample.rate, _known(wilson_interval(sample, CONFIDENCE)))
