"""What an experiment of each kind reads off its people: who counts, how variants did, what a look sees."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from experiments.bandit_results import bandit_reading
from experiments.frame import Frame
from experiments.measures import Measures, proportions
from experiments.models import ExperimentKind
from experiments.preferences import BOTH_SERVED, preference_lacks, preference_look, preference_of
from experiments.reports import BanditResult, PreferenceEstimate, PreferenceResult
from experiments.sample_ratios import sample_ratio
from experiments.sequential import NOT_LOOKED, Looked, burn_in_lacks, look_at
from experiments.statistics.bayes import Standing, standings
from experiments.statistics.values import Proportion, SampleRatio, SampleRatioState
from experiments.verdicts import Leader


@dataclass(frozen=True, slots=True)
class Reading:
    """`everyone` and `matured`: by variant, people and those of them who converted; where lists are drafted,
    everybody is in both variants and converts by choosing its picks. `standing` is empty before anybody came.
    """

    participants: int
    matured_participants: int
    mixed: int
    everyone: Mapping[str, Proportion]
    matured: Mapping[str, Proportion]
    standing: Mapping[str, Standing]
    sample_ratio: SampleRatio
    looked: Looked
    waits_for: str
    preference: PreferenceResult | None = None
    bandit: BanditResult | None = None
    leader: Leader | None = None


def reading_of(frame: Frame, measures: Measures) -> Reading:
    return _READERS.get(ExperimentKind(frame.experiment.kind), _of_comparison)(frame, measures)


def _of_comparison(frame: Frame, measures: Measures) -> Reading:
    matured = proportions(frame, measures.matured)
    return Reading(
        participants=measures.participants,
        matured_participants=measures.matured_participants,
        mixed=measures.counts.mixed,
        everyone={row.variant: Proportion(int(row.total), row.users) for row in measures.tables[0].variants},
        matured={
            row.variant: Proportion(int(row.total), row.users) for row in measures.matured_tables[0].variants
        },
        standing=_standing(proportions(frame, measures.everyone)) if measures.participants else {},
        sample_ratio=sample_ratio(frame, measures.counts.assigned),
        looked=_looked(frame, matured),
        waits_for=burn_in_lacks(matured),
    )


def _of_interleaving(frame: Frame, measures: Measures) -> Reading:
    result = preference_of(frame)
    keys = [one.key for one in frame.variants]
    if result is None:
        return _of_comparison(frame, measures)
    return Reading(
        participants=result.participants,
        matured_participants=result.matured_participants,
        mixed=0,
        everyone=_credited(keys, result.everyone, result.participants),
        matured=_credited(keys, result.matured, result.matured_participants),
        standing={},
        sample_ratio=SampleRatio(SampleRatioState.OK, None, None, BOTH_SERVED),
        looked=preference_look(frame, result),
        waits_for=preference_lacks(result),
        preference=result,
    )


def _of_bandit(frame: Frame, measures: Measures) -> Reading:
    if frame.phase is None:
        return _of_comparison(frame, measures)
    read = bandit_reading(frame)
    participants = sum(one.users for one in read.everyone.values())
    matured = sum(one.users for one in read.matured.values())
    planned = frame.experiment.planned_users
    compared = {key: read.matured[key] for key in frame.compared}
    return Reading(
        participants=participants,
        matured_participants=matured,
        mixed=read.mixed,
        everyone=read.everyone,
        matured=read.matured,
        standing=_standing({key: read.everyone[key] for key in frame.compared}) if participants else {},
        sample_ratio=read.sample_ratio,
        looked=Looked(matured / planned if planned else None, False, 0.0, ()),
        waits_for=burn_in_lacks(compared),
        bandit=read.result,
        leader=read.leader,
    )


_READERS: Mapping[ExperimentKind, Callable[[Frame, Measures], Reading]] = {
    ExperimentKind.INTERLEAVING: _of_interleaving,
    ExperimentKind.BANDIT: _of_bandit,
}


def _looked(frame: Frame, matured: Mapping[str, Proportion]) -> Looked:
    if frame.phase is None or frame.control is None or not frame.compared:
        return NOT_LOOKED
    return look_at(matured, frame.control, frame.plan, frame.history, frame.phase.number)


def _standing(samples: Mapping[str, Proportion]) -> dict[str, Standing]:
    return dict(zip(samples, standings(list(samples.values())), strict=True))


def _credited(keys: list[str], estimate: PreferenceEstimate, people: int) -> dict[str, Proportion]:
    return {key: Proportion(estimate.credited.get(key, 0), people) for key in keys}
