"""Counting exposed people, what they did and what they were served, in the database.

Only people of one phase are counted together: whoever came under other weights came at another time, and
pooling the two would show differences that are none (Simpson's paradox).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import BooleanField, Case, Count, ExpressionWrapper, Q, QuerySet, Value, When
from django.db.models.functions import Lower, TruncDate

from experiments.activity import NO_ACTIVITY, Activity, Kind, Scope, activity_by_kind
from experiments.models import Experiment, Exposure, Phase

MOST_CITIES = 10


@dataclass(frozen=True, slots=True)
class PeopleCounted:
    """`users` people, those who did nothing included, and the sums over what they did."""

    users: int
    activity: Activity

    def __add__(self, other: "PeopleCounted") -> "PeopleCounted":
        return PeopleCounted(self.users + other.users, self.activity + other.activity)


NOBODY = PeopleCounted(0, NO_ACTIVITY)


@dataclass(frozen=True, slots=True)
class Counts:
    """`compared`: the people by kind, without those who saw two variants. `assigned`: by variant, with them;
    `mixed` is their number."""

    compared: Mapping[Kind, PeopleCounted]
    assigned: Mapping[int, int]
    mixed: int

    def of_variant(
        self, variant_id: int, wanted: Callable[[Kind], bool] = lambda kind: True
    ) -> PeopleCounted:
        rows = (one for kind, one in self.compared.items() if kind.variant_id == variant_id and wanted(kind))
        return sum(rows, NOBODY)

    @property
    def cities(self) -> list[str]:
        return sorted({kind.city for kind in self.compared} - {""})


NO_COUNTS = Counts({}, {}, 0)


def exposures_of(experiment: Experiment, phase: Phase, as_of: datetime) -> QuerySet[Exposure]:
    """Everybody exposed to one variant in this phase until `as_of`, the mixed ones too."""
    rows = Exposure.objects.filter(experiment=experiment, phase=phase.number, first_at__lte=as_of)
    return rows.filter(variant__isnull=False).order_by()


def earlier_participants(experiment: Experiment, phase: int, as_of: datetime) -> int:
    """People exposed in earlier phases; they keep their variant, uncompared."""
    if phase == 1:
        return 0
    rows = Exposure.objects.filter(experiment=experiment, first_at__lte=as_of, phase__lt=phase)
    return rows.count()


def counts_of(experiment: Experiment, phase: Phase, as_of: datetime) -> Counts:
    """Everything counted of the people exposed in this phase, as of that moment."""
    exposed = exposures_of(experiment, phase, as_of)
    cities = _largest_cities(exposed)
    people = _people_by_kind(exposed, cities, as_of)
    scope = Scope(experiment.pk, phase.number, phase.started_at, as_of, cities)
    activity = activity_by_kind(scope) if people else {}
    assigned: Counter[int] = Counter()
    for (kind, _), users in people.items():
        assigned[kind.variant_id] += users
    return Counts(
        compared={
            kind: PeopleCounted(users, activity.get(kind, NO_ACTIVITY))
            for (kind, is_mixed), users in people.items()
            if not is_mixed
        },
        assigned=assigned,
        mixed=sum(users for (_, is_mixed), users in people.items() if is_mixed),
    )


def arrivals_per_day(exposed: QuerySet[Exposure]) -> Mapping[tuple[int | None, date], int]:
    """People per variant and UTC day of their first exposure, the mixed ones left out."""
    rows = exposed.filter(is_mixed=False).annotate(day=TruncDate("first_at", tzinfo=UTC))
    counted = rows.values_list("variant_id", "day").annotate(people=Count("id"))
    return {(variant, day): people for variant, day, people in counted}


def _largest_cities(exposed: QuerySet[Exposure]) -> tuple[str, ...]:
    """In lower case: what a request calls a city is free text, so there may be any number of them."""
    named = exposed.exclude(city="").annotate(name=Lower("city")).values_list("name")
    return tuple(
        name for name, _ in named.annotate(people=Count("id")).order_by("-people", "name")[:MOST_CITIES]
    )


def _people_by_kind(
    exposed: QuerySet[Exposure], cities: Iterable[str], as_of: datetime
) -> dict[tuple[Kind, bool], int]:
    """How many of each kind, those who saw two variants apart."""
    rows = exposed.annotate(
        name=Lower("city"),
        is_matured=ExpressionWrapper(Q(window_ends_at__lte=as_of), output_field=BooleanField()),
        place=Case(*(When(name=city, then=Value(city)) for city in cities), default=Value("")),
    )
    counted = rows.values_list("variant_id", "is_matured", "is_new", "place", "is_mixed").annotate(
        people=Count("id")
    )
    return {
        (Kind(variant, bool(matured), bool(new), place), bool(mixed)): people
        for variant, matured, new, place, mixed, people in counted
    }
