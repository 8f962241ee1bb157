"""A learned weighted sum of every signal, trained on what people chose over what else was on at the time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.content_based import WEIGHT_VECTOR
from recommendations.algorithms.dataset import Float64, Int64, Interactions, Person, Slate
from recommendations.algorithms.linear import LinearSlate, linear_reasons, linear_score
from recommendations.algorithms.parameters import Parameters, number
from recommendations.algorithms.protocol import Arrays, Contribution
from recommendations.algorithms.ranker import Choice, fit_weights
from recommendations.algorithms.samples import Chooser, Cut, cut_at
from recommendations.algorithms.signals import (
    COLUMNS,
    INDEX,
    SignalModel,
    signal_matrix,
)

CUT_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)  # of the actions that came before each training cut
# When there is plenty of data, the model of each cut takes the time: fewer cuts, and more people at each.
FEW_CUT_SHARES = (0.8,)
CHOOSERS_AT_FEW_CUTS = 2  # times `choosers`
PLENTY = 50_000  # actions
# Added to the weights of a person's own taste: what goes with it, and a genre that is all one is known by.
ADDED_WEIGHTS = {"goes_with": 1.0, "goes_with_log": 1.0, "genre_share": 0.5}
PRIOR = WEIGHT_VECTOR + np.array([ADDED_WEIGHTS.get(column.name, 0.0) for column in COLUMNS])
PULL_OF_DISLIKES = 1e9  # no data may move them: `own_words` says why


@dataclass(frozen=True, slots=True)
class HybridParameters(Parameters):
    """How much is learned from what people chose, and how far it may lead away from the prior.

    pull: to the prior, in people's choices; a person chooses at up to ten cuts, much the same each time, so
        that a weak pull would take 140 people for a thousand
    choosers: people learned from at each training cut, drawn at random (of more than 50,000 actions, at half
        as many cuts or fewer, twice as many people); time grows with them
    passed_over: other events that were on, drawn for each chooser; time and memory grow with them
    """

    pull: float = number(100.0, least=0.01, most=1_000_000.0)
    choosers: int = number(300, least=1, most=50_000)
    passed_over: int = number(60, least=1, most=10_000)

    @classmethod
    def search_space(cls) -> Sequence["HybridParameters"]:
        return tuple(cls(pull=pull) for pull in (25.0, 400.0))

    def strength(self) -> Float64:
        """(len(COLUMNS),) the pull of each column's weight."""
        strength = np.full(len(COLUMNS), self.pull)
        strength[INDEX["turned_down"]] = PULL_OF_DISLIKES
        return strength


DEFAULTS = HybridParameters()


@dataclass(frozen=True, slots=True)
class Hybrid:
    name: ClassVar[str] = "hybrid"
    settings: ClassVar[type[Parameters]] = HybridParameters

    model: SignalModel
    weights: Float64  # (len(WEIGHT_VECTOR),)

    @classmethod
    def fit(
        cls,
        data: Interactions,
        *,
        generator: np.random.Generator,
        parameters: HybridParameters = DEFAULTS,
        model: SignalModel | None = None,
    ) -> Self:
        """model: `SignalModel.fit` of the data, if that is known."""
        if len(data) > PLENTY:
            parameters = replace(parameters, choosers=CHOOSERS_AT_FEW_CUTS * parameters.choosers)
        choices = [choice for cut in training_cuts(data) for choice in choices_at(cut, generator, parameters)]
        weights = fit_weights(choices, PRIOR, strength=parameters.strength())
        return cls(SignalModel.fit(data) if model is None else model, weights)

    def prepare(self, slate: Slate, *, now: float) -> LinearSlate:
        return LinearSlate.of(self.model.prepare(slate, now=now), self.weights)

    def score(self, person: Person, prepared: LinearSlate) -> Float64:
        return linear_score(self.weights, self.model, person, prepared)

    def explain(
        self, person: Person, prepared: LinearSlate, rows: npt.NDArray[np.integer]
    ) -> list[list[Contribution]]:
        return linear_reasons(self.weights, self.model, person, prepared, rows)

    def to_arrays(self) -> Arrays:
        return {**self.model.to_arrays(), "weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: HybridParameters = DEFAULTS) -> Self:
        weights = np.asarray(arrays["weights"])
        if weights.shape != (len(WEIGHT_VECTOR),):
            raise ValueError(
                f"the model weighs {weights.size} signals, this release has {len(WEIGHT_VECTOR)}: train again"
            )
        return cls(SignalModel.from_arrays(arrays), weights)


def training_cuts(data: Interactions) -> Iterator[Cut]:
    """Moments inside the data with enough before them to know people by and enough after to learn from."""
    if len(data) == 0:
        return
    shares = FEW_CUT_SHARES if len(data) > PLENTY else CUT_SHARES
    times = np.quantile(data.occurred_at, shares)
    for now in times:
        yield cut_at(data, float(now), cold=False)
    starts = np.quantile(data.events.starts_at[data.event], shares)
    for now in starts:
        yield cut_at(data, float(now), cold=True)


def choices_at(
    cut: Cut, generator: np.random.Generator, parameters: HybridParameters = DEFAULTS
) -> Iterator[Choice]:
    """Per chooser, what they chose and a draw of what they passed over."""
    if len(cut.past) == 0 or len(cut.slate.events) < 2:
        return
    model = SignalModel.fit(cut.past)
    prepared = model.prepare(cut.slate, now=cut.now)
    for chooser in cut.choosers(parameters.choosers, generator):
        rows, chosen = draw(chooser, len(cut.slate.events), generator, parameters.passed_over)
        if chosen.any() and not chosen.all():
            yield Choice(signal_matrix(model, chooser.person, prepared)[:, rows].T, chosen)


def draw(
    chooser: Chooser, n: int, generator: np.random.Generator, limit: int
) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """(rows, chosen): all of the person's choices and up to `limit` others that were open to them."""
    is_other = np.ones(n, np.bool_)
    is_other[chooser.chosen] = is_other[chooser.closed] = False
    others = np.flatnonzero(is_other)
    if len(others) > limit:
        others = generator.choice(others, limit, replace=False)
    rows = np.concatenate([chooser.chosen, others])
    return rows, np.arange(len(rows)) < len(chooser.chosen)
