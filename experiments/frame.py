"""What an experiment was at one moment: the phase that held, its variants and weights, the looks so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from experiments.history import history_of
from experiments.metrics import Metric, metric_named
from experiments.models import Experiment, ExperimentKind, Phase, Variant
from experiments.reports import HistoryDay
from experiments.sequential import Plan


@dataclass(frozen=True, slots=True)
class Frame:
    """`phase` is None before the start. `weights`: by variant key, as of the phase. `compared`: the keys of
    control and of the treatments that anybody is assigned to; empty where nothing can be compared."""

    experiment: Experiment
    as_of: datetime
    phase: Phase | None
    variants: tuple[Variant, ...]
    weights: Mapping[str, float]
    control: str | None
    history: tuple[HistoryDay, ...]

    @property
    def metric(self) -> Metric:
        return metric_named(self.experiment.primary_metric)

    @property
    def phase_number(self) -> int:
        return self.phase.number if self.phase else 1

    @property
    def compared(self) -> tuple[str, ...]:
        keys = tuple(one.key for one in self.variants if self.weights[one.key] > 0)
        return keys if self.control in keys and len(keys) > 1 else ()

    @property
    def plan(self) -> Plan:
        whole = sum(self.weights[key] for key in self.compared) or 1.0
        shares = {key: self.weights[key] / whole for key in self.compared}
        return Plan(self.experiment.planned_users, shares)

    @property
    def window(self) -> timedelta:
        return timedelta(hours=self.experiment.attribution_hours)

    @property
    def ended_at(self) -> datetime | None:
        ended = self.experiment.ended_at
        return ended if ended is not None and ended <= self.as_of else None

    @property
    def is_time_over(self) -> bool:
        """Whether it ran as long as planned and the windows of all who came have passed."""
        planned = self.experiment.planned_days
        if planned is None or self.began_at is None:
            return False
        end = self.began_at + timedelta(days=planned) + self.window
        return self.days_run >= planned and self.as_of >= end

    @property
    def days_run(self) -> float:
        """Days in which people could come, since the phase began."""
        if self.began_at is None:
            return 0.0
        return ((self.ended_at or self.as_of) - self.began_at) / timedelta(days=1)

    @property
    def began_at(self) -> datetime | None:
        """When what is judged began: the phase, or for a bandit, which opens one a day, the experiment."""
        if self.phase is None:
            return None
        is_bandit = self.experiment.kind == ExperimentKind.BANDIT
        return self.experiment.started_at if is_bandit else self.phase.started_at

    @property
    def last_look(self) -> HistoryDay | None:
        """The last look at what is judged."""
        is_bandit = self.experiment.kind == ExperimentKind.BANDIT
        days = (day for day in reversed(self.history) if is_bandit or day.phase == self.phase_number)
        return next(days, None)


def frame_of(experiment: Experiment, as_of: datetime) -> Frame:
    """`experiment` at `as_of`, control first."""
    variants = tuple(sorted(experiment.variants.all(), key=lambda one: (not one.is_control, one.pk)))
    phase = experiment.phases.filter(started_at__lte=as_of).last()
    held = phase.weights if phase else {}
    return Frame(
        experiment=experiment,
        as_of=as_of,
        phase=phase,
        variants=variants,
        weights={one.key: held.get(one.key, one.weight) for one in variants},
        control=next((one.key for one in variants if one.is_control), None),
        history=history_of(experiment, as_of),
    )
