"""Load the demonstration: real venues, invented nights, invented people with tastes of their own."""

from argparse import RawDescriptionHelpFormatter
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from common.errors import CraicError
from recommendations.demonstration.arguments import day, positive
from recommendations.demonstration.loading import (
    EXPERIMENT_KEY,
    Loaded,
    admin_ensure,
    experiment_ensure,
    world_load,
)
from recommendations.demonstration.showcase import showcases
from recommendations.demonstration.world import DEFAULT_PEOPLE, DEFAULT_SEED, World, today_in_dublin

HELP = """\
Load the demonstration: about sixty real venues in Dublin, Cork, Galway and Limerick, invented events from
three months ago to ten weeks ahead, and people with hidden tastes who have acted on them for three months.

The world is a function of --seed: the same seed makes the same events and people whenever it runs. Run again,
it adds only what has been announced or done since, and changes nothing that is there. It also creates and
starts the experiment rec_algorithm_v1 and the admin account 'admin' (its password is printed once), unless
they exist.

examples:
  manage.py demo                       today, 300 people
  manage.py demo --people 1000         the same 300 and 700 more
  manage.py demo --seed 2              another world beside the first

afterwards:
  manage.py retrain                    train on what the people did
  manage.py simulate                   let the people use the running API

exit codes: 0 loaded or nothing new, 1 failed, 2 wrong usage
"""


class Command(BaseCommand):
    help = HELP
    stealth_options = ("world",)  # a caller that goes on to use the world makes it once

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="which world; default 1")
        parser.add_argument(
            "--people", type=positive, default=DEFAULT_PEOPLE, help="how many people; default 300"
        )
        parser.add_argument(
            "--today",
            type=day,
            help="the day it is in the world, as 2026-05-01; not after today, the default",
        )
        parser.add_argument(
            "--url", default="http://127.0.0.1:4004", help="where the API will answer, for the lines printed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        today = options["today"] or today_in_dublin(now)
        if today > today_in_dublin(now):
            raise CommandError("--today is in the future: nobody has done anything then.", returncode=2)
        world = options.get("world") or World(options["seed"], today, options["people"])
        try:
            with tqdm(desc="Loading", unit=" rows", disable=None, leave=False) as bar:
                loaded = world_load(world=world, now=now, progress=bar.update)
        except CraicError as error:
            raise CommandError(error.detail) from error
        self._say_loaded(world, loaded)
        self._say_experiment(now)
        self._say_admin()
        self._say_people(world, options["url"].rstrip("/"))

    def _say_loaded(self, world: World, loaded: Loaded) -> None:
        self.stdout.write(
            f"Demonstration, seed {world.seed}, {world.today}: {len(world.events):,} events, "
            f"{len(world.people):,} people, {len(world.deeds):,} actions."
        )
        added = (
            f"{loaded.venues:,} venues, {loaded.events:,} events, "
            f"{loaded.people_with_taste:,} taste profiles, {loaded.feedback:,} actions"
        )
        nothing = loaded == Loaded(venues=0, events=0, people_with_taste=0, feedback=0)
        self.stdout.write("  Everything was there already." if nothing else f"  Added {added}.")

    def _say_experiment(self, now: datetime) -> None:
        try:
            created = experiment_ensure(now=now)
        except CraicError as error:
            self.stdout.write(f"  Experiment {EXPERIMENT_KEY} was not started: {error.detail}")
            return
        self.stdout.write(f"  Experiment {EXPERIMENT_KEY} {'is running' if created else 'exists'}.")

    def _say_admin(self) -> None:
        password = admin_ensure()
        if password is None:
            self.stdout.write(
                "  Admin account 'admin' exists; a new password: manage.py changepassword admin"
            )
        else:
            self.stdout.write(f"  Admin account 'admin', password {password} (shown only now).")

    def _say_people(self, world: World, url: str) -> None:
        for showcase in showcases(world, url=url):
            self.stdout.write(f"\n  A {showcase.label} in {showcase.person.city.name}, {showcase.person.id}:")
            self.stdout.write(f"  {showcase.command}")
