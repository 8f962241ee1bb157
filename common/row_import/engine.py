"""Validates rows and writes them in chunks: all or nothing, or skipping what is bad.

All or nothing is one transaction around one pass over the file, so that nothing can be left half done,
neither by a bad row in the last line nor by a database that goes away; standard input, which cannot be read
twice, can be imported too. A dry run is the same pass, rolled back: it says exactly what would happen. The
price is that the transaction is as long as the file; `skip_bad` commits chunk by chunk instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
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

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged


class RowImporter(Protocol[Item]):
    """What one kind of row means."""

    @property
    def required_columns(self) -> Sequence[Column]:
        """The columns without which a CSV file is not such a file."""

    def row_parse(self, values: Mapping[str, object]) -> Item:
        """The row's meaning. Raises pydantic.ValidationError or InvalidInput."""

    def items_write(self, items: Iterable[Item]) -> Written:
        """Write all items in one transaction and constant memory. Of two on the same thing the later wins."""


@dataclass(slots=True)
class ImportReport:
    read: int = 0
    written: Written = field(default_factory=Written)
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)  # the first MAX_BAD_ROWS_KEPT
    kept: bool = True  # whether the database holds what `written` counts

    @property
    def repeated(self) -> int:
        """Good rows that a later row on the same thing replaced before they were written."""
        return self.read - self.bad - self.written.total

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
    run = _Run(importer, ImportReport(), skip_bad=skip_bad, on_progress=on_progress)
    report = run.report
    if skip_bad and not dry_run:
        items = run.items(rows)
        while chunk := list(islice(items, CHUNK_ROWS)):
            with transaction.atomic():
                written = importer.items_write(chunk)
            report.written += written
        return report
    with transaction.atomic():
        report.written = importer.items_write(run.items(rows))
        report.kept = not dry_run and (skip_bad or report.bad == 0)
        if not report.kept:
            transaction.set_rollback(True)
    return report


@dataclass(frozen=True, slots=True)
class _Run(Generic[Item]):
    importer: RowImporter[Item]
    report: ImportReport
    skip_bad: bool
    on_progress: Callable[[], None]

    def items(self, rows: Iterable[Row | BadRow]) -> Iterator[Item]:
        """The good rows' meanings; after a bad row, unless they are skipped, none: it only looks on."""
        for row in rows:
            self.report.read += 1
            item = self._item(row)
            if item is not None and (self.skip_bad or self.report.bad == 0):
                yield item
            if self.report.read % CHUNK_ROWS == 0:
                reset_queries()  # with DEBUG on, Django keeps every statement it sent
                self.on_progress()

    def _item(self, row: Row | BadRow) -> Item | None:
        if isinstance(row, Row):
            try:
                return self.importer.row_parse(row.values)
            except (pydantic.ValidationError, errors.InvalidInput) as error:
                row = BadRow(row.line, reason_of(error))
        self.report.bad_row_add(row)
        return None


def reason_of(error: pydantic.ValidationError | errors.InvalidInput) -> str:
    """The failure as one line: field, what is wrong."""
    found = field_errors(error) if isinstance(error, pydantic.ValidationError) else error.errors
    if not found:
        return str(error)
    return "; ".join(f"{name}: {', '.join(messages)}" for name, messages in found.items())
