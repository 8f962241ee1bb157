"""Contributions in plain words that a person can check against what they did."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from recommendations.algorithms.actions import ACTION_WEIGHTS
from recommendations.algorithms.dataset import EventFacts, EventTable, Field, Person, Taste, token
from recommendations.algorithms.protocol import Contribution, Signal
from recommendations.algorithms.text import TEXT_HISTORY, DocumentFrequencies
from recommendations.evidence import KnownPerson
from recommendations.reasons import (
    EXPECTED_SENTENCE,
    NEUTRAL_SENTENCE,
    POPULAR_SENTENCE,
    UNTRIED_SENTENCE,
    Case,
    Programme,
    popular_sentence,
    reason_sentence,
)
from recommendations.snapshot import EventCard

STARTS = datetime(2026, 12, 1, 20, tzinfo=UTC)  # a Tuesday
DAY = 86_400.0
CARD = EventCard(
    event_id="e", title="Bicep live", starts_at=STARTS, city="Dublin",
    venue_name="Vicar Street", promoter="District", artists=("Bicep", "Or:la"), genres=("techno",),
    price=30.0, recommendable=True, tags=("late",), latitude=53.34, longitude=-6.28,
)  # fmt: skip


def past(event_id: str, action: str = "save", **facts: object) -> tuple[EventFacts, str]:
    given = {"starts_at": 0.0} | facts
    return EventFacts(event_id, "title", announced_at=0.0, **given), action  # type: ignore[arg-type]


def person(
    *deeds: tuple[EventFacts, str], home: tuple[float, float] | None = None, **words: list[str]
) -> KnownPerson:
    stated = {
        Field(kind): np.array([token(kind, name) for name in names], np.uint64)
        for kind, names in words.items()
    }
    taste = Taste(stated) if home is None else Taste(stated, latitude=home[0], longitude=home[1])
    weights = np.array([ACTION_WEIGHTS[action] for _, action in deeds], np.float32)
    events = EventTable.of(event for event, _ in deeds)
    return KnownPerson(Person(events, weights, np.zeros(len(deeds)), taste), [action for _, action in deeds])


def nights(count: int, action: str = "save", **facts: object) -> KnownPerson:
    return person(*[past(str(number), action, **facts) for number in range(count)])


def programme(*days_after: float, by: str = "", text: str = "") -> Programme:
    """The card's event, with a text, and others that start so many days after it."""
    starts = [STARTS.timestamp() + day * DAY for day in (0.0, *days_after)]
    events = [EventFacts(str(row), "", start, 0.0, promoter=by) for row, start in enumerate(starts[1:])]
    mine = EventFacts(CARD.event_id, text, starts[0], 0.0, promoter=by or CARD.promoter)
    return on_sale([mine, *events])


def on_sale(events: list[EventFacts]) -> Programme:
    table = EventTable.of(events)
    return Programme(table, np.arange(len(events)), DocumentFrequencies.of(table.words[Field.TEXT]))


def sentence(
    someone: KnownPerson, *signals: Signal, card: EventCard = CARD, on: Programme | None = None
) -> str:
    case = Case(someone, card, on or programme())
    return reason_sentence(case, [Contribution(code, 1.0, 1.0) for code in signals])


TWO_SPELLINGS = person(past("a", artists=["Bicep"]), past("b", artists=["BICEP"]))
ROUND_THE_CORNER = nights(1, latitude=53.341, longitude=-6.281)
IN_CORK = nights(1, latitude=51.90, longitude=-8.47)
MIXED = person(past("a", artists=["Bicep"]), past("b", "attend", artists=["Bicep"]), past("c", "click"))


