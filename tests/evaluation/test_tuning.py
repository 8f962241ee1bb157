"""Tuning: it finds what is planted, and leaves alone what tells nothing apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from recommendations.algorithms.dataset import EventFacts, EventTable, Float64, Interactions, Person, Slate
from recommendations.algorithms.parameters import Parameters, number
from recommendations.algorithms.protocol import Arrays, Contribution
from recommendations.evaluation.splits import HoldOut, random_hold_out
from recommendations.evaluation.tuning import bound, tune, validation_slice
from tests.algorithms.worlds import NOW, world


@dataclass(frozen=True, slots=True)
class TwinParameters(Parameters):
    """aim: how much of the score is the event's interest
    noise: how much of it is drawn at random
    """

    aim: float = number(0.0, least=-1.0, most=1.0)
    noise: float = number(1.0, least=0.0, most=10.0)

    @classmethod
    def search_space(cls) -> Sequence["TwinParameters"]:
        return (cls(aim=-1.0, noise=0.0), cls(aim=1.0, noise=0.0), cls(aim=0.5, noise=0.0))


class UselessParameters(TwinParameters):
    """Candidates that order everything as the defaults do."""

    @classmethod
    def search_space(cls) -> Sequence["UselessParameters"]:
        return (cls(noise=0.5), cls(noise=2.0))


class DiceParameters(TwinParameters):
    """Candidates that are each as good as the defaults."""

    @classmethod
    def search_space(cls) -> Sequence["DiceParameters"]:
        return tuple(cls(noise=1.0 + number) for number in range(1, 10))


@dataclass(frozen=True, slots=True)
class Twin:
    """An algorithm whose best parameters are known: `aim` above 0 ranks by interest, below 0 against it."""

    name: ClassVar[str] = "twin"
    settings: ClassVar[type[Parameters]] = TwinParameters

    parameters: TwinParameters
    seen: Interactions

    @classmethod
    def fit(
        cls, data: Interactions, *, generator: np.random.Generator, parameters: Any = TwinParameters()
    ) -> Self:
        return cls(parameters, data)

    def prepare(self, slate: Slate, *, now: float) -> Float64:
        noise = np.random.default_rng(1).random(len(slate.events))
        return self.parameters.aim * slate.interest.astype(np.float64) + self.parameters.noise * noise

    def score(self, person: Person, prepared: Float64) -> Float64:
        return prepared

    def explain(self, person: Person, prepared: Any, rows: Any) -> list[list[Contribution]]:
        raise NotImplementedError

    def to_arrays(self) -> Arrays:
        raise NotImplementedError

    @classmethod
    def from_arrays(cls, arrays: Arrays, *, parameters: Any = None) -> Self:
        raise NotImplementedError


class Useless(Twin):
    settings: ClassVar[type[Parameters]] = UselessParameters


class Dice(Twin):
    """Another order at random for each setting and each person."""

    settings: ClassVar[type[Parameters]] = DiceParameters

    def score(self, person: Person, prepared: Float64) -> Float64:
        known = int((person.events.keys % np.uint64(2**32)).sum())
        return np.random.default_rng([int(self.parameters.noise), known]).random(len(prepared))


def matrix(people: int = 60, events: int = 40, seed: int = 0) -> Interactions:
    """Everybody picks ten events, the popular ones more often; nothing has a time."""
    generator = np.random.default_rng(seed)
    chance = 1.0 / np.arange(1, events + 1)
    chosen = [generator.choice(events, 10, replace=False, p=chance / chance.sum()) for _ in range(people)]
    facts = [
        EventFacts(str(number), "", starts_at=NOW + 1.0, announced_at=NOW - 1.0) for number in range(events)
    ]
    return Interactions(
        EventTable.of(facts),
        people,
        np.repeat(np.arange(people, dtype=np.int32), 10),
        np.concatenate(chosen).astype(np.int32),
        np.ones(10 * people, np.float32),
        np.full(10 * people, NOW),
        NOW,
    )


@pytest.fixture
def validation() -> HoldOut:
    return validation_slice(matrix(), seed=3)


def test_it_picks_the_planted_better_parameter(validation: HoldOut) -> None:
    found = tune(Twin, validation, seed=3)
    assert found.chosen == TwinParameters(aim=1.0, noise=0.0)  # the first of two that are equally good
    gains = [each.gain for each in found.trials]
    assert gains[0] < 0 < gains[1] == pytest.approx(gains[2])
    assert found.trials[1].ndcg == pytest.approx(found.default_ndcg + gains[1])
    assert found.trials[1].gain > found.trials[1].standard_error > 0


def test_it_keeps_the_defaults_where_nothing_is_better(validation: HoldOut) -> None:
    found = tune(Useless, validation, seed=3)
    assert found.chosen == UselessParameters()
    assert [each.gain for each in found.trials] == [0.0, 0.0]


def test_of_nine_that_are_all_as_good_as_the_defaults_none_is_chosen() -> None:
    """Their gains are random: in a third of the runs one of them is ahead by a standard error."""
    data = matrix()
    runs = [tune(Dice, validation_slice(data, seed=seed), seed=seed) for seed in range(25)]
    ahead = [max(each.gain / each.standard_error for each in run.trials) for run in runs]
    assert sum(most > 1.0 for most in ahead) >= 5
    assert sum(run.chosen != DiceParameters() for run in runs) <= 3  # by the bound, one


def test_the_bound_grows_with_the_candidates_and_falls_with_the_people() -> None:
    assert bound(1, 2_000) == pytest.approx(1.645, abs=0.01)
    assert bound(9, 2_000) == pytest.approx(2.54, abs=0.01)
    assert bound(9, 30) > bound(9, 2_000)


def test_whoever_nothing_is_known_of_is_ranked_for_by_popularity_as_when_served() -> None:
    """So no parameter moves them, and none is chosen for what it would do to them."""
    data = matrix()
    held = random_hold_out(data, 1.0, np.random.default_rng(0))  # all that anybody did
    assert len(held) == data.n_users
    found = tune(Twin, held, seed=3)
    assert [each.gain for each in found.trials] == [0.0, 0.0, 0.0]
    assert found.chosen == TwinParameters()


def test_it_keeps_the_defaults_where_too_few_people_tell() -> None:
    found = tune(Twin, validation_slice(matrix(people=20), seed=3), seed=3)
    assert (found.chosen, found.trials) == (TwinParameters(), ())
    assert "20 people are too few" in found.lines()[0]


def test_it_reports_what_was_tried_with_figures(validation: HoldOut) -> None:
    found = tune(Twin, validation, seed=3)
    assert found.as_json()["chosen"] == "aim 1, noise 0"
    assert found.as_json()["tried"].keys() == {
        "the defaults", "aim -1, noise 0", "aim 1, noise 0", "aim 0.5, noise 0"
    }  # fmt: skip
    assert len(found.lines()) == 2 + len(found.trials)


def test_it_tells_what_it_is_about_to_fit(validation: HoldOut) -> None:
    told: list[tuple[float, str]] = []
    tune(Twin, validation, seed=3, on_trial=lambda share, words: told.append((share, words)))
    assert [share for share, _ in told] == [0.0, 0.25, 0.5, 0.75]
    assert told[0][1] == "the defaults"


def test_where_nothing_has_a_time_a_tenth_of_everybodys_likings_is_held_out() -> None:
    data = matrix()
    held = validation_slice(data, seed=3)
    assert len(held) == data.n_users
    assert np.diff(held.start).tolist() == [1] * data.n_users
    assert len(held.train) == len(data) - data.n_users
    assert len(held.slate.events) == len(data.events)
    before = set(zip(held.train.user.tolist(), held.train.event.tolist(), strict=True))
    for place, user in enumerate(held.user.tolist()):
        assert not before & {(user, int(row)) for row in held.rows[held.targets_of(place)]}


def test_what_people_turned_down_is_never_a_target() -> None:
    data = matrix()
    sour = Interactions(
        data.events, data.n_users, data.user, data.event, -data.weight, data.occurred_at, data.cutoff
    )
    assert len(random_hold_out(sour, 0.2, np.random.default_rng(0))) == 0


def test_where_things_have_a_time_the_newest_are_predicted() -> None:
    data = world(n_events=200, n_users=60).data
    held = validation_slice(data, seed=3)
    assert held.now == pytest.approx(np.quantile(data.occurred_at, 0.9))
    assert held.train.occurred_at.max() <= held.now
