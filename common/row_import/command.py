"""The base of `import_events` and `import_feedback`: arguments, progress, summary, exit codes."""

import argparse
import sys
import time
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import django.db
from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from tqdm import tqdm

from common.row_import.engine import CHUNK_ROWS, ImportReport, RowImporter, rows_import
from common.row_import.files import BrokenFile, CountingReader, FileFormat, format_of, rows_read

EXIT_NOTHING_IMPORTED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130
STANDARD_INPUT = "-"


class TeachingHelpFormatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the paragraphs and examples of a help text as they were written."""


class TeachingCommand(BaseCommand):
    """A command whose help is laid out by hand."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=TeachingHelpFormatter, **kwargs)


RULES_OF_EVERY_IMPORT = f"""
FILE is CSV with a header row, or JSON Lines; UTF-8, plain or gzip. Its suffix says which (.csv, .jsonl,
.ndjson, with or without .gz), or --format does; - reads standard input. In CSV an empty field is a missing
one. Memory stays the same however long the file is.

All or nothing: one bad row and nothing is imported; the bad rows are named by line (the first 100 of them).
That is one transaction, a dry run too, and SQLite lets nobody else write until it ends: import a big file
when the service is quiet, or with --skip-bad, which commits every {CHUNK_ROWS:,} rows. --skip-bad forgives
bad rows, not a broken file (gzip cut off, a quote never closed, a column missing).

Exit codes:
  0    done
  1    bad rows, a broken or an empty file, or the database: nothing was imported
       (with --skip-bad: stopped half-way, or every row was bad)
  2    usage: no such file, unknown format
  130  interrupted"""


class FileImportCommand(TeachingCommand):
    plural: ClassVar[str]

    @abstractmethod
    def importer(self, options: dict[str, Any]) -> RowImporter[Any]:
        """What the rows mean, by this command's own options."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a path, or - for standard input")
        parser.add_argument(
            "--format", choices=[str(known) for known in FileFormat], help="what FILE's suffix does not say"
        )
        parser.add_argument("--skip-bad", action="store_true", help="import the good rows, name the others")
        parser.add_argument(
            "--dry-run", action="store_true", help="do it all, report, then undo it: nothing is changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file_format = self._format(options["file"], options["format"])
        importer = self.importer(options)
        started = time.monotonic()
        with self._open(options["file"]) as stream:
            report = self._import(stream, file_format, importer, options)
        self._report(report, seconds=time.monotonic() - started, options=options)

    def _format(self, file: str, chosen: str | None) -> FileFormat:
        if chosen:
            return FileFormat(chosen)
        found = format_of(file)
        if found is None:
            name = "Standard input" if file == STANDARD_INPUT else f"'{file}'"
            raise CommandError(
                f"{name} does not say its format: give --format csv or jsonl.", returncode=EXIT_USAGE
            )
        return found

    def _open(self, file: str) -> BinaryIO:
        if file == STANDARD_INPUT:
            return sys.stdin.buffer
        try:
            return Path(file).open("rb")
        except OSError as error:
            raise CommandError(f"Cannot open '{file}': {error.strerror}.", returncode=EXIT_USAGE) from error

    def _import(
        self, stream: BinaryIO, file_format: FileFormat, importer: RowImporter[Any], options: dict[str, Any]
    ) -> ImportReport:
        counted = CountingReader(stream)
        size = None if options["file"] == STANDARD_INPUT else Path(options["file"]).stat().st_size
        left = "Rows already committed stay." if options["skip_bad"] else "Nothing was imported."
        with tqdm(total=size, unit="B", unit_scale=True, disable=None, file=sys.stderr, leave=False) as bar:
            try:
                return rows_import(
                    rows_read(counted, file_format=file_format, required=importer.required_columns),
                    importer=importer,
                    skip_bad=options["skip_bad"],
                    dry_run=options["dry_run"],
                    on_progress=_advance(bar, counted),
                )
            except BrokenFile as error:
                raise CommandError(f"{error.detail} {left}", returncode=EXIT_NOTHING_IMPORTED) from error
            except django.db.Error as error:
                raise CommandError(
                    f"The database refused: {_one_line(error)}. {left}", returncode=EXIT_NOTHING_IMPORTED
                ) from error
            except KeyboardInterrupt as error:
                raise CommandError(f"Interrupted. {left}", returncode=EXIT_INTERRUPTED) from error

    def _report(self, report: ImportReport, *, seconds: float, options: dict[str, Any]) -> None:
        for row in report.bad_rows:
            self.stderr.write(f"line {row.line:,}: {row.reason}")
        if report.bad > len(report.bad_rows):
            self.stderr.write(f"... and {report.bad - len(report.bad_rows):,} more bad rows.")
        self.stdout.write(
            f"Read {report.read:,} rows in {seconds:.1f} s ({report.read / max(seconds, 1e-9):,.0f} rows/s)."
        )
        if report.read == 0:
            raise CommandError("The file has no rows.", returncode=EXIT_NOTHING_IMPORTED)
        if report.bad == report.read or (report.bad and not options["skip_bad"]):
            raise CommandError(
                f"{report.bad:,} bad {'row' if report.bad == 1 else 'rows'}: nothing was imported.",
                returncode=EXIT_NOTHING_IMPORTED,
            )
        self.stdout.write(self._counts(report))
        if options["dry_run"]:
            self.stdout.write("A dry run: nothing was changed.")

    def _counts(self, report: ImportReport) -> str:
        written = report.written
        counts = [
            f"{written.created:,} created",
            f"{written.updated:,} updated",
            f"{written.unchanged:,} unchanged",
            f"{report.bad:,} skipped",
        ]
        if report.repeated:
            counts.append(f"{report.repeated:,} replaced by a later row")
        return f"{self.plural.capitalize()}: {', '.join(counts)}."


def _advance(bar: "tqdm[Any]", counted: CountingReader) -> Callable[[], None]:
    def advance() -> None:
        bar.update(counted.bytes_read - bar.n)

    return advance


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
