"""Your own taste and nothing else: past and stated artists, venues, promoters, genres, words, places, times.

The weights are fixed, so a person's list is explained by their own past alone and moves only when they do.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Float64, Interactions, Person, Slate
from recommendations.algorithms.linear import LinearSlate, linear_reasons, linear_score
from recommendations.algorithms.protocol import Arrays, Contribution
from recommendations.algorithms.signals import COLUMNS, SignalModel

WEIGHTS = {
    "artist_count": 2.5,
    "promoter_count": 2.5,
    "venue_count": 0.7,
    "genre_count": 0.5,
    "tag_count": 0.3,
    "promoter_share": 3.0,
    "artist_share": 3.0,
    "text": 1.2,
    "near_nearest": 1.0,
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
class ContentBased:
    name: ClassVar[str] = "content_based"

    model: SignalModel

    @classmethod
    def fit(cls, data: Interactions, *, generator: np.random.Generator) -> Self:
        return cls(SignalModel.fit(data, others=False))

    def prepare(self, slate: Slate, *, now: float) -> LinearSlate:
        return LinearSlate.of(self.model.prepare(slate, now=now), WEIGHT_VECTOR)

    def score(self, person: Person, prepared: LinearSlate) -> Float64:
        return linear_score(WEIGHT_VECTOR, self.model, person, prepared)

    def explain(
        self, person: Person, prepared: LinearSlate, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        return linear_reasons(WEIGHT_VECTOR, self.model, person, prepared, rows)

    def to_arrays(self) -> Arrays:
        return self.model.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        return cls(SignalModel.from_arrays(arrays))