@pytest.mark.parametrize(
    ("someone", "signal", "words"),
    [
        (TWO_SPELLINGS, Signal.ARTIST, "You saved two Bicep gigs."),
        (nights(1, artists=["Bicep"]), Signal.ARTIST, "You saved one Bicep gig."),
        (nights(1, "click", artists=["Bicep"]), Signal.ARTIST, "You looked at one Bicep gig."),
        (nights(2, "attend", artists=["Bicep"]), Signal.ARTIST, "You went to two Bicep gigs."),
        (nights(2, "purchase", artists=["Bicep"]), Signal.ARTIST, "You booked two Bicep gigs."),
        (nights(1, "thumbs_up", artists=["Bicep"]), Signal.ARTIST, "You liked one Bicep gig."),
        (nights(1, "share", artists=["Bicep"]), Signal.ARTIST, "You shared one Bicep gig."),
        (MIXED, Signal.ARTIST, "You chose two Bicep gigs."),
        (person(artist=["Or:la"]), Signal.ARTIST, "You like Or:la."),
        (nights(1, venue="Vicar Street"), Signal.VENUE, "You saved one night at Vicar Street."),
        (person(venue=["vicar street"]), Signal.VENUE, "You like Vicar Street."),
        (nights(3, promoter="District"), Signal.PROMOTER, "You saved three nights by District."),
        (nights(3, promoter="District"), Signal.FOLLOWED, "You saved three nights by District."),
        (nights(1, artists=["Bicep"]), Signal.FOLLOWED, "You saved one Bicep gig."),
        (nights(12, genres=["Techno"]), Signal.GENRE, "You saved 12 techno nights."),
        (person(genre=["techno"]), Signal.GENRE, "You like techno."),
        (nights(2, tags=["late"]), Signal.GENRE, "You saved two nights tagged late."),
        (nights(1, city="dublin"), Signal.CITY, "You saved one night in Dublin."),
        (person(city=["Dublin"]), Signal.CITY, "Dublin is one of your cities."),
        (ROUND_THE_CORNER, Signal.NEARBY, "It is less than a kilometre from a night you chose."),
        (IN_CORK, Signal.NEARBY, "It is about 218 km from a night you chose."),
        (person(home=(53.385, -6.28)), Signal.HOME, "It is about 5 km from home."),
        (nights(1, price=28.0), Signal.PRICE, "It costs about what nights you chose did."),
    ],
)  # fmt: skip
def test_it_says_what_the_person_did_or_said(someone: KnownPerson, signal: Signal, words: str) -> None:
    assert sentence(someone, signal) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-7.0, "You chose nights at about this time of the week."),
        (-6.0, "You chose nights at about this time of day."),
        (-6.5, NEUTRAL_SENTENCE),
    ],
)
def test_it_names_the_time_that_a_night_of_the_past_shares(days: float, words: str) -> None:
    before = nights(1, starts_at=STARTS.timestamp() + days * DAY + 3600.0)
    assert sentence(before, Signal.TIME_OF_WEEK) == words


DOCKS = "The rave of the docks"


def among_others(title: str, *, others: int = 60, other: str = "The night of the {}") -> Programme:
    """The card's event under that title, and others that are not like it."""
    texts = [title, *(other.format(f"name{number}") for number in range(others))]
    return on_sale(
        [EventFacts(str(row) if row else CARD.event_id, text, 0.0, 0.0) for row, text in enumerate(texts)]
    )


def told_of(title: str, *deeds: str, **on: Any) -> str:
    """What is said of `title` to somebody who did `deeds` at `DOCKS`."""
    before = person(*[(EventFacts(f"p{deed}", DOCKS, 0.0, 0.0), deed) for deed in deeds])
    return sentence(before, Signal.TEXT, on=among_others(title, **on))


@pytest.mark.parametrize(
    ("title", "deeds", "words"),
    [
        ("A docks party", ["save"], "Its description is like that of a night you chose."),
        ("A docks party", ["click"], "Its description is like that of a night you looked at."),
        (
            "A docks party",
            ["save", "click"],
            "Its description is like that of a night you chose or looked at.",
        ),
        ("Knitting of the elders", ["save"], NEUTRAL_SENTENCE),
        ("A docks party", ["hide"], NEUTRAL_SENTENCE),
    ],
)
def test_descriptions_are_alike_by_a_word_that_few_hold(title: str, deeds: list[str], words: str) -> None:
    assert told_of(title, *deeds) == words


def test_a_word_that_many_hold_makes_no_likeness_nor_does_one_among_few_texts() -> None:
    assert told_of("A docks party", "save", other="Down the docks with {}") == NEUTRAL_SENTENCE
    assert told_of("Knitting of the elders", "save", others=0) == NEUTRAL_SENTENCE


def test_of_the_nights_of_long_ago_whose_texts_count_nothing_it_says_nothing() -> None:
    long_ago = (EventFacts("p", DOCKS, 0.0, 0.0), "save")
    since = [past(str(number)) for number in range(TEXT_HISTORY)]
    docks = among_others("A docks party")
    assert sentence(person(long_ago, *since[1:]), Signal.TEXT, on=docks) != NEUTRAL_SENTENCE
    assert sentence(person(long_ago, *since), Signal.TEXT, on=docks) == NEUTRAL_SENTENCE


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (programme(1, 2, 3), "It is on sooner than most of what is coming up."),
        (programme(-1, -2, 3), NEUTRAL_SENTENCE),
        (programme(-1, -2, -3), "It is on later than most of what is coming up."),
    ],
)
def test_it_says_whether_sooner_or_later_than_most(on: Programme, words: str) -> None:
    assert sentence(person(), Signal.LEAD_TIME, on=on) == words


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (programme(1, 2), "It is the only night coming up by District."),
        (programme(1, 2, by="District"), "It is the next night by District."),
        (programme(-1, 2, by="District"), "It is one of three nights coming up by District."),
        (programme(-1, -2, -3, -4, by="District"), NEUTRAL_SENTENCE),
    ],
)
def test_it_says_where_in_its_promoters_diary_it_is(on: Programme, words: str) -> None:
    assert sentence(person(), Signal.DIARY, on=on) == words


