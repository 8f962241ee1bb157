"""Who gets into a list: best first, but not one show twice and not too many of one venue, artist or promoter.

The bounds give way before the list gets shorter: when no other candidate is left, those passed over come
after all others, still best first, and last of all further sessions of shows already listed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from recommendations.algorithms.dataset import Field
from recommendations.list_quality.parameters import ListParameters
from recommendations.list_quality.shows import UNKNOWN, ShowFacts

Word = tuple[Field, int]


class Move(StrEnum):
    """What put an event where its score alone would not have."""

    VARIETY = "variety"  # further down: enough of its venue, artist or promoter, or its show, are listed
    EXPLORATION = "exploration"  # further up: few people were shown it yet


@dataclass(slots=True)
class Tally:
    """What a list holds so far."""

    facts: ShowFacts
    most: dict[Field, int]  # the bounds; a kind without one is not counted
    collapse: bool
    shows: set[int] = field(default_factory=set)
    times: Counter[Word] = field(default_factory=Counter)

    @classmethod
    def of(cls, facts: ShowFacts, parameters: ListParameters) -> "Tally":
        bounds = {
            Field.VENUE: parameters.most_per_venue,
            Field.ARTIST: parameters.most_per_artist,
            Field.PROMOTER: parameters.most_per_promoter,
        }
        most = {kind: bound for kind, bound in bounds.items() if bound is not None}
        return cls(facts, most, parameters.collapse_repeats)

    def admit(self, row: int) -> bool:
        """Take `row` in if the list has room for one of its kind."""
        show = int(self.facts.show[row])
        if self.collapse and show in self.shows:
            return False
        words = list(self._words(row)) if self.most else []
        if any(self.times[word] >= self.most[word[0]] for word in words):
            return False
        self.shows.add(show)
        self.times.update(words)
        return True

    def unbounded(self) -> "Tally":
        """The same list, without bounds from now on."""
        return Tally(self.facts, {}, self.collapse, self.shows)

    def _words(self, row: int) -> Iterator[Word]:
        if Field.VENUE in self.most and self.facts.venue[row] != UNKNOWN:
            yield Field.VENUE, int(self.facts.venue[row])
        if Field.PROMOTER in self.most and self.facts.promoter[row] != UNKNOWN:
            yield Field.PROMOTER, int(self.facts.promoter[row])
        if Field.ARTIST in self.most:
            yield from ((Field.ARTIST, word) for word in set(self.facts.artists.row(row).tolist()))


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows of a list in order, in three parts."""

    within: list[int]  # within all bounds
    beyond: list[int]  # beyond a bound, for want of others
    repeats: list[int]  # further sessions, for want of others
    tally: Tally  # of `within`


def choose(order: Iterable[int], tally: Tally, limit: int) -> Choice:
    """At most `limit` of the rows `order` (best first); fewer only when there are fewer."""
    within, passed = _admitted(order, tally, limit)
    beyond, passed = _admitted(passed, tally.unbounded(), limit - len(within))
    return Choice(within, beyond, passed[: limit - len(within) - len(beyond)], tally)


def _admitted(rows: Iterable[int], tally: Tally, limit: int) -> tuple[list[int], list[int]]:
    """(taken, passed over) until `limit` are taken."""
    taken: list[int] = []
    passed: list[int] = []
    for row in rows:
        if len(taken) == limit:
            break
        (taken if tally.admit(row) else passed).append(row)
    return taken, passed
