"""One training run, from the data to the champion.

It runs in a process of its own. What it learns is on the run's row as it goes; whatever happens, the run
ends in a state that says what came of it, and the champion keeps serving until a better one is promoted.
"""

import logging
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from django.conf import settings
from django.utils import timezone

from modelregistry.artefacts import artefact_delete, artefact_path_new, artefact_read, artefact_write
from modelregistry.manifests import ArtefactRefused
from modelregistry.models import ModelVersion, RunState, TrainingRun, Trigger
from modelregistry.runs import run_finish
from modelregistry.versions import version_promote, version_register
from recommendations.algorithms.dataset import Interactions
from recommendations.algorithms.protocol import Algorithm, Arrays
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.gate import GateDecision, gate_decide
from recommendations.holdout_metrics import HoldoutReport, holdout_report
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
    champion = ModelVersion.objects.champion()
    _require_news(run, data, options, champion)
    report = _evaluate(data.interactions, options, champion, progress)
    run.metrics = {"training_samples": len(data.interactions), "validation_metrics": report.as_json()}
    decision = gate_decide(report, forced=options.force)
    progress.say(decision.reason)
    if options.dry_run:
        return RunState.KEPT, f"Dry run, nothing stored. {decision.reason}"
    version = _store(run, data, _fit_all(data.interactions, options, progress), report, progress)
    return _promote(run, version, decision)


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
    is_asked_for = options.force or options.dry_run or run.trigger != Trigger.COMMAND
    if champion and champion.data_fingerprint == data.fingerprint and not is_asked_for:
        raise TrainingSkipped(f"Nothing new: {champion.name} has learned from the same data. --force trains.")


def _described(data: TrainingData) -> str:
    found = data.interactions
    return (
        f"{data.feedback_rows} feedback rows: {len(found)} distinct actions of {found.n_users} people on "
        f"{len(found.events)} events; {data.unknown_event_rows} rows on events not in the catalogue"
    )


def _evaluate(
    data: Interactions, options: TrainingOptions, champion: ModelVersion | None, progress: RunProgress
) -> HoldoutReport:
    progress.stage(0.15, "Fitting and evaluating on the hold-out")
    served = _served_champion(champion, progress)
    report = holdout_report(
        data,
        names=options.algorithms,
        main_algorithm=settings.DEFAULT_ALGORITHM,
        champion=served,
        champion_cutoff=champion.data_cutoff.timestamp() if champion else None,
        city_names=city_names(),
        seed=SEED,
        on_step=lambda share, name: progress.stage(0.15 + 0.4 * share, f"Evaluating {name}"),
    )
    for line in report.lines():
        progress.say(line)
    return report


def _served_champion(champion: ModelVersion | None, progress: RunProgress) -> ServedModel | None:
    if champion is None:
        return None
    try:
        artefact = artefact_read(path=champion.artefact_path, manifest_sha256=champion.manifest_sha256)
    except ArtefactRefused as refused:
        progress.say(f"The champion's artefact is refused, so it is not compared with: {refused}")
        return None
    return ServedModel.of(artefact)


def _fit_all(data: Interactions, options: TrainingOptions, progress: RunProgress) -> Mapping[str, Algorithm]:
    fitted: dict[str, Algorithm] = {}
    for place, name in enumerate(options.algorithms):
        progress.stage(0.55 + 0.3 * place / len(options.algorithms), f"Fitting {name} on everything")
        fitted[name] = ALGORITHMS[name].fit(data, generator=np.random.default_rng(SEED))
    return fitted


def _store(
    run: TrainingRun,
    data: TrainingData,
    fitted: Mapping[str, Algorithm],
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
        parameters={"seed": SEED},
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
            metrics={"validation_metrics": run.metrics["validation_metrics"]},
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
