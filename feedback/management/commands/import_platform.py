from typing import Any

import django.db
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from catalogue.platform import PlatformReading, TableReport
from catalogue.platform_database import PlatformNotConfigured, PlatformUnreadable, platform_opened
from common.row_import.command import EXIT_NOTHING_IMPORTED, EXIT_USAGE, TeachingCommand
from feedback.platform import platform_read


class Command(TeachingCommand):
    help = """Read the platform's own MySQL or MariaDB database: events, venues, taste, saves, hides.

PLATFORM_DATABASE_URL says where it is (mysql://user:password@host:3306/database; a user that may only SELECT
will do). Nothing is written to it. Run it from cron as often as you like: events, saves and hides are read
from ten minutes before the last run began, by the platform's clock; the other tables, which do not say what
changed, whole; only changes are stored.

What the platform has no column for (an event's artists, promoter, status) stays as it is here, and so does an
event that was withdrawn here until the platform changes it. A save or a hide that is known already, also from
the API, is not recorded twice. An event or venue that the platform deletes stays; withdraw an event with
DELETE /v1/events/ID. A row that is not usable is named and passed over.

--full reads everything again. Only then is it noticed that a save that came from there is gone: it becomes an
unsave of now.

    python manage.py import_platform --dry-run
    python manage.py import_platform

Exit codes:
  0  done
  1  some rows were passed over, or the platform's or our database did not answer (what was read before stays)
  2  PLATFORM_DATABASE_URL is missing or malformed"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--full", action="store_true", help="read everything, and notice removed saves")
        parser.add_argument(
            "--dry-run", action="store_true", help="do it all, report, then undo it: nothing is changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PLATFORM_DATABASE_URL:
            raise CommandError(
                "PLATFORM_DATABASE_URL is not set: mysql://user:password@host:3306/database",
                returncode=EXIT_USAGE,
            )
        try:
            bad = self._read(full=options["full"], dry_run=options["dry_run"])
        except PlatformNotConfigured as error:
            raise CommandError(error.detail, returncode=EXIT_USAGE) from error
        except PlatformUnreadable as error:
            raise CommandError(error.detail, returncode=EXIT_NOTHING_IMPORTED) from error
        except django.db.Error as error:
            reason = " ".join(str(error).split())[:300]
            raise CommandError(f"Our database refused: {reason}", returncode=EXIT_NOTHING_IMPORTED) from error
        if options["dry_run"]:
            self.stdout.write("A dry run: nothing was changed.")
        if bad:
            raise CommandError(f"Rows passed over: {bad:,}.", returncode=EXIT_NOTHING_IMPORTED)

    def _read(self, *, full: bool, dry_run: bool) -> int:
        """Print a line for each table; return how many rows were passed over."""
        bad = 0
        with (
            platform_opened(settings.PLATFORM_DATABASE_URL) as platform,
            tqdm(unit=" rows", disable=None, leave=False) as bar,
        ):
            reading = PlatformReading(
                platform, now=timezone.now(), full=full, on_progress=lambda rows: _add(bar, rows)
            )
            for report in platform_read(reading, dry_run=dry_run):
                self._print(report)
                bad += report.bad
        return bad

    def _print(self, report: TableReport) -> None:
        for row in report.bad_rows:
            self.stderr.write(f"{report.table} {row.row_id}: {row.reason}")
        if report.bad > len(report.bad_rows):
            self.stderr.write(f"... and {report.bad - len(report.bad_rows):,} more of {report.table}.")
        written = report.written
        self.stdout.write(
            f"{report.table}: {report.read:,} read, {written.created:,} created, "
            f"{written.updated:,} updated, {written.unchanged:,} unchanged, {report.bad:,} passed over."
        )


def _add(bar: "tqdm[Any]", rows: int) -> None:
    bar.update(rows)
