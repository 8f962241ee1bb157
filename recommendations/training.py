"""One training run, from the data to the champion.

It runs in a process of its own. What it learns is on the run's row as it goes; whatever happens, the run
ends in a state that says what came of it, and the champion keeps serving until a better one is promoted.
"""

import logging
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings
from django.utils import timezone

from modelregistry.artefacts import artefact_delete, artefact_path_new, artefact_read, artefact_write
from modelregistry.manifests import ArtefactRefused
from modelregistry.models import ModelVersion, RunState, TrainingRun, Trigger
from modelregistry.runs import run_finish
from modelregistry.versions import version_promote, version_register
from recommendations.algorithms.dataset import Interactions
from recommendations.algorithms.fitting import fit_each
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.protocol import Algorithm, Arrays
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.evaluation.tuning import Tuning, tune, validation_slice
from recommendations.fitted_with import FittedWith, as_manifest
from recommendations.gate import GateDecision, gate_decide
from recommendations.holdout_metrics import HoldoutReport, hold_out_for, holdout_report
from recommendations.live_model import CONFIDENCE, ServedModel
from recommendations.run_progress import RunProgress
from recommendations.trained_events import ARTEFACT_NAME, TrainedEvents
from recommendations.training_data import TrainingData, city_names, training_data_load

logger = logging.getLogger(__name__)
SEED = 20_260_501


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    algorithms: tuple[str, ...] = tuple(ALGORITHMS)
    force: bool = False  # train though nothing is new, and promote whatever the gate says
    dry_run: bool = False  # train and evaluate, store nothing
    tune: bool = False  # choose parameters anew, instead of taking over the champion's


@dataclass(frozen=True, slots=True)
class Champion:
    """The version being served, and what can be read of it."""

    version: ModelVersion
    served: ServedModel | None  # None: its artefact is refused
    fitted_with: FittedWith

    @property
    def cutoff(self) -> float:
        return self.version.data_cutoff.timestamp()


@dataclass(frozen=True, slots=True)
class Settings:
    """What each algorithm is fitted with, and what was tried to find that out."""

    parameters: Mapping[str, Parameters]
    before: FittedWith  # the champion
    tried: tuple[Tuning, ...] = ()

    def as_json(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "parameters": {name: each.as_json() for name, each in self.parameters.items()}
        }
        if self.tried:
            facts["tuning"] = {each.algorithm: each.as_json() for each in self.tried}
        return facts


class TrainingSkipped(Exception):
    """There was no point in training; the message says why."""


def train(run: TrainingRun, options: TrainingOptions, progress: RunProgress) -> TrainingRun:
    """Carry out a claimed run and finish it. A failure is on the run's row and in the log."""
    try:
        state, outcome = _train(run, options, progress)
        _finish(run, state, outcome=outcome)
    except TrainingSkipped as skipped:
        progress.say(str(skipped))
        _finish(run, RunState.SKIPPED, outcome=str(skipped))
    except BaseException as error:
        logger.exception("Training run %d failed", run.pk)
        _finish(run, RunState.FAILED, error=f"{type(error).__name__}: {error}")
        if not isinstance(error, Exception):
            raise
    run.refresh_from_db()
    return run


def _train(run: TrainingRun, options: TrainingOptions, progress: RunProgress) -> tuple[RunState, str]:
    progress.stage(0.02, "Reading feedback and events")
    data = training_data_load(cutoff=timezone.now())
    _require_enough(data)
    progress.say(_described(data))
    version = ModelVersion.objects.champion()
    _require_news(run, data, options, version)
    champion = _champion_read(version, progress) if version else None
    settled = _settings(data.interactions, options, champion, progress)
    report = _evaluate(data.interactions, settled, champion, progress)
    run.metrics = {
        "training_samples": len(data.interactions),
        "validation_metrics": report.as_json(),
        **settled.as_json(),
    }
    decision = gate_decide(report, forced=options.force)
    progress.say(decision.reason)
    if options.dry_run:
        return RunState.KEPT, f"Dry run, nothing stored. {decision.reason}"
    fitted = _fit_all(data.interactions, settled, progress)
    return _promote(run, _store(run, data, fitted, settled, report, progress), decision)


def _require_enough(data: TrainingData) -> None:
    found = len(data.interactions)
    if found < settings.MIN_TRAINING_SAMPLES:
        raise TrainingSkipped(
            f"Too little to learn from: {found} usable actions, MIN_TRAINING_SAMPLES is "
            f"{settings.MIN_TRAINING_SAMPLES}."
        )


def _require_news(
    run: TrainingRun, data: TrainingData, options: TrainingOptions, champion: ModelVersion | None
) -> None:
    """Cron need not train twice on the same data; a person who presses the button gets a run."""
    is_asked_for = options.force or options.dry_run or options.tune or run.trigger != Trigger.COMMAND
    if champion and champion.data_fingerprint == data.fingerprint and not is_asked_for:
        raise TrainingSkipped(f"Nothing new: {champion.name} has learned from the same data. --force trains.")


def _described(data: TrainingData) -> str:
    found = data.interactions
    return (
        f"{data.feedback_rows} feedback rows: {len(found)} distinct actions of {found.n_users} people on "
        f"{len(found.events)} events; {data.unknown_event_rows} rows on events not in the catalogue"
    )


def _champion_read(version: ModelVersion, progress: RunProgress) -> Champion:
    try:
        artefact = artefact_read(path=version.artefact_path, manifest_sha256=version.manifest_sha256)
    except ArtefactRefused as refused:
        progress.say(f"The champion's artefact is refused, so it is not compared with: {refused}")
        return Champion(version, None, FittedWith.defaults())
    return Champion(version, ServedModel.of(artefact), FittedWith.of(artefact.manifest))


