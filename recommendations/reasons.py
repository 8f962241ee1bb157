"""Contributions in plain words: one true sentence a person can check against what they did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import EventTable, Field, Float64, Int64, UInt64, event_key, token
from recommendations.algorithms.places import HOURS, SLOT_HOURS, week_hour
from recommendations.algorithms.protocol import Contribution, Signal
from recommendations.algorithms.text import DocumentFrequencies
from recommendations.distance import great_circle_km
from recommendations.evidence import NUMBERS, KnownPerson, evidence_find, is_stated
from recommendations.snapshot import EventCard

POPULAR_SENTENCE = "People have shown interest in it lately."
EXPECTED_SENTENCE = "Its artists, venue or promoter have drawn people before."
UNTRIED_SENTENCE = "Hardly anybody has shown interest in it yet."
NEUTRAL_SENTENCE = "It is one of the events coming up."
_PLAIN = {
    Signal.POPULAR: POPULAR_SENTENCE,
    Signal.EXPECTED: EXPECTED_SENTENCE,
    Signal.UNTRIED: UNTRIED_SENTENCE,
    Signal.SIMILAR_PEOPLE: "People who like what you like are interested in it.",
    Signal.SIMILAR_TASTE: "People who like what you like go for its artists, venue, promoter or genre.",
    Signal.GOES_WITH: "It goes with what you like.",
    Signal.EXPLORATION: "It was drawn by lot, to find out who would like it.",
}
ABOUT_THE_PRICE = float(np.log(1.25))
FEW = 3
UNCOMMON = 1 / 50  # of all texts, at most, hold a word that makes two alike: "of the" does not


@dataclass(frozen=True, slots=True)
class Programme:
    """What is on: the candidates that a list was chosen from."""

    events: EventTable
    rows: Int64  # (n,) the candidates among `events`
    texts: DocumentFrequencies  # of `events`

    def starts(self) -> Float64:
        return np.asarray(self.events.starts_at[self.rows], np.float64)

    def starts_by(self, promoter: str) -> Float64:
        lists = self.events.words[Field.PROMOTER]
        theirs = lists.rows_of_tokens()[lists.tokens == np.uint64(token(Field.PROMOTER, promoter))]
        return np.asarray(self.events.starts_at[np.intersect1d(theirs, self.rows)], np.float64)

    def uncommon_words(self, event_id: str) -> UInt64:
        """The words of an event's text that few texts hold; none where there are too few texts to tell."""
        mine = np.flatnonzero(self.events.keys == np.uint64(event_key(event_id)))
        words = self.events.words[Field.TEXT].take(mine).tokens
        return words[_holders(self.texts, words) <= UNCOMMON * self.texts.documents]


@dataclass(frozen=True, slots=True)
class Case:
    """An event for a person, and what else is on."""

    known: KnownPerson
    card: EventCard
    programme: Programme


def reason_sentence(case: Case, contributions: Sequence[Contribution]) -> str:
    """A sentence for the strongest contribution that speaks for the event and can be put in true words."""
    for contribution in contributions:
        if contribution.value * contribution.weight > 0:
            sentence = _sentence(case, contribution.code)
            if sentence:
                return sentence
    return NEUTRAL_SENTENCE


def popular_sentence(contributions: Sequence[Contribution]) -> str:
    """For a list that counts only what everybody does."""
    for one in contributions:
        if one.code in (Signal.POPULAR, Signal.EXPECTED) and one.value * one.weight > 0:
            return _PLAIN[one.code]
    return UNTRIED_SENTENCE


def _sentence(case: Case, code: Signal) -> str | None:
    """None where the plain words would not be true, though the signal counted a little."""
    about = _ABOUT.get(code)
    return about(case) if about else _PLAIN.get(code)


def _about_artist(case: Case) -> str | None:
    found = evidence_find(case.known, Field.ARTIST, case.card.artists)
    if found:
        return f"You {found.verb} {found.count(f'{found.name} gig', f'{found.name} gigs')}."
    stated = is_stated(case.known, Field.ARTIST, case.card.artists)
    return f"You like {stated}." if stated else None


def _about_venue(case: Case) -> str | None:
    venue = case.card.venue_name
    found = evidence_find(case.known, Field.VENUE, [venue])
    if found:
        return f"You {found.verb} {found.count('night', 'nights')} at {venue}."
    return f"You like {venue}." if is_stated(case.known, Field.VENUE, [venue]) else None


def _about_promoter(case: Case) -> str | None:
    found = evidence_find(case.known, Field.PROMOTER, [case.card.promoter])
    return f"You {found.verb} {found.count('night', 'nights')} by {case.card.promoter}." if found else None


