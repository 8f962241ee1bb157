"""One list drafted from two rankers' lists: both contribute, and each place knows whose pick it was."""

import itertools
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from experiments.serving import INTERLEAVED
from experiments.statistics.interleaving import Team, team_draft
from recommendations.ranking import RankedEvent, RankedList


def lists_draft(lists: Mapping[str, RankedList], limit: int, seed: uuid.UUID) -> RankedList:
    """Two lists, by the key of their variant, as one of at most `limit` events. The seed decides the coins.

    Where either ranker fell back nothing is drafted: a list that is not a ranker's own says nothing about
    it, so it is served whole, and what is chosen from it credits nobody.
    """
    (first_key, first), (second_key, second) = lists.items()
    if first.fallback_reason or second.fallback_reason:
        whole = second if first.fallback_reason and not second.fallback_reason else first
        return replace(whole, fallback_reason=first.fallback_reason or second.fallback_reason)
    of_first, of_second = _by_id(first), _by_id(second)
    slots = team_draft(list(of_first), list(of_second), limit, random.Random(seed.int))
    picks = {Team.FIRST: (of_first, first_key), Team.SECOND: (of_second, second_key)}
    drafted = [
        replace(picks[slot.team][0][slot.item], drafted_by=picks[slot.team][1])
        if slot.team is not None
        else (of_first | of_second)[slot.item]
        for slot in slots
    ]
    return RankedList(INTERLEAVED, first.model_version, "", _falling(drafted), is_drafted=True)


def _by_id(ranked: RankedList) -> dict[str, RankedEvent]:
    return {event.card.event_id: event for event in ranked.events}


def _falling(events: Sequence[RankedEvent]) -> list[RankedEvent]:
    """Each with its own ranker's score, or that of the event above where the other ranker gave less.

    Both scales run from 0 to 1 and neither can be turned into the other; what a list's scores promise is
    its order.
    """
    units = itertools.accumulate((event.score for event in events), min)
    return [replace(event, score=unit) for event, unit in zip(events, units, strict=True)]
