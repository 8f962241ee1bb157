from typing import Any

from django.utils import timezone

from catalogue.imports import TasteImporter
from common.row_import.command import RULES_OF_EVERY_IMPORT, FileImportCommand


class Command(FileImportCommand):
    plural = "taste profiles"
    help = f"""Create or change people's taste profiles from a file.

Each row is one person, as in PUT /v1/users/ID/taste: user_id is required; preferred_genres,
preferred_artists, preferred_cities, preferred_venues, listening_genres, listening_artists,
night_preferences (JSON lists or comma-separated text), budget_max, radius_km and home ({{"lat": ..,
"lon": ..}}, in CSV the columns home_lat and home_lon) are optional. What a row leaves out stays as it
was; of two rows on one person the later counts.

    python manage.py import_taste taste.jsonl
    python manage.py import_taste taste.csv.gz --dry-run
{RULES_OF_EVERY_IMPORT}"""

    def importer(self, options: dict[str, Any]) -> TasteImporter:
        return TasteImporter(now=timezone.now())