def _about_genre(case: Case) -> str | None:
    found = evidence_find(case.known, Field.GENRE, case.card.genres)
    if found:
        return f"You {found.verb} {found.count(f'{found.name} night', f'{found.name} nights')}."
    stated = is_stated(case.known, Field.GENRE, case.card.genres)
    if stated:
        return f"You like {stated}."
    tag = evidence_find(case.known, Field.TAG, case.card.tags)
    return f"You {tag.verb} {tag.count('night', 'nights')} tagged {tag.name}." if tag else None


def _about_city(case: Case) -> str | None:
    city = case.card.city
    found = evidence_find(case.known, Field.CITY, [city])
    if found:
        return f"You {found.verb} {found.count('night', 'nights')} in {city}."
    return f"{city} is one of your cities." if is_stated(case.known, Field.CITY, [city]) else None


def _about_followed(case: Case) -> str | None:
    return _about_artist(case) or _about_promoter(case)


def _about_text(case: Case) -> str | None:
    shared = np.isin(case.known.texts_read(), case.programme.uncommon_words(case.card.event_id))
    return f"Its description is like that of a night you {case.known.verb}." if shared.any() else None


def _holders(texts: DocumentFrequencies, words: UInt64) -> Int64:
    """In how many texts each word, held by at least one, occurs."""
    columns, known = texts.terms.find(words)
    return np.where(known, texts.count[columns], 1) if len(texts.terms) else np.ones(len(words), np.int64)


def _about_places(case: Case) -> str | None:
    events, rows = case.known.person.events, case.known.liked_rows()
    away = _kilometres(case.card, events.latitude[rows], events.longitude[rows])
    return f"It is {away} from a night you {case.known.verb}." if away else None


def _about_home(case: Case) -> str | None:
    taste = case.known.person.taste
    if taste.latitude is None or taste.longitude is None:
        return None
    away = _kilometres(case.card, np.array([taste.latitude]), np.array([taste.longitude]))
    return f"It is {away} from home." if away else None


def _kilometres(
    card: EventCard, latitude: npt.NDArray[np.floating], longitude: npt.NDArray[np.floating]
) -> str | None:
    """How far the event is from the nearest of these places, in words."""
    if card.latitude is None or card.longitude is None:
        return None
    away = great_circle_km(card.latitude, card.longitude, latitude, longitude)
    nearest = float(np.min(away[np.isfinite(away)], initial=np.inf))
    if not np.isfinite(nearest):
        return None
    return "less than a kilometre" if nearest < 1.0 else f"about {nearest:.0f} km"


def _about_hours(case: Case) -> str | None:
    starts = case.known.person.events.starts_at[case.known.liked_rows()]
    hour = week_hour(np.array([case.card.starts_at.timestamp()]))
    for size, name in ((HOURS, "the week"), (24, "day")):
        gap = np.abs(week_hour(starts) - hour) % size
        if (np.minimum(gap, size - gap) <= SLOT_HOURS).any():
            return f"You {case.known.verb} nights at about this time of {name}."
    return None


def _about_price(case: Case) -> str | None:
    rows = case.known.liked_rows()
    prices = case.known.person.events.price[rows]
    paid = np.isfinite(prices)
    if case.card.price is None or not paid.any():
        return None
    usual = np.average(np.log1p(np.maximum(prices[paid], 0.0)), weights=case.known.person.weight[rows][paid])
    is_about = abs(np.log1p(case.card.price) - usual) <= ABOUT_THE_PRICE
    return f"It costs about what nights you {case.known.verb} did." if is_about else None


def _about_lead(case: Case) -> str | None:
    starts, mine = case.programme.starts(), case.card.starts_at.timestamp()
    if 2 * np.count_nonzero(starts > mine) > len(starts):
        return "It is on sooner than most of what is coming up."
    if 2 * np.count_nonzero(starts < mine) > len(starts):
        return "It is on later than most of what is coming up."
    return None


def _about_diary(case: Case) -> str | None:
    promoter = case.card.promoter
    starts = case.programme.starts_by(promoter) if promoter else np.empty(0)
    if len(starts) == 1:
        return f"It is the only night coming up by {promoter}."
    if len(starts) and case.card.starts_at.timestamp() <= starts.min():
        return f"It is the next night by {promoter}."
    if 0 < len(starts) <= FEW:
        return f"It is one of {NUMBERS[len(starts)]} nights coming up by {promoter}."
    return None


_ABOUT: dict[Signal, Callable[[Case], str | None]] = {
    Signal.ARTIST: _about_artist,
    Signal.VENUE: _about_venue,
    Signal.PROMOTER: _about_promoter,
    Signal.FOLLOWED: _about_followed,
    Signal.GENRE: _about_genre,
    Signal.CITY: _about_city,
    Signal.TEXT: _about_text,
    Signal.NEARBY: _about_places,
    Signal.HOME: _about_home,
    Signal.TIME_OF_WEEK: _about_hours,
    Signal.PRICE: _about_price,
    Signal.LEAD_TIME: _about_lead,
    Signal.DIARY: _about_diary,
}