def test_what_was_drawn_by_lot_says_so_and_not_how_often_it_was_shown() -> None:
    """Clients that send no impressions may have shown it to thousands."""
    assert sentence(person(), Signal.EXPLORATION) == "It was drawn by lot, to find out who would like it."


def test_every_signal_that_can_speak_for_an_event_has_a_sentence() -> None:
    like_it = past(
        "a", starts_at=STARTS.timestamp() - 7 * DAY, city="Dublin", latitude=53.3, longitude=-6.3, price=30.0,
        artists=["Bicep"], venue="Vicar Street", promoter="District", genres=["techno"],
    )  # fmt: skip
    someone = person(like_it, home=(53.3, -6.3))
    on = programme(*range(1, 60), text="title")
    for signal in set(Signal) - {Signal.TURNED_DOWN, Signal.VARIETY}:  # which only ever count against
        told = sentence(someone, signal, on=on)
        assert told.endswith("."), signal
        assert told.count(".") == 1, signal
        assert told[0].isupper(), signal
        assert told != NEUTRAL_SENTENCE, signal


def test_it_says_nothing_that_is_not_so() -> None:
    """A little closeness, fit or likeness may count; the words come only where they are true."""
    someone = nights(1, price=5.0, starts_at=STARTS.timestamp() - 6.5 * DAY, promoter="Other")
    personal = set(Signal) - {
        Signal.POPULAR, Signal.EXPECTED, Signal.UNTRIED, Signal.SIMILAR_PEOPLE, Signal.SIMILAR_TASTE,
        Signal.GOES_WITH, Signal.TURNED_DOWN, Signal.VARIETY, Signal.EXPLORATION,
    }  # fmt: skip
    bare = replace(CARD, promoter="", latitude=None, longitude=None)
    for signal in personal:
        assert sentence(someone, signal, card=bare) == NEUTRAL_SENTENCE, signal


def test_repeats_of_one_event_count_once_and_dislikes_do_not_count() -> None:
    twice = person(past("a", artists=["Bicep"]), past("a", artists=["Bicep"]))
    assert sentence(twice, Signal.ARTIST) == "You saved one Bicep gig."
    looked = person(past("a", artists=["Bicep"]), past("b", "click", artists=["Bicep"]))
    assert sentence(looked, Signal.ARTIST) == "You saved one Bicep gig."
    disliked = nights(1, "hide", artists=["Bicep"])
    assert sentence(disliked, Signal.ARTIST) == NEUTRAL_SENTENCE


def test_of_several_names_it_tells_the_one_chosen_most_often() -> None:
    someone = person(
        *[past(f"l{n}", "click", artists=["Bicep"]) for n in range(3)],
        past("a", artists=["Or:la"]),
    )
    assert sentence(someone, Signal.ARTIST) == "You saved one Or:la gig."


def test_it_takes_the_first_contribution_that_speaks_for_the_event_and_is_true() -> None:
    someone = person(past("a", genres=["techno"]))
    reasons = [
        Contribution(Signal.PROMOTER, 2.0, 1.0),
        Contribution(Signal.POPULAR, 3.0, -1.0),
        Contribution(Signal.GENRE, 1.0, 1.0),
    ]
    assert reason_sentence(Case(someone, CARD, programme()), reasons) == "You saved one techno night."


def test_a_popular_list_does_not_call_popular_what_nobody_has_touched() -> None:
    assert popular_sentence([Contribution(Signal.POPULAR, 0.7, 1.0)]) == POPULAR_SENTENCE
    assert popular_sentence([Contribution(Signal.EXPECTED, 0.7, 1.0)]) == EXPECTED_SENTENCE
    assert popular_sentence([]) == UNTRIED_SENTENCE
    assert popular_sentence([Contribution(Signal.POPULAR, 0.0, 1.0)]) == UNTRIED_SENTENCE
