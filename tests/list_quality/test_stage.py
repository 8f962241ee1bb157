"""What holds of every list, and lists known in advance."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.algorithms.dataset import EventFacts
from recommendations.list_quality.parameters import ListParameters
from recommendations.list_quality.stage import Candidates, Place, list_make
from recommendations.list_quality.variety import Move
from tests.list_quality.worlds import candidates, event


def make(
    given: Candidates, parameters: ListParameters, *, limit: int = 10, seed: int = 1, leave_out: int = 0
) -> list[Place]:
    rows = np.arange(leave_out, len(given.scores))
    return list_make(given, rows, limit=limit, parameters=parameters, generator=np.random.default_rng(seed))


def rows_of(places: list[Place]) -> list[int]:
    return [place.row for place in places]


names = st.sampled_from(["", "A", "B", "C"])
drawn_events = st.builds(
    event,
    title=st.sampled_from(["Trad Mondays", "Gig", "Late Night", "Open Mic"]),
    day=st.integers(0, 40),
    venue=names,
    promoter=names,
    city=st.just("Dublin"),
    artists=st.lists(st.sampled_from(["X", "Y", "Z"]), max_size=2),
)
bounds = st.one_of(st.none(), st.integers(1, 4))
parameters = st.builds(
    ListParameters,
    collapse_repeats=st.booleans(),
    most_per_venue=bounds,
    most_per_artist=bounds,
    most_per_promoter=bounds,
    exploration_share=st.sampled_from([0.0, 0.1, 0.3]),
    exploration_showings=st.integers(1, 5),
)
drawn_candidates = st.lists(drawn_events, max_size=30).flatmap(
    lambda events: st.builds(
        candidates,
        st.just(events),
        st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=len(events), max_size=len(events)),
        st.lists(st.integers(0, 6), min_size=len(events), max_size=len(events)),
    )
)


@given(drawn_candidates, parameters, st.integers(1, 12), st.integers(0, 3), st.integers(0, 9))
def test_what_holds_of_every_list(
    given: Candidates, settings: ListParameters, limit: int, leave_out: int, seed: int
) -> None:
    places = make(given, settings, limit=limit, seed=seed, leave_out=leave_out)
    rows = rows_of(places)
    available = range(min(leave_out, len(given.scores)), len(given.scores))
    assert len(rows) == len(set(rows)) == min(limit, len(available)), "never shorter than it could be"
    assert set(rows) <= set(available)
    levels = [given.scores[place.row] + place.added for place in places]
    assert levels == pytest.approx(sorted(levels, reverse=True)), "ordered by score"
    assert all(0 < place.propensity <= 1 for place in places)
    assert all(place.added == 0 or place.moved_by for place in places)
    assert all(place.added >= 0 for place in places if place.moved_by is Move.EXPLORATION)
    if settings.exploration_share == 0:
        assert {place.propensity for place in places} <= {1.0}
    if not any(place.moved_by is Move.VARIETY for place in places):
        _assert_within_bounds(given, settings, rows)


def _assert_within_bounds(given: Candidates, settings: ListParameters, rows: list[int]) -> None:
    facts = given.facts
    for most, words in (
        (settings.most_per_venue, [int(facts.venue[row]) for row in rows]),
        (settings.most_per_promoter, [int(facts.promoter[row]) for row in rows]),
        (settings.most_per_artist, [word for row in rows for word in set(facts.artists.row(row).tolist())]),
    ):
        times = Counter(word for word in words if word)
        assert most is None or max(times.values(), default=0) <= most
    if settings.collapse_repeats:
        assert len({int(facts.show[row]) for row in rows}) == len(rows), "no show twice"


def gigs(*venues: str) -> list[EventFacts]:
    return [event(f"Gig {number}", number, venue=venue) for number, venue in enumerate(venues)]


FALLING = [1.0 - number / 10 for number in range(10)]


def test_it_passes_over_what_is_too_much_of_one_venue() -> None:
    given = candidates(gigs(*"AAABAB"), FALLING[:6])
    assert rows_of(make(given, ListParameters(most_per_venue=2), limit=4)) == [0, 1, 3, 5]


def test_those_passed_over_come_last_when_others_run_out() -> None:
    given = candidates(gigs(*"AAABAB"), FALLING[:6])
    places = make(given, ListParameters(most_per_venue=1), limit=5)
    assert rows_of(places) == [0, 3, 1, 2, 4]
    assert [place.moved_by for place in places] == [None, None, *[Move.VARIETY] * 3]
    # as far apart as before, the first no better than the last that was within bounds
    assert [place.added for place in places] == pytest.approx([0, 0, -0.2, -0.2, -0.2])


def test_a_bill_of_several_artists_counts_for_each() -> None:
    bills = [["X", "Y"], ["X"], ["Y"], ["Z"]]
    given = candidates([event(f"G{n}", n, artists=bill) for n, bill in enumerate(bills)], FALLING[:4])
    assert rows_of(make(given, ListParameters(most_per_artist=1), limit=2)) == [0, 3]


def test_it_shows_the_best_session_of_a_show_and_the_soonest_of_equals() -> None:
    weekly = [event("Trad Mondays", 7 * week, venue="The Cobblestone") for week in range(3)]
    other = event("Bicep", 3, venue="Vicar Street")
    by_score = candidates([*weekly, other], [0.5, 0.9, 0.5, 0.1])
    assert rows_of(make(by_score, ListParameters(), limit=2)) == [1, 3]
    equals = candidates([*weekly, other], [0.5, 0.5, 0.5, 0.1])
    assert rows_of(make(equals, ListParameters(), limit=2)) == [0, 3]
    assert rows_of(make(equals, ListParameters(), limit=2, leave_out=1)) == [1, 3]
    assert rows_of(make(equals, ListParameters(), limit=4)) == [0, 3, 1, 2]
    assert rows_of(make(equals, ListParameters(collapse_repeats=False), limit=3)) == [0, 1, 2]


def test_explored_places_go_to_what_few_people_were_shown() -> None:
    given = candidates(gigs(*"ABCDEFGHIJ"), FALLING, [9, 9, 9, 9, 0, 9, 2, 9, 0, 4])
    settings = ListParameters(exploration_share=0.25, exploration_showings=3)
    explored: Counter[int] = Counter()
    for seed in range(400):
        places = make(given, settings, limit=4, seed=seed)
        new = [place for place in places if place.moved_by is Move.EXPLORATION]
        assert all(place.propensity < 0.25 / 3 + 1e-9 for place in new)
        explored.update(rows_of(new))
    assert set(explored) == {4, 6, 8}
    assert sum(explored.values()) == pytest.approx(400, abs=90)


def test_what_is_explored_stays_within_the_bounds_and_repeats_no_show() -> None:
    listed = [event("Trad Mondays", 0, venue="A"), event("Gig", 1, venue="A")]
    waiting = [event("Trad Mondays", 7, venue="A"), event("More", 2, venue="A"), event("Other", 3, venue="B")]
    given = candidates([*listed, *waiting], [1.0, 0.9, 0.3, 0.2, 0.1])
    settings = ListParameters(most_per_venue=2, exploration_share=0.3)
    seen = {row for seed in range(200) for row in rows_of(make(given, settings, limit=2, seed=seed))}
    assert seen == {0, 1, 4}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"most_per_venue": 0}, "most_per_venue must be 1 or more, not 0."),
        ({"exploration_showings": 0}, "exploration_showings must be 1 or more"),
        ({"exploration_showings": 1001}, "exploration_showings must be 1000 or less, not 1001."),
        ({"exploration_share": 0.31}, "exploration_share must be between 0 and 0.3, not 0.31."),
        ({"exploration_share": float("nan")}, "exploration_share must be between 0 and 0.3"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ListParameters(**wrong)  # type: ignore[arg-type]
