"""Prepared slates: each algorithm's encoding of the candidates, made once per revision and model."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings

from modelregistry.live import LiveModel
from recommendations.algorithms.dataset import Int64, Interactions, Slate
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm
from recommendations.interest import InterestTracker, interest
from recommendations.list_quality.shows import ShowFacts
from recommendations.live_model import ServedModel
from recommendations.snapshot import Snapshot

# What is served while no model is trained.
UNTRAINED = Popularity.fit(Interactions.empty(), generator=np.random.default_rng(0))
# Interest and lead times drift while the catalogue stands still, so a slate is made anew this often.
REFRESHES_KEPT = 30

SlateKey = tuple[int | None, str]  # the pinned version's id (None: the champion), the algorithm's name


@dataclass(frozen=True, slots=True)
class PreparedCandidates:
    """One algorithm of one model, and the candidates of one snapshot as it encoded them.

    They are used together or not at all: row i of `prepared` is row `rows[i]` of `snapshot`, and only the
    algorithm that made `prepared` can read it.
    """

    algorithm: Algorithm
    model: LiveModel[ServedModel] | None  # None: the untrained fallback
    snapshot: Snapshot
    rows: Int64
    facts: ShowFacts  # of those rows
    showings: Int64  # of those rows: how often people were shown each
    prepared: Any
    made_at: float


class PreparedSlates:
    """One entry per algorithm name of the champion, and of each pinned version (by its id).

    While one thread makes a new entry, the others use the one before.

    Where a thread of the process calls `prepare` all the time, set `is_followed`: `get` then only answers.
    """

    is_followed = False

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, tracker: InterestTracker = interest
    ) -> None:
        self._clock = clock
        self._tracker = tracker
        self._locks: dict[SlateKey, threading.Lock] = {}
        self._entries: dict[SlateKey, PreparedCandidates] = {}

    def get(
        self,
        algorithm: Algorithm,
        model: LiveModel[ServedModel] | None,
        snapshot: Snapshot,
        *,
        now: datetime,
        pinned_id: int | None = None,
    ) -> PreparedCandidates:
        """Candidates for `algorithm`, or for its predecessor while another thread prepares its own."""
        entry = self._entries.get((pinned_id, algorithm.name))
        if entry is not None and self.is_followed:
            return entry
        return self.prepare(algorithm, model, snapshot, now=now, pinned_id=pinned_id)

    def prepare(
        self,
        algorithm: Algorithm,
        model: LiveModel[ServedModel] | None,
        snapshot: Snapshot,
        *,
        now: datetime,
        pinned_id: int | None = None,
    ) -> PreparedCandidates:
        key = (pinned_id, algorithm.name)
        entry = self._entries.get(key)
        if entry is not None and self._is_current(entry, algorithm, snapshot):
            return entry
        lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(blocking=entry is None) and entry is not None:
            return entry
        try:
            return self._make(key, algorithm, model, snapshot, now)
        finally:
            lock.release()

    def drop(self, name: str, pinned_id: int | None = None) -> None:
        """Have the next request prepare for itself; if it cannot, it falls back."""
        self._entries.pop((pinned_id, name), None)

    def keep(self, pinned_ids: Collection[int]) -> None:
        """Drop the slates of every pinned version but these."""
        for key in [key for key in self._entries if key[0] is not None and key[0] not in pinned_ids]:
            self._entries.pop(key, None)

    def names_of(self, pinned_id: int) -> list[str]:
        """The algorithms of a pinned version that requests have asked for."""
        return [name for of, name in list(self._entries) if of == pinned_id]

    def forget(self) -> None:
        self._entries.clear()

    def _is_current(self, entry: PreparedCandidates, algorithm: Algorithm, snapshot: Snapshot) -> bool:
        age = self._clock() - entry.made_at
        return (
            entry.snapshot is snapshot
            and entry.algorithm is algorithm
            and age < REFRESHES_KEPT * settings.REFRESH_SECONDS
        )

    def _make(
        self,
        key: SlateKey,
        algorithm: Algorithm,
        model: LiveModel[ServedModel] | None,
        snapshot: Snapshot,
        now: datetime,
    ) -> PreparedCandidates:
        entry = self._entries.get(key)
        if entry is not None and self._is_current(entry, algorithm, snapshot):
            return entry  # another thread made it while this one waited
        moment = now.timestamp()
        rows = np.flatnonzero(snapshot.recommendable & (snapshot.events.starts_at > moment))
        slate = Slate(snapshot.events.take(rows), self._tracker.of(snapshot, now=now)[rows])
        prepared = algorithm.prepare(slate, now=moment)
        shown = self._tracker.showings(snapshot)[rows]
        facts = snapshot.shows.take(rows)
        entry = PreparedCandidates(algorithm, model, snapshot, rows, facts, shown, prepared, self._clock())
        self._entries[key] = entry
        return entry


slates = PreparedSlates()
