"""Interleaving: which of two rankers people prefer, and what the daily look makes of it."""

import math
from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Q
from scipy.special import ndtri

from experiments.credits import Chosen, choices
from experiments.frame import Frame
from experiments.metrics import ACTIONS_OF, Deeds
from experiments.models import Exposure
from experiments.reports import (
    ALPHA,
    Finding,
    PreferenceEstimate,
    PreferenceResult,
    SequentialMethod,
    SequentialTest,
)
from experiments.sequential import LEAST_CONVERSIONS, LEAST_USERS, Looked, next_boundary, spent_in
from experiments.statistics.confidence_sequence import confidence_sequence
from experiments.statistics.interleaving import preference_test
from experiments.statistics.values import Difference, Unknown

BOTH_SERVED = "Everybody is served both rankers, so there are no shares to check."
SMALLEST_P_VALUE = 1e-300  # its quantile is still a number
TOO_SOON = "Too few new people since the last look to decide anything."


def preference_of(frame: Frame) -> PreferenceResult | None:
    """None before the start."""
    if frame.phase is None or frame.control is None or len(frame.variants) != 2:
        return None
    control, treatment = (one.key for one in frame.variants)
    exposed = Exposure.objects.filter(
        experiment=frame.experiment,
        phase=frame.phase.number,
        variant__isnull=True,
        is_mixed=False,
        first_at__lte=frame.as_of,
    ).aggregate(everyone=Count("id"), matured=Count("id", filter=Q(window_ends_at__lte=frame.as_of)))
    numerator = frame.metric.numerator
    actions = ACTIONS_OF[Deeds(numerator)]
    chosen = list(choices(frame.experiment, frame.phase.number, actions, frame.as_of))
    return PreferenceResult(
        control=control,
        treatment=treatment,
        participants=exposed["everyone"],
        matured_participants=exposed["matured"],
        everyone=_estimate(chosen, control, treatment),
        matured=_estimate((one for one in chosen if one.is_matured), control, treatment),
    )


def preference_lacks(result: PreferenceResult) -> str:
    """What a preference still waits for before it is judged; empty when nothing."""
    credited = result.matured.credited
    enough = all(credited.get(key, 0) >= LEAST_CONVERSIONS for key in (result.control, result.treatment))
    if enough and result.matured_participants >= LEAST_USERS:
        return ""
    return (
        f"{LEAST_USERS} people whose window has passed are needed, and {LEAST_CONVERSIONS} of them who chose "
        "something of each ranker"
    )


def preference_look(frame: Frame, result: PreferenceResult) -> Looked:
    """This moment as the next look: matured people with a preference, the exact binomial test within the plan
    as a normal quantile against the group-sequential boundary, and past it a confidence sequence."""
    planned = frame.experiment.planned_users
    information = result.matured_participants / planned if planned else None
    spent = spent_in(frame.history, frame.phase_number)
    if waits_for := preference_lacks(result):
        waiting = SequentialTest(
            result.treatment, SequentialMethod.GROUP_SEQUENTIAL, reason=f"First {waits_for}."
        )
        return Looked(information, False, spent, (waiting,))
    boundary = next_boundary(information, frame.history, frame.phase_number, 1)
    if boundary is None:
        return Looked(information, True, spent, (_always_valid(result, planned or 1),))
    return Looked(
        information, True, boundary.alpha_spent, (_group_sequential(result, boundary.critical_value),)
    )


def _group_sequential(result: PreferenceResult, critical: float | None) -> SequentialTest:
    statistic = _statistic(result.matured)
    if critical is None or statistic is None:
        return SequentialTest(
            result.treatment, SequentialMethod.GROUP_SEQUENTIAL, statistic, critical, reason=TOO_SOON
        )
    return SequentialTest(
        result.treatment,
        SequentialMethod.GROUP_SEQUENTIAL,
        statistic,
        critical,
        finding=_direction(statistic) if abs(statistic) >= critical else None,
    )


def _statistic(estimate: PreferenceEstimate) -> float | None:
    """The normal quantile of the exact p-value, above 0 where the treatment is preferred."""
    if estimate.p_value is None:
        return None
    size = -float(ndtri(max(estimate.p_value, SMALLEST_P_VALUE) / 2))
    return math.copysign(size, estimate.treatment - estimate.control)


def _always_valid(result: PreferenceResult, planned: int) -> SequentialTest:
    """Of the mean over all matured people of +1 (treatment), -1 (control) and 0."""
    users, of = result.matured_participants, result.matured
    value = (of.treatment - of.control) / users
    variance = ((of.treatment + of.control) / users - value**2) / users
    if variance <= 0:
        reason = "Everybody prefers the same ranker, so chance cannot be estimated."
        return SequentialTest(result.treatment, SequentialMethod.ALWAYS_VALID, reason=reason)
    difference = Difference(value, variance, 0.0, 0.0, 0.0)
    valid = confidence_sequence(difference, users, max(planned, 1), ALPHA)
    statistic = value / difference.standard_error
    return SequentialTest(
        result.treatment,
        SequentialMethod.ALWAYS_VALID,
        statistic,
        valid.critical_value,
        valid.p_value,
        valid.interval,
        _direction(statistic) if valid.p_value < ALPHA else None,
    )


def _direction(statistic: float) -> Finding:
    return Finding.BETTER if statistic > 0 else Finding.WORSE


def _estimate(chosen: Iterable[Chosen], control: str, treatment: str) -> PreferenceEstimate:
    preferred: Counter[str | None] = Counter()  # None: neither more than the other
    credited: Counter[str] = Counter()
    for one in chosen:
        mine, base = one.picks.get(treatment, 0), one.picks.get(control, 0)
        credited[treatment] += mine > 0
        credited[control] += base > 0
        preferred[None if mine == base else treatment if mine > base else control] += 1
    test = preference_test(preferred[treatment], preferred[control], preferred[None])
    found = None if isinstance(test, Unknown) else test
    return PreferenceEstimate(
        control=preferred[control],
        treatment=preferred[treatment],
        ties=preferred[None],
        credited={key: credited[key] for key in (control, treatment)},
        share=found.share if found else None,
        interval=found.interval if found else None,
        p_value=found.p_value if found else None,
        reason=test.reason if isinstance(test, Unknown) else "",
    )
