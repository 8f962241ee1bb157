from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from modelregistry.management.champion_command import ChampionCommand
from modelregistry.models import ModelVersion
from modelregistry.versions import version_promote


class Command(ChampionCommand):
    help = """Make a trained version the champion: the one that people are served.

Its artefact is verified first: when it is damaged nothing changes."""
    epilogue = """example:
  manage.py promote v14 --reason "Looked at its lists for Cork; better than v13"

exit codes:
  0  promoted
  1  refused: unknown version, the champion already, damaged artefact; nothing changed
  2  the arguments were wrong"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", metavar="VERSION", help="Such as v14.")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.change(
            lambda actor: version_promote(
                version=ModelVersion.objects.by_name(options["version"]),
                actor=actor,
                reason=options["reason"],
                now=timezone.now(),
            ),
            options,
        )
