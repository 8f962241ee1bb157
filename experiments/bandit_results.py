"""What a bandit has found: its deals, how its variants stand, and estimates that allow for how it dealt."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from experiments.bandit import bandit_floor
from experiments.batches import Batch, arm_samples, batches_of
from experiments.frame import Frame
from experiments.metrics import ACTIONS_OF, Deeds
from experiments.reports import BanditArm, BanditPhase, BanditResult, OffPolicyValue
from experiments.sample_ratios import LEAST_EXPECTED, TOO_FEW
from experiments.statistics.bayes import Standing, standings
from experiments.statistics.off_policy import off_policy_estimate
from experiments.statistics.sample_ratio import sample_ratio_test
from experiments.statistics.values import (
    SAMPLE_RATIO_FAIL_BELOW,
    SAMPLE_RATIO_WARN_BELOW,
    Interval,
    Proportion,
    SampleRatio,
    SampleRatioState,
    Unknown,
)
from experiments.verdicts import Leader

LOSS_WORTH_IT = 0.1  # of the smallest change worth acting on


@dataclass(frozen=True, slots=True)
class BanditReading:
    """`everyone` and `matured`: by variant, over all phases. `mixed`: people left out."""

    result: BanditResult
    everyone: Mapping[str, Proportion]
    matured: Mapping[str, Proportion]
    mixed: int
    sample_ratio: SampleRatio
    leader: Leader | None


def bandit_reading(frame: Frame) -> BanditReading:
    batches = batches_of(frame.experiment, ACTIONS_OF[Deeds(frame.metric.numerator)], frame.as_of)
    keys = [one.key for one in frame.variants]
    everyone, matured = (arm_samples(batches, keys, is_matured=only) for only in (False, True))
    phases = _phases(frame, batches, keys)
    arms = _arms(frame, batches, everyone, matured)
    return BanditReading(
        result=BanditResult(bandit_floor(len(frame.compared) or len(keys)), phases, arms),
        everyone=everyone,
        matured=matured,
        mixed=sum(one.users for one in batches if one.is_mixed),
        sample_ratio=_sample_ratio_of(phases),
        leader=_leader(frame, arms, matured),
    )


def _phases(frame: Frame, batches: Sequence[Batch], keys: Sequence[str]) -> tuple[BanditPhase, ...]:
    came: Counter[tuple[int, str]] = Counter()
    for batch in batches:
        came[batch.phase, batch.variant] += batch.users
    rows = frame.experiment.phases.filter(started_at__lte=frame.as_of)
    return tuple(
        BanditPhase(
            row.number,
            row.started_at,
            row.weights,
            {key: came[row.number, key] for key in keys},
            _sample_ratio([came[row.number, key] for key in keys], [row.weights[key] for key in keys]),
        )
        for row in rows
    )


def _sample_ratio(users: Sequence[int], weights: Sequence[float]) -> SampleRatio:
    test = sample_ratio_test(users, weights)
    smallest = min((weight for weight in weights if weight), default=0.0)
    if test.p_value is None or sum(users) * smallest >= LEAST_EXPECTED:
        return test
    return SampleRatio(SampleRatioState.OK, None, None, TOO_FEW)


def _sample_ratio_of(phases: Sequence[BanditPhase]) -> SampleRatio:
    """All phases together: the sum of their chi-squares. One person in a variant of weight 0 fails it."""
    failed = next(
        (
            one.sample_ratio
            for one in phases
            if one.sample_ratio.state is SampleRatioState.FAIL and one.sample_ratio.p_value is None
        ),
        None,
    )
    if failed is not None:
        return failed
    tested = [one for one in phases if one.sample_ratio.statistic is not None]
    if not tested:
        return SampleRatio(SampleRatioState.OK, None, None, TOO_FEW)
    statistic = sum(one.sample_ratio.statistic or 0.0 for one in tested)
    freedom = sum(sum(weight > 0 for weight in one.weights.values()) - 1 for one in tested)
    p_value = float(chdtrc(freedom, statistic))
    if p_value < SAMPLE_RATIO_FAIL_BELOW:
        return SampleRatio(SampleRatioState.FAIL, p_value, statistic)
    state = SampleRatioState.WARN if p_value < SAMPLE_RATIO_WARN_BELOW else SampleRatioState.OK
    return SampleRatio(state, p_value, statistic)


def _arms(
    frame: Frame,
    batches: Sequence[Batch],
    everyone: Mapping[str, Proportion],
    matured: Mapping[str, Proportion],
) -> tuple[BanditArm, ...]:
    stand = dict(zip(everyone, standings(list(everyone.values())), strict=True))
    rows = [one for one in batches if one.is_matured and not one.is_mixed]
    return tuple(_arm(key, frame, rows, stand[key], everyone[key], matured[key]) for key in everyone)


def _arm(
    key: str,
    frame: Frame,
    matured_rows: Sequence[Batch],
    stands: Standing,
    everyone: Proportion,
    matured: Proportion,
) -> BanditArm:
    return BanditArm(
        variant=key,
        users=everyone.users,
        matured=matured.users,
        conversions=everyone.conversions,
        matured_conversions=matured.conversions,
        weight=frame.weights[key],
        chance_to_be_best=stands.chance_to_be_best,
        expected_loss=stands.expected_loss,
        stratified_rate=_stratified_rate(key, matured_rows),
        off_policy=_off_policy(key, matured_rows),
    )


def _stratified_rate(key: str, rows: Sequence[Batch]) -> float | None:
    """The variant's rate phase by phase, each phase weighed by everybody who came in it. Phases in which
    nobody came to this variant tell nothing about it and are left out."""
    whole: Counter[int] = Counter()
    users: Counter[int] = Counter()
    conversions: Counter[int] = Counter()
    for row in rows:
        whole[row.phase] += row.users
        if row.variant == key:
            users[row.phase] += row.users
            conversions[row.phase] += row.conversions
    if not users:
        return None
    weighed = sum(whole[phase] * conversions[phase] / users[phase] for phase in users)
    return weighed / sum(whole[phase] for phase in users)


def _off_policy(key: str, rows: Sequence[Batch]) -> OffPolicyValue | None:
    """One entry a person: what they did, the chance they had of what they got, 1 or 0 for this variant."""
    users = [row.users for row in rows]
    rewards = np.concatenate(
        [np.arange(row.users) < row.conversions for row in rows] or [np.empty(0, dtype=bool)]
    )
    logged = np.repeat([row.propensity for row in rows], users) if rows else np.empty(0)
    target = np.repeat([float(row.variant == key) for row in rows], users) if rows else np.empty(0)
    estimate = off_policy_estimate(rewards, logged, target)
    if isinstance(estimate, Unknown):
        return None
    interval = estimate.interval if isinstance(estimate.interval, Interval) else None
    return OffPolicyValue(estimate.value, interval, estimate.effective_sample_size, estimate.warning)


def _leader(frame: Frame, arms: Sequence[BanditArm], matured: Mapping[str, Proportion]) -> Leader | None:
    """Of matured people, the variant most likely to be the best."""
    if not any(sample.users for sample in matured.values()):
        return None
    stand = dict(zip(matured, standings(list(matured.values())), strict=True))
    best = max(stand, key=lambda key: stand[key].chance_to_be_best)
    rates = {arm.variant: arm.stratified_rate for arm in arms if arm.stratified_rate is not None}
    base = matured[frame.control].rate if frame.control else None
    return Leader(
        name=next(one.name for one in frame.variants if one.key == best),
        is_control=best == frame.control,
        chance_to_be_best=stand[best].chance_to_be_best,
        expected_loss=stand[best].expected_loss,
        tolerated_loss=LOSS_WORTH_IT * (frame.experiment.minimum_effect or 0.0) * (base or 0.0),
        leads_in_every_estimate=bool(rates) and max(rates, key=lambda key: rates[key]) == best,
    )
