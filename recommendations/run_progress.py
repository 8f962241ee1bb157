"""A training run's progress, told to its row, and a heartbeat that says its process is alive."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error, connection
from django.utils import timezone

from modelregistry.models import TrainingRun
from modelregistry.runs import RunNotActive, run_heartbeat, run_report

HEARTBEAT_SECONDS = 15.0


class RunProgress:
    def __init__(self, run: TrainingRun, echo: Callable[[float, str], None]) -> None:
        self._run = run
        self._echo = echo
        self._share = 0.0
        self._stage = ""

    def stage(self, share: float, name: str) -> None:
        """Raises `RunNotActive` when the run was taken for lost meanwhile: stop then."""
        self._share, self._stage = share, name
        self.say(name)

    def say(self, line: str) -> None:
        self._echo(self._share, line)
        run_report(run=self._run, progress=self._share, stage=self._stage, line=line, now=timezone.now())


@contextmanager
def heartbeat(run: TrainingRun) -> Iterator[None]:
    """While inside, a thread keeps the run's heartbeat young, however long one fit takes."""
    done = threading.Event()
    thread = threading.Thread(target=_beat, args=(run, done), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=HEARTBEAT_SECONDS)


def _beat(run: TrainingRun, done: threading.Event) -> None:
    try:
        while not done.wait(HEARTBEAT_SECONDS):
            try:
                run_heartbeat(run=run, now=timezone.now())
            except Error:
                continue  # the next beat will tell
            except RunNotActive:
                return  # the training thread meets the same at its next report, and stops
    finally:
        connection.close()
