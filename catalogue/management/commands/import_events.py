from typing import Any

from django.utils import timezone

from catalogue.imports import EventImporter
from common.row_import.command import RULES_OF_EVERY_IMPORT, FileImportCommand


class Command(FileImportCommand):
    plural = "events"
    help = f"""Create or replace events from a file.

Each row is one event, as in PUT /v1/events: event_id, title and starts_at (ISO 8601 with an offset;
start_time is accepted too) are required; ends_at, description, city, latitude, longitude, venue_name,
artists, promoter, genres, tags, price_min, price_max, currency, status (scheduled, cancelled, sold_out),
ticket_url, age_restriction and announced_at are optional; anything else is ignored. Lists are JSON lists
or comma-separated text. An event that is there already is replaced; of two rows with one event_id the
later counts. Run it again and every event is unchanged.

    python manage.py import_events events.csv
    python manage.py import_events events.jsonl.gz --dry-run
    some-export | python manage.py import_events - --format jsonl --skip-bad
{RULES_OF_EVERY_IMPORT}"""

    def importer(self, options: dict[str, Any]) -> EventImporter:
        return EventImporter(now=timezone.now())