def _settings(
    data: Interactions, options: TrainingOptions, champion: Champion | None, progress: RunProgress
) -> Settings:
    """Tuned if asked for; else as the champion's were tuned, and the defaults where nothing was."""
    before = champion.fitted_with if champion else FittedWith.defaults()
    if options.tune:
        tried = _tuned(data, options, champion, before, progress)
        return Settings({each.algorithm: each.chosen for each in tried}, before, tried)
    return Settings({name: _taken_over(name, before, progress) for name in options.algorithms}, before)


def _taken_over(name: str, before: FittedWith, progress: RunProgress) -> Parameters:
    try:
        parameters = before.tuned_parameters(name)
    except (ValueError, TypeError) as error:
        progress.say(
            f"The champion's tuned parameters are of another release, the defaults are used: {error}"
        )
        return ALGORITHMS[name].settings()
    if parameters.changed():
        progress.say(f"{name} keeps what was tuned for the champion: {parameters}")
    return parameters


def _tuned(
    data: Interactions,
    options: TrainingOptions,
    champion: Champion | None,
    before: FittedWith,
    progress: RunProgress,
) -> tuple[Tuning, ...]:
    """Chosen on the newest of what came before the hold-out, which stays unseen until all is settled. Where
    nothing could be tried, the champion's stay."""
    hold_out, _ = hold_out_for(data, champion.cutoff if champion else None)
    validation = validation_slice(hold_out.train, seed=SEED)
    tried = []
    for place, name in enumerate(options.algorithms):

        def on_trial(share: float, words: str, place: int = place, name: str = name) -> None:
            done = (place + share) / len(options.algorithms)
            progress.stage(0.05 + 0.25 * done, f"Tuning {name}: {words}")

        found = tune(ALGORITHMS[name], validation, seed=SEED, on_trial=on_trial)
        if not found.trials:
            found = replace(found, chosen=_taken_over(name, before, progress))
        for line in found.lines():
            progress.say(line)
        tried.append(found)
    return tuple(tried)


def _evaluate(
    data: Interactions, settled: Settings, champion: Champion | None, progress: RunProgress
) -> HoldoutReport:
    progress.stage(0.3, "Fitting and evaluating on the hold-out")
    report = holdout_report(
        data,
        parameters=settled.parameters,
        main_algorithm=settings.DEFAULT_ALGORITHM,
        champion=champion.served if champion else None,
        champion_cutoff=champion.cutoff if champion else None,
        city_names=city_names(),
        seed=SEED,
        on_step=lambda share, name: progress.stage(0.3 + 0.3 * share, f"Evaluating {name}"),
    )
    for line in report.lines():
        progress.say(line)
    return report


def _fit_all(data: Interactions, settled: Settings, progress: RunProgress) -> Mapping[str, Algorithm]:
    def on_step(share: float, name: str) -> None:
        progress.stage(0.6 + 0.28 * share, f"Fitting {name} on everything")

    return dict(fit_each(data, settled.parameters, seed=SEED, on_step=on_step))


def _store(
    run: TrainingRun,
    data: TrainingData,
    fitted: Mapping[str, Algorithm],
    settled: Settings,
    report: HoldoutReport,
    progress: RunProgress,
) -> ModelVersion:
    progress.stage(0.88, "Writing the artefact")
    now = timezone.now()
    arrays: dict[str, Arrays] = {name: algorithm.to_arrays() for name, algorithm in fitted.items()}
    arrays[ARTEFACT_NAME] = TrainedEvents.of(data.interactions.events).to_arrays()
    if report.confidence:
        arrays[CONFIDENCE] = {name: learned.weights for name, learned in report.confidence.items()}
    written = artefact_write(
        path=artefact_path_new(now=now),
        arrays_by_algorithm=arrays,
        parameters={"seed": SEED, **as_manifest(settled.parameters, settled.before)},
        data_fingerprint=data.fingerprint,
        now=now,
    )
    try:
        return version_register(
            run=run,
            algorithms=list(fitted),
            artefact=written,
            training_samples=len(data.interactions),
            data_cutoff=datetime.fromtimestamp(data.interactions.cutoff, UTC),
            data_fingerprint=data.fingerprint,
            metrics={"validation_metrics": run.metrics["validation_metrics"], **settled.as_json()},
            now=now,
        )
    except BaseException:
        artefact_delete(path=written.path)  # no version names it
        raise


def _promote(run: TrainingRun, version: ModelVersion, decision: GateDecision) -> tuple[RunState, str]:
    if not decision.promote:
        return RunState.KEPT, f"{version.name} is kept aside. {decision.reason}"
    if not settings.AUTO_PROMOTE:
        return RunState.KEPT, f"{version.name} waits for a person (AUTO_PROMOTE is off). {decision.reason}"
    actor = f"run {run.pk} ({run.requested_by})"
    version_promote(version=version, actor=actor, reason=decision.reason, now=timezone.now())
    return RunState.PROMOTED, f"{version.name} is the champion. {decision.reason}"


def _finish(run: TrainingRun, state: RunState, *, outcome: str = "", error: str = "") -> None:
    run_finish(
        run=run,
        state=state,
        outcome=outcome,
        error=error,
        metrics=run.metrics,
        peak_memory_mb=peak_memory_mb(),
        now=timezone.now(),
    )


def peak_memory_mb() -> float:
    """The most resident memory this process has had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
