"""How varied the lists are that people are served: descriptive, from a bounded number of lists.

One list a person, the first after their exposure, of as many people in each variant: how many different
events are seen depends on how many lists one looks at.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from catalogue.models import Event
from experiments.models import Exposure
from experiments.reports import ListVariety
from feedback.models import Prediction

MOST_PEOPLE = 200
TOP = 10

EventIds = tuple[str, ...]


def list_variety(
    exposed: QuerySet[Exposure], variants: Mapping[int, str], as_of: datetime
) -> tuple[ListVariety, ...]:
    """By variant, in the order of `variants` (keys by id): the last people who came, at most 200 each."""
    lists = {key: _first_lists(exposed.filter(variant=pk), as_of) for pk, key in variants.items()}
    size = min((len(found) for found in lists.values()), default=0)
    compared = {key: found[:size] for key, found in lists.items()}
    genres = _genres({event for found in compared.values() for items in found for event in items[:TOP]})
    return tuple(_variety(key, found, genres) for key, found in compared.items())


def _first_lists(exposed: QuerySet[Exposure], as_of: datetime) -> list[EventIds]:
    """The first list of each of the last people exposed, the last who came first."""
    people = list(
        exposed.filter(is_mixed=False)
        .order_by("-id")
        .values_list("user_id", "first_at", "window_ends_at")[:MOST_PEOPLE]
    )
    if not people:
        return []
    rows = Prediction.objects.filter(
        user_id__in=[person for person, _, _ in people],
        served_at__gte=min(first for _, first, _ in people),
        served_at__lt=max(end for _, _, end in people),
        served_at__lte=as_of,
    )
    windows = {person: (first, end) for person, first, end in people}
    lists: dict[str, EventIds] = {}
    for person, served_at, items in rows.order_by("user_id", "served_at").values_list(
        "user_id", "served_at", "items"
    ):
        first, end = windows[person]
        if person not in lists and first <= served_at < end:
            lists[person] = tuple(event for event, *_ in items)
    return [lists[person] for person, _, _ in people if person in lists]


def _genres(events: Iterable[str]) -> dict[str, list[str]]:
    return dict(Event.objects.filter(id__in=list(events)).order_by().values_list("id", "genres"))


def _variety(variant: str, lists: Sequence[EventIds], genres: Mapping[str, Sequence[str]]) -> ListVariety:
    if not lists:
        return ListVariety(variant, 0, None, None)
    kinds = [{genre for event in items[:TOP] for genre in genres.get(event, ())} for items in lists]
    known = [len(kind) for kind in kinds if kind]
    return ListVariety(
        variant,
        lists=len(lists),
        distinct_events=len({event for items in lists for event in items}),
        genres_per_list=sum(known) / len(known) if known else None,
    )
