"""TF-IDF of titles and descriptions (Salton and Buckley, 1988), read from a person's own past events."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommendations.algorithms.dataset import (
    EventTable,
    Field,
    Float32,
    Float64,
    Int32,
    Int64,
    Person,
    TokenLists,
    UInt64,
)
from recommendations.algorithms.encoding import Vocabulary, gather_rows, matrix_of
from recommendations.algorithms.protocol import Arrays

TERMS_PER_EVENT = 24  # the rarest words carry the meaning; the rest cost time in every request
TEXT_HISTORY = 30  # events of a person's past whose text is read
VOCABULARY_LIMIT = 100_000
SLOTS_PER_WORD = 4  # three in four are free, so that most look-ups end there


@dataclass(frozen=True, slots=True)
class DocumentFrequencies:
    """In how many of `documents` texts each term occurs. Terms seen once are as good as unseen."""

    terms: Vocabulary
    count: Int32  # (v,)
    documents: int

    @classmethod
    def of(cls, texts: TokenLists) -> "DocumentFrequencies":
        vocabulary, _, columns, _ = distinct(texts)
        words, counts = vocabulary.words, np.bincount(columns, minlength=len(vocabulary))
        kept = counts > 1
        words, counts = words[kept], counts[kept]
        if len(words) > VOCABULARY_LIMIT:
            kept = np.sort(np.argsort(-counts, kind="stable")[:VOCABULARY_LIMIT])
            words, counts = words[kept], counts[kept]
        return cls(Vocabulary(words.astype(np.uint64)), counts.astype(np.int32), len(texts))

    def idf(self, words: UInt64) -> Float32:
        columns, known = self.terms.find(words)
        seen = np.ones(len(words)) if len(self.terms) == 0 else np.where(known, self.count[columns], 1)
        return (np.log((1.0 + self.documents) / (1.0 + seen)) + 1.0).astype(np.float32)

    def to_arrays(self) -> Arrays:
        return {
            "terms": self.terms.words,
            "count": self.count,
            "documents": np.array([self.documents], np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "DocumentFrequencies":
        return cls(Vocabulary(arrays["terms"]), arrays["count"], int(arrays["documents"][0]))


def distinct(texts: TokenLists) -> tuple[Vocabulary, Int64, Int64, Int64]:
    """(vocabulary, row, column, times) of every word of every text, once each, by row and column."""
    words, columns = np.unique(texts.tokens, return_inverse=True)
    size = max(len(words), 1)
    pairs, times = np.unique(texts.rows_of_tokens() * size + columns, return_counts=True)
    return Vocabulary(words), pairs // size, pairs % size, times


def rarest(rows: Int64, weights: npt.NDArray[np.floating], limit: int) -> Int64:
    """Which words to keep: the `limit` heaviest of each row. rows: ascending."""
    rank = np.lexsort((-weights, rows))
    return rank[np.arange(len(rows)) - np.searchsorted(rows, rows) < limit]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A vocabulary for finding many words at once: words are hashes already, so their low bits say where."""

    vocabulary: Vocabulary
    slots: Int32  # (a power of two,) a column whose word has these low bits, -1 where none has

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Lookup":
        slots = np.full(1 << (SLOTS_PER_WORD * len(vocabulary)).bit_length(), -1, np.int32)
        slots[cls._slot(vocabulary.words, slots)] = np.arange(len(vocabulary))
        return cls(vocabulary, slots)

    @staticmethod
    def _slot(words: UInt64, slots: Int32) -> Int64:
        return (words & np.uint64(len(slots) - 1)).astype(np.int64)

    def find(self, words: UInt64) -> tuple[Int64, Int64]:
        """(which of `words` are known, their columns)."""
        columns = self.slots[self._slot(words, self.slots)].astype(np.int64)
        taken = np.flatnonzero((columns >= 0) & (self.vocabulary.words[columns] != words))
        elsewhere, known = self.vocabulary.find(words[taken])  # the slot is another word's
        columns[taken] = np.where(known, elsewhere, -1)
        found = np.flatnonzero(columns >= 0)
        return found, columns[found]


@dataclass(frozen=True, slots=True)
class SlateText:
    words: Lookup
    idf: Float32  # (v,)
    usual: float  # the mean of idf squared
    matrix: sparse.csr_array  # (v, n) columns of length 1, or 0 without text

    @classmethod
    def of(cls, events: EventTable, frequencies: DocumentFrequencies) -> "SlateText":
        everything, rows, columns, times = distinct(events.words[Field.TEXT])
        idf = frequencies.idf(everything.words)
        weights = (1.0 + np.log(times)) * idf[columns]
        rank = rarest(rows, weights, TERMS_PER_EVENT)
        rows, columns, weights = rows[rank], columns[rank], weights[rank]
        length = np.sqrt(np.bincount(rows, weights**2, minlength=len(events)))
        kept, columns = np.unique(columns, return_inverse=True)
        vocabulary = Vocabulary(everything.words[kept])
        values = (weights / length[rows]).astype(np.float32)
        matrix = matrix_of(values, columns, rows, shape=(len(vocabulary), len(events)))
        idf = idf[kept]
        return cls(Lookup.of(vocabulary), idf, float(np.mean(idf**2)) if len(idf) else 0.0, matrix)

    def take(self, rows: npt.NDArray[np.integer]) -> "SlateText":
        """These candidates only, over the same vocabulary."""
        return SlateText(self.words, self.idf, self.usual, self.matrix[:, rows])

    def similarity(self, person: Person) -> Float32:
        """(n,) the largest weight x cosine over the person's latest events; less the largest over those they
        turned down.

        The nearest event and not the sum of all: a night like one that they chose is no less like it for the
        many others that they chose, and the sum would grow with the history past every other signal.
        """
        n = self.matrix.shape[1]
        used = np.flatnonzero(person.weight)[-TEXT_HISTORY:]
        if len(self.idf) == 0 or len(used) == 0:
            return np.zeros(n, np.float32)
        texts, weight = person.events.words[Field.TEXT].since(used[0]), person.weight[used[0] :]
        similar = self._cosines(texts, weight)
        best = np.maximum(similar.max(axis=0), 0.0)
        if (weight < 0).any():
            best += np.minimum(similar.min(axis=0), 0.0)
        return np.asarray(best, np.float32)

    def _cosines(self, texts: TokenLists, weight: Float32) -> Float64:
        """(len(texts), n) weight x cosine of each past text, its heaviest words read as a candidate's are; a
        word that no candidate holds counts in its length as theirs do on average."""
        found, columns = self.words.find(texts.tokens)
        h, n, v = len(texts), self.matrix.shape[1], len(self.idf)
        rows = texts.rows_of_tokens()[found]
        unknown = np.diff(texts.indptr) - np.bincount(rows, minlength=h)
        cells, times = np.unique(rows * v + columns, return_counts=True)
        rows, columns = cells // v, cells % v
        weights = (1.0 + np.log(times)) * self.idf[columns]
        length = np.sqrt(np.bincount(rows, weights**2, minlength=h) + unknown * self.usual)
        kept = rarest(rows, weights, TERMS_PER_EVENT)
        rows, columns, weights = rows[kept], columns[kept], weights[kept]
        values = weights * (weight / np.maximum(length, 1e-9))[rows]
        held, holders = gather_rows(self.matrix.indptr, columns)
        cells = np.repeat(rows * n, holders) + self.matrix.indices[held]
        values = self.matrix.data[held] * np.repeat(values, holders)
        return np.asarray(np.bincount(cells, values, minlength=h * n), np.float64).reshape(h, n)
