"""What a person did and said, looked up by name: what the sentences of `reasons.py` are checked against."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.algorithms.dataset import Field, Int64, Person, UInt64, token
from recommendations.algorithms.text import TEXT_HISTORY

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CHOOSING = {
    "save": "saved",
    "attend": "went to",
    "purchase": "booked",
    "thumbs_up": "liked",
    "share": "shared",
}
LOOKING = {"click": "looked at"}


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as the algorithms see them, and what each of their actions was."""

    person: Person
    actions: Sequence[str]  # (h,) one for each event of `person`

    @property
    def verb(self) -> str:
        """What they did with the events they liked, all in all."""
        done = set(self.actions)
        words = {"chose": CHOOSING, "looked at": LOOKING}
        return " or ".join(word for word, kinds in words.items() if not done.isdisjoint(kinds))

    def liked_rows(self) -> Int64:
        return np.flatnonzero(self.person.weight > 0)

    def texts_read(self) -> UInt64:
        """Every word of the texts that likings are compared by."""
        return self.person.events.words[Field.TEXT].take(self.liked_rows()[-TEXT_HISTORY:]).tokens


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many events that carry a name the person did something with."""

    name: str
    verb: str
    times: int
    is_choice: bool  # rather than a look

    def count(self, one: str, many: str) -> str:
        number = NUMBERS[self.times] if self.times < len(NUMBERS) else str(self.times)
        return f"{number} {one if self.times == 1 else many}"


def evidence_find(known: KnownPerson, kind: Field, names: Sequence[str]) -> Evidence | None:
    """What the person did with the one of `names` that they chose most often, if any."""
    lists = known.person.events.words[kind]
    rows = lists.rows_of_tokens()
    found = [
        evidence
        for name in names
        if (evidence := _evidence(known, name, rows[lists.tokens == np.uint64(token(kind, name))]))
    ]
    return max(found, key=lambda each: (each.is_choice, each.times), default=None)


def _evidence(known: KnownPerson, name: str, rows: Int64) -> Evidence | None:
    """One verb for all of it, where one fits; counted by event."""
    events: dict[str, set[int]] = {}
    for row in rows:
        events.setdefault(known.actions[row], set()).add(int(known.person.events.keys[row]))
    chosen = {event for action in CHOOSING for event in events.get(action, ())}
    for action, verb in CHOOSING.items():
        if chosen and events.get(action) == chosen:
            return Evidence(name, verb, len(chosen), is_choice=True)
    if chosen:
        return Evidence(name, "chose", len(chosen), is_choice=True)
    looked = events.get("click")
    return Evidence(name, LOOKING["click"], len(looked), is_choice=False) if looked else None


def is_stated(known: KnownPerson, kind: Field, names: Sequence[str]) -> str | None:
    """The first of `names` that the person says they like."""
    stated = known.person.taste.words.get(kind)
    if stated is None or len(stated) == 0:
        return None
    return next((name for name in names if np.uint64(token(kind, name)) in stated), None)
