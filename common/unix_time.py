"""Moments as numbers, worked out by the database: a `datetime` for every row takes longer than reading it.

Whole microseconds, because every database has them exactly, where its fractions of a second differ.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Func
from django.db.models.sql.compiler import SQLCompiler

MICROSECONDS = 1_000_000


class UnixMicroseconds(Func):
    """Of a `DateTimeField`, which Django keeps in UTC; as `datetime.timestamp()` x 1,000,000."""

    arity = 1
    output_field = BigIntegerField()

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        return []  # every driver gives an int

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        # Text such as 2026-05-01 19:30:00.123456, without the fraction where it is zero. strftime would round
        # it, and so take the last half millisecond for the next second.
        sql, parameters = compiler.compile(self.source_expressions[0])
        whole, fraction = f"strftime('%%s', substr({sql}, 1, 19))", f"CAST(substr({sql}, 21) AS INTEGER)"
        return f"{whole} * {MICROSECONDS} + {fraction}", (*parameters, *parameters)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        template = f"(EXTRACT(EPOCH FROM %(expressions)s) * {MICROSECONDS})::bigint"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_mysql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        template = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', %(expressions)s)"
        return self.as_sql(compiler, connection, template=template, **context)
