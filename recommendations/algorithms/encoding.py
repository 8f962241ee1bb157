"""A slate and a person as vectors over the same words, so that scoring is a few sparse products."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommendations.algorithms.dataset import (
    Bool,
    EventTable,
    Field,
    Float32,
    Float64,
    Int64,
    Person,
    Taste,
    TokenLists,
    UInt64,
)

# The fields whose words persist from one event to the next. The event itself is the last block, its own word.
WORD_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER, Field.GENRE, Field.TAG, Field.CITY)
EVENT_BLOCK = len(WORD_FIELDS)
N_BLOCKS = EVENT_BLOCK + 1

# A person's older actions add time to every request and little to the list.
HISTORY_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Sorted distinct words; a word's column is its place."""

    words: UInt64  # (v,)

    @classmethod
    def of(cls, parts: Iterable[UInt64]) -> "Vocabulary":
        return cls(np.unique(np.concatenate([*parts, np.empty(0, np.uint64)])))

    def __len__(self) -> int:
        return len(self.words)

    def find(self, words: UInt64) -> tuple[Int64, Bool]:
        """(columns, known): columns of unknown words are 0 and must be dropped."""
        if len(self.words) == 0:
            return np.zeros(len(words), np.int64), np.zeros(len(words), np.bool_)
        columns = np.searchsorted(self.words, words)
        columns[columns == len(self.words)] = 0
        return columns, self.words[columns] == words

    def columns(self, other: "Vocabulary") -> Int64:
        """(len(other),) this vocabulary's column of each word of `other`, -1 where it has none."""
        columns, known = self.find(other.words)
        return np.where(known, columns, -1)

    def add_up(self, words: UInt64, weights: Float32) -> Float64:
        """(v,) the weights summed by word; unknown words are dropped."""
        columns, known = self.find(words)
        sums = np.bincount(columns[known], weights[known], minlength=len(self.words))
        return sums.astype(np.float64)


def field_words(events: EventTable) -> list[UInt64]:
    """Every word of the table, by block (see `WORD_FIELDS`)."""
    return [*(events.words[kind].tokens for kind in WORD_FIELDS), events.keys]


def word_matrix(lists: TokenLists, vocabulary: Vocabulary) -> sparse.csr_array:
    """(n, v) each event's words at 1/sqrt(how many): a festival's bill does not shout down a gig's."""
    columns, known = vocabulary.find(lists.tokens)
    rows = lists.rows_of_tokens()
    values = (1.0 / np.sqrt(np.maximum(lists.lengths(), 1))).astype(np.float32)[rows]
    return matrix_of(values[known], rows[known], columns[known], shape=(len(lists), len(vocabulary)))


def matrix_of(
    values: Float32,
    rows: npt.NDArray[np.integer],
    columns: npt.NDArray[np.integer],
    *,
    shape: tuple[int, int],
) -> sparse.csr_array:
    """With indices of 32 bits: half the memory to read in every product."""
    where = (rows.astype(np.int32), columns.astype(np.int32))
    return sparse.csr_array((values, where), shape=shape)


def block_matrices(events: EventTable, vocabulary: Vocabulary) -> list[sparse.csr_array]:
    """One (n, v) matrix a block."""
    lone = TokenLists(np.arange(len(events) + 1, dtype=np.int64), events.keys)
    lists = [*(events.words[kind] for kind in WORD_FIELDS), lone]
    return [word_matrix(each, vocabulary) for each in lists]


@dataclass(frozen=True, slots=True)
class PersonWords:
    """All words of a person's history and stated taste, with repeats, and what each occurrence weighs."""

    words: UInt64  # (m,)
    weights: Float32  # (m,)
    blocks: Int64  # (m,) which block each word is of
    total: float  # liking in the whole history and taste, at least 1: the scale for shares


def recent(person: Person) -> Person:
    if len(person) <= HISTORY_LIMIT:
        return person
    rows = np.arange(len(person) - HISTORY_LIMIT, len(person))
    return Person(person.events.take(rows), person.weight[rows], person.occurred_at[rows], person.taste)


def liked(person: Person) -> Person:
    """Only what the person liked, and what they state."""
    return _acted(person, person.weight > 0, person.taste)


def turned_down(person: Person) -> Person:
    """Only what the person turned down; the weights stay negative."""
    return _acted(person, person.weight < 0, Taste())


def _acted(person: Person, kept: Bool, taste: Taste) -> Person:
    if kept.all():
        return person if taste is person.taste else replace(person, taste=taste)
    rows = np.flatnonzero(kept)
    return Person(person.events.take(rows), person.weight[rows], person.occurred_at[rows], taste)


def person_words(person: Person) -> PersonWords:
    """Stated words weigh like one save each."""
    events, weight = person.events, np.asarray(person.weight, np.float32)
    words = field_words(events)
    weights = [np.repeat(weight, events.words[kind].lengths()) for kind in WORD_FIELDS]
    weights.append(weight)
    blocks = list(range(N_BLOCKS))
    for block, kind in enumerate(WORD_FIELDS):
        stated = person.taste.words.get(kind)
        if stated is not None and len(stated):
            words.append(stated)
            weights.append(np.ones(len(stated), np.float32))
            blocks.append(block)
    total = float(weight[weight > 0].sum()) + (1.0 if len(blocks) > N_BLOCKS else 0.0)
    lengths = [len(each) for each in words]
    return PersonWords(
        np.concatenate(words), np.concatenate(weights), np.repeat(blocks, lengths), max(total, 1.0)
    )


def gather_rows(indptr: npt.NDArray[np.integer], rows: npt.NDArray[np.integer]) -> tuple[Int64, Int64]:
    """(positions, lengths): where the entries of the given rows of a ragged array lie, row after row."""
    starts = indptr[rows].astype(np.int64)
    lengths = indptr[np.asarray(rows) + 1].astype(np.int64) - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths), lengths


@dataclass(frozen=True, slots=True)
class SlateWords:
    """The candidates' words: block b of event i is row b * n + i of `matrix`."""

    n: int
    vocabulary: Vocabulary
    matrix: sparse.csr_array  # (N_BLOCKS * n, v)

    @classmethod
    def of(cls, events: EventTable) -> "SlateWords":
        vocabulary = Vocabulary.of(field_words(events))
        matrix = sparse.csr_array(sparse.vstack(block_matrices(events, vocabulary), format="csr"))
        return cls(len(events), vocabulary, matrix.astype(np.float32))

    def take(self, rows: npt.NDArray[np.integer]) -> "SlateWords":
        """These candidates only, over the same vocabulary."""
        kept = (np.arange(N_BLOCKS)[:, None] * self.n + rows).ravel()
        return SlateWords(len(rows), self.vocabulary, self.matrix[kept])

    def match(self, vector: npt.NDArray[np.floating]) -> Float32:
        """(N_BLOCKS, n): a vector over the vocabulary, against each block of each event."""
        return np.asarray(self.matrix @ vector.astype(np.float32), np.float32).reshape(N_BLOCKS, self.n)
