"""One list drafted from two rankers, through the API."""

from typing import Any

import orjson
import pytest
from django.utils import timezone

from experiments.models import Experiment, ExperimentKind, Exposure
from experiments.services import Plan, VariantPlan, experiment_create, experiment_pause, experiment_start
from feedback.models import Prediction
from tests.recommendations.client import RecommendationClient

pytestmark = pytest.mark.usefixtures("trained_world")


def interleaving(first: str = "hybrid", second: str = "popularity", **facts: Any) -> Experiment:
    draft = experiment_create(
        key="duel",
        name="Duel",
        kind=ExperimentKind.INTERLEAVING,
        variants=[
            VariantPlan(key="ours", name="Ours", weight=0.5, algorithm=first, is_control=True),
            VariantPlan(key="theirs", name="Theirs", weight=0.5, algorithm=second, **facts),
        ],
        actor="staff:ann",
        now=timezone.now(),
        hypothesis="Personal beats popular.",
        plan=Plan(minimum_effect=0.1, users=2000, days=14),
    )
    return experiment_start(experiment=draft, actor="staff:ann", reason="Ready", now=timezone.now())


def test_both_rankers_contribute_and_the_log_knows_whose_pick_each_event_was(
    ask: RecommendationClient,
) -> None:
    interleaving()
    answer = ask.answer("techno-1", limit=6)
    logged = Prediction.objects.get()
    assert (answer["ab_experiment"], answer["variant"]) == ("duel", "interleaved")
    assert [row[0] for row in logged.items] == [one["event_id"] for one in answer["recommendations"]]
    assert [row[3] for row in logged.items].count("ours") == 3
    assert [row[3] for row in logged.items].count("theirs") == 3
    algorithms = {"ours": "hybrid", "theirs": "popularity"}
    assert [algorithms[row[3]] for row in logged.items] == [
        one["algorithm"] for one in answer["recommendations"]
    ]


def test_the_list_keeps_every_rule_of_a_list(ask: RecommendationClient) -> None:
    interleaving()
    ask.act("techno-1", "techno-next-5", "hide")
    answer = ask.answer("techno-1", limit=100)
    ids = [one["event_id"] for one in answer["recommendations"]]
    scores = [one["score"] for one in answer["recommendations"]]
    assert len(ids) == len(set(ids))
    assert "techno-next-5" not in ids
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert [one["position"] for one in answer["recommendations"]] == list(range(len(ids)))
    assert all(one["reason"] and one["reasons"] for one in answer["recommendations"])


def test_who_picks_first_changes_from_request_to_request(ask: RecommendationClient) -> None:
    interleaving()
    for _ in range(24):
        ask.ids("techno-1", limit=2)
    firsts = {row.items[0][3] for row in Prediction.objects.all()}
    assert firsts == {"ours", "theirs"}


def test_a_person_is_exposed_once_and_to_no_single_variant(ask: RecommendationClient) -> None:
    interleaving()
    ask.ids("techno-1")
    ask.ids("techno-1")
    exposure = Exposure.objects.get()
    assert (exposure.variant_id, exposure.propensity) == (None, 1.0)


def test_where_a_ranker_falls_back_its_list_is_drafted_from_by_nobody(ask: RecommendationClient) -> None:
    interleaving()
    answer = ask.answer("a stranger", limit=5)
    logged = Prediction.objects.get()
    assert len(answer["recommendations"]) == 5
    assert logged.fallback_reason == "cold_start"
    assert {len(row) for row in logged.items} == {3}


def test_the_same_ranker_may_be_compared_with_other_list_parameters(ask: RecommendationClient) -> None:
    interleaving("hybrid", "hybrid", parameters={"most_per_venue": 1})
    ask.ids("techno-1", limit=6)
    assert {row[3] for row in Prediction.objects.get().items} == {"ours", "theirs"}


def test_while_paused_the_controls_list_is_served_whole(ask: RecommendationClient) -> None:
    experiment = interleaving()
    ask.ids("techno-1")
    experiment_pause(experiment=experiment, actor="staff:ann", reason="Odd", now=timezone.now())
    answer = ask.answer("techno-1")
    assert answer["variant"] == "ours"
    assert {one["algorithm"] for one in answer["recommendations"]} == {"hybrid"}


def test_what_people_save_from_a_drafted_list_is_a_preference_in_the_results(
    ask: RecommendationClient,
) -> None:
    interleaving()
    for number in range(6):
        person = f"techno-{number}"
        answer = ask.answer(person, limit=6)
        listed = Prediction.objects.get(pk=answer["recommendation_id"]).items
        theirs = next(event for event, _, _, whose in listed if whose == "theirs")
        ask.act(person, theirs, "save")
    body = orjson.loads(ask.api.get("/v1/experiments/duel/results").content)
    assert body["participants"] == 6
    assert body["preference"]["everyone"]["treatment"] == 6
    assert body["preference"]["everyone"]["share"] == 1
    assert body["verdict"]["state"] == "keep_running"
