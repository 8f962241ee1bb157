"""What is on: the same nights whenever one asks, plausible, and valid for the catalogue."""

from collections import Counter
from datetime import date, timedelta

import pytest

from recommendations.demonstration.artists import artists
from recommendations.demonstration.calendar import events_between, events_of_week
from recommendations.demonstration.events import DUBLIN_TIME, LONGEST_LEAD, DemoEvent
from recommendations.demonstration.loading import event_in
from recommendations.demonstration.venues import CITY_BY_NAME, VENUES, Venue

TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def events() -> tuple[DemoEvent, ...]:
    return events_between(seed=1, first=TODAY - timedelta(weeks=13), last=TODAY + timedelta(weeks=8))


def test_the_same_seed_makes_the_same_week() -> None:
    monday = date(2026, 11, 23)
    before = events_of_week(1, monday)
    events_of_week.cache_clear()
    assert events_of_week(1, monday) == before


def test_another_seed_makes_other_events_with_other_ids() -> None:
    monday = date(2026, 11, 23)
    ours = {event.id for event in events_of_week(1, monday)}
    theirs = {event.id for event in events_of_week(2, monday)}
    assert ours
    assert theirs
    assert ours.isdisjoint(theirs)


def test_an_event_is_the_same_whichever_window_finds_it(events: tuple[DemoEvent, ...]) -> None:
    later = events_between(seed=1, first=TODAY, last=TODAY + timedelta(weeks=20))
    both = {event.id for event in events} & {event.id for event in later}
    assert len(both) > 300
    assert {e.id: e for e in events if e.id in both} == {e.id: e for e in later if e.id in both}


def test_there_are_enough_events_in_all_four_cities(events: tuple[DemoEvent, ...]) -> None:
    assert 1_000 <= len(events) <= 1_700
    cities = Counter(event.venue.city for event in events)
    assert min(cities[city] for city in CITY_BY_NAME) > 100
    assert cities.most_common(1)[0][0] == "Dublin"


def test_ids_are_unique_and_short_enough_to_be_part_of_a_key(events: tuple[DemoEvent, ...]) -> None:
    assert len({event.id for event in events}) == len(events)
    assert max(len(event.id) for event in events) < 200


def test_every_event_is_one_the_catalogue_accepts(events: tuple[DemoEvent, ...]) -> None:
    for event in events:
        accepted = event_in(event)
        assert (accepted.event_id, accepted.starts_at) == (event.id, event.starts_at)
        assert accepted.description
        assert accepted.genres
        assert accepted.artists
        assert accepted.promoter


def test_every_event_is_announced_before_it_starts_and_not_too_early(events: tuple[DemoEvent, ...]) -> None:
    for event in events:
        assert timedelta(days=14) < event.starts_at - event.announced_at <= LONGEST_LEAD


def test_start_times_are_evenings_in_dublin_on_both_sides_of_the_clock_change(
    events: tuple[DemoEvent, ...],
) -> None:
    for event in events:
        local = event.starts_at.astimezone(DUBLIN_TIME)
        assert 18 <= local.hour <= 23
        assert local.minute in (0, 30)
    assert {event.starts_at.astimezone(DUBLIN_TIME).utcoffset() for event in events} == {
        timedelta(0),
        timedelta(hours=1),
    }


def test_a_room_holds_one_night_a_day_and_an_artist_plays_once(events: tuple[DemoEvent, ...]) -> None:
    rooms = Counter((event.venue.key, event.local_day) for event in events)
    assert rooms.most_common(1)[0][1] == 1
    artists_by_day = Counter((artist.name, event.local_day) for event in events for artist in event.artists)
    assert artists_by_day.most_common(1)[0][1] == 1


def test_residencies_keep_their_promoter_room_and_hour_every_week(events: tuple[DemoEvent, ...]) -> None:
    weekly = [event for event in events if "residency" in event.tags]
    by_room: dict[tuple[str, str], list[DemoEvent]] = {}
    for event in weekly:
        by_room.setdefault((event.venue.key, event.title), []).append(event)
    assert len(by_room) > 15
    for editions in by_room.values():
        assert len(editions) >= 20
        assert len({event.promoter.name for event in editions}) == 1
        assert len({event.starts_at.astimezone(DUBLIN_TIME).timetz() for event in editions}) == 1


def test_tours_take_one_artist_to_several_cities_in_a_week(events: tuple[DemoEvent, ...]) -> None:
    stops: dict[tuple[str, str, int], set[str]] = {}
    for event in events:
        if "tour" in event.tags:
            week = event.local_day.isocalendar().week
            stops.setdefault((event.artists[0].name, event.title, week), set()).add(event.venue.city)
    assert sum(len(cities) >= 3 for cities in stops.values()) > 20


@pytest.mark.parametrize("tag", ["run", "festival", "comedy night", "club night", "session", "free"])
def test_it_has_every_kind_of_night(events: tuple[DemoEvent, ...], tag: str) -> None:
    assert sum(tag in event.tags for event in events) > 10


def test_prices_are_euros_people_would_pay(events: tuple[DemoEvent, ...]) -> None:
    assert all(0 <= event.price_min <= event.price_max <= 110 for event in events)
    assert any(event.price_min == 0 for event in events)


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.key)
def test_a_venue_lies_in_its_city(venue: Venue) -> None:
    south, north, west, east = CITY_BY_NAME[venue.city].bounds
    assert south < venue.latitude < north
    assert west < venue.longitude < east


def test_there_are_venues_enough_and_no_two_of_one_name_in_a_city() -> None:
    cities = Counter(venue.city for venue in VENUES)
    assert cities["Dublin"] >= 30
    assert cities["Cork"] >= 10
    assert cities["Galway"] >= 8
    assert cities["Limerick"] >= 7
    assert len({venue.key for venue in VENUES}) == len(VENUES)


def test_artist_names_are_unique() -> None:
    names = [artist.name for artist in artists(1)]
    assert len(set(names)) == len(names) > 150
