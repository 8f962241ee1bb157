"""A reason is a part of the score: take it away, and the order changes as the arithmetic says."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from recommendations.algorithms.content_based import ContentBased
from recommendations.algorithms.dataset import (
    EventFacts,
    EventTable,
    Field,
    Interactions,
    Person,
    Taste,
    token,
)
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.protocol import Algorithm, Contribution, Signal
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.algorithms.signals import COLUMNS, INDEX
from recommendations.algorithms.user_knn import UserKNN
from tests.algorithms.worlds import DAY, NOW, World, concert, nobody, slate_of, somebody, world

HOUR = 3600.0
LATER = NOW + 12 * DAY + 9 * HOUR  # another day and hour than `concert`, so that times say nothing
HERE, THERE = {"latitude": 53.35, "longitude": -6.26}, {"latitude": 51.90, "longitude": -8.47}


@dataclass(frozen=True)
class Known:
    """The first event comes first, for the person, because of `code`; without the evidence it does not."""

    code: Signal
    first: EventFacts
    second: EventFacts
    person: Person
    without: Person
    interest: tuple[float, float] = (
        0.0,
        0.5,
    )  # the second wins where all else is even


def stating(**taste: object) -> Person:
    empty = nobody()
    return Person(empty.events, empty.weight, empty.occurred_at, Taste(**taste))  # type: ignore[arg-type]


def stated(code: Signal, kind: Field, name: str, first: EventFacts) -> Known:
    """A taste that the first candidate meets."""
    taste = stating(words={kind: np.array([token(kind, name)], np.uint64)})
    return Known(code, first, concert("second"), taste, nobody())


def before(**facts: object) -> Person:
    """Somebody with one save in the past."""
    return somebody([concert("past", **({"starts_at": NOW - 5.3 * DAY} | facts))])


def same(code: Signal, **facts: object) -> Known:
    """Both save an event; the one shares `facts` with the first candidate, the other nothing."""
    first, second = concert("first", **facts), concert("second")
    return Known(code, first, second, before(**facts), before(artists=["Somebody else"]))


PERSONAL = [
    same(Signal.ARTIST, artists=["Bicep"]),
    same(Signal.PROMOTER, promoter="District 8"),
    same(Signal.VENUE, venue="The Academy"),
    same(Signal.GENRE, genres=["techno"]),
    same(Signal.GENRE, tags=["late"]),
    same(Signal.CITY, city="Dublin"),
    same(Signal.TEXT, title="Warehouse rave in the docks"),
    same(Signal.NEARBY, **HERE),
    same(Signal.PRICE, price=20.0),
    Known(
        Signal.TIME_OF_WEEK,
        concert("first"),
        concert("second", starts_at=NOW + 10 * DAY + 12 * HOUR),
        before(starts_at=NOW - 4 * DAY),
        before(starts_at=NOW - 4 * DAY + 6 * HOUR),
    ),
    Known(
        Signal.HOME,
        concert("first", **HERE),
        concert("second", **THERE),
        stating(latitude=53.35, longitude=-6.26),
        nobody(),
    ),
    stated(Signal.ARTIST, Field.ARTIST, "Bicep", concert("first", artists=["Bicep"])),
    stated(Signal.VENUE, Field.VENUE, "Whelan's", concert("first", venue="Whelan's")),
    stated(Signal.GENRE, Field.GENRE, "folk", concert("first", genres=["folk"])),
    stated(Signal.CITY, Field.CITY, "Cork", concert("first", city="Cork")),
]


def explained(model: Algorithm, person: Person, case: Known) -> tuple[np.ndarray, list[list[Contribution]]]:
    prepared = model.prepare(slate_of([case.first, case.second], case.interest), now=NOW)
    return model.score(person, prepared), model.explain(person, prepared, np.arange(2))


@pytest.mark.parametrize("case", PERSONAL, ids=lambda case: f"{case.code}-{len(case.person)}")
def test_the_named_evidence_decides(case: Known) -> None:
    model = ContentBased.fit(Interactions.empty(), generator=np.random.default_rng(0))
    scores, reasons = explained(model, case.person, case)
    assert scores[0] > scores[1]
    assert reasons[0][0].code is case.code
    without = sums(reasons, without=case.code)
    assert without[0] < without[1]
    after, _ = explained(model, case.without, case)
    assert after[0] < after[1]


@pytest.fixture(scope="module")
def learned_hybrid() -> Hybrid:
    return Hybrid.fit(world(1, n_users=100, n_events=200).data, generator=np.random.default_rng(0))


def also_liking(person: Person, much: float, facts: dict[str, Any]) -> Person:
    """`person`, who besides likes a night with these `facts` so much."""
    night = concert("rivals", **({"starts_at": NOW - 3.1 * DAY} | facts))
    return replace(
        person,
        events=EventTable.concatenate([person.events, EventTable.of([night])]),
        weight=np.append(person.weight, np.float32(much)),
        occurred_at=np.append(person.occurred_at, NOW - DAY),
    )


# The hour alone differs with the lead time, which this ranker learned to weigh more.
@pytest.mark.parametrize(
    "case",
    [case for case in PERSONAL if case.code is not Signal.TIME_OF_WEEK],
    ids=lambda case: f"{case.code}-{len(case.person)}",
)
def test_a_learned_ranker_needs_the_evidence_alone_against_a_close_rival(
    case: Known, learned_hybrid: Hybrid
) -> None:
    """The rival, liked for another reason, is made to come just behind the first: without one signal that
    speaks for the first, or without what the person did or said, it is ahead."""
    rivals: dict[str, Any] = {"promoter": "R"} if case.code is not Signal.PROMOTER else {"title": "Rare"}
    case = replace(case, second=replace(case.second, **rivals), interest=(0.0, 0.0))
    behind, ahead = 0.0, 50.0
    for _ in range(16):
        much = (behind + ahead) / 2
        scores, _ = explained(learned_hybrid, also_liking(case.person, much, rivals), case)
        behind, ahead = (much, ahead) if scores[0] > scores[1] else (behind, much)
    scores, reasons = explained(learned_hybrid, also_liking(case.person, behind, rivals), case)
    assert scores[0] > scores[1]
    speaking = [one.code for one in reasons[0] if one.value * one.weight > 0]
    named = next(code for code in speaking if code in (case.code, Signal.GOES_WITH))  # that repeats own words
    without = sums(reasons, without=named)
    assert without[0] < without[1]
    after, _ = explained(learned_hybrid, also_liking(case.without, behind, rivals), case)
    assert after[0] < after[1]


def learned(pairs: list[tuple[int, int]], events: list[EventFacts], people: int) -> Interactions:
    user, event = np.array(pairs, np.int32).T
    times = np.full(len(pairs), NOW - DAY)
    return Interactions(
        EventTable.of(events),
        people,
        user,
        event,
        np.ones(len(pairs), np.float32),
        times.astype(np.float64),
        NOW,
    )


CROWD = [concert(name.lower(), artists=[name]) for name in ("Bicep", "Kneecap", "Lankum")]


def two_scenes() -> Interactions:
    """Thirty follow Bicep and Kneecap both, thirty others Lankum alone."""
    pairs = [(user, event) for user in range(30) for event in (0, 1)] + [(user, 2) for user in range(30, 60)]
    return learned(pairs, CROWD, 60)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("user_knn", Signal.SIMILAR_TASTE),
        ("collaborative_filtering", Signal.GOES_WITH),
        ("matrix_factorization", Signal.GOES_WITH),
    ],
)
def test_what_others_do_decides(name: str, code: Signal) -> None:
    """Kneecap for a follower of Bicep; without the saves of Bicep, the more popular Lankum."""
    model = ALGORITHMS[name].fit(two_scenes(), generator=np.random.default_rng(0))
    kneecap, lankum = concert("x", artists=["Kneecap"]), concert("y", artists=["Lankum"])
    case = Known(code, kneecap, lankum, somebody([CROWD[0]]), somebody([concert("q", artists=["Else"])]))
    scores, reasons = explained(model, case.person, case)
    assert scores[0] > scores[1]
    assert reasons[0][0].code is code
    assert scores[0] - reasons[0][0].value * reasons[0][0].weight < scores[1]
    after, _ = explained(model, case.without, case)
    assert after[0] < after[1]


def test_that_neighbours_chose_the_event_itself_is_told_apart_from_liking_its_kind() -> None:
    model = UserKNN.fit(two_scenes(), generator=np.random.default_rng(0))
    bare = concert("kneecap")  # known by its id alone: who chose it is all there is to go by
    prepared = model.prepare(slate_of([bare, concert("y")]), now=NOW)
    scores = model.score(somebody([CROWD[0]]), prepared)
    [reasons] = model.explain(somebody([CROWD[0]]), prepared, np.array([0]))
    assert scores[0] > scores[1]
    assert [one.code for one in reasons] == [Signal.SIMILAR_PEOPLE]


def test_popularity_tells_interest_from_expectation() -> None:
    events = [concert("past", promoter="Big", starts_at=NOW - DAY)]
    model = Popularity.fit(
        learned([(user, 0) for user in range(9)], events, 9), generator=np.random.default_rng(0)
    )
    slate = slate_of(
        [concert("wanted"), concert("expected", promoter="Big"), concert("neither")], [2.0, 0.0, 0.0]
    )
    prepared = model.prepare(slate, now=NOW)
    codes = [[one.code for one in each] for each in model.explain(nobody(), prepared, np.arange(3))]
    assert codes == [[Signal.POPULAR], [Signal.EXPECTED], []]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("popular", Signal.POPULAR),
        ("expected", Signal.EXPECTED),
        ("untouched", Signal.UNTRIED),
        ("lead", Signal.LEAD_TIME),
        ("next", Signal.DIARY),
        ("alone", Signal.DIARY),
        ("followed", Signal.FOLLOWED),
        ("goes_with", Signal.GOES_WITH),
        ("similar_event", Signal.SIMILAR_PEOPLE),
        ("similar_artist", Signal.SIMILAR_TASTE),
    ],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_whichever_way_a_weight_was_learned_its_part_is_in_the_score(
    column: str, code: Signal, sign: float
) -> None:
    data = two_scenes()
    weights = np.zeros(len(COLUMNS))
    weights[INDEX[column]] = sign
    model = Hybrid(Hybrid.fit(data, generator=np.random.default_rng(0)).model, weights)
    events = [
        concert("kneecap", artists=["Kneecap"], promoter="P", starts_at=NOW + 2 * DAY),
        concert("b", artists=["Bicep"], promoter="P", starts_at=NOW + 3 * DAY),
        concert("c", artists=["Nobody"], promoter="Q", starts_at=NOW + 9 * DAY),
    ]
    prepared = model.prepare(slate_of(events, [4.0, 1.0, 0.0]), now=NOW)
    person = somebody([CROWD[0]])
    scores = model.score(person, prepared)
    reasons = model.explain(person, prepared, np.arange(3))
    assert {one.code for each in reasons for one in each} == {code}
    np.testing.assert_allclose(
        [sum(one.value * one.weight for one in each) for each in reasons], scores, atol=1e-5
    )
    assert scores.min() < scores.max()


@pytest.fixture(scope="module")
def small() -> World:
    return world()


def sums(reasons: list[list[Contribution]], without: Signal | None = None) -> list[float]:
    return [sum(one.value * one.weight for one in each if one.code is not without) for each in reasons]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_reasons_of_all_candidates_are_the_list(name: str, small: World) -> None:
    model = ALGORITHMS[name].fit(small.data, generator=np.random.default_rng(0))
    prepared = model.prepare(small.slate(), now=NOW)
    rows = np.arange(len(small.upcoming))
    for user in range(6):
        scores = model.score(small.person(user), prepared)
        reasons = model.explain(small.person(user), prepared, rows)
        np.testing.assert_allclose(sums(reasons), scores, rtol=1e-4, atol=1e-4)
        [alone] = model.explain(small.person(user), prepared, rows[5:6])
        assert [one.code for one in alone] == [one.code for one in reasons[5]]
        np.testing.assert_allclose([one.value for one in alone], [one.value for one in reasons[5]], atol=1e-5)


@pytest.mark.parametrize("user", range(6))
def test_without_its_strongest_signal_a_list_is_as_the_arithmetic_says(user: int, small: World) -> None:
    """The hybrid with that signal's weights at zero gives the list that the reasons without it add up to."""
    model = Hybrid.fit(small.data, generator=np.random.default_rng(0))
    prepared, person = model.prepare(small.slate(), now=NOW), small.person(user)
    reasons = model.explain(person, prepared, np.arange(len(small.upcoming)))
    best = int(np.argmax(model.score(person, prepared)))
    top = next(one.code for one in reasons[best] if one.value * one.weight > 0)
    rest = Hybrid(model.model, np.where([column.signal is top for column in COLUMNS], 0.0, model.weights))
    scores = rest.score(person, rest.prepare(small.slate(), now=NOW))
    np.testing.assert_allclose(sums(reasons, without=top), scores, rtol=1e-4, atol=1e-4)
