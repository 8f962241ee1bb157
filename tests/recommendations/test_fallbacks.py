"""When the personal part cannot be done: popularity, and it says so."""

from typing import Any
from unittest import mock

import pytest
from prometheus_client import REGISTRY

from feedback.models import Prediction
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import feedback_add


def fallback_reason(answer: dict[str, Any]) -> str:
    return Prediction.objects.get(recommendation_id=answer["recommendation_id"]).fallback_reason


@pytest.mark.usefixtures("world")
def test_it_serves_what_is_popular_while_there_is_no_model(ask: RecommendationClient) -> None:
    for person in range(9):
        feedback_add(f"fan-{person}", "trad-next-4")
    answer = ask.answer("techno-1", limit=3)
    assert answer["model_version"] is None
    assert answer["recommendations"][0]["event_id"] == "trad-next-4"
    assert {item["algorithm"] for item in answer["recommendations"]} == {"popularity"}
    assert fallback_reason(answer) == "no_model"


@pytest.mark.usefixtures("trained_world")
def test_it_serves_a_stranger_what_is_popular(ask: RecommendationClient) -> None:
    answer = ask.answer("a-stranger")
    assert len(answer["recommendations"]) == 20
    assert answer["recommendations"][0]["algorithm"] == "popularity"
    assert fallback_reason(answer) == "cold_start"


@pytest.mark.usefixtures("trained_world")
@pytest.mark.parametrize(
    "broken",
    [
        "recommendations.algorithms.hybrid.Hybrid.score",
        "recommendations.algorithms.hybrid.Hybrid.explain",
        "recommendations.algorithms.hybrid.Hybrid.prepare",
        "recommendations.ranking.person_encode",
        "recommendations.ranking.reason_sentence",
    ],
)
def test_it_serves_popularity_when_the_personal_part_breaks_and_counts_it(
    ask: RecommendationClient, broken: str
) -> None:
    labels = {"variant": "", "algorithm": "popularity", "model_version": "v1", "fallback": "error"}
    before = REGISTRY.get_sample_value("craic_recommendation_lists_total", labels) or 0.0
    with mock.patch(broken, side_effect=ValueError("broken")), mock.patch("recommendations.ranking.logger"):
        answer = ask.answer("techno-1", limit=3)
    assert {item["algorithm"] for item in answer["recommendations"]} == {"popularity"}
    assert fallback_reason(answer) == "error"
    assert REGISTRY.get_sample_value("craic_recommendation_lists_total", labels) == before + 1


@pytest.mark.usefixtures("trained_world")
def test_it_serves_popularity_when_the_model_lacks_the_algorithm(
    ask: RecommendationClient, settings: object
) -> None:
    settings.DEFAULT_ALGORITHM = "not_trained_yet"  # type: ignore[attr-defined]
    answer = ask.answer("techno-1", limit=3)
    assert answer["recommendations"][0]["algorithm"] == "popularity"
    assert fallback_reason(answer) == "algorithm_missing"


@pytest.mark.django_db
def test_it_answers_an_empty_list_from_an_empty_catalogue(ask: RecommendationClient) -> None:
    assert ask.ids("anybody") == []
