"""What the prototype never did: two people with different tastes get different lists."""

import pytest

from recommendations.algorithms.registry import ALGORITHMS
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import event_add, scene_of

PERSONAL = [name for name in ALGORITHMS if name != "popularity"]


@pytest.mark.usefixtures("trained_world")
@pytest.mark.parametrize("algorithm", PERSONAL)
def test_it_gives_people_with_different_tastes_different_lists(
    ask: RecommendationClient, settings: object, algorithm: str
) -> None:
    settings.DEFAULT_ALGORITHM = algorithm  # type: ignore[attr-defined]
    assert set(scene_of(ask.ids("techno-9", limit=5))) == {"techno"}
    assert set(scene_of(ask.ids("trad-9", limit=5))) == {"trad"}


@pytest.mark.usefixtures("trained_world")
def test_it_treats_a_number_and_its_string_as_one_person(ask: RecommendationClient) -> None:
    event_add("77", days=2, promoter="District", genres=["techno"])
    ask.act(12345, 77, "hide")
    assert "77" not in ask.ids("12345", limit=100)
    assert ask.answer(12345)["user_id"] == "12345"


@pytest.mark.usefixtures("trained_world")
def test_it_changes_the_very_next_list_after_one_save(ask: RecommendationClient) -> None:
    before = ask.ids("newcomer", limit=5)
    ask.act("newcomer", "trad-next-7", "save")
    after = ask.ids("newcomer", limit=5)
    assert after != before
    assert set(scene_of(after)) == {"trad"}


@pytest.mark.usefixtures("trained_world")
def test_it_no_longer_lists_what_the_person_saved_until_they_take_it_back(ask: RecommendationClient) -> None:
    ask.act("techno-9", "techno-next-5", "save")
    assert "techno-next-5" not in ask.ids("techno-9", limit=100)
    ask.act("techno-9", "techno-next-5", "unsave")
    assert "techno-next-5" in ask.ids("techno-9", limit=100)


@pytest.mark.usefixtures("trained_world")
def test_it_recommends_an_event_added_a_moment_ago_to_those_it_suits(ask: RecommendationClient) -> None:
    assert "fresh" not in ask.ids("techno-9", limit=100)
    event_add("fresh", days=5, promoter="District", venue_name="Index", artists=["Kernel"], genres=["techno"])
    ids = ask.ids("techno-9", limit=100)
    assert ids.index("fresh") < min(place for place, event in enumerate(ids) if event.startswith("trad"))
    assert "fresh" not in ask.ids("trad-9", limit=8)


@pytest.mark.usefixtures("trained_world")
def test_it_follows_taste_that_comes_with_the_request(ask: RecommendationClient) -> None:
    assert set(scene_of(ask.ids("stranger", limit=5, context={"top_artists": [{"name": "The Reels"}]}))) == {
        "trad"
    }
    assert set(scene_of(ask.ids("stranger", limit=5, context={"spotify_genres": "techno"}))) == {"techno"}


@pytest.mark.usefixtures("trained_world")
def test_it_counts_a_hide_against_what_is_like_it(ask: RecommendationClient) -> None:
    event_add("mixed", days=4, promoter="District", genres=["techno"])
    ask.act("undecided", "trad-next-1", "save")
    ask.act("undecided", "techno-next-1", "save")
    ask.act("undecided", "techno-next-2", "hide")
    ask.act("undecided", "techno-next-3", "hide")
    assert scene_of(ask.ids("undecided", limit=1)) == ["trad"]


@pytest.mark.usefixtures("trained_world")
def test_it_knows_what_people_did_with_events_that_have_left_the_snapshot(ask: RecommendationClient) -> None:
    """techno-9's whole history is of events long over: only the model still has them."""
    first = ask.answer("techno-9", limit=1)["recommendations"][0]
    assert first["reason"].startswith("You saved four ")


@pytest.mark.usefixtures("trained_world")
def test_it_counts_a_save_of_an_event_that_no_process_has_read_yet(
    ask: RecommendationClient, settings: object
) -> None:
    ask.ids("techno-1")
    settings.REFRESH_SECONDS = 1.0  # type: ignore[attr-defined]
    event_add("newer", days=5, promoter="Session House", artists=["The Reels"], genres=["trad"])
    ask.act("first-timer", "newer", "save")
    assert set(scene_of(ask.ids("first-timer", limit=4))) == {"trad"}
