import logging
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from experiments.daily import experiment_daily
from experiments.looks import experiments_to_look_at
from experiments.models import Experiment

logger = logging.getLogger(__name__)
FAILED = 1

HELP = """\
Take the daily look at every experiment that runs, and at ended ones until everybody's window has passed.

A look is stored once a UTC day and never changed: its numbers, its verdict, and what the sequential test
has spent. Call it as often as you like. A day that was missed stays missed; the next look sees all that
came since. After its look a running bandit is dealt its weights for the next day, once a UTC day as well.

Examples:
  python manage.py snapshot_experiments                     every day, from cron
  python manage.py snapshot_experiments --experiment rec_v1

Exit codes:
  0  every experiment was looked at, now or earlier today
  1  a look failed; the log says why, and the others were taken
  2  wrong options, or no such experiment has started
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--experiment", metavar="KEY", help="look at this one only")

    def handle(self, *args: Any, **options: Any) -> None:
        found = _wanted(options["experiment"])
        outcomes = [self._look(one, number, len(found)) for number, one in enumerate(found, start=1)]
        failed = outcomes.count(None)
        self.stdout.write(
            f"{outcomes.count(True)} looked at, {outcomes.count(False)} looked at earlier today, "
            f"{failed} failed"
        )
        if failed:
            sys.exit(FAILED)

    def _look(self, experiment: Experiment, number: int, whole: int) -> bool | None:
        """Whether the look is new; None when it failed, which keeps no other from being looked at."""
        try:
            taken = experiment_daily(experiment=experiment, now=timezone.now())
        except Exception:
            logger.exception("The look at %s failed", experiment.key)
            self.stdout.write(f"{number}/{whole} {experiment.key}: failed")
            return None
        when = "" if taken.is_new else " (looked at earlier today)"
        verdict = taken.look.verdict.replace("_", " ")
        self.stdout.write(f"{number}/{whole} {experiment.key}: {verdict}. {taken.look.rule}{when}")
        return taken.is_new


def _wanted(key: str | None) -> list[Experiment]:
    found = experiments_to_look_at()
    if key is None:
        return found
    chosen = [one for one in found if one.key == key]
    if not chosen:
        raise CommandError(f"There is nothing to look at in an experiment called {key}.", returncode=2)
    return chosen
