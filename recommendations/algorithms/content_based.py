"""Your own taste and nothing else: past and stated artists, venues, promoters, genres, words, places, times.

The weights are fixed, so a person's list is explained by their own past alone and moves only when they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Float64, Interactions, Person, Slate
from recommendations.algorithms.linear import LinearSlate, linear_reasons, linear_score
from recommendations.algorithms.parameters import Parameters, number
from recommendations.algorithms.protocol import Arrays, Contribution, Signal
from recommendations.algorithms.signals import COLUMNS, SignalModel

WEIGHTS = {
    "artist_count": 2.5,
    "promoter_count": 2.5,
    "venue_count": 0.7,
    "genre_count": 0.5,
    "tag_count": 0.3,
    "promoter_share": 3.0,
    "artist_share": 3.0,
    "text": 3.0,
    "near_nearest": 1.0,
    "near_town": 1.0,
    "near_density": 0.7,
    "home": 0.6,
    "week_hour": 0.5,
    "day_hour": 0.2,
    "price": 0.3,
    "city_share": 0.3,
    "popular": 0.02,
    "expected": 0.02,
    "turned_down": 2.5,
}
WEIGHT_VECTOR = np.array([WEIGHTS.get(column.name, 0.0) for column in COLUMNS])


@dataclass(frozen=True, slots=True)
class ContentBasedParameters(Parameters):
    """Multiples of the fixed weights: 1 leaves them as they are, 0 leaves out what they speak of.

    names: artists, promoters and venues
    genres: genres and tags
    text: titles and descriptions
    places: distance to past venues and to home
    times: the day and hour of past events
    """

    names: float = number(1.0, least=0.0, most=100.0)
    genres: float = number(1.0, least=0.0, most=100.0)
    text: float = number(1.0, least=0.0, most=100.0)
    places: float = number(1.0, least=0.0, most=100.0)
    times: float = number(1.0, least=0.0, most=100.0)

    @classmethod
    def search_space(cls) -> Sequence["ContentBasedParameters"]:
        return (
            *(cls(text=text) for text in (0.5, 2.0)),
            *(cls(places=places) for places in (0.5, 2.0)),
            cls(genres=2.0),
            cls(times=2.0),
        )

    def weights(self) -> Float64:
        """(len(COLUMNS),) the fixed weights, multiplied."""
        multiple = {
            Signal.ARTIST: self.names,
            Signal.PROMOTER: self.names,
            Signal.VENUE: self.names,
            Signal.GENRE: self.genres,
            Signal.TEXT: self.text,
            Signal.NEARBY: self.places,
            Signal.HOME: self.places,
            Signal.TIME_OF_WEEK: self.times,
        }
        multiples = np.array([multiple.get(column.signal, 1.0) for column in COLUMNS])
        return np.asarray(WEIGHT_VECTOR * multiples, np.float64)


DEFAULTS = ContentBasedParameters()


@dataclass(frozen=True, slots=True)
class ContentBased:
    name: ClassVar[str] = "content_based"
    settings: ClassVar[type[Parameters]] = ContentBasedParameters

    model: SignalModel
    weights: Float64  # (len(COLUMNS),)

    @classmethod
    def fit(
        cls,
        data: Interactions,
        *,
        generator: np.random.Generator,
        parameters: ContentBasedParameters = DEFAULTS,
    ) -> Self:
        return cls(SignalModel.of_nobody_else(data), parameters.weights())

    def prepare(self, slate: Slate, *, now: float) -> LinearSlate:
        return LinearSlate.of(self.model.prepare(slate, now=now), self.weights)

    def score(self, person: Person, prepared: LinearSlate) -> Float64:
        return linear_score(self.weights, self.model, person, prepared)

    def explain(
        self, person: Person, prepared: LinearSlate, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        return linear_reasons(self.weights, self.model, person, prepared, rows)

    def to_arrays(self) -> Arrays:
        return self.model.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: ContentBasedParameters = DEFAULTS) -> Self:
        return cls(SignalModel.from_arrays(arrays), parameters.weights())
