"""Validates rows and writes them in chunks: all or nothing, or skipping what is bad.

All or nothing is one transaction around one pass over the file, so that nothing can be left half done,
neither by a bad row in the last line nor by a database that goes away; standard input, which cannot be read
twice, can be imported too. A dry run is the same pass, rolled back: it says exactly what would happen. The
price is that the transaction is as long as the file; `skip_bad` commits chunk by chunk instead.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import pydantic
from django.db import reset_queries, transaction

from common import errors
from common.error_responses import field_errors
from common.row_import.files import BadRow, Column, Row

CHUNK_ROWS = 1_000
MAX_BAD_ROWS_KEPT = 100

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Written:
    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


class RowImporter(Protocol[Item]):
    """What one kind of row means."""

    required_columns: Sequence[Column]

    def row_parse(self, values: Mapping[str, object]) -> Item:
        """The row's meaning. Raises pydantic.ValidationError or InvalidInput."""

    def row_identity(self, item: Item) -> Hashable:
        """Equal for rows that describe the same thing: the later one wins."""

    def rows_write(self, items: Sequence[Item]) -> Written:
        """Write a chunk of rows with distinct identities, in one transaction."""


@dataclass(slots=True)
class ImportReport:
    read: int = 0
    written: Written = field(default_factory=Written)
    repeated: int = 0
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)  # the first MAX_BAD_ROWS_KEPT
    kept: bool = True  # whether the database holds what `written` counts

    def bad_row_add(self, row: BadRow) -> None:
        self.bad += 1
        if len(self.bad_rows) < MAX_BAD_ROWS_KEPT:
            self.bad_rows.append(row)


def rows_import(
    rows: Iterable[Row | BadRow],
    *,
    importer: RowImporter[Item],
    skip_bad: bool = False,
    dry_run: bool = False,
    on_progress: Callable[[], None] = lambda: None,
) -> ImportReport:
    """Import `rows`. Raises BrokenFile, and django.db.Error when the database refuses or goes away."""
    run = _Run(importer, ImportReport(), writes_despite_bad=skip_bad, on_progress=on_progress)
    if skip_bad and not dry_run:
        run.consume(rows)
        return run.report
    with transaction.atomic():
        run.consume(rows)
        run.report.kept = not dry_run and (skip_bad or run.report.bad == 0)
        if not run.report.kept:
            transaction.set_rollback(True)
    return run.report


@dataclass(slots=True)
class _Run(Generic[Item]):
    importer: RowImporter[Item]
    report: ImportReport
    writes_despite_bad: bool
    on_progress: Callable[[], None]
    chunk: dict[Hashable, Item] = field(default_factory=dict)

    def consume(self, rows: Iterable[Row | BadRow]) -> None:
        for row in rows:
            self.report.read += 1
            self._take(row)
            if self.report.read % CHUNK_ROWS == 0:
                self._flush()
        self._flush()

    def _take(self, row: Row | BadRow) -> None:
        if isinstance(row, BadRow):
            self.report.bad_row_add(row)
            return
        try:
            item = self.importer.row_parse(row.values)
        except (pydantic.ValidationError, errors.InvalidInput) as error:
            self.report.bad_row_add(BadRow(row.line, reason_of(error)))
            return
        identity = self.importer.row_identity(item)
        if self.chunk.pop(identity, None) is not None:  # popped, so that the later row also takes its place
            self.report.repeated += 1
        self.chunk[identity] = item

    def _flush(self) -> None:
        if self.chunk and (self.writes_despite_bad or self.report.bad == 0):
            with transaction.atomic():
                self.report.written += self.importer.rows_write(list(self.chunk.values()))
        self.chunk.clear()
        reset_queries()  # with DEBUG on, Django keeps every statement it sent
        self.on_progress()


def reason_of(error: pydantic.ValidationError | errors.InvalidInput) -> str:
    """The failure as one line: field, what is wrong."""
    found = field_errors(error) if isinstance(error, pydantic.ValidationError) else error.errors
    if not found:
        return str(error)
    return "; ".join(f"{name}: {', '.join(messages)}" for name, messages in found.items())
