"""Lists as people get them: what a variant's parameters change, for whom, and what is logged of it."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from experiments.models import Experiment
from experiments.services import VariantPlan, experiment_create, experiment_pause, experiment_start
from feedback.models import Prediction
from recommendations.list_quality.parameters import ListParameters
from recommendations.rules import Filters
from recommendations.serving import RecommendationRequest, recommend
from tests.experiments.factories import PLAN
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import event_add, feedback_add

PLACE: dict[str, Any] = {"venue_name": "The Cobblestone", "promoter": "Session House"}


@pytest.fixture
def weekly(db: None) -> None:
    """A weekly session, best liked of all, and six gigs elsewhere."""
    for week in range(4):
        event_add(f"session-{week}", days=1 + 7 * week, title="Monday trad session", **PLACE)
        for person in range(9 - week):
            feedback_add(f"fan-{person}", f"session-{week}")
    for number in range(6):
        event_add(f"gig-{number}", days=2 + number, venue_name=f"Room {number}")


def served_with(parameters: dict[str, Any]) -> Any:
    return mock.patch("recommendations.list_parameters.ORDINARY", ListParameters(**parameters))


def run(parameters: dict[str, Any], *, now: datetime | None = None) -> Experiment:
    """Half of the people get lists by `parameters`, the others the ordinary one; both what is popular."""
    now = now or timezone.now()
    plans = [
        VariantPlan(key="control", name="Control", algorithm="popularity", weight=0.5, is_control=True),
        VariantPlan(
            key="treatment", name="Treatment", algorithm="popularity", weight=0.5, parameters=parameters
        ),
    ]
    experiment = experiment_create(
        key="lists_v1",
        name="Lists",
        hypothesis="Shorter runs of one venue are saved from more.",
        variants=plans,
        plan=PLAN,
        actor="staff:ann",
        now=now,
    )
    return experiment_start(experiment=experiment, actor="staff:ann", reason="Ready", now=now)


@pytest.mark.usefixtures("weekly")
def test_a_weekly_session_is_listed_once_while_there_is_something_else(ask: RecommendationClient) -> None:
    ids = ask.ids("a-stranger", limit=7)
    assert ids[0] == "session-0"
    assert Counter(one.split("-")[0] for one in ids) == {"session": 1, "gig": 6}


@pytest.mark.usefixtures("weekly")
def test_the_list_is_as_long_as_it_could_be_and_ordered_by_score(ask: RecommendationClient) -> None:
    items = ask.answer("a-stranger", limit=100)["recommendations"]
    assert [item["event_id"] for item in items][-3:] == ["session-1", "session-2", "session-3"]
    assert len(items) == 10
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.usefixtures("weekly")
def test_the_reasons_still_add_up_to_the_order(ask: RecommendationClient) -> None:
    """A session that comes late for variety's sake says what it was marked down by."""
    items = ask.answer("a-stranger", limit=100)["recommendations"]
    sums = [sum(one["value"] * one["weight"] for one in item["reasons"]) for item in items]
    assert sums == pytest.approx(sorted(sums, reverse=True))
    codes = [{one["code"] for one in item["reasons"]} for item in items]
    assert ["variety" in one for one in codes] == [False] * 7 + [True] * 3


@pytest.mark.usefixtures("weekly")
def test_the_next_session_is_listed_when_the_person_hid_or_has_the_best(ask: RecommendationClient) -> None:
    ask.act("a-regular", "session-0", "hide")
    listed = ask.ids("a-regular", limit=7)
    assert [one for one in listed if one.startswith("session")] == ["session-1"]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", ["most_per_venue", "most_per_artist", "most_per_promoter"])
def test_it_lists_no_more_of_a_kind_than_it_may(ask: RecommendationClient, name: str) -> None:
    with served_with({name: 2}):
        ids = ask.ids("a-stranger", limit=4)
        assert Counter(one.split("-")[0] for one in ids) == {"techno": 2, "trad": 2}
        assert len(ask.ids("a-stranger", limit=100)) == 20


@pytest.mark.usefixtures("weekly")
def test_a_variants_parameters_take_effect_for_its_people_and_no_others(ask: RecommendationClient) -> None:
    run({"collapse_repeats": False})
    sessions: dict[str, set[int]] = {"control": set(), "treatment": set()}
    for number in range(30):
        answer = ask.answer(f"person-{number}", limit=4)
        ids = [item["event_id"] for item in answer["recommendations"]]
        sessions[answer["variant"]].add(sum(one.startswith("session") for one in ids))
    assert sessions == {"control": {1}, "treatment": {4}}


@pytest.mark.usefixtures("weekly")
def test_a_paused_experiments_people_get_the_controls_parameters(ask: RecommendationClient) -> None:
    experiment = run({"collapse_repeats": False})
    person = next(
        name for name in map("person-{}".format, range(50)) if ask.answer(name)["variant"] == "treatment"
    )
    experiment_pause(experiment=experiment, actor="staff:ann", reason="Odd", now=timezone.now())
    assert sum(one.startswith("session") for one in ask.ids(person, limit=4)) == 1


