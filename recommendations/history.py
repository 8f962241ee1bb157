"""One person's state at one moment: what they did, what they hid, what they said they like."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from catalogue.models import Event, TasteProfile
from feedback.models import Action, Feedback
from recommendations.algorithms.actions import ACTION_WEIGHTS
from recommendations.algorithms.dataset import EventTable, Field, Person, Taste, UInt64, event_key, token
from recommendations.event_facts import FACT_COLUMNS, event_facts
from recommendations.evidence import KnownPerson
from recommendations.snapshot import Snapshot
from recommendations.trained_events import TrainedEvents

RECENT_ACTIONS = 500
CHOSEN = frozenset({Action.SAVE, Action.PURCHASE, Action.ATTEND})


@dataclass(frozen=True, slots=True)
class Deed:
    """One action of the person."""

    event_id: str
    action: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What a person did, newest first, impressions left out, and what must never be served to them."""

    deeds: tuple[Deed, ...] = ()
    hidden: frozenset[str] = frozenset()

    @property
    def chosen(self) -> frozenset[str]:
        """Events they have and need not be told about: saved, bought, or been to, and not given back."""
        seen: set[str] = set()
        chosen: set[str] = set()
        for deed in self.deeds:  # newest first: the last word on an event counts
            if deed.action in CHOSEN or deed.action == Action.UNSAVE:
                if deed.event_id not in seen and deed.action in CHOSEN:
                    chosen.add(deed.event_id)
                seen.add(deed.event_id)
        return frozenset(chosen)

    @property
    def never_serve(self) -> frozenset[str]:
        return self.hidden | self.chosen


def history_load(user_id: str) -> History:
    """One indexed query; a second one only for somebody with more than `RECENT_ACTIONS` actions."""
    rows = Feedback.objects.deeds_of_person(user_id, limit=RECENT_ACTIONS)
    deeds = tuple(Deed(*row) for row in rows.values_list("event_id", "action", "occurred_at"))
    hidden = {deed.event_id for deed in deeds if deed.action == Action.HIDE}
    if len(deeds) == RECENT_ACTIONS:
        hidden.update(Feedback.objects.hidden_from_person(user_id))
    return History(deeds, frozenset(hidden))


@dataclass(frozen=True, slots=True)
class StatedTaste:
    """Names as a person, a profile or another service gives them."""

    genres: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    budget_max: float | None = None

    def __bool__(self) -> bool:
        return bool(self.genres or self.artists or self.venues or self.cities or self.latitude is not None)

    def with_context(self, genres: Sequence[str], artists: Sequence[str]) -> "StatedTaste":
        return StatedTaste(
            genres=(*self.genres, *genres),
            artists=(*self.artists, *artists),
            venues=self.venues,
            cities=self.cities,
            latitude=self.latitude,
            longitude=self.longitude,
            radius_km=self.radius_km,
            budget_max=self.budget_max,
        )

    def encoded(self) -> Taste:
        return Taste(
            words={
                Field.GENRE: _tokens(Field.GENRE, self.genres),
                Field.ARTIST: _tokens(Field.ARTIST, self.artists),
                Field.VENUE: _tokens(Field.VENUE, self.venues),
                Field.CITY: _tokens(Field.CITY, self.cities),
            },
            latitude=self.latitude,
            longitude=self.longitude,
            radius_km=self.radius_km,
            budget_max=self.budget_max,
        )


def _tokens(kind: Field, names: Sequence[str]) -> UInt64:
    return np.array(sorted({token(kind, name) for name in names if name}), dtype=np.uint64)


def taste_load(user_id: str) -> StatedTaste:
    profile = TasteProfile.objects.filter(user_id=user_id).first()
    return StatedTaste() if profile is None else stated_taste(profile)


def stated_taste(profile: TasteProfile) -> StatedTaste:
    return StatedTaste(
        genres=(*profile.preferred_genres, *profile.listening_genres),
        artists=(*profile.preferred_artists, *profile.listening_artists),
        venues=tuple(profile.preferred_venues),
        cities=tuple(profile.preferred_cities),
        latitude=profile.home_latitude,
        longitude=profile.home_longitude,
        radius_km=profile.radius_km,
        budget_max=None if profile.budget_max is None else float(profile.budget_max),
    )


@dataclass(frozen=True, slots=True)
class PersonState:
    history: History
    taste: StatedTaste = field(default_factory=StatedTaste)

    @property
    def is_stranger(self) -> bool:
        return not self.history.deeds and not self.taste


def person_encode(state: PersonState, snapshot: Snapshot, trained: TrainedEvents | None) -> KnownPerson:
    """`state` as arrays: each action's event from the snapshot, the model's own events, or the catalogue.

    An unsave takes back the saves before it, so neither appears. Actions on events nobody can describe
    (not in the catalogue yet) are left out; they count once the event arrives.
    """
    deeds = _without_returned(state.history.deeds)
    events, row_of = _events_of([deed.event_id for deed in deeds], snapshot, trained)
    known = sorted((deed for deed in deeds if deed.event_id in row_of), key=lambda deed: deed.occurred_at)
    person = Person(
        events=events.take(np.array([row_of[deed.event_id] for deed in known], dtype=np.int64)),
        weight=np.array([ACTION_WEIGHTS[deed.action] for deed in known], dtype=np.float32),
        occurred_at=np.array([deed.occurred_at.timestamp() for deed in known], dtype=np.float64),
        taste=state.taste.encoded(),
    )
    return KnownPerson(person, [deed.action for deed in known])


def _events_of(
    event_ids: Sequence[str], snapshot: Snapshot, trained: TrainedEvents | None
) -> tuple[EventTable, dict[str, int]]:
    """A table of the events that can be described, and the row of each id in it.

    Memory answers for all but what is newer than the snapshot and the model; for that there is one query.
    """
    distinct = list(dict.fromkeys(event_ids))
    upcoming = [event_id for event_id in distinct if event_id in snapshot.row_of]
    others = [event_id for event_id in distinct if event_id not in snapshot.row_of]
    keys = np.array([event_key(event_id) for event_id in others], dtype=np.uint64)
    rows = trained.rows_of(keys) if trained else np.full(len(others), -1, dtype=np.int64)
    learned = [event_id for event_id, row in zip(others, rows, strict=True) if row >= 0]
    unknown = [event_id for event_id, row in zip(others, rows, strict=True) if row < 0]
    newest = list(Event.objects.filter(id__in=unknown).only(*FACT_COLUMNS)) if unknown else []
    parts = [
        snapshot.events.take(np.array([snapshot.row_of[event_id] for event_id in upcoming], dtype=np.int64)),
        EventTable.of(event_facts(event) for event in newest),
    ]
    if trained is not None:
        parts.insert(1, trained.events.take(rows[rows >= 0]))
    in_order = [*upcoming, *learned, *(event.id for event in newest)]
    return EventTable.concatenate(parts), {event_id: row for row, event_id in enumerate(in_order)}


def _without_returned(deeds: Sequence[Deed]) -> list[Deed]:
    """`deeds` (newest first) without unsaves and the saves they took back."""
    returned: set[str] = set()
    kept: list[Deed] = []
    for deed in deeds:
        if deed.action == Action.UNSAVE:
            returned.add(deed.event_id)
        elif deed.action != Action.SAVE or deed.event_id not in returned:
            kept.append(deed)
    return kept
