"""What somebody turned down pushes what is like it down at the very next request, in every variant."""

from typing import Any

import orjson
import pytest
from django.test import Client

from recommendations.algorithms.registry import ALGORITHMS
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import event_add

pytestmark = pytest.mark.usefixtures("trained_world")


@pytest.fixture(autouse=True, params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.DEFAULT_ALGORITHM = request.param
    return str(request.param)


def parts(ask: RecommendationClient, person: str, **body: Any) -> dict[str, float]:
    """What the reasons of each event add up to, in the order served."""
    return {
        item["event_id"]: sum(one["value"] * one["weight"] for one in item["reasons"])
        for item in ask.answer(person, limit=100, **body)["recommendations"]
    }


def trad_before(event: str, served: list[str]) -> int:
    return sum(one.startswith("trad") for one in served[: served.index(event)])


@pytest.mark.parametrize("action", ["hide", "thumbs_down", "skip"])
def test_its_promoters_other_events_fall(ask: RecommendationClient, action: str) -> None:
    for scene in ("techno", "trad"):
        ask.act("undecided", f"{scene}-next-1", "save")
    before = parts(ask, "undecided")
    for number in (2, 3, 4):
        ask.act("undecided", f"techno-next-{number}", action)
    after = parts(ask, "undecided")
    others = [event for event in after if event.startswith("techno") and event[-1] not in "1234"]
    assert len(others) == 6
    assert all(after[event] < before[event] for event in others)
    if action != "skip":  # which says a fifth as much
        behind, once = (
            [trad_before(one, served) for one in others] for served in (list(after), list(before))
        )
        assert all(now >= then for now, then in zip(behind, once, strict=True))
        assert sum(behind) > sum(once)


def test_a_promoter_whose_one_event_was_hidden_by_a_newcomer_comes_last(ask: RecommendationClient) -> None:
    event_add("mine", days=4, promoter="Solo", artists=["Ann"], genres=["folk"])
    event_add("other", days=4, promoter="Solo", artists=["Ann"], genres=["folk"])
    ask.act("newcomer", "mine", "hide")
    served = ask.ids("newcomer", limit=100)
    assert "mine" not in served
    assert served[-1] == "other"


def test_taste_that_comes_with_the_request_counts_like_a_stored_one(
    ask: RecommendationClient, api: Client
) -> None:
    taste = {"preferred_genres": ["techno"], "preferred_artists": ["The Reels"]}
    api.put("/v1/users/stored/taste", orjson.dumps(taste), content_type="application/json")
    stored, brought = parts(ask, "stored"), parts(ask, "brought", context=taste)
    assert list(stored) == list(brought)
    assert list(stored.values()) == pytest.approx(list(brought.values()), abs=1e-6)


def test_the_reasons_order_the_list_and_the_sentence_is_of_the_strongest(
    ask: RecommendationClient,
) -> None:
    items = ask.answer("techno-9", limit=100)["recommendations"]
    sums = [sum(one["value"] * one["weight"] for one in item["reasons"]) for item in items]
    assert sums == sorted(sums, reverse=True)
    for item in items:
        speaking = [one for one in item["reasons"] if one["value"] * one["weight"] > 0]
        sizes = [one["value"] * one["weight"] for one in speaking]
        assert sizes == sorted(sizes, reverse=True)
        if speaking and speaking[0]["code"] in STARTS:
            assert item["reason"].startswith(STARTS[speaking[0]["code"]]), item


STARTS = {
    "popular": "People have shown interest in it lately.",
    "expected": "Its artists, venue or promoter have drawn people before.",
    "artist": "You saved four Kernel gigs.",
    "promoter": "You saved four nights by District.",
    "followed": "You saved four Kernel gigs.",
    "venue": "You saved four nights at Index.",
    "genre": "You saved four techno nights.",
    "similar_people": "People who like what you like are interested in it.",
    "similar_taste": "People who like what you like go for",
    "goes_with": "It goes with what you like.",
}
