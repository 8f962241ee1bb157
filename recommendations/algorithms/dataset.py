"""The frozen data every algorithm fits from and scores: events, people, interactions.

Words (an artist, a venue, a term of the text) are 64-bit hashes, so that a model trained last night reads
the artist of an event added a second ago without a table of names, and artefacts hold arrays only.
"""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Bool = npt.NDArray[np.bool_]


WORDS_READ = 300  # words of a text, from its beginning: the rest would cost time in every request


class Field(StrEnum):
    """The kinds of words an event carries."""

    ARTIST = "artist"
    VENUE = "venue"
    PROMOTER = "promoter"
    GENRE = "genre"
    TAG = "tag"
    CITY = "city"
    TEXT = "text"


def normalise(text: str) -> str:
    """Case, accents, punctuation and spacing do not make two names different."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or text
    return " ".join(re.findall(r"\w+", plain.casefold())) or text.strip().casefold()


def token(kind: str, text: str) -> int:
    """The 64-bit word for `text` in field `kind`."""
    digest = hashlib.blake2b(f"{kind}\x1f{normalise(text)}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


@functools.lru_cache(maxsize=100_000)
def _catalogue_token(kind: str, text: str) -> int:
    """`token`, remembered: for words of the catalogue only, which clients cannot fill with their own."""
    return token(kind, text)


def event_key(event_id: str) -> int:
    """The 64-bit key of an event id (exact, unlike `token`: ids are opaque)."""
    return int.from_bytes(
        hashlib.blake2b(event_id.encode(), digest_size=8, person=b"event").digest(), "little"
    )


def terms(text: str) -> list[str]:
    """The words of a text, two letters or longer, in order, repeats kept."""
    return [word for word in normalise(text).split() if len(word) > 1]


@dataclass(frozen=True, slots=True)
class TokenLists:
    """A ragged array: row i holds `tokens[indptr[i]:indptr[i + 1]]`."""

    indptr: Int64  # (n + 1,)
    tokens: UInt64  # (m,)

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> "TokenLists":
        lengths = np.fromiter((len(row) for row in rows), np.int64, count=len(rows))
        flat = np.fromiter((value for row in rows for value in row), np.uint64, count=int(lengths.sum()))
        return cls(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), flat)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, index: int) -> UInt64:
        return self.tokens[self.indptr[index] : self.indptr[index + 1]]

    def lengths(self) -> Int64:
        """(n,) how many tokens each row holds."""
        return self.indptr[1:] - self.indptr[:-1]

    def rows_of_tokens(self) -> Int64:
        """(m,) the row each token belongs to."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths())

    def since(self, row: int) -> "TokenLists":
        """The rows from `row` on."""
        return TokenLists(self.indptr[row:] - self.indptr[row], self.tokens[self.indptr[row] :])

    def take(self, rows: npt.NDArray[np.integer]) -> "TokenLists":
        starts, lengths = self.indptr[rows], self.indptr[np.asarray(rows) + 1] - self.indptr[rows]
        indptr = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=indptr[1:])
        positions = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], lengths)
        return TokenLists(indptr, self.tokens[positions])

    @classmethod
    def concatenate(cls, parts: Sequence["TokenLists"]) -> "TokenLists":
        lengths = np.concatenate([part.lengths() for part in parts])
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return cls(indptr, np.concatenate([part.tokens for part in parts]))


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event as its sources tell it. Times in Unix seconds; None is unknown."""

    event_id: str
    title: str
    starts_at: float
    announced_at: float
    description: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    venue: str = ""
    promoter: str = ""
    artists: Sequence[str] = ()
    genres: Sequence[str] = ()
    tags: Sequence[str] = ()
    price: float | None = None

    def tokens(self, kind: Field) -> list[int]:
        match kind:
            case Field.ARTIST:
                words = list(self.artists)
            case Field.GENRE:
                words = list(self.genres)
            case Field.TAG:
                words = list(self.tags)
            case Field.VENUE:
                words = [self.venue]
            case Field.PROMOTER:
                words = [self.promoter]
            case Field.CITY:
                words = [self.city]
            case Field.TEXT:
                words = terms(f"{self.title} {self.description}")[:WORDS_READ]
        return [_catalogue_token(kind, word) for word in words if word]


@dataclass(frozen=True, slots=True)
class EventTable:
    """n events as arrays, one row an event."""

    keys: UInt64  # (n,) event_key of the id
    starts_at: Float64  # (n,) Unix seconds
    announced_at: Float64  # (n,) Unix seconds
    latitude: Float32  # (n,) degrees, NaN unknown
    longitude: Float32  # (n,) degrees, NaN unknown
    price: Float32  # (n,) lowest price, NaN unknown
    words: Mapping[Field, TokenLists]  # every Field, n rows each

    @classmethod
    def of(cls, events: Iterable[EventFacts]) -> "EventTable":
        facts = list(events)

        def column(values: Iterable[float | None]) -> Float32:
            return np.array([np.nan if value is None else value for value in values], dtype=np.float32)

        return cls(
            keys=np.array([event_key(event.event_id) for event in facts], dtype=np.uint64),
            starts_at=np.array([event.starts_at for event in facts], dtype=np.float64),
            announced_at=np.array([event.announced_at for event in facts], dtype=np.float64),
            latitude=column(event.latitude for event in facts),
            longitude=column(event.longitude for event in facts),
            price=column(event.price for event in facts),
            words={kind: TokenLists.of([event.tokens(kind) for event in facts]) for kind in Field},
        )

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: npt.NDArray[np.integer]) -> "EventTable":
        return EventTable(
            self.keys[rows],
            self.starts_at[rows],
            self.announced_at[rows],
            self.latitude[rows],
            self.longitude[rows],
            self.price[rows],
            {kind: lists.take(rows) for kind, lists in self.words.items()},
        )

    @classmethod
    def concatenate(cls, parts: Sequence["EventTable"]) -> "EventTable":
        return cls(
            np.concatenate([part.keys for part in parts]),
            np.concatenate([part.starts_at for part in parts]),
            np.concatenate([part.announced_at for part in parts]),
            np.concatenate([part.latitude for part in parts]),
            np.concatenate([part.longitude for part in parts]),
            np.concatenate([part.price for part in parts]),
            {kind: TokenLists.concatenate([part.words[kind] for part in parts]) for kind in Field},
        )


@dataclass(frozen=True, slots=True)
class Taste:
    """What a person states, beyond what they did. Words are tokens of the field named."""

    words: Mapping[Field, UInt64] = field(default_factory=dict)
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    budget_max: float | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One person at one moment: what they did (newest last) and what they state."""

    events: EventTable  # (h,) the event of each action, as known
    weight: Float32  # (h,) by `actions.ACTION_WEIGHTS`; negative counts against
    occurred_at: Float64  # (h,) Unix seconds
    taste: Taste = field(default_factory=Taste)

    def __len__(self) -> int:
        return len(self.weight)


