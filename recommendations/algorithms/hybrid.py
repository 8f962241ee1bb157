"""A learned weighted sum of every signal, trained on what people chose over what else was on at the time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
FEW_CUT_SHARES = (0.7, 0.9)  # enough to learn from when there is plenty of data, in less time
PLENTY = 50_000  # actions
# Added to the weights of a person's own taste: what goes with it, and a genre that is all one is known by.
ADDED_WEIGHTS = {"goes_with": 1.0, "goes_with_log": 1.0, "genre_share": 0.5}
PRIOR = WEIGHT_VECTOR + np.array([ADDED_WEIGHTS.get(column.name, 0.0) for column in COLUMNS])
TIMES = (16.0, 4.0, 1.0)  # the weakest pull: a ladder, to climb as far as held-out moments allow
PULL_OF_DISLIKES = 1e9  # no data may move them: `own_words` says why


@dataclass(frozen=True, slots=True)
class HybridParameters(Parameters):
    """How much is learned from what people chose, and how far it may lead away from the prior.

    pull: the weakest pull to the prior, in people's choices; four and sixteen times as strong are tried too,
        and moments held out say which: the stronger, unless a weaker ranks them surely better
    choosers: people learned from at each training cut, drawn at random; time grows with them
    passed_over: other events that were on, drawn for each chooser; time and memory grow with them
    """

    pull: float = number(100.0, least=0.01, most=1_000_000.0)
    choosers: int = number(300, least=1, most=100_000)
    passed_over: int = number(60, least=1, most=10_000)

    @classmethod
    def search_space(cls) -> Sequence["HybridParameters"]:
        return tuple(cls(pull=pull) for pull in (25.0, 400.0))

    def strengths(self) -> list[Float64]:
        """(len(COLUMNS),) each: the pull of each column's weight, from the strongest to the weakest."""
        ladder = [np.full(len(COLUMNS), self.pull * times) for times in TIMES]
        for strength in ladder:
            strength[INDEX["turned_down"]] = PULL_OF_DISLIKES
        return ladder


DEFAULTS = HybridParameters()


@dataclass(frozen=True, slots=True)
class Hybrid:
    name: ClassVar[str] = "hybrid"
    settings: ClassVar[type[Parameters]] = HybridParameters

    model: SignalModel
    weights: Float64  # (len(WEIGHT_VECTOR),)

    @classmethod
    def fit(
        cls, data: Interactions, *, generator: np.random.Generator, parameters: HybridParameters = DEFAULTS
    ) -> Self:
        moments = [
            [choice for cut in cuts for choice in choices_at(cut, generator, parameters)]
            for cuts in training_cuts(data)
        ]
        weights = fit_weights(moments, PRIOR, strengths=parameters.strengths())
        return cls(SignalModel.fit(data), weights)

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


def training_cuts(data: Interactions) -> Iterator[tuple[Cut, Cut]]:
    """Moments inside the data with enough before them to know people by and enough after to learn from, each
    as of the moment and cold."""
    if len(data) == 0:
        return
    shares = FEW_CUT_SHARES if len(data) > PLENTY else CUT_SHARES
    times = np.quantile(data.occurred_at, shares)
    starts = np.quantile(data.events.starts_at[data.event], shares)
    for time, start in zip(times, starts, strict=True):
        yield cut_at(data, float(time), cold=False), cut_at(data, float(start), cold=True)


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
            signals = signal_matrix(model, chooser.person, prepared)[:, rows].T
            yield Choice(chooser.user, signals, chosen)


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
