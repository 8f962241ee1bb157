"""Opinions and the way through a list, without a server."""

from datetime import date

import numpy as np
import pytest

from recommendations.demonstration.tally import Tally, Visit
from recommendations.demonstration.visits import Act, Listed, Opinions, look_through
from recommendations.demonstration.world import World

TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=1, today=TODAY, people_count=10, newcomers=3, arrival="x")


def acts(world: World, chance: float, *, decided: set[str] | None = None) -> list[Act]:
    listed = [Listed(f"event-{number}", number) for number in range(200)]
    return look_through(
        seed=1,
        person=world.people[0],
        listed=listed,
        chances=[chance] * len(listed),
        decided=decided or set(),
        patience=np.random.default_rng(3),
    )


def test_newcomers_have_tastes_and_ids_of_their_own_but_no_past(world: World) -> None:
    regulars, newcomers = world.people[:10], world.people[10:]
    assert [person.id for person in newcomers] == [f"demo-0{n}-new-x" for n in (11, 12, 13)]
    assert all(person.scenes for person in newcomers)
    assert {deed.user_id for deed in world.deeds} <= {person.id for person in regulars}
    assert world.deeds == World(seed=1, today=TODAY, people_count=10).deeds


def test_somebody_who_would_love_everything_saves_everything_seen(world: World) -> None:
    seen = [act.event_id for act in acts(world, 1.0) if act.action == "impression"]
    assert seen == [f"event-{number}" for number in range(len(seen))]
    assert [act.event_id for act in acts(world, 1.0) if act.action == "save"] == seen


def test_somebody_who_would_love_nothing_saves_nothing(world: World) -> None:
    assert "save" not in {act.action for act in acts(world, 0.0)}


def test_what_is_decided_is_only_looked_at(world: World) -> None:
    decided = {f"event-{number}" for number in range(200)}
    assert {act.action for act in acts(world, 1.0, decided=decided)} == {"impression"}


def test_an_opinion_does_not_change_from_visit_to_visit(world: World) -> None:
    assert acts(world, 0.5) == acts(world, 0.5)


def test_the_best_list_fits_wholly_and_the_worst_hardly(world: World) -> None:
    opinions = Opinions(world)
    city = world.people[0].city.name
    local = [event for event in world.events if event.venue.city == city and event.starts_at > world.until]
    lines = [Listed(event.id, 0) for event in local if event.status != "cancelled"]
    chances = sorted(opinions.chance_of_saving(0, line) for line in lines)
    now = world.until.timestamp()
    assert opinions.fit(0, chances[::-1][:20], decided=set(), now=now) == pytest.approx(1.0)
    assert opinions.fit(0, chances[:20], decided=set(), now=now) < 0.1
    assert opinions.fit(0, [], decided=set(), now=now) == 0.0


def test_events_from_elsewhere_are_judged_by_genre_and_city(world: World) -> None:
    opinions, person = Opinions(world), world.people[0]
    liked = opinions.chance_of_saving(0, Listed("new", 0, genre=person.genres[0], city=person.city.name))
    other = opinions.chance_of_saving(0, Listed("new", 0, genre="knitting", city=person.city.name))
    away = opinions.chance_of_saving(0, Listed("new", 0, genre=person.genres[0], city="Paris"))
    assert liked > other > away


def test_the_summary_has_means_by_variant_by_third_and_by_visit_of_newcomers() -> None:
    tally = Tally()
    for number in range(9):
        variant = "a" if number % 3 else "b"
        nth = number + 1 if variant == "b" else 0
        tally.add(Visit(variant, saves=number // 3, fit=number / 10, seconds=0.010, nth=nth))
    tally.failures["503 unavailable"] += 2
    lines = [line.split() for line in tally.summary()]
    assert ["a", "6", "1.00", "0.00", "2.00", "0.45", "0.15", "0.75"] in lines
    assert ["b", "3", "1.00", "0.00", "2.00", "0.30", "0.00", "0.60"] in lines
    assert ["all", "9", "1.00", "0.00", "2.00", "0.40", "0.10", "0.70"] in lines
    assert ["b", "0.00", "-", "0.30", "0.60", "-"] in lines
    assert ["errors:", "2", "x", "503", "unavailable"] in lines
    assert any("10.0 ms (p50)" in line for line in tally.summary())


def test_the_summary_of_nothing_is_short() -> None:
    assert list(Tally().summary()) == ["0 visits, 0 requests, 0 actions stored", "  none", "  errors: none"]
