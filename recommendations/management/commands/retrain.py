import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from types import FrameType
from typing import Any, NoReturn

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from common.errors import CraicError
from modelregistry.models import RunState, TrainingRun, Trigger
from modelregistry.runs import RunInProgress, run_enqueue, run_start
from recommendations.algorithms.popularity import Popularity
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.run_progress import RunProgress, heartbeat
from recommendations.training import TrainingOptions, train

EXIT_CODES = {RunState.PROMOTED: 0, RunState.KEPT: 0, RunState.SKIPPED: 3}
SKIPPED, FAILED = 3, 1

HELP = """\
Train all algorithms on everything people did, evaluate them on a temporal hold-out, register a new
model version, and promote it when it is not worse than the champion. Web processes serve a promoted
version within 2 seconds, without a restart.

One run at a time: a second one is told which run is active, and exits with 3.

Examples:
  python manage.py retrain                        every night, from cron
  python manage.py retrain --dry-run              train and evaluate, store nothing
  python manage.py retrain --algorithms popularity,hybrid
  python manage.py retrain --tune                 now and then: choose parameters anew

--tune tries a few settings of each algorithm on the newest part of what came before the hold-out, and keeps
the defaults unless one is clearly better. It takes several times as long. What it chose is kept with the
version, and every later run without --tune takes it over from the champion.

Exit codes:
  0  trained: promoted, or the champion was kept (the last line says which, and why)
  1  failed; the champion keeps serving
  2  wrong options
  3  skipped: another run is active, nothing is new since the champion, or there is too little feedback
     (MIN_TRAINING_SAMPLES)
"""


class Stopped(Exception):
    """Somebody asked this process to stop."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--algorithms",
            type=_algorithms,
            default=tuple(ALGORITHMS),
            metavar="NAME,..",
            help=f"train only these and {', '.join(_needed())}; all: {','.join(ALGORITHMS)}",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="train and evaluate, but register and promote nothing"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="train even when nothing is new, and promote even when the gate says no",
        )
        parser.add_argument(
            "--tune", action="store_true", help="choose each algorithm's parameters anew before training"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object at the end, no progress"
        )
        parser.add_argument(
            "--run", type=int, metavar="ID", help="carry out this queued run (the worker process uses it)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _stop)
        quiet = options["json"]
        try:
            run = self._claim(options)
            with heartbeat(run):
                run = train(run, _training_options(run, options), RunProgress(run, self._echo(quiet)))
        except RunInProgress as busy:
            self._end(str(busy.detail), SKIPPED, quiet, {"state": "skipped", **busy.extra})
        except CraicError as error:
            self._end(error.detail, FAILED, quiet, {"state": "failed", **error.extra})
        self._end(
            run.outcome or run.error,
            EXIT_CODES.get(RunState(run.state), FAILED),
            quiet,
            {
                "state": run.state,
                "run_id": run.pk,
                "metrics": run.metrics,
                "peak_memory_mb": run.peak_memory_mb,
            },
        )

    def _claim(self, options: dict[str, Any]) -> TrainingRun:
        if options["run"]:
            run = TrainingRun.objects.by_id(options["run"])
        else:
            asked = {name: options[name] for name in ("algorithms", "dry_run", "force", "tune")}
            run = run_enqueue(
                trigger=Trigger.COMMAND,
                requested_by="command line",
                parameters={**asked, "algorithms": list(asked["algorithms"])},
                now=timezone.now(),
            )
        return run_start(run=run, now=timezone.now())

    def _echo(self, quiet: bool) -> Any:
        def echo(share: float, line: str) -> None:
            if not quiet:
                self.stdout.write(f"[{share:4.0%}] {line}")
                self.stdout.flush()

        return echo

    def _end(self, words: str, code: int, quiet: bool, facts: dict[str, Any]) -> NoReturn:
        if quiet:
            self.stdout.write(orjson.dumps({**facts, "message": words, "exit_code": code}).decode())
        else:
            (self.stdout if code == 0 else self.stderr).write(words)
        sys.exit(code)


def _algorithms(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in ALGORITHMS]
    if unknown or not names:
        raise ArgumentTypeError(f"choose from {', '.join(ALGORITHMS)}; not {', '.join(unknown) or 'nothing'}")
    return tuple(dict.fromkeys((*names, *_needed())))


def _needed() -> tuple[str, ...]:
    """The fallback of every list, and what people outside experiments are served."""
    return Popularity.name, settings.DEFAULT_ALGORITHM


def _training_options(run: TrainingRun, options: dict[str, Any]) -> TrainingOptions:
    """A queued run carries its own options; a run of this command has just been given them."""
    asked = run.parameters
    return TrainingOptions(
        algorithms=tuple(asked.get("algorithms", options["algorithms"])),
        force=bool(asked.get("force", options["force"])),
        dry_run=bool(asked.get("dry_run", options["dry_run"])),
        tune=bool(asked.get("tune", options["tune"])),
    )


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(f"stopped by {signal.Signals(signum).name}")
