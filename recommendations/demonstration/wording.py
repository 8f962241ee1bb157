"""Titles and descriptions: how a night is told in a sentence or two."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from recommendations.demonstration.scenes import CLUB, COMEDY_NIGHT, GIG, SEATED, SESSION, Format, Scene
from recommendations.demonstration.venues import Venue


class Kind(StrEnum):
    RESIDENCY = "residency"
    ONE_OFF = "one-off"
    TOUR = "tour"
    RUN = "run"
    FESTIVAL = "festival"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TOURS = (
    "The Long Way Home", "Winter Light", "Small Rooms", "Out of Office", "The Ring Road", "Second Helpings",
    "Late Returns", "All Weather", "Unplugged and Unwell", "The Big Small Tour",
)  # fmt: skip
PLAYS = (
    "The Weighbridge", "A Field in Offaly", "Last Orders at the Lido", "The Wake-Up Call", "The Good Room",
    "The Ferry Hand", "Stations of the Bus", "Nine Acres", "The Understudy's Confession", "Half Nine Mass",
    "Salt and Vinegar", "The Referee",
)  # fmt: skip
FESTIVALS: dict[str, tuple[str, ...]] = {
    "Dublin": ("Liberties Loud", "Canal Bank Weekender", "Northside Noise", "Dockside Sounds"),
    "Cork": ("Shandon Bells Weekend", "Lee Valley Sessions"),
    "Galway": ("Claddagh Weekender", "Corrib Fringe"),
    "Limerick": ("Treaty Weekender", "Shannonside Sounds"),
}

_TAGS: dict[Format, tuple[str, ...]] = {
    CLUB: ("club night", "late"),
    GIG: ("gig", "live music"),
    SESSION: ("session", "live music"),
    SEATED: ("seated",),
    COMEDY_NIGHT: ("comedy night",),
}
_BILLING: dict[Format, tuple[str, ...]] = {
    CLUB: ("{lead} on the decks until late", "{lead} plays all night long", "A long set from {lead}"),
    GIG: ("{lead} live with a full band", "{lead} plays new songs and old", "A headline show by {lead}"),
    SESSION: ("{lead} leads the tunes", "Tunes and songs with {lead}", "An evening of music with {lead}"),
    SEATED: ("An evening with {lead}", "Presented by {lead}", "New work from {lead}"),
    COMEDY_NIGHT: ("{lead} tops the bill", "New material from {lead}", "An hour with {lead}"),
}
_CLOSING: dict[Kind, tuple[str, ...]] = {
    Kind.RESIDENCY: ("Every week, same place.", "The weekly regulars know to come early.", "On every week."),
    Kind.ONE_OFF: ("One night only.", "Doors half an hour before.", "Expect a full room."),
    Kind.TOUR: ("Part of a tour of the country.", "The tour's only night here.", "On tour around Ireland."),
    Kind.RUN: ("A short run.", "A few nights only.", "Running this week."),
    Kind.FESTIVAL: ("Part of a weekend across the city.", "A festival show.", "Weekend tickets also valid."),
}


def describe(
    kind: Kind, scene: Scene, names: Sequence[str], venue: Venue, chance: np.random.Generator
) -> str:
    """Two or three short sentences with the names, the genre and the place in them."""
    billing = str(chance.choice(_BILLING[scene.format])).format(lead=names[0])
    support = f", with {' and '.join(names[1:])}" if len(names) > 1 else ""
    corner = str(chance.choice(scene.genres))
    genre = scene.genres[0] if corner == scene.genres[0] else f"{scene.genres[0]} and {corner}"
    closing = str(chance.choice(_CLOSING[kind]))
    return f"{billing}{support}. {genre[0].upper()}{genre[1:]} at {venue.name}, {venue.city}. {closing}"


def tags(kind: Kind, scene: Scene, *, free: bool) -> tuple[str, ...]:
    return (
        *_TAGS[scene.format],
        *([] if kind is Kind.ONE_OFF else [kind.value]),
        *(["free"] if free else []),
    )
