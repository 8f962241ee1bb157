"""Prepared slates: each algorithm's encoding of the candidates, made once per revision and model."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings

from recommendations.algorithms.dataset import Int64, Slate
from recommendations.algorithms.protocol import Algorithm
from recommendations.interest import InterestTracker, interest
from recommendations.snapshot import Snapshot

# Interest and lead times drift while the catalogue stands still, so a slate is made anew this often.
REFRESHES_KEPT = 30


@dataclass(frozen=True, slots=True)
class PreparedCandidates:
    """`prepared` is what `algorithm` scores; its row i is row `rows[i]` of `snapshot`."""

    algorithm: Algorithm
    snapshot: Snapshot
    rows: Int64
    prepared: Any
    made_at: float


class PreparedSlates:
    """One entry per algorithm name. While one thread makes a new entry, the others use the one before."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, tracker: InterestTracker = interest
    ) -> None:
        self._clock = clock
        self._tracker = tracker
        self._lock = threading.Lock()
        self._entries: dict[str, PreparedCandidates] = {}

    def get(
        self, name: str, algorithm: Algorithm, snapshot: Snapshot, *, now: datetime
    ) -> PreparedCandidates:
        entry = self._entries.get(name)
        if entry is not None and self._is_current(entry, algorithm, snapshot):
            return entry
        if entry is None:
            with self._lock:
                return self._make(name, algorithm, snapshot, now)
        if not self._lock.acquire(blocking=False):
            return entry
        try:
            return self._make(name, algorithm, snapshot, now)
        finally:
            self._lock.release()

    def forget(self) -> None:
        self._entries.clear()

    def _is_current(self, entry: PreparedCandidates, algorithm: Algorithm, snapshot: Snapshot) -> bool:
        age = self._clock() - entry.made_at
        return (
            entry.snapshot is snapshot
            and entry.algorithm is algorithm
            and age < REFRESHES_KEPT * settings.REFRESH_SECONDS
        )

    def _make(self, name: str, algorithm: Algorithm, snapshot: Snapshot, now: datetime) -> PreparedCandidates:
        entry = self._entries.get(name)
        if entry is not None and self._is_current(entry, algorithm, snapshot):
            return entry  # another thread made it while this one waited
        moment = now.timestamp()
        rows = np.flatnonzero(snapshot.recommendable & (snapshot.events.starts_at > moment))
        slate = Slate(snapshot.events.take(rows), self._tracker.of(snapshot, now=now)[rows])
        prepared = algorithm.prepare(slate, now=moment)
        entry = PreparedCandidates(algorithm, snapshot, rows, prepared, self._clock())
        self._entries[name] = entry
        return entry


slates = PreparedSlates()
