"""What a person's own words say of the candidates, without any model: what they liked, what they turned down.

An artist that no model has heard of yet still counts for those who saved them. What somebody turned down is
too rare to learn from, and a weight learned the wrong way round would reward what they asked not to see: so
every algorithm matches likings alone, and takes off `dislike` by a fixed weight of its own.
"""

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Field, Float32, Float64, Person
from recommendations.algorithms.encoding import (
    EVENT_BLOCK,
    WORD_FIELDS,
    PersonWords,
    SlateWords,
    person_words,
    turned_down,
)
from recommendations.algorithms.protocol import Contribution, Signal

WEIGHTS = {
    Field.ARTIST: 1.0,
    Field.VENUE: 0.3,
    Field.PROMOTER: 1.0,
    Field.GENRE: 0.3,
    Field.TAG: 0.1,
    Field.CITY: 0.0,
}
BLOCK_WEIGHTS = np.array([WEIGHTS[kind] for kind in WORD_FIELDS], np.float32)
SAME_EVENT = 1.0
SIGNALS = (Signal.ARTIST, Signal.VENUE, Signal.PROMOTER, Signal.GENRE, Signal.GENRE, Signal.CITY)


def liking(words: PersonWords, slate: SlateWords) -> Float32:
    """(len(WORD_FIELDS), n) the share of the person's likings that carry the candidate's words, weighted."""
    own = slate.vocabulary.add_up(words.words, words.weights / words.total)
    return np.asarray(slate.match(own)[:EVENT_BLOCK] * BLOCK_WEIGHTS[:, None], np.float32)


def dislike(person: Person, slate: SlateWords) -> Float32:
    """(n,) 0 where nothing is like what the person turned down, and more the more that is like it."""
    if not (person.weight < 0).any():
        return np.zeros(slate.n, np.float32)
    words = person_words(turned_down(person))
    times = np.log1p(slate.match(slate.vocabulary.add_up(words.words, -words.weights)))
    return np.asarray(BLOCK_WEIGHTS @ times[:EVENT_BLOCK] + SAME_EVENT * times[EVENT_BLOCK], np.float32)


def contributions(parts: dict[Signal, Float64], rows: npt.NDArray[np.integer]) -> list[list[Contribution]]:
    """Per row, the parts that are not zero there, largest first; parts: what each signal added, (n,)."""
    return [
        sorted(
            (Contribution(code, float(part[row]), 1.0) for code, part in parts.items() if part[row] != 0),
            key=lambda each: -abs(each.value),
        )
        for row in rows
    ]


def by_signal(blocks: npt.NDArray[np.floating]) -> dict[Signal, Float64]:
    """Rows by `WORD_FIELDS` as what each signal added, each (n,)."""
    parts: dict[Signal, Float64] = {}
    for signal, block in zip(SIGNALS, blocks, strict=True):
        parts[signal] = parts.get(signal, 0.0) + np.asarray(block, np.float64)
    return parts
