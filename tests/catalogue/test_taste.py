from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from catalogue import services
from catalogue.models import TasteProfile
from catalogue.schemas import UserTasteIn
from tests.credentials import client_of

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TASTE: dict[str, Any] = {
    "preferred_genres": ["techno"],
    "preferred_artists": ["Bicep"],
    "preferred_cities": ["Dublin"],
    "preferred_venues": ["Vicar Street"],
    "budget_max": 40,
    "radius_km": 12.5,
    "home": {"lat": 53.34, "lon": -6.26},
    "night_preferences": ["friday", "saturday"],
}


def put(api: Client, body: Any, user_id: str = "1") -> Any:
    return api.put(f"/v1/users/{user_id}/taste", body, content_type="application/json")


def test_it_stores_and_answers_a_profile(api: Client) -> None:
    assert api.get("/v1/users/1/taste").status_code == 404
    assert put(api, TASTE).status_code == 201
    found = api.get("/v1/users/1/taste").json()
    assert {name: found[name] for name in TASTE} == TASTE
    assert found["user_id"] == "1"


def test_it_replaces_a_profile_whole(api: Client) -> None:
    put(api, TASTE)
    response = put(api, {"preferred_genres": "jazz, soul"})
    assert response.status_code == 200
    found = response.json()
    assert found["preferred_genres"] == ["jazz", "soul"]
    assert (found["preferred_artists"], found["home"], found["budget_max"]) == ([], None, None)


def test_it_keeps_what_a_music_service_said_unless_it_is_sent(api: Client) -> None:
    put(api, {"listening_genres": ["house"], "listening_artists": ["Bicep"]})
    put(api, TASTE)
    assert api.get("/v1/users/1/taste").json()["listening_genres"] == ["house"]
    put(api, {"listening_genres": []})
    found = api.get("/v1/users/1/taste").json()
    assert (found["listening_genres"], found["listening_artists"]) == ([], ["Bicep"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"budget_max": -1}, "budget_max"),
        ({"radius_km": -1}, "radius_km"),
        ({"radius_km": 1e6}, "radius_km"),
        ({"home": {"lat": 53}}, "home.lon"),
        ({"home": {"lat": 153, "lon": 0}}, "home.lat"),
        ({"home": "Dublin"}, "home"),
        ({"preferred_genres": [None]}, "preferred_genres.0"),
        ({"preferred_genres": 5}, "preferred_genres"),
    ],
)
def test_it_refuses_what_makes_no_sense(api: Client, body: Any, field: str) -> None:
    response = put(api, body)
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not TasteProfile.objects.exists()


def test_it_forgets_a_profile(api: Client) -> None:
    put(api, TASTE)
    assert client_of("1").delete("/v1/users/1/taste").status_code == 204
    assert client_of("1").delete("/v1/users/1/taste").status_code == 404
    assert not TasteProfile.objects.exists()


def test_even_an_open_api_forgets_nothing_at_the_word_of_nobody(api: Client) -> None:
    put(api, TASTE)
    assert api.delete("/v1/users/1/taste").status_code == 401
    assert api.delete("/v1/users/nobody/taste").status_code == 401
    assert TasteProfile.objects.filter(user_id="1").exists()


def test_a_person_keeps_their_own_taste_only(settings: Any) -> None:
    settings.API_AUTH = "required"
    assert put(client_of("1"), TASTE).status_code == 201
    for method in ("get", "put", "delete"):
        response = getattr(client_of("2"), method)("/v1/users/1/taste", content_type="application/json")
        assert response.status_code == 403
    assert client_of("1").get("/v1/users/1/taste").status_code == 200


def test_several_sources_keep_their_own_part() -> None:
    def upsert(**row: Any) -> services.UpsertCounts:
        return services.tastes_upsert(tastes=[UserTasteIn.model_validate(row)], now=NOW)

    assert upsert(user_id=1, preferred_genres=["techno"], home={"lat": 1, "lon": 2}).created == 1
    assert upsert(user_id="1", listening_artists="Bicep").updated == 1
    assert upsert(user_id="1", listening_artists="Bicep").unchanged == 1
    row = TasteProfile.objects.get()
    assert (row.preferred_genres, row.listening_artists) == (["techno"], ["Bicep"])
    assert (row.home_latitude, row.home_longitude) == (1, 2)


def test_it_erases_a_person() -> None:
    services.tastes_upsert(tastes=[UserTasteIn(user_id=name) for name in ("1", "2")], now=NOW)
    assert services.person_erase(user_id="1") == 1
    assert services.person_erase(user_id="1") == 0
    assert [row.pk for row in TasteProfile.objects.all()] == ["2"]
