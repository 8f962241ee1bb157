import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from modelregistry.models import ModelVersion


class Command(BaseCommand):
    help = (
        "Everything a new machine needs, then serve: migrate, collect static files, load the demonstration, "
        "train a first model, and start the web server and the worker on PORT (default 4004). "
        "Safe to run again: what is there already is kept, and the second start takes seconds. "
        "Stop with Ctrl-C."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("check", fail_level="ERROR", verbosity=0)
        self._step("Migrating the database")
        call_command("migrate", interactive=False, verbosity=0)
        self._step("Collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        self._step("Loading the demonstration (manage.py demo)")
        call_command("demo")
        if ModelVersion.objects.champion() is None:
            self._step("Training the first model (manage.py retrain)")
            self._manage("retrain")
        self.stdout.write(self._welcome())
        self._serve()

    def _step(self, name: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"==> {name}"))
        self.stdout.flush()

    def _manage(self, *arguments: str) -> None:
        """In a process of its own: training's memory goes back to the machine before serving begins."""
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, check=False)  # noqa: S603

    def _serve(self) -> None:
        os.chdir(settings.BASE_DIR)
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        os.execv(sys.executable, [sys.executable, "-m", "honcho", "start"])  # noqa: S606  a fixed command

    def _welcome(self) -> str:
        base = f"http://127.0.0.1:{os.environ.get('PORT', '4004')}"
        return f"""
{self.style.SUCCESS("Ready.")} Five things to try, in another terminal:

  1. What should somebody see?
     curl -s {base}/v1/recommendations -H 'Content-Type: application/json' \\
       -d '{{"user_id": "demo-techno", "city": "Dublin", "limit": 3}}'
  2. The same for somebody else:
     curl -s {base}/v1/recommendations -H 'Content-Type: application/json' \\
       -d '{{"user_id": "demo-trad", "city": "Dublin", "limit": 3}}'
  3. Let the demonstration's people use it, and watch the experiment fill up:
     .venv/bin/python manage.py simulate --minutes 1
     curl -s {base}/v1/experiments/rec_algorithm_v1/results
  4. Train a new model; it is live without a restart:
     DEBUG=true .venv/bin/python manage.py retrain
  5. Look around: {base}/admin/ (the account is printed above) and {base}/api/docs/
"""
