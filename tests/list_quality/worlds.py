"""Small sets of candidates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recommendations.algorithms.dataset import EventFacts, EventTable, token
from recommendations.list_quality.shows import ShowFacts
from recommendations.list_quality.stage import Candidates

DAY = 86_400.0


def show_facts(events: Sequence[EventFacts]) -> ShowFacts:
    titles = np.array([token("title", event.title) for event in events], dtype=np.uint64)
    return ShowFacts.of(EventTable.of(events), titles)


def event(title: str, day: float = 0, **facts: Any) -> EventFacts:
    return EventFacts(title, title, day * DAY, 0.0, **facts)


def candidates(
    events: Sequence[EventFacts], scores: Sequence[float], showings: Sequence[int] | None = None
) -> Candidates:
    return Candidates(
        scores=np.array(scores, dtype=np.float64),
        starts_at=np.array([one.starts_at for one in events]),
        facts=show_facts(events),
        showings=np.array(showings or [0] * len(events), dtype=np.int64),
    )
