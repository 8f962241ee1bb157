"""Let the demonstration's people use the running API."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from recommendations.demonstration.api_client import ApiClient
from recommendations.demonstration.arguments import above_zero, positive, whole
from recommendations.demonstration.simulation import Pace, ServerAway, Simulation
from recommendations.demonstration.tally import Tally
from recommendations.demonstration.world import DEFAULT_PEOPLE, DEFAULT_SEED, World, today_in_dublin

HELP = """\
Play the people of `manage.py demo` against the running API over HTTP. Each visit asks for one person's list
in their city, looks at it from the top, and sends impressions, clicks, saves and hides according to that
person's hidden taste. A fifth of the visits are of newcomers, whom the API has never met.

The summary tells, by variant of the running experiment, how much was saved, and how well the lists fit the
people (1 is the best list there could be). Lists visibly learn: newcomers' lists fit better after a few
visits. People save an event once, so a second run on one day finds less left to save.

Use the same --seed and --people as for `manage.py demo`.

examples:
  manage.py simulate                              a minute at 20 requests a second
  manage.py simulate --rate 100 --minutes 10
  manage.py simulate --requests 500 --url http://127.0.0.1:8000

exit codes: 0 done (also when interrupted), 1 the API is away or refuses us, 2 wrong usage
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []  # it needs no settings and no database

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:4004", help="where the API answers")
        parser.add_argument("--rate", type=above_zero, default=20.0, help="requests a second; default 20")
        parser.add_argument(
            "--minutes", type=above_zero, help="how long; default 1 unless --requests is given"
        )
        parser.add_argument("--requests", type=positive, help="how many requests, two a visit")
        parser.add_argument(
            "--people", type=positive, default=DEFAULT_PEOPLE, help="how many people; default 300"
        )
        parser.add_argument(
            "--newcomers",
            type=whole,
            default=20,
            help="how many people without a past beside them; default 20",
        )
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="which world; default 1")
        parser.add_argument("--api-key", default="", help="a service key, where the API asks for one")

    def handle(self, *args: Any, **options: Any) -> None:
        simulation = self._simulation(options)
        try:
            with tqdm(desc="Visits", unit=" visits", disable=None) as bar:
                simulation.run(lambda tally: _show(bar, tally))
        except KeyboardInterrupt:
            self.stdout.write("Interrupted.")
        except ServerAway as error:
            if simulation.tally.visits:
                self._say(simulation.tally)
            raise CommandError(str(error)) from error
        finally:
            simulation.client.close()
        self._say(simulation.tally)

    def _simulation(self, options: dict[str, Any]) -> Simulation:
        minutes, requests = options["minutes"], options["requests"]
        if minutes is None and requests is None:
            minutes = 1.0
        try:
            client = ApiClient(options["url"], api_key=options["api_key"])
        except ValueError as error:
            raise CommandError(f"--url: {error}", returncode=2) from error
        now = timezone.now()
        return Simulation(
            world=World(
                options["seed"],
                today_in_dublin(now),
                options["people"],
                newcomers=options["newcomers"],
                arrival=f"{now:%m%d%H%M%S}",
            ),
            client=client,
            pace=Pace(options["rate"], None if minutes is None else minutes * 60, requests),
            generator=np.random.default_rng(),
        )

    def _say(self, tally: Tally) -> None:
        for line in tally.summary():
            self.stdout.write(line)


def _show(bar: "tqdm[Any]", tally: Tally) -> None:
    bar.set_postfix(saves=sum(tally.saves[-200:]), errors=sum(tally.failures.values()), refresh=False)
    bar.update(tally.visits - bar.n)
