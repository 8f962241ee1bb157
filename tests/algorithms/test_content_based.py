import numpy as np
import pytest

from recommendations.algorithms.content_based import ContentBased
from recommendations.algorithms.dataset import EventFacts, Field, Interactions, Person, Taste, token
from recommendations.algorithms.protocol import Signal
from tests.algorithms.contract import AlgorithmContract
from tests.algorithms.worlds import DAY, NOW, concert, nobody, slate_of, somebody


class TestContentBased(AlgorithmContract):
    algorithm = ContentBased


PAST = concert(
    "past",
    title="Warehouse rave",
    artists=["Bicep"],
    venue="The Academy",
    promoter="District 8",
    genres=["techno"],
    tags=["late"],
    latitude=53.348,
    longitude=-6.262,
    starts_at=NOW - 7 * DAY,
    price=20.0,
)


def fitted() -> ContentBased:
    return ContentBased.fit(Interactions.empty(), generator=np.random.default_rng(0))


def preferred(person: Person, one: EventFacts, other: EventFacts) -> bool:
    model = fitted()
    scores = model.score(person, model.prepare(slate_of([one, other]), now=NOW))
    return bool(scores[0] > scores[1])


@pytest.mark.parametrize(
    ("code", "alike"),
    [
        (Signal.ARTIST, concert("a", artists=["Bicep"])),
        (Signal.VENUE, concert("a", venue="The Academy")),
        (Signal.PROMOTER, concert("a", promoter="District 8")),
        (Signal.GENRE, concert("a", genres=["techno"])),
        (Signal.GENRE, concert("a", tags=["late"])),
        (Signal.TEXT, concert("a", title="Another warehouse rave")),
        (Signal.NEARBY, concert("a", latitude=53.3481, longitude=-6.2622)),
        (Signal.TIME_OF_WEEK, concert("a", starts_at=NOW + 14 * DAY)),
        (Signal.PRICE, concert("a", price=20.0)),
    ],
)
def test_one_thing_in_common_with_the_past_lifts_an_event_and_is_its_reason(
    code: Signal, alike: EventFacts
) -> None:
    unlike = concert(
        "b", starts_at=alike.starts_at + 11 * 3600.0 if code == Signal.TIME_OF_WEEK else alike.starts_at
    )
    assert preferred(somebody([PAST]), alike, unlike)
    model = fitted()
    prepared = model.prepare(slate_of([alike, unlike]), now=NOW)
    ours, theirs = (
        {part.code: part.value * part.weight for part in parts}
        for parts in model.explain(somebody([PAST]), prepared, np.array([0, 1]))
    )
    assert ours[code] > theirs.get(code, 0.0)


@pytest.mark.parametrize(
    ("kind", "word", "alike"),
    [
        (Field.ARTIST, "BICEP", concert("a", artists=["Bicep"])),
        (Field.GENRE, "Techno", concert("a", genres=["techno"])),
        (Field.VENUE, "the academy", concert("a", venue="The Academy")),
    ],
)
def test_stated_taste_counts_for_somebody_with_no_history(kind: Field, word: str, alike: EventFacts) -> None:
    empty = nobody()
    taste = Taste({kind: np.array([token(kind, word)], np.uint64)})
    person = Person(empty.events, empty.weight, empty.occurred_at, taste)
    assert preferred(person, alike, concert("b", artists=["x"], genres=["y"], venue="z"))


def at_home(**more: float) -> Person:
    empty = nobody()
    return Person(
        empty.events, empty.weight, empty.occurred_at, Taste({}, latitude=53.35, longitude=-6.26, **more)
    )


def test_the_event_closer_to_home_comes_first() -> None:
    near = concert("a", latitude=53.36, longitude=-6.26)
    assert preferred(at_home(), near, concert("b", latitude=53.45, longitude=-6.26))


def test_an_event_beyond_the_stated_radius_falls_behind_one_of_unknown_place() -> None:
    far = concert("a", latitude=53.45, longitude=-6.26)
    assert not preferred(at_home(radius_km=5.0), far, concert("b"))
    assert preferred(at_home(radius_km=50.0), far, concert("b"))


def test_an_event_over_the_stated_budget_falls_behind() -> None:
    assert preferred(at_home(budget_max=15.0), concert("a", price=10.0), concert("b", price=30.0))


def test_the_more_often_the_more_it_counts() -> None:
    twice = [concert("1", artists=["Often"]), concert("2", artists=["Often"]), concert("3", artists=["Once"])]
    assert preferred(somebody(twice), concert("a", artists=["Often"]), concert("b", artists=["Once"]))


def test_a_text_like_one_past_night_counts_in_full_among_many_other_nights() -> None:
    others = [concert(f"o{n}", title=f"quiet evening number {n} poetry") for n in range(9)]
    alike = [concert("a", title="another warehouse rave"), concert("b", title="a lecture about stamps")]
    model = fitted()
    prepared = model.prepare(slate_of(alike), now=NOW)

    def text_of(person: Person) -> float:
        parts = model.explain(person, prepared, np.array([0]))[0]
        return sum(part.value * part.weight for part in parts if part.code == Signal.TEXT)

    rave = concert("r", title="warehouse rave")
    assert text_of(somebody([*others, rave])) == pytest.approx(text_of(somebody([rave])), rel=1e-5)


def test_a_text_like_a_night_turned_down_counts_against() -> None:
    rave = concert("r", title="warehouse rave")
    like, unlike = concert("a", title="another warehouse rave"), concert("b", title="lecture about stamps")
    assert preferred(somebody([rave]), like, unlike)
    assert preferred(somebody([rave], [-1.0]), unlike, like)


def test_a_long_past_text_that_shares_one_word_is_less_alike_than_a_short_one() -> None:
    candidates = [concert("a", title="rave")]
    model = fitted()
    prepared = model.prepare(slate_of(candidates), now=NOW)
    short, long = (
        model.score(somebody([concert("p", title=title)]), prepared)[0]
        for title in ("rave", "rave then a lecture about stamps and coins")
    )
    assert short > long


def test_a_text_that_repeats_itself_is_no_more_alike_than_the_same_text() -> None:
    model = fitted()
    prepared = model.prepare(slate_of([concert("a", title="buy tickets techno")]), now=NOW)

    def text_of(title: str) -> float:
        parts = model.explain(somebody([concert("p", title=title)]), prepared, np.array([0]))[0]
        return sum(part.value for part in parts if part.code == Signal.TEXT)

    assert text_of("buy tickets techno " * 90) <= text_of("buy tickets techno") * 1.001


def test_of_two_far_events_the_one_in_a_town_they_go_to_comes_first() -> None:
    past = somebody(
        [concert("p", latitude=53.35, longitude=-6.26), concert("q", latitude=51.90, longitude=-8.47)]
    )
    across_town = concert("a", latitude=51.87, longitude=-8.40)
    elsewhere = concert("b", latitude=52.66, longitude=-8.63)
    assert preferred(past, across_town, elsewhere)
