"""The candidates: an in-memory copy of the events that may be recommended, refreshed when the
catalogue's revision moves. Each process keeps one; a change is one cheap query away."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings

from catalogue.models import CatalogueState, Event, EventStatus
from recommendations.algorithms.dataset import Bool, EventTable, Field, UInt64, token
from recommendations.algorithms.text import DocumentFrequencies
from recommendations.event_facts import FACT_COLUMNS, event_facts
from recommendations.list_quality.shows import ShowFacts

# Events that have started are kept this long, so that what people did since the last training still counts.
PAST_KEPT = timedelta(days=14)
MANY_GONE = 1_000  # changed rows that are over or withdrawn, beyond which reading afresh is cheaper
CARD_COLUMNS = (*FACT_COLUMNS, "status", "deleted_at")


@dataclass(frozen=True, slots=True)
class EventCard:
    """What a list shows of an event."""

    event_id: str
    title: str
    starts_at: datetime
    city: str
    venue_name: str
    promoter: str
    artists: tuple[str, ...]
    genres: tuple[str, ...]
    price: float | None
    recommendable: bool  # neither cancelled nor withdrawn
    tags: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None

    @classmethod
    def of(cls, event: Event) -> "EventCard":
        return cls(
            event_id=event.id,
            title=event.title,
            starts_at=event.starts_at,
            city=event.city,
            venue_name=event.venue_name,
            promoter=event.promoter,
            artists=tuple(event.artists),
            genres=tuple(event.genres),
            price=None if event.price_min is None else float(event.price_min),
            recommendable=event.status != EventStatus.CANCELLED and event.deleted_at is None,
            tags=tuple(event.tags),
            latitude=event.latitude,
            longitude=event.longitude,
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known of n events at one revision; row i of each is one event."""

    revision: int
    cards: tuple[EventCard, ...]
    events: EventTable
    titles: UInt64  # (n,) the same for titles that read the same
    shows: ShowFacts
    texts: DocumentFrequencies
    recommendable: Bool  # (n,)
    row_of: Mapping[str, int]

    @classmethod
    def of(cls, revision: int, cards: Iterable[EventCard], events: EventTable, titles: UInt64) -> "Snapshot":
        rows = tuple(cards)
        return cls(
            revision=revision,
            cards=rows,
            events=events,
            titles=titles,
            shows=ShowFacts.of(events, titles),
            texts=DocumentFrequencies.of(events.words[Field.TEXT]),
            recommendable=np.array([card.recommendable for card in rows], dtype=bool),
            row_of={card.event_id: row for row, card in enumerate(rows)},
        )

    def __len__(self) -> int:
        return len(self.cards)

    def changed(
        self, revision: int, changes: Sequence[Event], gone: Sequence[str], forget_before: float
    ) -> "Snapshot":
        """This snapshot under `changes`, without `gone` and what began before `forget_before`."""
        replaced = {event.id for event in changes} | set(gone)
        kept = np.array(
            [
                row
                for row, card in enumerate(self.cards)
                if card.event_id not in replaced and self.events.starts_at[row] >= forget_before
            ],
            dtype=np.int64,
        )
        added = EventTable.of(event_facts(event) for event in changes)
        return Snapshot.of(
            revision,
            [*(self.cards[row] for row in kept), *(EventCard.of(event) for event in changes)],
            EventTable.concatenate([self.events.take(kept), added]),
            np.concatenate([self.titles[kept], _titles(changes)]),
        )


def _titles(events: Sequence[Event]) -> UInt64:
    return np.array([token("title", event.title) for event in events], dtype=np.uint64)


EMPTY = Snapshot.of(-1, (), EventTable.of(()), _titles(()))


class CandidateSnapshot:
    """Holds the newest snapshot. One thread refreshes it; the others are served the one before meanwhile.

    Where a thread of the process calls `look()` all the time, set `is_followed`: `current()` only answers.
    """

    is_followed = False

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot = EMPTY
        self._looked_at = float("-inf")

    def current(self, *, now: datetime) -> Snapshot:
        """Raises a database error when the database is away."""
        if self._snapshot is EMPTY:
            with self._lock:
                self._refresh(now)
        elif not self.is_followed:
            self.look(now=now)
        return self._snapshot

    def look(self, *, now: datetime) -> None:
        """Read what changed, if the last look was REFRESH_SECONDS ago and no other thread is at it."""
        is_due = self._clock() - self._looked_at >= settings.REFRESH_SECONDS
        if is_due and self._lock.acquire(blocking=False):
            try:
                self._refresh(now)
            finally:
                self._lock.release()

    def forget(self) -> None:
        self._snapshot = EMPTY

    def _refresh(self, now: datetime) -> None:
        revision = CatalogueState.objects.current()
        if revision != self._snapshot.revision:
            self._snapshot = self._read(revision, now)
        self._looked_at = self._clock()

    def _read(self, revision: int, now: datetime) -> Snapshot:
        since = now - PAST_KEPT
        changed = Event.objects.changed_since(self._snapshot.revision)
        gone = changed.exclude(starts_at__gte=since, deleted_at=None)
        gone_ids = list(gone.values_list("id", flat=True)[: MANY_GONE + 1])
        # After an import of years past, or when the revision went backwards (a restore), begin again.
        is_afresh = len(gone_ids) > MANY_GONE or revision < self._snapshot.revision
        known = EMPTY if is_afresh else self._snapshot
        rows = (
            Event.objects.changed_since(known.revision)
            .filter(starts_at__gte=since, deleted_at=None)
            .only(*CARD_COLUMNS)
            .order_by("starts_at", "id")
        )
        return known.changed(revision, list(rows), gone_ids, since.timestamp())


candidates = CandidateSnapshot()
