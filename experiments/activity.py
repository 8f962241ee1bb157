"""What exposed people did and were served, summed per person and then over people, in one SQL statement.

Written out, as the ORM joins along foreign keys only: what people did carries their id and no key to an
exposure. It is plain SQL, the same on every database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import connection

from experiments.metrics import ACTIONS_OF, METRICS, Deeds, MetricKind, PersonSum, Served
from experiments.models import Exposure
from feedback.models import Feedback, Prediction

COLD_START = "cold_start"  # what is popular for somebody without any history, by design and no failure
_EXPOSURES = Exposure._meta.db_table
_SUMS: tuple[PersonSum, ...] = (*Deeds, *Served)
_Key = TypeVar("_Key")
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose activity, and until when. `cities`, in lower case, are told apart; all others count together."""

    experiment_id: int
    phase: int
    since: datetime
    as_of: datetime
    cities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """By what people are told apart; `city` is empty outside the cities of the scope."""

    variant_id: int
    is_matured: bool
    is_new: bool
    city: str


@dataclass(frozen=True, slots=True)
class Activity:
    """`some[x]`: people whose sum x is above 0; `totals[x]`: the sum of x over people; `products[x, y]`: of
    x * y. People without any activity add nothing to any of these."""

    some: Mapping[PersonSum, int] = field(default_factory=dict)
    totals: Mapping[PersonSum, float] = field(default_factory=dict)
    products: Mapping[tuple[PersonSum, PersonSum], float] = field(default_factory=dict)

    def __add__(self, other: "Activity") -> "Activity":
        return Activity(
            _added(self.some, other.some),
            _added(self.totals, other.totals),
            _added(self.products, other.products),
        )


def _added(some: Mapping[_Key, _Number], more: Mapping[_Key, _Number]) -> dict[_Key, _Number]:
    return {**some, **{key: some[key] + value if key in some else value for key, value in more.items()}}


NO_ACTIVITY = Activity()


def activity_by_kind(scope: Scope) -> dict[Kind, Activity]:
    """One row per kind of person, however many people there are."""
    sql, parameters = _statement(scope)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return dict(_read(row) for row in cursor.fetchall())


def _products() -> tuple[tuple[PersonSum, PersonSum], ...]:
    """The products that variances need, each once."""
    wanted: dict[tuple[PersonSum, PersonSum], None] = {}
    for metric in METRICS:
        if metric.kind is not MetricKind.PROPORTION:
            x, y = metric.numerator, metric.denominator or metric.numerator
            wanted |= {(x, x): None, (y, y): None, (x, y): None}
    return tuple(wanted)


_SOME = tuple(dict.fromkeys(one.numerator for one in METRICS if one.kind is MetricKind.PROPORTION))
_PRODUCTS = _products()


def _statement(scope: Scope) -> tuple[str, list[Any]]:
    """People with what they did and what they were served beside them, summed by kind of person."""
    kind, kind_parameters = _kind(scope)
    deeds, deeds_parameters = _deeds(scope)
    served, served_parameters = _served(scope)
    people, people_parameters = _people(scope)
    over_people = ", ".join(
        [f"COUNT(CASE WHEN {x} > 0 THEN 1 END)" for x in _SOME]
        + [f"SUM({x})" for x in _SUMS]
        + [f"SUM({x} * {y})" for x, y in _PRODUCTS]
    )
    sql = f"""
        SELECT kind.variant_id, kind.is_matured, kind.is_new, kind.city, {over_people}
        FROM (SELECT {kind} FROM {_EXPOSURES} e WHERE {people}) kind
        LEFT JOIN ({deeds}) deeds ON deeds.exposure_id = kind.exposure_id
        LEFT JOIN ({served}) served ON served.exposure_id = kind.exposure_id
        GROUP BY kind.variant_id, kind.is_matured, kind.is_new, kind.city"""  # noqa: S608 - only our names
    return sql, [*kind_parameters, *people_parameters, *deeds_parameters, *served_parameters]


