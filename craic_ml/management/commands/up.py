import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from modelregistry.models import ModelVersion
from recommendations.demonstration.showcase import Showcase, showcases
from recommendations.demonstration.world import DEFAULT_PEOPLE, DEFAULT_SEED, World, today_in_dublin

# The environment is settled by now: honcho must not read .env over what was given explicitly.
_SERVE = [sys.executable, "-m", "honcho", "start", "--env", os.devnull]


class Command(BaseCommand):
    help = (
        "Everything a new machine needs, then serve: migrate, collect static files, load the demonstration, "
        "train a first model, and start the web server and the worker on PORT (default 4004). "
        "Safe to run again: what is there already is kept, and the second start takes seconds. "
        "Stop with Ctrl-C."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        port = self._free_port()
        url = f"http://127.0.0.1:{port}"
        self._step("Migrating the database")
        call_command("migrate", interactive=False, verbosity=0)
        self._step("Collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        self._step("Loading the demonstration (manage.py demo)")
        people = self._demonstrate(url)
        if ModelVersion.objects.champion() is None:
            self._step("Training the first model (manage.py retrain)")
            self._manage("retrain")
        self.stdout.write(self._welcome(url, *people))
        self._serve()

    def _free_port(self) -> int:
        """PORT, found to be a number and free before anything is done."""
        given = os.environ.get("PORT", "4004")
        if not given.isdecimal() or not 0 < int(given) < 65_536:
            raise CommandError(f"PORT is {given!r}; give a number from 1 to 65535.")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", int(given)))  # noqa: S104  as the server will
            except OSError as error:
                raise CommandError(
                    f"Port {given} is taken, perhaps by an earlier start. Use another: make run PORT=4100"
                ) from error
        return int(given)

    def _step(self, name: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"==> {name}"))
        self.stdout.flush()

    def _demonstrate(self, url: str) -> tuple[Showcase, Showcase]:
        """Load the demonstration of this day, and give two of its people to try."""
        world = World(DEFAULT_SEED, today_in_dublin(timezone.now()), DEFAULT_PEOPLE)
        call_command("demo", url=url, world=world, stdout=self.stdout)
        one, other = showcases(world, url=url)
        return one, other

    def _manage(self, *arguments: str) -> None:
        """In a process of its own: training's memory goes back to the machine before serving begins."""
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, check=False)  # noqa: S603

    def _serve(self) -> None:
        os.chdir(settings.BASE_DIR)
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        os.execv(sys.executable, _SERVE)  # noqa: S606  a fixed command

    def _welcome(self, url: str, one: Showcase, other: Showcase) -> str:
        return f"""
{self.style.SUCCESS("Ready.")} Five things to try, in another terminal:

  1. What should {one.person.id} see, a {one.label}?
     {one.command}
  2. And {other.person.id}, a {other.label}?
     {other.command}
  3. Let the demonstration's people use it, then see how the experiment is doing:
     .venv/bin/python manage.py simulate --url {url} --minutes 1
     curl -s {url}/v1/experiments/rec_algorithm_v1/results
  4. Train a new model; it is live within 2 seconds, without a restart:
     .venv/bin/python manage.py retrain
  5. Look around: {url}/admin/ (the account is named above) and {url}/api/docs/

Stop with Ctrl-C.
"""