@pytest.mark.usefixtures("weekly")
def test_parameters_that_this_release_cannot_read_are_left_aside(
    ask: RecommendationClient, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = run({"collapse_repeats": False})
    experiment.variants.filter(key="treatment").update(parameters={"of_another_release": 1})
    answers = [ask.answer(f"person-{number}", limit=4) for number in range(10)]
    assert {answer["variant"] for answer in answers} == {"control", "treatment"}
    assert all(
        sum(item["event_id"].startswith("session") for item in one["recommendations"]) == 1 for one in answers
    )
    assert "There is no parameter of_another_release" in caplog.text


@pytest.mark.usefixtures("weekly")
def test_new_events_get_a_showing_as_often_as_the_log_says(ask: RecommendationClient) -> None:
    """Every row that came to a place came there about as often as its propensity promised."""
    with served_with({"exploration_share": 0.3, "exploration_showings": 5}):
        lists = [_logged(ask, f"stranger-{number}") for number in range(150)]
    places: Counter[tuple[int, str]] = Counter()
    told: dict[tuple[int, str], float] = {}
    for items in lists:
        assert len({event_id for event_id, *_ in items}) == len(items) == 3
        for place, (event_id, _, propensity) in enumerate(items):
            places[place, event_id] += 1
            assert told.setdefault((place, event_id), propensity) == propensity
    for at, propensity in told.items():
        assert places[at] / 150 == pytest.approx(propensity, abs=5 * (propensity * 0.25 / 150) ** 0.5 + 0.02)
    assert len({event_id for _, event_id in places}) > 5


def _logged(ask: RecommendationClient, user_id: str) -> list[Any]:
    answer = ask.answer(user_id, limit=3)
    items: list[Any] = Prediction.objects.get(recommendation_id=answer["recommendation_id"]).items
    scores = [item["score"] for item in answer["recommendations"]]
    assert scores == sorted(scores, reverse=True)
    return items


@pytest.mark.usefixtures("weekly")
def test_an_event_that_was_shown_often_enough_is_no_longer_new(ask: RecommendationClient) -> None:
    for number in range(6):
        for person in range(3):
            feedback_add(f"viewer-{person}", f"gig-{number}", "impression")
    event_add("newest", days=20)
    with served_with({"exploration_share": 0.3, "exploration_showings": 3}):
        seen = {one for number in range(40) for one in ask.ids(f"stranger-{number}", limit=3)}
    assert seen == {"session-0", "gig-0", "gig-1", "newest"}


@pytest.mark.usefixtures("weekly")
def test_a_first_showing_says_that_it_is_one(ask: RecommendationClient) -> None:
    with served_with({"exploration_share": 0.3}):
        items = [
            item
            for number in range(30)
            for item in ask.answer(f"stranger-{number}", limit=2)["recommendations"]
        ]
    new = [item for item in items if any(one["code"] == "exploration" for one in item["reasons"])]
    assert new
    assert {item["reason"] for item in new} == {"Hardly anybody has shown interest in it yet."}


WEDNESDAY = datetime(2030, 5, 8, 19, 0, tzinfo=ZoneInfo("Europe/Dublin"))


@pytest.fixture
def week(db: None) -> None:
    """Seen from a Wednesday evening: later that night, at the weekend, on Tuesday, in three weeks."""
    for event_id, hours in (("late", 4), ("friday", 50), ("sunday", 96), ("tuesday", 144), ("far", 21 * 24)):
        event_add(event_id, days=hours / 24, now=WEDNESDAY, venue_name=event_id)


def on_surface(surface: str, parameters: dict[str, Any] | None = None, **filters: Any) -> set[str]:
    request = RecommendationRequest("a-stranger", 10, Filters(**filters), surface=surface)
    with served_with(parameters or {}):
        return {item.event_id for item in recommend(request, now=WEDNESDAY).recommendations}


@pytest.mark.usefixtures("week")
def test_each_surface_lists_its_own_time() -> None:
    assert on_surface("tonight") == {"late"}
    assert on_surface("weekend") == {"friday", "sunday"}
    assert on_surface("digest") == {"late", "friday", "sunday", "tuesday"}
    assert on_surface("home") == on_surface("") == {"late", "friday", "sunday", "tuesday", "far"}


@pytest.mark.usefixtures("week")
def test_a_time_in_the_request_wins() -> None:
    after = (WEDNESDAY + timedelta(days=10)).timestamp()
    assert on_surface("tonight", starts_after=after) == {"far"}
    assert on_surface("weekend", starts_before=after) == {"late", "friday", "sunday", "tuesday"}


@pytest.mark.usefixtures("week")
def test_when_nothing_is_on_then_it_lists_what_comes_next() -> None:
    assert on_surface("tonight", exclude=["late"]) == {"friday", "sunday", "tuesday"}
    week = ["late", "friday", "sunday", "tuesday"]
    assert on_surface("weekend", exclude=week) == {"far"}
    assert on_surface("tonight", exclude=[*week, "far"]) == set()


@pytest.mark.usefixtures("week")
def test_a_variant_can_do_without_windows() -> None:
    assert on_surface("tonight", {"surface_windows": False}) == on_surface("")
