from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from modelregistry.management.champion_command import ChampionCommand
from modelregistry.models import ModelVersion
from modelregistry.versions import champion_rollback


class Command(ChampionCommand):
    help = """Go back to an earlier champion.

Without VERSION that is the one served before the present one; typed again, the one before that.
The artefact is verified first: when it is damaged nothing changes, and another VERSION can be given."""
    epilogue = """examples:
  manage.py rollback --reason "Galway gets no comedy since last night"
  manage.py rollback v12 --reason "v13 and v14 share the fault"

exit codes:
  0  rolled back
  1  refused: no earlier champion, unknown version, damaged artefact; nothing changed
  2  the arguments were wrong"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", nargs="?", metavar="VERSION", help="An earlier champion, such as v12.")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        name: str | None = options["version"]
        self.change(
            lambda actor: champion_rollback(
                actor=actor,
                reason=options["reason"],
                to=ModelVersion.objects.by_name(name) if name else None,
                now=timezone.now(),
            ),
            options,
        )
