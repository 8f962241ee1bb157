"""Export and erasure of everything held on one person."""

import pytest
from django.test import Client
from django.utils import timezone

from catalogue.schemas import TasteIn
from catalogue.services import taste_put
from common.services import api_key_issue
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import feedback_add


@pytest.fixture
def key(db: None) -> dict[str, str]:
    _, key = api_key_issue(name="events-service", scopes=["recommend", "feedback"], created_by="test")
    return {"Authorization": f"Api-Key {key}"}


@pytest.fixture
def somebody(trained_world: None, ask: RecommendationClient) -> str:
    taste_put(user_id="me/you", taste=TasteIn(preferred_genres=["techno"]), now=timezone.now())
    feedback_add("me/you", "techno-next-1")
    feedback_add("someone-else", "techno-next-1")
    ask.ids("me/you")
    return "me%2Fyou"


def test_it_exports_all_that_is_held(api: Client, somebody: str) -> None:
    held = api.get(f"/v1/users/{somebody}").json()
    assert held["user_id"] == "me/you"
    assert held["taste"]["preferred_genres"] == ["techno"]
    assert [row["event_id"] for row in held["feedback"]] == ["techno-next-1"]
    assert len(held["recommendations"]) == 1


def test_it_erases_all_of_one_person_and_nothing_of_others(
    api: Client, somebody: str, key: dict[str, str]
) -> None:
    erased = api.delete(f"/v1/users/{somebody}", headers=key)
    assert erased.status_code == 200
    assert erased.json()["erased"] == {"taste": 1, "feedback": 1, "exposures": 0, "recommendations": 1}
    held = api.get(f"/v1/users/{somebody}").json()
    assert (held["taste"], held["feedback"], held["recommendations"]) == (None, [], [])
    assert api.get("/v1/users/someone-else").json()["feedback"]


def test_it_erases_nothing_for_anonymous_callers_even_in_an_open_api(api: Client, somebody: str) -> None:
    assert api.delete(f"/v1/users/{somebody}").status_code == 401
    assert api.get(f"/v1/users/{somebody}").json()["feedback"]
