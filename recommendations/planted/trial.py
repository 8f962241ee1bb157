"""One planted experiment, from its start to the last look, through the services that serve real people."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings

from catalogue.models import CatalogueState, Event
from experiments.definitions import definitions_forget
from experiments.looks import look_take, report_of_look
from experiments.models import Decision, Experiment, Layer
from experiments.reports import ExperimentReport
from experiments.services import Plan, VariantPlan, experiment_complete, experiment_create, experiment_start
from experiments.verdicts import VerdictState
from feedback.models import Action
from feedback.services import NewFeedback, feedback_record
from recommendations.planted.isolation import ACTOR, EVENT_PREFIX, LAYER_KEY, taken_back
from recommendations.planted.outcomes import DayConcluded, Outcome, estimates_of
from recommendations.planted.truth import CONTROL, WINDOW, Act, Truth, acts_of, experiment_key, person_id
from recommendations.prediction_log import prediction_log
from recommendations.rules import Filters
from recommendations.serving import RecommendationRequest, recommend

CITY = "Simulated"  # lists are asked for this city, so that only the made-up events are served
LIST_LENGTH = 10
_DAY = timedelta(days=1)
_EVENTS = 40
_DEFAULT_EFFECT = 0.1  # planned for where nothing is planted


@dataclass(frozen=True, slots=True)
class _Shown:
    """The last list a person was served."""

    recommendation_id: uuid.UUID
    event_id: str
    variant: str


@dataclass(slots=True)
class _Visits:
    """Plays people's acts. `lists` counts what was served."""

    truth: Truth
    experiment_key: str
    started_at: datetime
    lists: int = 0
    _shown: dict[int, _Shown] = field(default_factory=dict)

    def play(self, act: Act) -> None:
        if act.draw is None:
            self._visit(act)
        elif act.draw < self.truth.rate_of(self._shown[act.person].variant):
            self._convert(act)

    def _visit(self, act: Act) -> None:
        answer = recommend(
            RecommendationRequest(
                user_id=person_id(self.experiment_key, act.person),
                limit=LIST_LENGTH,
                filters=Filters(city=CITY),
                surface="simulated",
            ),
            now=self.started_at + act.at,
        )
        self.lists += 1
        assert answer.variant is not None  # noqa: S101  the experiment has everybody
        best = answer.recommendations[0].event_id
        self._shown[act.person] = _Shown(answer.recommendation_id, best, answer.variant)

    def _convert(self, act: Act) -> None:
        shown = self._shown[act.person]
        save = NewFeedback(
            user_id=person_id(self.experiment_key, act.person),
            event_id=shown.event_id,
            action=Action.SAVE,
            recommendation_id=shown.recommendation_id,
            position=0,
        )
        feedback_record(items=[save], now=self.started_at + act.at)


def trial_run(
    *,
    truth: Truth,
    repetition: int,
    now: datetime,
    is_kept: bool = False,
    on_day: Callable[[], object] = lambda: None,
) -> Outcome:
    """Run one experiment whose last look was at the last midnight before `now`, and take it back.

    One that `is_kept` stays, completed. Raises Conflict when another experiment runs.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with taken_back(is_kept=is_kept):
        return _run(truth, repetition, midnight - truth.looks * _DAY, on_day)


def _run(truth: Truth, repetition: int, start: datetime, on_day: Callable[[], object]) -> Outcome:
    _events_add(start, until=start + truth.looks * _DAY)
    experiment = _started(truth, repetition, start)
    visits = _Visits(truth, experiment.key, start)
    waiting = iter([*acts_of(truth, repetition), None])
    act = next(waiting)
    days: list[DayConcluded] = []
    for day in range(1, truth.looks + 1):
        while act is not None and act.at < day * _DAY:
            visits.play(act)
            act = next(waiting)
        report = _look(experiment, start + day * _DAY)
        days.append(DayConcluded.of(day, report))
        on_day()
    outcome = Outcome(
        key=experiment.key,
        repetition=repetition,
        days=tuple(days),
        estimates=estimates_of(report, truth),
        sample_ratio_p_value=report.sample_ratio.p_value,
        lists=visits.lists,
    )
    _complete(experiment, outcome, start + truth.looks * _DAY)
    return outcome


def _events_add(start: datetime, *, until: datetime) -> None:
    """Events that everybody may be recommended all the time, straight into the table.

    The catalogue's service would hold its revision, and with it everybody's changes, to the end.
    """
    revision = CatalogueState.objects.current()
    Event.objects.bulk_create(
        Event(
            id=f"{EVENT_PREFIX}{number}",
            title=f"Simulated event {number}",
            starts_at=until + timedelta(hours=12 + 4 * number),
            city=CITY,
            venue_name=f"Simulated venue {number % 7}",
            genres=[f"simulated {number % 5}"],
            announced_at=start,
            revision=revision,
        )
        for number in range(_EVENTS)
    )


def _started(truth: Truth, repetition: int, start: datetime) -> Experiment:
    """Variants whose lists are made alike: all by the ordinary algorithm, which control does not name.

    So the only difference between them is the planted one.
    """
    key = experiment_key(truth, repetition)
    layer = Layer.objects.create(key=LAYER_KEY, name="Simulated", description="For simulated people alone.")
    share = 1 / truth.variants
    experiment = experiment_create(
        key=key,
        name=f"Simulated: {truth.lift:+.0%} planted on {truth.baseline:.0%}",
        description="Made by manage.py simulate_experiment. Its people do not exist.",
        hypothesis=f"The platform finds the lift of {truth.lift:+.0%} that was planted, and nothing else.",
        variants=[
            VariantPlan(key=CONTROL, name="Control", weight=share, is_control=True),
            *(
                VariantPlan(
                    key=one,
                    name=f"{one.replace('_', ' ').capitalize()}, {truth.lift_of(one):+.0%} planted",
                    weight=share,
                    algorithm=settings.DEFAULT_ALGORITHM,
                )
                for one in truth.treatments
            ),
        ],
        plan=Plan(
            minimum_effect=abs(truth.lift) or _DEFAULT_EFFECT,
            users=truth.users,
            days=truth.planned_days,
            expected_rate=truth.baseline,
        ),
        layer=layer,
        attribution_hours=WINDOW // timedelta(hours=1),
        actor=ACTOR,
        now=start,
        salt=key,
    )
    experiment = experiment_start(experiment=experiment, actor=ACTOR, reason="Simulated.", now=start)
    definitions_forget()  # the service does so when it commits, which is never
    return experiment


def _look(experiment: Experiment, moment: datetime) -> ExperimentReport:
    prediction_log.flush()
    return report_of_look(look_take(experiment=experiment, now=moment).look)


def _complete(experiment: Experiment, outcome: Outcome, end: datetime) -> None:
    concluded = outcome.concluded
    decision = _DECISIONS.get(concluded.verdict, Decision.NONE)
    experiment_complete(
        experiment=experiment,
        actor=ACTOR,
        reason=f"Day {concluded.day}: {concluded.verdict.replace('_', ' ')}. {concluded.rule}.",
        now=end,
        decision=decision,
        decided_variant=concluded.better[0] if decision is Decision.SHIP else None,
    )


_DECISIONS = {
    VerdictState.SHIP: Decision.SHIP,
    VerdictState.ROLL_BACK: Decision.KEEP_CONTROL,
    VerdictState.NO_EFFECT_FOUND: Decision.KEEP_CONTROL,
}
