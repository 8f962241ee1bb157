import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from experiments.metrics import METRICS, SAVE_RATE, Metric
from experiments.models import Experiment, Exposure
from experiments.reports import ExperimentReport, VariantResult
from experiments.results import experiment_report
from experiments.services import experiment_complete, experiment_reweigh
from experiments.statistics.values import SampleRatioState
from experiments.verdicts import VerdictState
from feedback.models import Action, Feedback
from tests.experiments.factories import NOON, act, draft, expose, started

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = NOON + 30 * DAY


def report(experiment: Experiment, as_of: datetime = LATER) -> ExperimentReport:
    experiment = Experiment.objects.get(pk=experiment.pk)
    return experiment_report(experiment=experiment, as_of=as_of)


def variant(found: ExperimentReport, key: str) -> VariantResult:
    return next(one for one in found.variants if one.key == key)


def conversions(experiment: Experiment, as_of: datetime = LATER) -> int:
    return variant(report(experiment, as_of), "treatment").conversions


def test_a_person_counts_once_however_often_they_convert(experiment: Experiment) -> None:
    expose(experiment, "treatment", "1")
    for action in ("save", "save", "purchase", "attend", "thumbs_up"):
        act("1", action, NOON + HOUR)
    treatment = variant(report(experiment), "treatment")
    assert (treatment.users, treatment.conversions, treatment.rate) == (1, 1, 1.0)


@pytest.mark.parametrize("action", ["save", "purchase", "attend", "thumbs_up"])
def test_each_of_these_is_a_conversion(experiment: Experiment, action: str) -> None:
    expose(experiment, "treatment", "1")
    act("1", action, NOON + HOUR)
    assert conversions(experiment) == 1


@pytest.mark.parametrize("action", ["click", "impression", "hide", "skip", "unsave", "share", "thumbs_down"])
def test_none_of_these_is_a_conversion(experiment: Experiment, action: str) -> None:
    expose(experiment, "treatment", "1")
    act("1", action, NOON + HOUR)
    assert conversions(experiment) == 0


@pytest.mark.parametrize(
    ("after_exposure", "counts"),
    [
        (-timedelta(microseconds=1), 0),
        (timedelta(), 1),
        (168 * HOUR - timedelta(microseconds=1), 1),
        (168 * HOUR, 0),
    ],
)
def test_a_conversion_counts_from_the_exposure_to_the_end_of_the_window(
    experiment: Experiment, after_exposure: timedelta, counts: int
) -> None:
    exposed_at = NOON + timedelta(minutes=7, microseconds=123456)
    expose(experiment, "treatment", "1", exposed_at)
    act("1", "save", exposed_at + after_exposure)
    assert conversions(experiment) == counts


def test_what_other_people_do_and_what_is_yet_to_come_does_not_count(experiment: Experiment) -> None:
    expose(experiment, "treatment", "1")
    expose(experiment, "treatment", "not yet", NOON + 2 * DAY)
    act("somebody else", "save", NOON + HOUR)
    act("1", "save", NOON + 3 * HOUR)
    before, after = report(experiment, NOON + 2 * HOUR), report(experiment, NOON + 3 * HOUR)
    assert (before.participants, variant(before, "treatment").conversions) == (1, 0)
    assert (after.participants, variant(after, "treatment").conversions) == (1, 1)


def test_people_whose_whole_window_has_passed_are_matured(experiment: Experiment) -> None:
    expose(experiment, "control", "1", NOON)
    expose(experiment, "control", "2", NOON + DAY)
    assert variant(report(experiment, NOON + 168 * HOUR), "control").matured == 1


def test_the_metrics_are_shares_of_people(experiment: Experiment) -> None:
    for number in range(4):
        expose(experiment, "control", str(number))
    act("0", "save", NOON + HOUR)
    act("0", "click", NOON + HOUR)
    act("1", "click", NOON + HOUR)
    act("1", "click", NOON + 2 * HOUR)
    act("2", "attend", NOON + HOUR)
    act("3", "hide", NOON + HOUR)
    assert variant(report(experiment), "control").metrics == {
        "conversion_rate": 0.5,
        "save_rate": 0.25,
        "click_through_rate": 0.5,
        "hide_rate": 0.25,
    }


