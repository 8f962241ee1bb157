"""What hits do not tell of a list: whether it holds more than what everybody knows, and more than one thing.

novelty@k    mean self-information of the list's events, -log2 of the share of people who acted on each
             (Zhou et al., 2010). An event that nobody has acted on counts as if one person had: log2 of how
             many people there are, the most there is. So nothing is ever infinitely new.
diversity@k  1 - mean cosine of the list's pairs of events over their artists, venue, promoter and genres,
             each kind counting the same (Ziegler et al., 2005, who add up where this takes the mean). An
             event without any such word is like no other, not even another one: nothing says they are alike.
"""

import numpy as np
from scipy import sparse

from recommendations.algorithms.dataset import EventTable, Field, Float64, Int64, Interactions
from recommendations.algorithms.encoding import Vocabulary, word_matrix

LIKENESS_FIELDS = (Field.ARTIST, Field.VENUE, Field.PROMOTER, Field.GENRE)


def acted_matrix(data: Interactions) -> sparse.csr_array:
    """(users, events) how often each person acted on each event, nothing stored for never."""
    ones = np.ones(len(data), np.int32)
    return sparse.csr_array((ones, (data.user, data.event)), shape=(data.n_users, len(data.events)))


def self_information(acted: sparse.csr_array) -> Float64:
    """(events,) bits, 0 for an event that everybody acted on who ever did anything. acted: `acted_matrix`."""
    people = np.bincount(acted.indices, minlength=acted.shape[1])
    active = int(np.count_nonzero(np.diff(acted.indptr)))
    return np.asarray(np.log2(max(active, 1) / np.maximum(people, 1)))


def novelty(shown: Int64, information: Float64) -> Float64:
    """(users,) bits, 0 for an empty list.

    shown: (users, k) rows of the candidates, -1 for an empty slot; information: (candidates,).
    """
    filled = shown >= 0
    bits = np.where(filled, information[shown], 0.0) if len(information) else np.zeros(shown.shape)
    return np.asarray(bits.sum(axis=1) / np.maximum(filled.sum(axis=1), 1))


def unit_words(events: EventTable) -> sparse.csr_array:
    """(n, words) each event's words, of length 1; all zeros for an event without any."""
    lists = [events.words[kind] for kind in LIKENESS_FIELDS]
    vocabulary = Vocabulary.of(each.tokens for each in lists)
    words = sparse.csr_array((len(events), len(vocabulary)))
    for each in lists:
        words = words + word_matrix(each, vocabulary).astype(np.float64)
    lengths = np.sqrt(np.asarray(words.multiply(words).sum(axis=1)))
    return sparse.csr_array(sparse.diags_array(1.0 / np.where(lengths > 0, lengths, 1.0)) @ words)


def diversity(shown: Int64, words: sparse.csr_array) -> Float64:
    """(users,) between 0 and 1; 0 for a list of fewer than two events.

    shown: (users, k) rows of the candidates, -1 for an empty slot; words: (candidates, words) `unit_words`.
    """
    line, slot = np.nonzero(shown >= 0)
    counts = np.bincount(line, minlength=len(shown))
    held = sparse.csr_array(
        (np.ones(len(line)), (line, shown[line, slot])), shape=(len(shown), words.shape[0])
    )
    sums = held @ words
    # The square of a sum of vectors is what each has with itself and, twice, what each pair has in common.
    together = np.asarray(sums.multiply(sums).sum(axis=1))
    alone = held @ np.asarray(words.multiply(words).sum(axis=1))
    pairs = counts * (counts - 1)
    return np.where(pairs > 0, 1.0 - (together - alone) / np.maximum(pairs, 1), 0.0)
