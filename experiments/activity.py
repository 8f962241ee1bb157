"""What exposed people did and were served, summed per person and then over people, in one SQL statement.

Written out, as the ORM joins along foreign keys only: what people did carries their id and no key to an
exposure. Nothing in it is of one database but the length of a JSON list.
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
_LIST_LENGTH = {
    "postgresql": "jsonb_array_length(l.items)",
    "sqlite": "json_array_length(l.items)",
    "mysql": "JSON_LENGTH(l.items)",
}
NO_CITY = "''"
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
    deeds, deeds_parameters = _deeds(scope)
    served, served_parameters = _served(scope)
    per_person = ", ".join(f"SUM({name}) AS {name}" for name in _SUMS)
    over_people = ", ".join(
        [f"SUM(CASE WHEN {x} > 0 THEN 1 ELSE 0 END)" for x in _SOME]
        + [f"SUM({x})" for x in _SUMS]
        + [f"SUM({x} * {y})" for x, y in _PRODUCTS]
    )
    sql = f"""
        SELECT variant_id, is_matured, is_new, city, {over_people}
        FROM (
            SELECT variant_id, is_matured, is_new, city, {per_person}
            FROM ({deeds} UNION ALL {served}) activity
            GROUP BY id, variant_id, is_matured, is_new, city
        ) person
        GROUP BY variant_id, is_matured, is_new, city"""  # noqa: S608 - names of columns and tables only
    return sql, deeds_parameters + served_parameters


def _deeds(scope: Scope) -> tuple[str, list[Any]]:
    counted = [
        f"CASE WHEN f.action IN ({_marks(ACTIONS_OF[one])}) THEN 1 ELSE 0 END AS {one}" for one in Deeds
    ] + [f"0 AS {one}" for one in Served]
    kind, kind_parameters = _kind(scope)
    anything = sorted({action for actions in ACTIONS_OF.values() for action in actions})
    exposed, exposed_parameters = _exposed(scope, "f.user_id", "f.occurred_at")
    sql = f"""
            SELECT {kind}, {", ".join(counted)}
            FROM {Exposure._meta.db_table} e JOIN {Feedback._meta.db_table} f ON {exposed}
            AND f.action IN ({_marks(anything)})"""  # noqa: S608
    actions = [action for one in Deeds for action in ACTIONS_OF[one]]
    return sql, [*kind_parameters, *actions, *exposed_parameters, *anything]


def _served(scope: Scope) -> tuple[str, list[Any]]:
    length = _LIST_LENGTH[connection.vendor]
    of_list = {
        Served.LISTS: "1",
        Served.SHOWN: length,
        Served.LATENCY: "l.latency_ms",
        Served.EMPTY: f"CASE WHEN {length} = 0 THEN 1 ELSE 0 END",
        Served.FALLBACKS: "CASE WHEN l.fallback_reason IN ('', %s) THEN 0 ELSE 1 END",
    }
    counted = [f"0 AS {one}" for one in Deeds] + [f"{of_list[one]} AS {one}" for one in Served]
    kind, kind_parameters = _kind(scope)
    exposed, exposed_parameters = _exposed(scope, "l.user_id", "l.served_at")
    sql = f"""
            SELECT {kind}, {", ".join(counted)}
            FROM {Exposure._meta.db_table} e JOIN {Prediction._meta.db_table} l ON {exposed}"""  # noqa: S608
    return sql, [*kind_parameters, COLD_START, *exposed_parameters]


def _kind(scope: Scope) -> tuple[str, list[Any]]:
    city = f"CASE WHEN LOWER(e.city) IN ({_marks(scope.cities)}) THEN LOWER(e.city) ELSE '' END"
    sql = f"""e.id AS id, e.variant_id AS variant_id,
            CASE WHEN e.window_ends_at <= %s THEN 1 ELSE 0 END AS is_matured,
            CASE WHEN e.is_new THEN 1 ELSE 0 END AS is_new,
            {city if scope.cities else NO_CITY} AS city"""
    return sql, [_moment(scope.as_of), *scope.cities]


def _exposed(scope: Scope, person: str, moment: str) -> tuple[str, list[Any]]:
    """The people compared, and of theirs only what came after the exposure and inside the window."""
    sql = (
        f"{person} = e.user_id AND {moment} >= e.first_at AND {moment} < e.window_ends_at "
        f"AND {moment} >= %s AND {moment} <= %s AND e.experiment_id = %s AND e.phase = %s "
        "AND e.first_at <= %s AND NOT e.is_mixed AND e.variant_id IS NOT NULL"
    )
    until = _moment(scope.as_of)
    return sql, [_moment(scope.since), until, scope.experiment_id, scope.phase, until]


def _read(row: tuple[Any, ...]) -> tuple[Kind, Activity]:
    numbers = [_number(value) for value in row[4:]]
    totals_from, products_from = len(_SOME), len(_SOME) + len(_SUMS)
    activity = Activity(
        some={x: int(value) for x, value in zip(_SOME, numbers, strict=False)},
        totals=dict(zip(_SUMS, numbers[totals_from:], strict=False)),
        products=dict(zip(_PRODUCTS, numbers[products_from:], strict=True)),
    )
    return Kind(row[0], bool(row[1]), bool(row[2]), row[3]), activity


def _number(value: int | float | Decimal) -> float:
    """Whole numbers stay whole: their variances are then free of rounding."""
    return int(value) if value == int(value) else float(value)


def _marks(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values))


def _moment(value: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(value)