def test_the_primary_metric_decides_what_a_conversion_is(experiment: Experiment) -> None:
    Experiment.objects.update(primary_metric="save_rate")
    expose(experiment, "treatment", "1")
    expose(experiment, "treatment", "2")
    act("1", "purchase", NOON + HOUR)
    act("2", "save", NOON + HOUR)
    found = report(experiment)
    assert found.metric == SAVE_RATE
    assert variant(found, "treatment").conversions == 1


def expose_many(experiment: Experiment, key: str, users: int, converted: int, at: datetime = NOON) -> None:
    chosen = experiment.variants.get(key=key)
    names = [f"{key}-{at.isoformat()}-{number}" for number in range(users)]
    Exposure.objects.bulk_create(
        Exposure(
            experiment=experiment,
            variant=chosen,
            user_id=name,
            first_at=at,
            window_ends_at=at + timedelta(hours=experiment.attribution_hours),
            phase=experiment.phases.filter(started_at__lte=at).count() or 1,
        )
        for name in names
    )
    Feedback.objects.bulk_create(
        Feedback(user_id=name, event_id="gig", action="save", occurred_at=at + HOUR)
        for name in names[:converted]
    )


@pytest.mark.django_db
def test_treatments_are_compared_with_control_and_their_p_values_adjusted() -> None:
    weights = {"control": 0.25, "cf": 0.25, "content": 0.25, "hybrid": 0.25}
    experiment = started(weights=weights)
    for key, users, converted in (
        ("control", 250, 25),
        ("cf", 248, 29),
        ("content", 251, 26),
        ("hybrid", 250, 55),
    ):
        expose_many(experiment, key, users, converted)
    found = report(experiment)
    assert variant(found, "control").comparison is None
    compared = [one.comparison for one in found.variants if one.comparison is not None]
    raw = [one.p_value for one in compared if one.p_value is not None]
    adjusted = [one.adjusted_p_value for one in compared]
    assert len(raw) == 3
    assert adjusted[2] == pytest.approx(3 * min(raw))
    assert compared[2].is_significant
    assert compared[2].relative_lift == pytest.approx(1.2)
    assert compared[2].chance_to_beat_control == pytest.approx(1, abs=1e-3)
    assert not compared[0].is_significant


@pytest.mark.django_db
def test_before_anybody_came_there_are_no_numbers_and_no_verdict() -> None:
    found = report(started())
    treatment = variant(found, "treatment")
    assert (found.participants, treatment.rate, treatment.interval, found.history) == (0, None, None, ())
    assert treatment.comparison is not None
    assert treatment.comparison.p_value is None
    assert treatment.comparison.reasons == ("Nobody was exposed yet.",)
    assert (found.verdict.state, found.verdict.rule) == (VerdictState.KEEP_RUNNING, "Nobody exposed yet")


def test_a_draft_has_a_report_that_says_so(experiment_draft: Experiment) -> None:
    assert report(experiment_draft).verdict.rule == "Not started"


def test_people_in_the_wrong_shares_make_it_invalid(experiment: Experiment) -> None:
    expose_many(experiment, "control", 200, 20)
    expose_many(experiment, "treatment", 100, 50)
    found = report(experiment)
    assert found.sample_ratio.state is SampleRatioState.FAIL
    assert found.verdict.state is VerdictState.INVALID
    assert found.verdict.rule == "Sample-ratio mismatch"


@pytest.mark.parametrize("ended", [False, True])
def test_however_large_the_lift_it_never_says_ship(experiment: Experiment, ended: bool) -> None:
    expose_many(experiment, "control", 300, 10)
    expose_many(experiment, "treatment", 300, 250)
    if ended:
        experiment_complete(experiment=experiment, actor="staff:ann", reason="Done", now=NOON + DAY)
    verdict = report(experiment).verdict
    assert verdict.state is VerdictState.KEEP_RUNNING
    assert "orientation" in verdict.rule


def test_after_new_weights_only_people_who_came_since_are_compared(experiment: Experiment) -> None:
    expose_many(experiment, "control", 50, 5)
    expose_many(experiment, "treatment", 50, 5)
    changed_at = NOON + DAY
    experiment_reweigh(
        experiment=experiment,
        weights={"control": 0.2, "treatment": 0.8},
        actor="staff:ann",
        reason="More of it",
        now=changed_at,
    )
    expose_many(experiment, "control", 20, 3, changed_at + HOUR)
    expose_many(experiment, "treatment", 80, 9, changed_at + HOUR)
    found = report(experiment)
    assert (found.participants, found.earlier_participants) == (100, 100)
    assert [(one.users, one.conversions) for one in found.variants] == [(20, 3), (80, 9)]
    assert found.sample_ratio.state is SampleRatioState.OK


