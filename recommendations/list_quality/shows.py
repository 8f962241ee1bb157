"""Which events are sessions of one show, and what else the stage compares events by.

Worked out once per revision of the catalogue, not per request. Two events are sessions of one show when

- they have the same title and the same headliner (or both none) in the same city, at the same venue or by the
  same promoter, at most `SESSION_GAP` apart: so a weekly or fortnightly night is one show, a monthly one not,
- they have the same headliner at the same venue in the same city on the same or the next night, whatever
  their titles say (a longer run than `LONGEST_RUN` is a house act's, told apart by the titles of its nights),

or when a chain of such pairs joins them. A headliner that only one of two events names may be anybody, and
one venue's name may stand in many cities: hiding a night for another costs more than listing a session twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import EventTable, Field, Float64, Int64, TokenLists, UInt64

SESSION_GAP = 15 * 86_400.0  # a fortnight, and the hours by which a start may move
NIGHT_GAP = 36 * 3_600.0
LONGEST_RUN = 4  # sessions
UNKNOWN = np.uint64(0)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying by it loses nothing


@dataclass(frozen=True, slots=True)
class ShowFacts:
    """n events. A word that is 0 is unknown."""

    show: Int64  # (n,) events of one number are sessions of one show
    venue: UInt64  # (n,)
    promoter: UInt64  # (n,)
    artists: TokenLists  # n rows

    @classmethod
    def of(cls, events: EventTable, titles: UInt64) -> "ShowFacts":
        """`titles` (n,): a word for each event's title, the same for titles that read the same."""
        return cls(
            show=shows(events, titles),
            venue=_first_word(events.words[Field.VENUE]),
            promoter=_first_word(events.words[Field.PROMOTER]),
            artists=events.words[Field.ARTIST],
        )

    def take(self, rows: npt.NDArray[np.integer]) -> "ShowFacts":
        return ShowFacts(self.show[rows], self.venue[rows], self.promoter[rows], self.artists.take(rows))


def shows(events: EventTable, titles: UInt64) -> Int64:
    """(n,) the lowest row among the sessions of each event's show."""
    lowest = np.arange(len(events), dtype=np.int64)
    runs = list(_runs(events, titles))
    while True:
        before = lowest.copy()
        for rows, run in runs:
            least = np.full(run.max(initial=-1) + 1, len(events), dtype=np.int64)
            np.minimum.at(least, run, lowest[rows])
            np.minimum.at(lowest, rows, least[run])
        if np.array_equal(before, lowest):
            return lowest


def _runs(events: EventTable, titles: UInt64) -> Iterator[tuple[Int64, Int64]]:
    """(rows, the run of sessions each is in), by each of the ways in which events can be one show."""
    venue, promoter, city, headliner = (
        _first_word(events.words[kind]) for kind in (Field.VENUE, Field.PROMOTER, Field.CITY, Field.ARTIST)
    )
    for host in (venue, promoter):
        known = np.flatnonzero(host)
        word = _mixed(titles, host, city, headliner)
        yield known, _run_of(word[known], events.starts_at[known], SESSION_GAP)
    known = np.flatnonzero((venue != UNKNOWN) & (headliner != UNKNOWN))
    run = _run_of(_mixed(headliner, venue, city)[known], events.starts_at[known], NIGHT_GAP)
    short = np.bincount(run)[run] <= LONGEST_RUN
    yield known[short], run[short]


def _run_of(words: UInt64, starts_at: Float64, gap: float) -> Int64:
    """(m,) which run each belongs to: the same word, and no two neighbours more than `gap` seconds apart."""
    order = np.lexsort((starts_at, words))
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (np.diff(starts_at[order]) > gap) | (words[order][1:] != words[order][:-1])
    run = np.empty(len(order), dtype=np.int64)
    run[order] = np.cumsum(begins) - 1
    return run


def _mixed(first: UInt64, *others: UInt64) -> UInt64:
    for other in others:
        first = first * _MIX + other
    return first


def _first_word(lists: TokenLists) -> UInt64:
    """(n,) the first word of each row, 0 where there is none."""
    found = np.zeros(len(lists), dtype=np.uint64)
    full = np.flatnonzero(np.diff(lists.indptr))
    found[full] = lists.tokens[lists.indptr[full]]
    return found
