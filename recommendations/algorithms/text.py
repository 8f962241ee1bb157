"""TF-IDF of titles and descriptions (Salton and Buckley, 1988), read from a person's own past events."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommendations.algorithms.dataset import (
    EventTable,
    Field,
    Float32,
    Int32,
    Int64,
    Person,
    TokenLists,
    UInt64,
)
from recommendations.algorithms.encoding import Vocabulary, matrix_of
from recommendations.algorithms.protocol import Arrays

TERMS_PER_EVENT = 24  # the rarest words carry the meaning; the rest cost time in every request
TEXT_HISTORY = 30  # events of a person's past whose text is read
VOCABULARY_LIMIT = 100_000


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


@dataclass(frozen=True, slots=True)
class SlateText:
    vocabulary: Vocabulary
    idf: Float32  # (v,)
    matrix: sparse.csr_array  # (n, v) rows of length 1, or 0 without text

    @classmethod
    def of(cls, events: EventTable, frequencies: DocumentFrequencies) -> "SlateText":
        everything, rows, columns, times = distinct(events.words[Field.TEXT])
        idf = frequencies.idf(everything.words)
        weights = (1.0 + np.log(times)) * idf[columns]
        rank = np.lexsort((-weights, rows))
        rank = rank[np.arange(len(rows)) - np.searchsorted(rows, rows) < TERMS_PER_EVENT]
        rows, columns, weights = rows[rank], columns[rank], weights[rank]
        length = np.sqrt(np.bincount(rows, weights**2, minlength=len(events)))
        kept, columns = np.unique(columns, return_inverse=True)
        vocabulary = Vocabulary(everything.words[kept])
        values = (weights / length[rows]).astype(np.float32)
        matrix = matrix_of(values, rows, columns, shape=(len(events), len(vocabulary)))
        return cls(vocabulary, idf[kept], matrix)

    def take(self, rows: npt.NDArray[np.integer]) -> "SlateText":
        """These candidates only, over the same vocabulary."""
        return SlateText(self.vocabulary, self.idf, self.matrix[rows])

    def similarity(self, person: Person) -> Float32:
        """(n,) sum of weight x cosine over the person's latest events, over the candidates' words."""
        n = self.matrix.shape[0]
        used = np.flatnonzero(person.weight)[-TEXT_HISTORY:]
        if len(self.vocabulary) == 0 or len(used) == 0:
            return np.zeros(n, np.float32)
        texts, weight = person.events.words[Field.TEXT].since(used[0]), person.weight[used[0] :]
        order = np.argsort(texts.tokens)  # neighbouring look-ups are twice as fast
        columns, known = self.vocabulary.find(texts.tokens[order])
        rows, columns = texts.rows_of_tokens()[order][known], columns[known]
        length = np.sqrt(np.bincount(rows, self.idf[columns] ** 2, minlength=len(weight)))
        scale = weight / np.maximum(length, 1e-9)
        vector = np.bincount(columns, scale[rows] * self.idf[columns], minlength=len(self.vocabulary))
        return np.asarray(self.matrix @ vector.astype(np.float32), np.float32)
