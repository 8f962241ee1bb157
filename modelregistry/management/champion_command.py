"""What `promote` and `rollback` share: help that keeps its lines, who did it, the result, exit codes."""

import argparse
import getpass
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter

from common.errors import CraicError
from modelregistry.models import ChampionChange


class _HelpFormatter(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Django's, with descriptions and examples left as they are written."""


class ChampionCommand(BaseCommand):
    """Changes the champion once, from a terminal."""

    epilogue = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=self.epilogue, formatter_class=_HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, metavar="TEXT", help="Why; kept in the history.")
        parser.add_argument(
            "--actor", default="", metavar="NAME", help="Who, when it is not the account that runs this."
        )

    def change(self, make: Callable[[str], ChampionChange], options: dict[str, Any]) -> None:
        """Run `make(actor)` and say what came of it; a refusal is exit code 1."""
        try:
            change = make(f"command:{options['actor'] or _account()}")
        except CraicError as error:
            raise CommandError(error.detail, returncode=1) from error
        instead = f" in place of {change.previous}" if change.previous else ""
        self.stdout.write(
            self.style.SUCCESS(f"{change.version} is the champion now{instead}.")
            + " Every web process picks it up within 2 seconds."
        )


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's numeric user without a name
        return "unknown"