@dataclass(frozen=True, slots=True)
class Slate:
    """The candidates at one moment."""

    events: EventTable  # (n,)
    interest: Float32  # (n,) actions so far by anybody: weights decayed by age (see popularity)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """r saves that an unsave took back. They count at moments in between, and at no other."""

    user: Int32
    event: Int32  # row of the interactions' events
    weight: Float32
    occurred_at: Float64  # Unix seconds
    until: Float64  # Unix seconds: when it was taken back

    def __len__(self) -> int:
        return len(self.user)

    def where(self, kept: Bool) -> "TakenBack":
        return TakenBack(
            self.user[kept], self.event[kept], self.weight[kept], self.occurred_at[kept], self.until[kept]
        )

    @classmethod
    def none(cls) -> "TakenBack":
        rows, times = np.empty(0, np.int32), np.empty(0)
        return cls(rows, rows, times.astype(np.float32), times, times)


@dataclass(frozen=True, slots=True)
class Interactions:
    """What everybody did up to a cutoff and stands: m actions of `n_users` people on the rows of `events`."""

    events: EventTable
    n_users: int
    user: Int32  # (m,) 0 <= user < n_users
    event: Int32  # (m,) row of `events`
    weight: Float32  # (m,)
    occurred_at: Float64  # (m,) Unix seconds
    cutoff: float  # Unix seconds; nothing here happened after it
    tastes: Mapping[int, Taste] = field(default_factory=dict)  # by user; those who stated one
    taken_back: TakenBack = field(default_factory=TakenBack.none)  # by the cutoff; to go back before it

    def __len__(self) -> int:
        return len(self.user)

    def touched(self) -> tuple[Int64, Int64]:
        """(rows of `events` that somebody acted on, (m,) which of these each action is on)."""
        acted_on = np.zeros(len(self.events), np.bool_)
        acted_on[self.event] = True
        return np.flatnonzero(acted_on), (np.cumsum(acted_on) - 1)[self.event]

    @classmethod
    def empty(cls) -> "Interactions":
        nothing = np.empty(0)
        return cls(
            events=EventTable.of(()),
            n_users=0,
            user=nothing.astype(np.int32),
            event=nothing.astype(np.int32),
            weight=nothing.astype(np.float32),
            occurred_at=nothing,
            cutoff=0.0,
        )
