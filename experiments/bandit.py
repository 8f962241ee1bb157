"""The bandit: once a day it deals tomorrow's weights by what has been seen so far.

A deal is a change of weights like any other: it opens a phase, and every exposure keeps the chance it had.
"""

from datetime import UTC, datetime

from django.db import transaction

from experiments.batches import arm_samples, batches_of
from experiments.metrics import ACTIONS_OF, Deeds, metric_named
from experiments.models import Experiment, ExperimentKind, ExperimentStatus, Phase
from experiments.services import experiment_locked, experiment_reweigh
from experiments.statistics.thompson import thompson_allocation
from experiments.statistics.values import Proportion

ACTOR = "bandit"
LARGEST_FLOOR = 0.1
DECIMALS = 4  # of a weight: a hundred of the million buckets


def bandit_floor(variants: int) -> float:
    """The share that even the worst of this many variants keeps, so that it can still be found to be good."""
    return min(LARGEST_FLOOR, 0.5 / variants)


@transaction.atomic
def bandit_deal(*, experiment: Experiment, now: datetime) -> Phase | None:
    """Deal weights anew by Thompson sampling, unless this UTC day had its deal; the phase it opened, if any.

    Everybody exposed so far counts, with what they did so far. Those who came last have had least time, so a
    variant that lately got more people looks a little worse than it is: the bandit is slow rather than rash.
    A variant of weight 0 was taken out by hand and stays out.
    """
    experiment = experiment_locked(experiment)  # of two that deal at once the second finds it done
    if experiment.kind != ExperimentKind.BANDIT or experiment.status != ExperimentStatus.ACTIVE:
        return None
    if _was_dealt(experiment, now):
        return None
    present = {one.key: one.weight for one in experiment.variants.all()}
    dealt = [key for key, weight in present.items() if weight > 0]
    actions = ACTIONS_OF[Deeds(metric_named(experiment.primary_metric).numerator)]
    samples = arm_samples(batches_of(experiment, actions, now), dealt)
    weights = _weights([samples[key] for key in dealt])
    wanted = present | dict(zip(dealt, weights, strict=True))
    if wanted == present:
        return None
    experiment_reweigh(
        experiment=experiment, weights=wanted, actor=ACTOR, reason=_reason(dealt, samples), now=now
    )
    return experiment.phases.last()


def _was_dealt(experiment: Experiment, now: datetime) -> bool:
    last = experiment.events.filter(actor=ACTOR).first()
    return last is not None and last.at.astimezone(UTC).date() >= now.astimezone(UTC).date()


def _weights(samples: list[Proportion]) -> list[float]:
    """Rounded, and the largest takes what rounding left over."""
    weights = [round(one, DECIMALS) for one in thompson_allocation(samples, bandit_floor(len(samples)))]
    largest = weights.index(max(weights))
    others = sum(weight for index, weight in enumerate(weights) if index != largest)
    weights[largest] = round(1 - others, DECIMALS)
    return weights


def _reason(keys: list[str], samples: dict[str, Proportion]) -> str:
    seen = ", ".join(f"{key} {samples[key].conversions} of {samples[key].users}" for key in keys)
    return f"Converted so far: {seen}."
