"""Which events are sessions of one show."""

from typing import Any

import pytest

from recommendations.algorithms.dataset import EventFacts
from tests.list_quality.worlds import event, show_facts

MONDAY = {"venue": "The Cobblestone", "promoter": "Session House", "city": "Dublin"}
IN_DUBLIN = {"promoter": "P", "city": "Dublin"}
IN_CORK = {"promoter": "P", "city": "Cork"}
SPELT_OTHERWISE = {"venue": "the cobblestone", "city": "dublin"}
WHELANS = {"venue": "Whelan's", "city": "Dublin"}
LIVE: dict[str, Any] = {"artists": ["Bicep"]}
OTHERS: dict[str, Any] = {"artists": ["Lankum"]}


def are_one(*events: EventFacts) -> bool:
    return len(set(show_facts(events).show.tolist())) == 1


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event("Trad Mondays", day, **MONDAY) for day in (0, 7, 14, 28)], True),
        ([event("Trad Mondays", day, **MONDAY) for day in (0, 31)], False),
        ([event("Trad Mondays", 0, **MONDAY), event("TRAD  mondays!", 7, **SPELT_OTHERWISE)], True),
        ([event("Trad Mondays", venue="V"), event("Trad Mondays", 7, venue="W")], False),
        ([event("Comedy", 0, **IN_DUBLIN, venue="V"), event("Comedy", 7, **IN_DUBLIN, venue="W")], True),
        ([event("Comedy", 0, **IN_DUBLIN), event("Comedy", 7, **IN_CORK)], False),
        ([event("Warm", 0, **IN_DUBLIN, **LIVE), event("Warm", 0, **IN_DUBLIN, artists=["Or:la"])], False),
        (
            [event("Bicep", **LIVE, venue="V"), event("Or:la", 1, artists=["Or:la", "Bicep"], venue="V")],
            False,
        ),
        ([event("Bicep", **LIVE, venue="V"), event("Bicep: extra date", 1, **LIVE, venue="V")], True),
        ([event("Bicep", **LIVE, venue="V"), event("Bicep: extra date", 3, **LIVE, venue="V")], False),
        ([event("Bicep", **LIVE, venue="V"), event("Bicep in Cork", 1, **LIVE, venue="W")], False),
        ([event("Live Music", 0, **WHELANS, **LIVE), event("Live Music", 1, **WHELANS, **OTHERS)], False),
        ([event("Live Music", 0, **WHELANS, **LIVE), event("Live Music", 7, **WHELANS, **LIVE)], True),
        ([event("Live Music", 0, **WHELANS), event("Live Music", 1, **WHELANS)], True),
        ([event("Live Music", 0, **WHELANS), event("Live Music", 1, **WHELANS, **LIVE)], False),
        ([event("Trad Session", city=city, venue="O'Neill's") for city in ("Dublin", "Cork")], False),
        ([event("Bicep", city=city, venue="The Academy", **LIVE) for city in ("Dublin", "Cork")], False),
        ([event("Same title", 0), event("Same title", 1)], False),  # nobody knows where or by whom
        ([event(f"House {day}", day, **LIVE, venue="V") for day in range(4)], True),
        ([event(f"House {day}", day, **LIVE, venue="V") for day in range(5)], False),
    ],
)
def test_it_knows_sessions_of_one_show(events: list[EventFacts], expected: bool) -> None:
    assert are_one(*events) is expected


def test_a_chain_joins_what_no_single_pair_does() -> None:
    first = event("Bicep", 0, artists=["Bicep"], venue="V")
    extra = event("Bicep: extra date", 1, artists=["Bicep"], venue="V")
    later = event("Bicep: extra date", 9, artists=["Bicep"], venue="V")
    assert not are_one(first, later)
    assert are_one(first, extra, later)


def test_every_event_of_an_empty_or_unrelated_catalogue_is_its_own_show() -> None:
    assert show_facts([]).show.tolist() == []
    gigs = [event(f"Gig {n}", n, venue="V", artists=["A", "B"]) for n in (0, 9, 20)]
    assert show_facts(gigs).show.tolist() == [0, 1, 2]
