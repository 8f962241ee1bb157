"""What people do: it follows from their tastes, keeps to an event's time, and never changes afterwards."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest

from recommendations.demonstration.behaviour import Deed, deeds
from recommendations.demonstration.events import DemoEvent
from recommendations.demonstration.people import people
from recommendations.demonstration.venues import CITY_BY_NAME
from recommendations.demonstration.world import World

TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=1, today=TODAY, people_count=120)


def test_the_same_seed_and_day_make_the_same_behaviour(world: World) -> None:
    assert World(seed=1, today=TODAY, people_count=120).deeds == world.deeds


def test_another_seed_makes_other_behaviour(world: World) -> None:
    other = World(seed=2, today=TODAY, people_count=120)
    assert {deed.user_id for deed in other.deeds}.isdisjoint(deed.user_id for deed in world.deeds)


def test_nobody_acts_on_an_event_before_its_announcement_or_after_its_start(world: World) -> None:
    events = {event.id: event for event in world.events}
    assert world.deeds
    for deed in world.deeds:
        event = events[deed.event_id]
        assert event.announced_at <= deed.occurred_at < event.starts_at


def test_nothing_happened_after_today_began_or_before_three_months_ago(world: World) -> None:
    assert min(deed.occurred_at for deed in world.deeds) >= world.since
    assert max(deed.occurred_at for deed in world.deeds) < world.until


def test_nobody_acts_on_a_cancelled_event(world: World) -> None:
    cancelled = {event.id for event in world.events if event.status == "cancelled"}
    assert cancelled
    assert cancelled.isdisjoint(deed.event_id for deed in world.deeds)


def test_nobody_does_the_same_thing_to_the_same_event_twice(world: World) -> None:
    assert Counter((deed.user_id, deed.key) for deed in world.deeds).most_common(1)[0][1] == 1


def test_purchases_thumbs_and_shares_follow_a_save(world: World) -> None:
    saved = {(d.user_id, d.event_id): d.occurred_at for d in _all_deeds(world) if d.action == "save"}
    for deed in world.deeds:
        if deed.action in {"purchase", "thumbs_up", "share", "unsave"}:
            assert saved[deed.user_id, deed.event_id] <= deed.occurred_at


def _all_deeds(world: World) -> list[Deed]:
    """Also what happened before the window, which may hold the save of a later purchase."""
    return deeds(
        seed=world.seed,
        crowd=world.crowd,
        events=world.events,
        since=world.since - timedelta(weeks=20),
        until=world.until,
    )


def test_a_week_later_the_past_is_as_it_was(world: World) -> None:
    later = World(seed=1, today=TODAY + timedelta(weeks=1), people_count=120)
    before = [deed for deed in world.deeds if deed.occurred_at >= later.since]
    after = [deed for deed in later.deeds if deed.occurred_at < world.until]
    assert before == after
    assert len(later.deeds) > len(after)


def test_more_people_leave_the_first_ones_as_they_were(world: World) -> None:
    few = World(seed=1, today=TODAY, people_count=30)
    names = {person.id for person in few.people}
    assert few.people == world.people[:30]
    assert few.deeds == [deed for deed in world.deeds if deed.user_id in names]


def test_it_has_the_volume_of_three_lively_months() -> None:
    actions = Counter(deed.action for deed in World(seed=1, today=TODAY, people_count=300).deeds)
    assert 15_000 <= sum(actions.values()) <= 27_000
    assert 5_000 <= actions["save"] <= 8_000
    assert min(actions.values()) > 50
    assert set(actions) == {
        "impression", "click", "save", "unsave", "purchase", "share", "hide", "thumbs_up", "thumbs_down",
    }  # fmt: skip


def test_people_live_in_their_city_and_have_tastes() -> None:
    for person in people(seed=1, count=200):
        south, north, west, east = CITY_BY_NAME[person.city.name].bounds
        assert south <= person.latitude <= north
        assert west <= person.longitude <= east
        assert person.scenes[person.favourite_scene] >= 1
        assert len(person.artists) >= 3
        assert person.promoters
        assert person.venues


def test_the_two_people_shown_first_differ_in_taste(world: World) -> None:
    techno, trad = world.devotee("techno"), world.devotee("trad")
    assert techno is not None
    assert trad is not None
    assert (techno.favourite_scene, trad.favourite_scene) == ("techno", "trad")
    assert techno.city == trad.city


def test_taste_is_learnable_on_held_out_weeks(world: World) -> None:
    """Ranking what is ahead two weeks ago: the hidden taste far above popularity, "same artist, promoter,
    venue or genre as before" in between and well above it."""
    scores = _held_out_recall(world, cut_days=14, k=10)
    assert scores["oracle"] > 5 * scores["popularity"]
    assert scores["as before"] > 3 * scores["popularity"]
    assert scores["oracle"] > scores["as before"] > 0.15


def _held_out_recall(world: World, *, cut_days: int, k: int) -> dict[str, float]:
    cut = world.until - timedelta(days=cut_days)
    ahead = [event for event in world.events if event.starts_at > cut and event.status != "cancelled"]
    words = {event.id: _words(event) for event in world.events}
    saves = [deed for deed in world.deeds if deed.action == "save"]
    counts = Counter(deed.event_id for deed in saves if deed.occurred_at < cut)
    popularity = np.array([counts[event.id] for event in ahead], dtype=float)
    liking = np.stack([world.crowd.liking(event) for event in ahead], axis=1)
    recalls: dict[str, list[float]] = {"popularity": [], "as before": [], "oracle": []}
    for row, person in enumerate(world.people):
        mine = [deed for deed in saves if deed.user_id == person.id]
        earlier = {deed.event_id for deed in mine if deed.occurred_at < cut}
        wanted = {deed.event_id for deed in mine} - earlier
        if not wanted:
            continue
        liked = Counter(word for event_id in earlier for word in words[event_id])
        before = np.array([sum(np.log1p(liked[word]) for word in words[event.id]) for event in ahead])
        known = np.array([event.id in earlier for event in ahead])
        for name, score in (("popularity", popularity), ("as before", before), ("oracle", liking[row])):
            top = np.argsort(-np.where(known, -np.inf, score), kind="stable")[:k]
            found = sum(ahead[index].id in wanted for index in top)
            recalls[name].append(found / min(k, len(wanted)))
    return {name: float(np.mean(values)) for name, values in recalls.items()}


def _words(event: DemoEvent) -> set[str]:
    return {*(artist.name for artist in event.artists), event.promoter.name, event.venue.key, *event.genres}
