"""Which ranker's picks people chose from drafted lists. Only what they did is read, not everybody exposed."""

import itertools
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from experiments.models import Experiment, Exposure
from feedback.models import Feedback, Prediction

AT_ONCE = 1000  # actions, with the lists they may have come from


@dataclass(frozen=True, slots=True)
class Chosen:
    """One person's choices: how many events each variant had drafted of what they chose."""

    user_id: str
    is_matured: bool
    picks: Mapping[str, int]  # by variant key


@dataclass(frozen=True, slots=True)
class _Deed:
    user_id: str
    event_id: str
    recommendation_id: uuid.UUID | None
    at: datetime
    window_ends_at: datetime


@dataclass(frozen=True, slots=True)
class _Drafted:
    """One drafted list: whose pick each event was."""

    user_id: str
    served_at: datetime
    picks: Mapping[str, str]


def choices(experiment: Experiment, phase: int, actions: Sequence[str], as_of: datetime) -> Iterator[Chosen]:
    """By person. What they chose counts once an event, inside their window, and only from a drafted list: the
    one the action names, or where it names none the last they were served before that had the event."""
    deeds = _deeds(experiment, phase, actions, as_of)
    credited = itertools.chain.from_iterable(
        _credited(batch, experiment, as_of) for batch in _batches(deeds, AT_ONCE)
    )
    for user_id, found in itertools.groupby(credited, key=lambda pair: pair[0].user_id):
        pairs = list(found)
        whose = {deed.event_id: variant for deed, variant in reversed(pairs)}  # the first choice counts
        is_matured = pairs[0][0].window_ends_at <= as_of
        yield Chosen(user_id, is_matured, Counter(whose.values()))


def _deeds(experiment: Experiment, phase: int, actions: Sequence[str], as_of: datetime) -> Iterator[_Deed]:
    exposure = Exposure.objects.filter(
        experiment=experiment, phase=phase, variant__isnull=True, is_mixed=False, user_id=OuterRef("user_id")
    )
    began = experiment.phases.get(number=phase).started_at
    rows = (
        Feedback.objects.filter(action__in=actions, occurred_at__gte=began, occurred_at__lte=as_of)
        .annotate(
            exposed_at=Subquery(exposure.values("first_at")[:1]),
            window_ends_at=Subquery(exposure.values("window_ends_at")[:1]),
        )
        .filter(exposed_at__lte=F("occurred_at"), window_ends_at__gt=F("occurred_at"))
        .order_by("user_id", "occurred_at", "id")
    )
    columns = ("user_id", "event_id", "recommendation_id", "occurred_at", "window_ends_at")
    return (_Deed(*row) for row in rows.values_list(*columns).iterator(chunk_size=AT_ONCE))


def _credited(deeds: Sequence[_Deed], experiment: Experiment, as_of: datetime) -> Iterator[tuple[_Deed, str]]:
    """Each action with the variant whose pick was chosen; those that credit nobody are left out."""
    named = {one.recommendation_id for one in deeds if one.recommendation_id}
    unnamed = {one.user_id for one in deeds if not one.recommendation_id}
    lists = Prediction.objects.filter(experiment=experiment.key, served_at__lte=as_of)
    by_id = dict(_drafted(lists.filter(pk__in=named))) if named else {}
    of_person: dict[str, list[_Drafted]] = {}
    if unnamed:
        for _, drafted in _drafted(lists.filter(user_id__in=unnamed).order_by("-served_at")):
            of_person.setdefault(drafted.user_id, []).append(drafted)
    for deed in deeds:
        if deed.recommendation_id:
            named_list = by_id.get(deed.recommendation_id)
            source = named_list if named_list and named_list.user_id == deed.user_id else None
        else:
            source = _last_with(deed, of_person.get(deed.user_id, ()))
        if source is not None and deed.event_id in source.picks:
            yield deed, source.picks[deed.event_id]


def _last_with(deed: _Deed, newest_first: Iterable[_Drafted]) -> _Drafted | None:
    shown = (one for one in newest_first if one.served_at <= deed.at and deed.event_id in one.picks)
    return next(shown, None)


def _drafted(rows: Iterable[Prediction]) -> Iterator[tuple[uuid.UUID, _Drafted]]:
    for row in rows:
        picks = {item[0]: item[3] for item in row.items if len(item) > 3 and item[3] is not None}
        yield row.recommendation_id, _Drafted(row.user_id, row.served_at, picks)


def _batches(deeds: Iterator[_Deed], size: int) -> Iterator[list[_Deed]]:
    while batch := list(itertools.islice(deeds, size)):
        yield batch