def test_the_history_has_a_point_per_utc_day_with_everybody_so_far(experiment: Experiment) -> None:
    expose(experiment, "control", "1", NOON)
    expose(experiment, "control", "2", NOON + 11 * HOUR + timedelta(minutes=59))  # 23:59
    expose(experiment, "control", "3", NOON + 12 * HOUR)  # midnight
    act("1", "save", NOON + HOUR)
    act("1", "save", NOON + 2 * DAY)
    act("3", "save", NOON + 2 * DAY)
    found = report(experiment, NOON + 3 * DAY)
    control = [(one.day, one.variants[0].users, one.variants[0].conversions) for one in found.history]
    assert control == [
        (date(2026, 5, 4), 2, 1),
        (date(2026, 5, 5), 3, 1),
        (date(2026, 5, 6), 3, 2),
        (date(2026, 5, 7), 3, 2),
    ]
    assert found.history[0].variants[1].rate is None


def test_the_history_of_an_ended_experiment_ends(experiment: Experiment) -> None:
    expose(experiment, "control", "1", NOON)
    act("1", "save", NOON + 3 * DAY)
    experiment_complete(experiment=experiment, actor="staff:ann", reason="Done", now=NOON + DAY)
    assert report(experiment).history[-1].day == date(2026, 5, 7)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_the_database_counts_what_a_slow_recount_counts(seed: int) -> None:
    """Random people, times and actions, counted again person by person in Python."""
    dice = random.Random(seed)
    weights = {"control": 0.4, "a": 0.3, "b": 0.3}
    experiment = started(weights=weights)
    other = draft("other", weights)
    people = [f"person-{number}" for number in range(60)]
    for name in people:
        expose(experiment, dice.choice(list(weights)), name, NOON + dice.random() * 10 * DAY)
        if dice.random() < 0.3:
            expose(other, dice.choice(list(weights)), name, NOON + dice.random() * 10 * DAY)
    for _ in range(300):
        act(dice.choice([*people, "stranger"]), dice.choice(Action.values), NOON + dice.random() * 20 * DAY)
    as_of = NOON + dice.random() * 20 * DAY
    found = report(experiment, as_of)
    for one in found.variants:
        exposures = list(experiment.exposures.filter(variant__key=one.key, first_at__lte=as_of))
        assert one.users == len(exposures)
        assert one.matured == sum(row.first_at + 168 * HOUR <= as_of for row in exposures)
        for metric in METRICS:
            recounted = len(converted(exposures, metric, as_of))
            assert one.metrics[metric.key] == (recounted / one.users if one.users else None)
        assert one.conversions == len(converted(exposures, found.metric, as_of))
    for day in found.history:
        for point in day.variants:
            exposures = list(experiment.exposures.filter(variant__key=point.variant, first_at__lte=as_of))
            assert point.users == sum(row.first_at.date() <= day.day for row in exposures)
            moments = converted(exposures, found.metric, as_of)
            assert point.conversions == sum(moment.date() <= day.day for moment in moments)


def converted(exposures: Iterable[Exposure], metric: Metric, as_of: datetime) -> list[datetime]:
    """The first action that counts of each person who has one."""
    firsts = []
    for row in exposures:
        moments = [
            one.occurred_at
            for one in Feedback.objects.filter(user_id=row.user_id)
            if one.action in metric.actions
            and row.first_at <= one.occurred_at < row.first_at + 168 * HOUR
            and one.occurred_at <= as_of
        ]
        firsts += [min(moments)] if moments else []
    return firsts


def test_more_people_cost_no_more_queries(experiment: Experiment, django_assert_num_queries: Any) -> None:
    expose_many(experiment, "control", 5, 1)
    expose_many(experiment, "treatment", 5, 1)
    fresh = Experiment.objects.prefetch_related("variants").get()
    with django_assert_num_queries(4):
        experiment_report(experiment=fresh, as_of=LATER)
    expose_many(experiment, "control", 100, 50, NOON + DAY)
    with django_assert_num_queries(4):
        experiment_report(experiment=fresh, as_of=LATER)
