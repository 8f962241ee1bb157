"""The answer's shape and order."""

import uuid

import pytest
from pytest_django import DjangoAssertNumQueries

from feedback.models import Prediction
from tests.recommendations.client import RecommendationClient

ITEM_KEYS = {
    "event_id", "title", "artist_name", "genre", "city", "date", "price", "venue_name", "score", "confidence",
    "algorithm", "reason", "reasons", "context_reasons", "position",
}  # fmt: skip
KEYS = {
    "user_id", "recommendations", "model_version", "ab_experiment", "variant", "recommendation_id",
    "latency_ms",
}  # fmt: skip


@pytest.mark.usefixtures("trained_world")
def test_it_answers_every_field_of_the_contract(ask: RecommendationClient) -> None:
    answer = ask.answer("techno-1", limit=3)
    assert set(answer) == KEYS
    assert [set(item) for item in answer["recommendations"]] == [ITEM_KEYS] * 3
    assert uuid.UUID(answer["recommendation_id"]).version == 4
    assert answer["model_version"] == "v1"
    assert answer["recommendations"][0]["date"].endswith("Z")


@pytest.mark.usefixtures("trained_world")
def test_it_orders_by_score_between_0_and_1_and_counts_positions_from_0(ask: RecommendationClient) -> None:
    items = ask.answer("techno-1", limit=100)["recommendations"]
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert all(0 <= item["confidence"] <= 1 for item in items)
    assert [item["position"] for item in items] == list(range(len(items)))
    assert len({item["event_id"] for item in items}) == len(items)


@pytest.mark.usefixtures("trained_world")
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_it_gives_at_most_limit_events(ask: RecommendationClient, limit: int) -> None:
    assert len(ask.ids("techno-1", limit=limit)) == min(limit, len(ask.ids("techno-1", limit=100)))


@pytest.mark.usefixtures("trained_world")
def test_it_gives_20_unless_told(ask: RecommendationClient, settings: object) -> None:
    assert len(ask.ids("stranger")) == 20
    settings.DEFAULT_RECOMMENDATION_COUNT = 4  # type: ignore[attr-defined]
    assert len(ask.ids("stranger")) == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": True}, "user_id"),
        ({"user_id": "x" * 256}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"starts_after": "2026-05-01"}, "starts_after"),
        ({"near": {"lat": 91, "lon": 0, "radius_km": 5}}, "near.lat"),
        ({"near": {"lat": 53, "lon": -6, "radius_km": 0}}, "near.radius_km"),
        ({"exclude": ["e"] * 501}, "exclude"),
        ({"context": "techno"}, "context"),
    ],
)
def test_it_names_the_field_that_is_wrong(
    ask: RecommendationClient, body: dict[str, object], field: str
) -> None:
    response = ask.response(**{"user_id": "u", **body})
    assert response.status_code == 400
    assert field in response.json()["errors"]


@pytest.mark.usefixtures("trained_world")
def test_it_bears_any_context(ask: RecommendationClient) -> None:
    """Only the documented forms count; whatever else a client sends is ignored."""
    nested: list[object] = ["techno"]
    for _ in range(100):
        nested = [nested]
    odd = {
        "top_genres": nested,
        "spotify_artists": [{"name": 7}, None, {"x": "y"}],
        "preferred_genres": {"a": 1},
    }
    assert len(ask.ids("a-stranger", context=odd, limit=5)) == 5
    long = {"top_artists": ["x" * 100_000] * 50, "youtube_genres": ["techno"]}
    assert ask.ids("a-stranger", context=long, limit=1)[0].startswith("techno")


@pytest.mark.usefixtures("trained_world")
def test_null_is_as_good_as_leaving_a_field_out(ask: RecommendationClient) -> None:
    fields = (
        "city",
        "limit",
        "context",
        "starts_after",
        "starts_before",
        "near",
        "genres",
        "exclude",
        "surface",
    )
    assert len(ask.ids("techno-1", **dict.fromkeys(fields))) > 0


@pytest.mark.usefixtures("trained_world")
def test_it_answers_an_empty_list_when_nothing_fits(ask: RecommendationClient) -> None:
    assert ask.ids("techno-1", city="Atlantis") == []
    assert ask.ids("techno-1", genres=["polka"]) == []


@pytest.mark.usefixtures("trained_world")
def test_it_narrows_by_what_is_asked(ask: RecommendationClient) -> None:
    assert {one.split("-")[0] for one in ask.ids("techno-1", genres="Trad", limit=100)} == {"trad"}
    some = ask.ids("techno-1", limit=5)
    assert not set(some) & set(ask.ids("techno-1", limit=100, exclude=some))


@pytest.mark.usefixtures("trained_world")
def test_it_costs_few_queries(
    ask: RecommendationClient, settings: object, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask.ids("techno-1")
    settings.REFRESH_SECONDS = 1.0  # type: ignore[attr-defined]
    ask.ids("techno-1")
    with django_assert_num_queries(3):  # what they did, what they said they like, and the prediction's row
        ask.ids("techno-1")


@pytest.mark.usefixtures("trained_world")
def test_it_logs_what_it_served(ask: RecommendationClient) -> None:
    answer = ask.answer("techno-1", limit=3, surface="home")
    row = Prediction.objects.get(recommendation_id=answer["recommendation_id"])
    assert row.items == [
        [item["event_id"], pytest.approx(item["score"], abs=1e-6), 1.0] for item in answer["recommendations"]
    ]
    assert (row.user_id, row.algorithm, row.model_version, row.surface) == (
        "techno-1",
        "hybrid",
        "v1",
        "home",
    )
    assert row.fallback_reason == ""
