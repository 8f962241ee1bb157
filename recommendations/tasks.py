"""Work for the worker process (`manage.py db_worker`)."""

import subprocess
import sys

from django.conf import settings
from django_tasks import task


@task()
def training_run(run_id: int) -> int:
    """Train in a process of its own, so that its memory goes back to the machine; the run's row tells all."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "retrain", "--run", str(run_id)]
    return subprocess.run(command, check=False).returncode  # noqa: S603  nothing of it comes from outside
