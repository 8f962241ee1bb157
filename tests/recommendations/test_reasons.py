"""Contributions in plain words that a person can check against what they did."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recommendations.algorithms.dataset import EventFacts, EventTable, Field, Person, Taste, token
from recommendations.algorithms.protocol import Contribution, Signal
from recommendations.reasons import POPULAR_SENTENCE, UNTRIED_SENTENCE, popular_sentence, reason_sentence
from recommendations.snapshot import EventCard

CARD = EventCard(
    event_id="e", title="Bicep live", starts_at=datetime(2026, 12, 1, tzinfo=UTC), city="Dublin",
    venue_name="Vicar Street", promoter="District", artists=("Bicep", "Or:la"), genres=("techno",),
    price=30.0, recommendable=True,
)  # fmt: skip


def person(*events: EventFacts, weights: tuple[float, ...] | None = None, **words: list[str]) -> Person:
    given = weights or (1.0,) * len(events)
    taste = {
        Field(kind): np.array([token(kind, name) for name in names], np.uint64)
        for kind, names in words.items()
    }
    return Person(
        EventTable.of(events), np.array(given, np.float32), np.zeros(len(events)), Taste(words=taste)
    )


def past(event_id: str, **facts: object) -> EventFacts:
    return EventFacts(event_id, "title", 0.0, 0.0, **facts)  # type: ignore[arg-type]


def sentence(someone: Person, *signals: Signal) -> str:
    return reason_sentence(someone, CARD, [Contribution(code, 1.0, 1.0) for code in signals])


def nights(count: int, **facts: object) -> Person:
    return person(*[past(str(number), **facts) for number in range(count)])


TWO_SPELLINGS = person(past("a", artists=["Bicep"]), past("b", artists=["BICEP"]))
LOOKED_AT = person(past("a", artists=["Bicep"]), weights=(0.2,))


@pytest.mark.parametrize(
    ("someone", "signal", "words"),
    [
        (TWO_SPELLINGS, Signal.ARTIST, "You saved two Bicep gigs."),
        (nights(1, artists=["Bicep"]), Signal.ARTIST, "You saved a Bicep gig."),
        (LOOKED_AT, Signal.ARTIST, "You looked at a Bicep gig."),
        (person(artist=["Or:la"]), Signal.ARTIST, "Or:la is one of your favourites."),
        (nights(1, venue="Vicar Street"), Signal.VENUE, "You saved a night at Vicar Street."),
        (person(venue=["vicar street"]), Signal.VENUE, "You like Vicar Street."),
        (nights(3, promoter="District"), Signal.PROMOTER, "You saved three nights by District."),
        (nights(12, genres=["Techno"]), Signal.GENRE, "You saved 12 techno nights."),
        (person(genre=["techno"]), Signal.GENRE, "You said you like techno."),
        (person(), Signal.CITY, "It is in Dublin, where you go out."),
        (person(), Signal.HOME, "It is close to home."),
    ],
)
def test_it_says_what_the_person_did_or_said(someone: Person, signal: Signal, words: str) -> None:
    assert sentence(someone, signal) == words


def test_every_signal_has_words() -> None:
    someone = person(
        past("a", artists=["Bicep"], venue="Vicar Street", promoter="District", genres=["techno"])
    )
    for signal in Signal:
        told = sentence(someone, signal)
        assert told.endswith("."), signal
        assert told not in (POPULAR_SENTENCE, UNTRIED_SENTENCE) or signal is Signal.POPULAR


def test_repeats_of_one_event_count_once_and_dislikes_do_not_count() -> None:
    twice = person(past("a", artists=["Bicep"]), past("a", artists=["Bicep"]))
    assert sentence(twice, Signal.ARTIST) == "You saved a Bicep gig."
    disliked = person(past("a", artists=["Bicep"]), weights=(-1.0,))
    assert sentence(disliked, Signal.ARTIST) == UNTRIED_SENTENCE


def test_it_takes_the_first_contribution_that_speaks_for_the_event_and_is_true() -> None:
    someone = person(past("a", genres=["techno"]))
    reasons = [
        Contribution(Signal.PROMOTER, 2.0, 1.0),
        Contribution(Signal.POPULAR, 3.0, -1.0),
        Contribution(Signal.GENRE, 1.0, 1.0),
    ]
    assert reason_sentence(someone, CARD, reasons) == "You saved a techno night."


def test_a_popular_list_does_not_call_popular_what_nobody_has_touched() -> None:
    assert popular_sentence([Contribution(Signal.POPULAR, 0.7, 1.0)]) == POPULAR_SENTENCE
    assert popular_sentence([]) == UNTRIED_SENTENCE
    assert popular_sentence([Contribution(Signal.POPULAR, 0.0, 1.0)]) == UNTRIED_SENTENCE
