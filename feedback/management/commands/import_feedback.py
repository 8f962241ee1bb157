from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from common.row_import.command import RULES_OF_EVERY_IMPORT, FileImportCommand
from feedback.imports import FeedbackImporter
from feedback.models import Action


class Command(FileImportCommand):
    plural = "feedback rows"
    help = f"""Add what people did from a file.

Each row is one action, as in POST /v1/feedback: user_id, event_id and occurred_at (ISO 8601 with an offset,
or Unix seconds; as long ago as you like, not in the future) are required. A row without an action is a save,
or what --action says. context (a JSON object), recommendation_id, position and idempotency_key are
optional. The event need not be in the catalogue.

Run it again and nothing is doubled: a row without idempotency_key gets one made of its user_id, event_id,
action and occurred_at, so the same person doing the same at the same instant counts once.

    python manage.py import_feedback feedback.jsonl
    python manage.py import_feedback saves.csv.gz --action save
    some-export | python manage.py import_feedback - --format csv --skip-bad
{RULES_OF_EVERY_IMPORT}"""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--action",
            choices=Action.values,
            default=Action.SAVE.value,
            help="the action of rows that name none (default: %(default)s)",
        )

    def importer(self, options: dict[str, Any]) -> FeedbackImporter:
        return FeedbackImporter(now=timezone.now(), default_action=Action(options["action"]))
