"""What every algorithm is: fit once, prepare a slate when the catalogue moves, score a person at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import Float64, Interactions, Person, Slate
from recommendations.algorithms.parameters import Parameters

Arrays = Mapping[str, npt.NDArray[Any]]


class Signal(StrEnum):
    """The additive parts of a score; `reasons.py` has the plain words for each.

    The last two are of no algorithm: they say what the list (`list_quality`) added.
    """

    POPULAR = "popular"
    EXPECTED = "expected"
    UNTRIED = "untried"
    ARTIST = "artist"
    VENUE = "venue"
    PROMOTER = "promoter"
    FOLLOWED = "followed"
    GENRE = "genre"
    TEXT = "text"
    NEARBY = "nearby"
    HOME = "home"
    TIME_OF_WEEK = "time_of_week"
    PRICE = "price"
    SIMILAR_PEOPLE = "similar_people"
    SIMILAR_TASTE = "similar_taste"
    GOES_WITH = "goes_with"
    LEAD_TIME = "lead_time"
    DIARY = "diary"
    CITY = "city"
    TURNED_DOWN = "turned_down"
    VARIETY = "variety"
    EXPLORATION = "exploration"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One signal's part of one event's score: value x weight is what it added."""

    code: Signal
    value: float
    weight: float


class PreparedSlate(Protocol):
    """A slate as one algorithm wants it; opaque to everybody else."""


class Scorer(Protocol):
    """What ranking takes. Fitted and immutable; safe to share between threads."""

    name: ClassVar[str]

    def prepare(self, slate: Slate, *, now: float) -> Any:
        """Encode the candidates; called once per catalogue revision, not per person."""

    def score(self, person: Person, prepared: Any) -> Float64:
        """(n,) a finite number per candidate, higher is better; no side effects."""


class Algorithm(Scorer, Protocol):
    """What serving takes beyond that: learning, reasons, and arrays to store."""

    settings: ClassVar[type[Parameters]]  # what `parameters` is

    @classmethod
    def fit(cls, data: Interactions, *, generator: np.random.Generator, parameters: Any = ...) -> Self:
        """Learn from `data`. Same data, generator seed and parameters (the defaults if none): same arrays."""

    def explain(
        self, person: Person, prepared: Any, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        """Per row of `rows`, the contributions that add up to its score, largest first, zeros left out."""

    def to_arrays(self) -> Arrays:
        """Everything learned, as named arrays without objects."""

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: Any = ...) -> Self:
        """The inverse of `to_arrays`, with the parameters it was fitted with; read-only maps will do."""
