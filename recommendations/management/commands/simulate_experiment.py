"""Plant a lift, or none, and see what the platform concludes."""

import time
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone
from tqdm import tqdm

from common.errors import CraicError
from experiments.models import Experiment
from experiments.statistics.power import plan_for_rates
from recommendations.demonstration.arguments import positive, whole
from recommendations.planted.isolation import kept_remove
from recommendations.planted.outcomes import Outcome
from recommendations.planted.summary import outcome_line, summary_lines, summary_of, verdict_lines
from recommendations.planted.trial import trial_run
from recommendations.planted.truth import Truth

HELP = """\
Run whole experiments on made-up people whose answer is known, and report what the platform concludes.

People come over some days, are served lists by the real service, and save an event with a chance that
their variant decides: --baseline in control, more by --lift in the first treatment, and in all others the
same as in control. The experiment is looked at daily as by `snapshot_experiments`, until everybody's 48 hours
are over. It is concluded on the first day whose verdict says to act; its estimates are those at the end.

With no lift every ship is false: at most one in twenty. With a lift, power is how often it is found.

Nothing remains: each repetition is a transaction that is taken back, also when interrupted, and no model
learns from it. Meanwhile staff who change an experiment wait; on SQLite, everybody who writes does, so stop
the service first. It is refused while another experiment runs. --keep leaves the last repetition's
experiment, completed, to be looked at in the admin; the next run removes it first.

examples:
  manage.py simulate_experiment                                    no lift: how often is one seen?
  manage.py simulate_experiment --lift 0.5                         is a lift of half as much again found?
  manage.py simulate_experiment --variants 4 --users 1500 --lift 0.4
  manage.py simulate_experiment --repetitions 1 --lift 0.5 --keep  see its review page
  manage.py simulate_experiment --repetitions 0                    only remove what was kept

in a database of its own, which may be empty:
  DATABASE_URL=sqlite:////tmp/planted.sqlite3 manage.py migrate
  DATABASE_URL=sqlite:////tmp/planted.sqlite3 manage.py simulate_experiment --lift 0.5

A treatment ships only once no guardrail can be much worse, which takes some 90 people in each variant.

exit codes: 0 done (also when interrupted), 1 another experiment runs, or it failed, 2 wrong usage
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--users", type=positive, default=400, help="people in all; default 400")
        parser.add_argument("--days", type=_days, default=28, help="on which they come; default 28")
        parser.add_argument("--repetitions", type=whole, default=20, help="default 20")
        parser.add_argument("--variants", type=positive, default=2, help="control included; default 2")
        parser.add_argument(
            "--baseline", type=float, default=0.3, help="control's conversion rate, 0 to 1; default 0.3"
        )
        parser.add_argument(
            "--lift",
            type=float,
            default=0.0,
            help="relative, of the first treatment: 0.5 is half more; default 0",
        )
        parser.add_argument("--seed", type=whole, default=1, help="same seed, same people; default 1")
        parser.add_argument(
            "--keep", action="store_true", help="leave the last experiment for its review page"
        )
        parser.add_argument("--json", action="store_true", help="print everything as one JSON object instead")

    def handle(self, *args: Any, **options: Any) -> None:
        truth = _truth(options)
        removed = kept_remove()
        if not options["json"]:
            self._say_planted(truth, removed)
        started = time.monotonic()
        outcomes: list[Outcome] = []
        interrupted = False
        try:
            self._run(truth, options, outcomes)
        except KeyboardInterrupt:
            interrupted = True
        except CraicError as error:
            raise CommandError(error.detail) from error
        seconds = time.monotonic() - started
        if options["json"]:
            self._say_json(truth, outcomes, seconds, interrupted)
        else:
            self._say(truth, outcomes, seconds, interrupted)
            self._say_kept(outcomes)

    def _run(self, truth: Truth, options: dict[str, Any], outcomes: list[Outcome]) -> None:
        """Finished ones go into `outcomes` one by one, so that an interruption loses only the present one."""
        repetitions, now = options["repetitions"], timezone.now()
        with tqdm(desc="Simulated days", total=repetitions * truth.looks, unit=" days", disable=None) as bar:
            for repetition in range(1, repetitions + 1):
                outcome = trial_run(
                    truth=truth,
                    repetition=repetition,
                    now=now,
                    is_kept=options["keep"] and repetition == repetitions,
                    on_day=bar.update,
                )
                outcomes.append(outcome)
                if not options["json"]:
                    with bar.external_write_mode(file=self.stdout):
                        self.stdout.write(outcome_line(outcome))

    def _say_planted(self, truth: Truth, removed: int) -> None:
        if removed:
            self.stdout.write("Removed the experiment kept before.")
        self.stdout.write(
            f"{truth.users:,} people over {truth.days} days, {truth.variants} variants, "
            f"{truth.looks} daily looks, seed {truth.seed}. {truth.baseline:.0%} convert in control, "
            f"{truth.lift:+.0%} planted in the first treatment."
        )
        if truth.lift:
            weights = [1 / truth.variants] * truth.variants
            needed = plan_for_rates(truth.baseline, truth.lift, weights, users_per_day=1).users
            self.stdout.write(f"A power of 80 % for this lift takes {needed:,} people.")

    def _say(self, truth: Truth, outcomes: Sequence[Outcome], seconds: float, interrupted: bool) -> None:
        if interrupted:
            self.stdout.write("Interrupted; the repetition that was running is taken back.")
        if not outcomes:
            return
        self.stdout.write("")
        for line in summary_lines(summary_of(truth, outcomes)):
            self.stdout.write(line)
        lists = sum(one.lists for one in outcomes)
        self.stdout.write(
            f"  {'took':<22}{seconds:.0f} s: {lists:,} lists, {len(outcomes) * truth.looks:,} looks\n"
            f"\nRepetition {outcomes[-1].repetition}, look by look:"
        )
        for line in verdict_lines(outcomes[-1]):
            self.stdout.write(line)

    def _say_kept(self, outcomes: Sequence[Outcome]) -> None:
        kept = Experiment.objects.filter(key__in=[one.key for one in outcomes]).first()
        if kept is not None:
            page = reverse("admin:experiments_experiment_results", args=[kept.pk])
            self.stdout.write(f"\nKept {kept.key}; its review page is {page}")

    def _say_json(self, truth: Truth, outcomes: Sequence[Outcome], seconds: float, interrupted: bool) -> None:
        whole_answer = {
            "planted": asdict(truth),
            "interrupted": interrupted,
            "seconds": round(seconds, 1),
            "summary": asdict(summary_of(truth, outcomes)),
            "repetitions": [
                asdict(one) | {"concluded_on_day": one.concluded.day, "verdict": one.concluded.verdict}
                for one in outcomes
            ],
        }
        readable = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS  # verdicts count as keys
        self.stdout.write(orjson.dumps(whole_answer, option=readable).decode())


def _truth(options: dict[str, Any]) -> Truth:
    names = ("users", "days", "variants", "baseline", "lift", "seed")
    try:
        return Truth(**{name: options[name] for name in names})
    except ValueError as error:
        raise CommandError(str(error), returncode=2) from error


def _days(text: str) -> int:
    days = positive(text)
    if days > 365:
        raise ArgumentTypeError("give at most 365 days")
    return days
