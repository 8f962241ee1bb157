"""From drafted lists and what was chosen from them to a preference, and to a verdict in words."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import pytest
from django.test import Client

from common import errors
from experiments.looks import look_take
from experiments.models import Experiment, ExperimentKind, Exposure
from experiments.results import experiment_report
from experiments.services import VariantPlan, experiment_create, experiment_reweigh, experiment_start
from experiments.statistics.interleaving import preference_test
from experiments.verdicts import VerdictState
from feedback.models import Feedback, Prediction
from tests.experiments.factories import DAY, HOUR, NOON, PLAN

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY
OURS, THEIRS = "ours", "theirs"


@pytest.fixture
def duel() -> Experiment:
    draft = experiment_create(
        key="duel",
        name="Duel",
        kind=ExperimentKind.INTERLEAVING,
        variants=[
            VariantPlan(key=OURS, name="Ours", weight=0.5, algorithm="popularity", is_control=True),
            VariantPlan(key=THEIRS, name="Theirs", weight=0.5, algorithm="hybrid"),
        ],
        actor="staff:ann",
        now=NOON,
        hypothesis="Personal beats popular.",
        plan=PLAN,
    )
    return experiment_start(experiment=draft, actor="staff:ann", reason="Ready", now=NOON)


def drafted(
    experiment: Experiment,
    user_id: str,
    at: datetime = NOON,
    items: Sequence[tuple[str, str | None]] = (("a", OURS), ("b", THEIRS), ("c", OURS), ("d", THEIRS)),
) -> uuid.UUID:
    """A drafted list: event and whose pick it was. Its id."""
    Exposure.objects.get_or_create(
        experiment=experiment,
        user_id=user_id,
        defaults={"variant": None, "first_at": at, "window_ends_at": at + WEEK, "phase": 1},
    )
    return Prediction.objects.create(
        recommendation_id=uuid.uuid4(),
        user_id=user_id,
        served_at=at,
        algorithm="interleaved",
        experiment=experiment.key,
        variant="interleaved",
        latency_ms=5.0,
        items=[[event, 0.5, 1.0, whose] for event, whose in items],
    ).recommendation_id


def choose(
    user_id: str,
    event_id: str,
    at: datetime = NOON + HOUR,
    action: str = "save",
    of: uuid.UUID | None = None,
) -> None:
    Feedback.objects.create(
        user_id=user_id, event_id=event_id, action=action, occurred_at=at, recommendation_id=of
    )


def preference(experiment: Experiment, at: datetime = NOON + WEEK) -> Any:
    found = experiment_report(experiment=experiment, as_of=at).preference
    assert found is not None
    return found.everyone


def counted(experiment: Experiment, at: datetime = NOON + WEEK) -> tuple[int, int, int]:
    found = preference(experiment, at)
    return found.control, found.treatment, found.ties


def many(experiment: Experiment, prefix: str, people: int, event: str) -> None:
    for number in range(people):
        drafted(experiment, f"{prefix}{number}")
        choose(f"{prefix}{number}", event)


def test_a_choice_credits_the_ranker_whose_pick_it_was(duel: Experiment) -> None:
    for user in ("1", "2", "3"):
        drafted(duel, user)
    choose("1", "b")
    choose("2", "a")
    choose("3", "b")
    choose("3", "c")
    assert counted(duel) == (1, 1, 1)


def test_a_choice_that_names_its_list_credits_that_list_only(duel: Experiment) -> None:
    first = drafted(duel, "1", NOON, [("a", OURS)])
    drafted(duel, "1", NOON + HOUR, [("a", THEIRS)])
    choose("1", "a", NOON + 2 * HOUR, of=first)
    assert counted(duel) == (1, 0, 0)


def test_without_a_name_the_last_list_before_it_that_had_the_event_is_credited(duel: Experiment) -> None:
    drafted(duel, "1", NOON, [("a", OURS)])
    drafted(duel, "1", NOON + HOUR, [("a", THEIRS)])
    drafted(duel, "1", NOON + 2 * HOUR, [("b", OURS)])
    drafted(duel, "1", NOON + 5 * HOUR, [("a", OURS)])
    choose("1", "a", NOON + 3 * HOUR)
    assert counted(duel) == (0, 1, 0)


def test_a_list_of_somebody_else_or_of_nobody_credits_nothing(duel: Experiment) -> None:
    of_another = drafted(duel, "2")
    drafted(duel, "1")
    choose("1", "a", of=of_another)
    choose("1", "b", of=uuid.uuid4())
    choose("1", "elsewhere")
    assert counted(duel) == (0, 0, 0)


def test_what_both_drafted_for_want_of_a_rival_credits_nobody(duel: Experiment) -> None:
    drafted(duel, "1", items=[("a", None), ("b", THEIRS)])
    choose("1", "a")
    assert counted(duel) == (0, 0, 0)


def test_an_event_counts_once_however_often_it_is_acted_on(duel: Experiment) -> None:
    drafted(duel, "1")
    for action in ("save", "purchase", "attend"):
        choose("1", "a", action=action)
    choose("1", "b")
    assert counted(duel) == (0, 0, 1)


def test_only_the_primary_metrics_actions_inside_the_window_count(duel: Experiment) -> None:
    drafted(duel, "1")
    drafted(duel, "2")
    drafted(duel, "3")
    choose("1", "b", action="click")
    choose("2", "b", at=NOON - HOUR)
    choose("3", "b", at=NOON + WEEK + HOUR)
    assert counted(duel, NOON + 2 * WEEK) == (0, 0, 0)


def test_the_share_its_interval_and_p_value_are_those_of_the_binomial_test(duel: Experiment) -> None:
    many(duel, "t", 14, "b")
    many(duel, "c", 6, "a")
    found = preference(duel)
    report = experiment_report(experiment=duel, as_of=NOON + WEEK)
    assert [(one.users, one.conversions) for one in report.variants] == [(20, 6), (20, 14)]
    assert [dict(one.users) for one in report.arrivals] == [{OURS: 20, THEIRS: 20}]
    expected: Any = preference_test(14, 6)
    assert (found.share, found.interval, found.p_value) == (
        expected.share,
        expected.interval,
        expected.p_value,
    )


def test_it_ships_the_ranker_that_is_preferred_and_says_what_that_means(duel: Experiment) -> None:
    many(duel, "t", 60, "b")
    many(duel, "c", 20, "a")
    Experiment.objects.update(planned_users=100)
    duel.refresh_from_db()
    look = look_take(experiment=duel, now=NOON + WEEK).look
    assert (look.verdict, look.rule) == (
        VerdictState.SHIP,
        "The preference crossed its sequential boundary",
    )
    assert "an A/B test says that" in look.report["verdict"]["explanation"]


def test_it_keeps_control_where_that_is_preferred(duel: Experiment) -> None:
    many(duel, "t", 20, "b")
    many(duel, "c", 60, "a")
    Experiment.objects.update(planned_users=100)
    duel.refresh_from_db()
    assert look_take(experiment=duel, now=NOON + WEEK).look.verdict == VerdictState.ROLL_BACK


def test_an_even_split_at_the_planned_end_is_no_preference(duel: Experiment) -> None:
    many(duel, "t", 50, "b")
    many(duel, "c", 50, "a")
    Experiment.objects.update(planned_users=100)
    duel.refresh_from_db()
    look = look_take(experiment=duel, now=NOON + WEEK).look
    assert (look.verdict, look.rule) == (
        VerdictState.NO_EFFECT_FOUND,
        "The plan is reached without a preference",
    )


def test_nothing_is_judged_before_enough_people_chose_of_each(duel: Experiment) -> None:
    many(duel, "t", 80, "b")
    look = look_take(experiment=duel, now=NOON + WEEK).look
    assert look.verdict == VerdictState.KEEP_RUNNING
    assert "5 of them who chose something of each ranker" in look.report["verdict"]["explanation"]


def test_past_the_plan_an_always_valid_test_goes_on(duel: Experiment) -> None:
    Experiment.objects.update(planned_users=60)
    duel.refresh_from_db()
    many(duel, "t", 40, "b")
    many(duel, "c", 40, "a")
    look_take(experiment=duel, now=NOON + WEEK)
    for number in range(200):
        drafted(duel, f"later{number}", NOON + HOUR)
        choose(f"later{number}", "b", NOON + 2 * HOUR)
    look = look_take(experiment=duel, now=NOON + WEEK + DAY).look
    assert look.report["look"]["tests"][0]["method"] == "always_valid"
    assert look.verdict == VerdictState.SHIP


def test_the_api_tells_the_preference(duel: Experiment, api: Client) -> None:
    many(duel, "t", 3, "b")
    body = orjson.loads(api.get("/v1/experiments/duel/results").content)
    assert body["kind"] == "interleaving"
    assert (body["preference"]["everyone"]["treatment"], body["participants"]) == (3, 3)


def test_its_weights_cannot_be_changed(duel: Experiment) -> None:
    with pytest.raises(errors.Conflict, match="no weight matters"):
        experiment_reweigh(
            experiment=duel, weights={OURS: 0.2, THEIRS: 0.8}, actor="staff:ann", reason="More", now=NOON
        )


def test_it_does_not_start_with_three_variants() -> None:
    draft = experiment_create(
        key="three",
        name="Three",
        kind=ExperimentKind.INTERLEAVING,
        variants=[
            VariantPlan(key="a", name="A", weight=0.4, algorithm="popularity", is_control=True),
            VariantPlan(key="b", name="B", weight=0.3, algorithm="hybrid"),
            VariantPlan(key="c", name="C", weight=0.3, algorithm="user_knn"),
        ],
        actor="staff:ann",
        now=NOON,
        hypothesis="One is best.",
        plan=PLAN,
    )
    with pytest.raises(errors.InvalidInput, match="two variants only"):
        experiment_start(experiment=draft, actor="staff:ann", reason="Ready", now=NOON)
