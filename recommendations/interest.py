"""How much everybody wants each upcoming event right now: actions weighted, and decayed by age. And how
often people were shown it: every action counts, for nobody acts on what they have not seen.

Read once as daily totals, then kept current by the rows that came since, so that a refresh costs what is new.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from django.conf import settings
from django.db.models import Count, Max
from django.db.models.functions import TruncDate

from catalogue.models import Event
from feedback.models import Action, Feedback
from recommendations.algorithms.actions import ACTION_WEIGHTS
from recommendations.algorithms.dataset import Float32, Int64
from recommendations.algorithms.popularity import HALF_LIFE
from recommendations.snapshot import Snapshot

WANTING = [Action(name) for name, weight in ACTION_WEIGHTS.items() if weight > 0]
NOON = 43_200.0
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
            self._read_totals(now)
            self._totals_at = self._clock()
        else:
            self._read_newer(self._read_until)

    def _read_totals(self, now: datetime) -> None:
        newest = Feedback.objects.aggregate(newest=Max("id"))["newest"] or 0
        upcoming = Event.objects.filter(starts_at__gte=now).values("id")
        days = (
            Feedback.objects.filter(id__lte=newest, event_id__in=upcoming)
            .annotate(day=TruncDate("occurred_at", tzinfo=UTC))
            .values_list("event_id", "action", "day")
            .annotate(times=Count("id"))
            .order_by()
        )
        for event_id, action, day, times in days:
            self._showings[event_id] += times
            if action in WANTING:
                noon = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + NOON
                self._add(event_id, times * ACTION_WEIGHTS[action], min(noon, now.timestamp()))
        self._read_until = newest

    def _read_newer(self, last_id: int) -> None:
        newer = Feedback.objects.filter(id__gt=last_id).order_by("id")
        for pk, event_id, action, occurred_at in newer.values_list("id", "event_id", "action", "occurred_at"):
            self._showings[event_id] += 1
            if action in WANTING:
                self._add(event_id, ACTION_WEIGHTS[action], occurred_at.timestamp())
            self._read_until = pk

    def _add(self, event_id: str, amount: float, at: float) -> None:
        level = self._levels.get(event_id)
        if level is None:
            self._levels[event_id] = _Level(amount, at)
        else:
            level.add(amount, at)


interest = InterestTracker()
