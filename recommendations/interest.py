"""How much everybody wants each upcoming event right now: actions weighted, and decayed by age. A person's
repeats of one action on one event count once, when first done, as in training (a bot cannot shout). And how
often people were shown it: every action counts, for nobody acts on what they have not seen.

Read once as a whole, then kept current by the rows that came since, so that a refresh costs what is new.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef

from catalogue.models import Event
from feedback.models import Action, Feedback
from recommendations.algorithms.actions import ACTION_WEIGHTS
from recommendations.algorithms.dataset import Float32, Int64
from recommendations.algorithms.popularity import HALF_LIFE
from recommendations.snapshot import Snapshot

WANTING = [Action(name) for name, weight in ACTION_WEIGHTS.items() if weight > 0]
ROWS_AT_ONCE = 20_000
TOTALS_SECONDS = 6 * 3600.0  # read afresh this often: rows committed out of order, events that are over


@dataclass(slots=True)
class _Level:
    """A decayed sum: `amount` as of `at` (Unix seconds)."""

    amount: float
    at: float

    def add(self, amount: float, at: float) -> None:
        newest = max(self.at, at)
        self.amount = self.amount * _decay(newest - self.at) + amount * _decay(newest - at)
        self.at = newest


def _decay(age_seconds: float) -> float:
    return float(0.5 ** (max(age_seconds, 0.0) / HALF_LIFE))


class InterestTracker:
    """One per process. `of` gives the level of each event of a snapshot."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._levels: dict[str, _Level] = {}
        self._showings: Counter[str] = Counter()
        self._read_until: int | None = None
        self._looked_at = float("-inf")
        self._totals_at = float("-inf")

    def of(self, snapshot: Snapshot, *, now: datetime) -> Float32:
        """(n,) the interest in each event of `snapshot` at `now`."""
        with self._lock:
            if self._clock() - self._looked_at >= settings.REFRESH_SECONDS:
                self._refresh(now)
                self._looked_at = self._clock()
            moment = now.timestamp()
            levels = np.zeros(len(snapshot), dtype=np.float32)
            for event_id, level in self._levels.items():
                row = snapshot.row_of.get(event_id)
                if row is not None:
                    levels[row] = level.amount * _decay(moment - level.at)
            return levels

    def showings(self, snapshot: Snapshot) -> Int64:
        """(n,) how often people were shown each event of `snapshot`, as of the last call of `of`."""
        with self._lock:
            shown = np.zeros(len(snapshot), dtype=np.int64)
            for event_id, times in self._showings.items():
                row = snapshot.row_of.get(event_id)
                if row is not None:
                    shown[row] = times
            return shown

    def _refresh(self, now: datetime) -> None:
        if self._read_until is None or self._clock() - self._totals_at >= TOTALS_SECONDS:
            self._levels.clear()
            self._showings.clear()
            self._read_all(now)
            self._totals_at = self._clock()
        else:
            self._read_newer(self._read_until)

    def _read_all(self, now: datetime) -> None:
        newest = Feedback.objects.aggregate(newest=Max("id"))["newest"] or 0
        upcoming = Event.objects.filter(starts_at__gte=now).values("id")
        rows = Feedback.objects.filter(id__lte=newest, event_id__in=upcoming).order_by()
        self._showings.update(dict(rows.values_list("event_id").annotate(times=Count("id"))))
        firsts = (
            rows.filter(action__in=WANTING)
            .values("event_id", "user_id", "action")
            .annotate(first=Min("occurred_at"))
            .values_list("event_id", "action", "first")
        )
        for event_id, action, first in firsts.iterator(chunk_size=ROWS_AT_ONCE):
            self._add(event_id, ACTION_WEIGHTS[action], first.timestamp())
        self._read_until = newest

    def _read_newer(self, last_id: int) -> None:
        # What was done before but told later counts twice until all is read afresh. The bound on the time has
        # SQLite look among the person's few actions, not among the event's many.
        before = Feedback.objects.filter(
            user_id=OuterRef("user_id"),
            event_id=OuterRef("event_id"),
            action=OuterRef("action"),
            id__lt=OuterRef("id"),
            occurred_at__lte=OuterRef("occurred_at"),
        )
        newer = Feedback.objects.filter(id__gt=last_id).annotate(is_repeat=Exists(before)).order_by("id")
        for pk, event_id, action, occurred_at, is_repeat in newer.values_list(
            "id", "event_id", "action", "occurred_at", "is_repeat"
        ):
            self._showings[event_id] += 1
            if action in WANTING and not is_repeat:
                self._add(event_id, ACTION_WEIGHTS[action], occurred_at.timestamp())
            self._read_until = pk

    def _add(self, event_id: str, amount: float, at: float) -> None:
        level = self._levels.get(event_id)
        if level is None:
            self._levels[event_id] = _Level(amount, at)
        else:
            level.add(amount, at)


interest = InterestTracker()