def _deeds(scope: Scope) -> tuple[str, list[Any]]:
    """What each person did; who did nothing is missing."""
    sums = [f"COUNT(CASE WHEN f.action IN ({_marks(ACTIONS_OF[one])}) THEN 1 END) AS {one}" for one in Deeds]
    anything = sorted({action for actions in ACTIONS_OF.values() for action in actions})
    people, people_parameters = _people(scope)
    window, window_parameters = _window(scope, "f.occurred_at")
    sql = f"""
            SELECT e.id AS exposure_id, {", ".join(sums)}
            FROM {_EXPOSURES} e JOIN {Feedback._meta.db_table} f ON f.user_id = e.user_id
            WHERE {people} AND {window} AND f.action IN ({_marks(anything)})
            GROUP BY e.id"""  # noqa: S608
    counted = [action for one in Deeds for action in ACTIONS_OF[one]]
    return sql, [*counted, *people_parameters, *window_parameters, *anything]


def _served(scope: Scope) -> tuple[str, list[Any]]:
    """What each person was served; who was served nothing is missing."""
    people, people_parameters = _people(scope)
    window, window_parameters = _window(scope, "l.served_at")
    sql = f"""
            SELECT e.id AS exposure_id, COUNT(*) AS {Served.LISTS}, SUM(l.shown) AS {Served.SHOWN},
                SUM(l.latency_ms) AS {Served.LATENCY},
                COUNT(CASE WHEN l.shown = 0 THEN 1 END) AS {Served.EMPTY},
                COUNT(CASE WHEN l.fallback_reason NOT IN ('', %s) THEN 1 END) AS {Served.FALLBACKS}
            FROM {_EXPOSURES} e JOIN {Prediction._meta.db_table} l ON l.user_id = e.user_id
            WHERE {people} AND {window}
            GROUP BY e.id"""  # noqa: S608
    return sql, [COLD_START, *people_parameters, *window_parameters]


def _kind(scope: Scope) -> tuple[str, list[Any]]:
    """A city is called as the scope calls it, whatever else the database holds to be the same word."""
    cases = " ".join(["WHEN LOWER(e.city) = %s THEN %s"] * len(scope.cities))
    sql = f"""e.id AS exposure_id, e.variant_id AS variant_id,
            CASE WHEN e.window_ends_at <= %s THEN 1 ELSE 0 END AS is_matured,
            CASE WHEN e.is_new THEN 1 ELSE 0 END AS is_new,
            {f"CASE {cases} ELSE '' END" if cases else "''"} AS city"""
    return sql, [_moment(scope.as_of), *(city for one in scope.cities for city in (one, one))]


def _people(scope: Scope) -> tuple[str, list[Any]]:
    """The people compared: of the phase, exposed by then, to one variant only."""
    sql = (
        "e.experiment_id = %s AND e.phase = %s AND e.first_at <= %s "
        "AND NOT e.is_mixed AND e.variant_id IS NOT NULL"
    )
    return sql, [scope.experiment_id, scope.phase, _moment(scope.as_of)]


def _window(scope: Scope, moment: str) -> tuple[str, list[Any]]:
    """Of theirs only what came after the exposure, inside the window and by then.

    That it came since the phase began follows, and lets the database skip older rows.
    """
    sql = f"{moment} >= e.first_at AND {moment} < e.window_ends_at AND {moment} >= %s AND {moment} <= %s"
    return sql, [_moment(scope.since), _moment(scope.as_of)]


def _read(row: tuple[Any, ...]) -> tuple[Kind, Activity]:
    numbers = [_number(value) for value in row[4:]]
    totals_from, products_from = len(_SOME), len(_SOME) + len(_SUMS)
    activity = Activity(
        some={x: int(value) for x, value in zip(_SOME, numbers, strict=False)},
        totals=dict(zip(_SUMS, numbers[totals_from:], strict=False)),
        products=dict(zip(_PRODUCTS, numbers[products_from:], strict=True)),
    )
    return Kind(row[0], bool(row[1]), bool(row[2]), row[3]), activity


def _number(value: int | float | Decimal | None) -> float:
    """Whole numbers stay whole: their variances are then free of rounding. No rows have no sum: 0."""
    if value is None:
        return 0
    return int(value) if value == int(value) else float(value)


def _marks(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values))


def _moment(value: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(value)
