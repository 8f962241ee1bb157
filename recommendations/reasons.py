"""Contributions in plain words: one true sentence a person can check against what they did."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import Field, Person, token
from recommendations.algorithms.protocol import Contribution, Signal
from recommendations.snapshot import EventCard

NUMBERS = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine")
STRONG = 0.5  # weights from here up are saves and their like; below are clicks

POPULAR_SENTENCE = "It is popular right now, or its venue, artists or promoter are."
UNTRIED_SENTENCE = "It is new here: hardly anybody has acted on it yet."
_PLAIN = {
    Signal.TEXT: "Its description is like that of nights you chose.",
    Signal.NEARBY: "It is near places you go to.",
    Signal.HOME: "It is close to home.",
    Signal.TIME_OF_WEEK: "It is on when you usually go out.",
    Signal.PRICE: "It costs about what you usually pay.",
    Signal.SIMILAR_PEOPLE: "People who go to the same things as you chose it or something like it.",
    Signal.GOES_WITH: "It goes with what you chose before, going by what people choose together.",
    Signal.POPULAR: POPULAR_SENTENCE,
    Signal.LEAD_TIME: "It is on soon.",
    Signal.VARIETY: "It is unlike the rest of this list.",
    Signal.EXPLORATION: "It is new here: few people were shown it yet.",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many events of one kind the person chose, and whether by a save or only by looking."""

    name: str
    times: int
    saved: bool

    @property
    def verb(self) -> str:
        return "saved" if self.saved else "looked at"

    def count(self, one: str, many: str) -> str:
        number = NUMBERS[self.times] if self.times < len(NUMBERS) else str(self.times)
        return f"{number} {one if self.times == 1 else many}"


def evidence_find(person: Person, kind: Field, names: Sequence[str]) -> Evidence | None:
    """The one of `names` that the person chose most often, if any."""
    lists = person.events.words[kind]
    rows = lists.rows_of_tokens()
    best: Evidence | None = None
    for name in names:
        touched = rows[lists.tokens == np.uint64(token(kind, name))]
        liked = touched[person.weight[touched] > 0]
        times = len(np.unique(person.events.keys[liked]))
        if times and (best is None or times > best.times):
            best = Evidence(name, times, bool((person.weight[liked] >= STRONG).any()))
    return best


def is_stated(person: Person, kind: Field, names: Sequence[str]) -> str | None:
    """The first of `names` that the person says they like."""
    stated = person.taste.words.get(kind)
    if stated is None or len(stated) == 0:
        return None
    return next((name for name in names if np.uint64(token(kind, name)) in stated), None)


def reason_sentence(person: Person, card: EventCard, contributions: Sequence[Contribution]) -> str:
    """A sentence for the strongest contribution that speaks for the event and can be put in words."""
    for contribution in contributions:
        if contribution.value * contribution.weight > 0:
            sentence = _sentence(person, card, contribution.code)
            if sentence:
                return sentence
    return UNTRIED_SENTENCE


def popular_sentence(contributions: Sequence[Contribution]) -> str:
    """For a list that counts only what everybody does."""
    is_popular = any(one.code is Signal.POPULAR and one.value * one.weight > 0 for one in contributions)
    return POPULAR_SENTENCE if is_popular else UNTRIED_SENTENCE


def _sentence(person: Person, card: EventCard, code: Signal) -> str | None:
    match code:
        case Signal.ARTIST:
            return _about_artist(person, card)
        case Signal.VENUE:
            return _about_venue(person, card)
        case Signal.PROMOTER:
            return _about_promoter(person, card)
        case Signal.GENRE:
            return _about_genre(person, card)
        case Signal.CITY:
            return f"It is in {card.city}, where you go out." if card.city else None
    return _PLAIN.get(code)


def _about_artist(person: Person, card: EventCard) -> str | None:
    found = evidence_find(person, Field.ARTIST, card.artists)
    if found:
        return f"You {found.verb} {found.count(f'{found.name} gig', f'{found.name} gigs')}."
    stated = is_stated(person, Field.ARTIST, card.artists)
    return f"{stated} is one of your favourites." if stated else None


def _about_venue(person: Person, card: EventCard) -> str | None:
    found = evidence_find(person, Field.VENUE, [card.venue_name])
    if found:
        return f"You {found.verb} {found.count('night', 'nights')} at {card.venue_name}."
    return f"You like {card.venue_name}." if is_stated(person, Field.VENUE, [card.venue_name]) else None


def _about_promoter(person: Person, card: EventCard) -> str | None:
    found = evidence_find(person, Field.PROMOTER, [card.promoter])
    return f"You {found.verb} {found.count('night', 'nights')} by {card.promoter}." if found else None


def _about_genre(person: Person, card: EventCard) -> str | None:
    found = evidence_find(person, Field.GENRE, card.genres)
    if found:
        return f"You {found.verb} {found.count(f'{found.name} night', f'{found.name} nights')}."
    stated = is_stated(person, Field.GENRE, card.genres)
    return f"You said you like {stated}." if stated else None
