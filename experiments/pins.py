"""Variants pinned to a trained version: what a pin needs, and which versions are held for one."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import QuerySet

from experiments.models import Experiment, ExperimentStatus, Variant
from experiments.querysets import RUNNING
from modelregistry.artefacts import artefact_read
from modelregistry.manifests import ArtefactRefused
from modelregistry.models import ModelVersion

# Each has as many arrays as the champion, mapped and shared, and slates of its own in every web process.
MOST_PINNED = 3


def versions_pinned() -> QuerySet[ModelVersion]:
    """The versions whose artefacts must stay: those of every experiment that is not completed."""
    variants = Variant.objects.exclude(experiment__status=ExperimentStatus.COMPLETED)
    return ModelVersion.objects.filter(pk__in=variants.values("model_version"))


def pin_problems(variant: Variant) -> Iterator[str]:
    """Why the version this variant pins could not be served; one sentence."""
    version = variant.model_version
    if version is None:
        return
    wanted = variant.algorithm or settings.DEFAULT_ALGORITHM
    try:
        artefact = artefact_read(path=version.artefact_path, manifest_sha256=version.manifest_sha256)
    except ArtefactRefused as error:
        yield f"{variant.key}: model {version} cannot be read ({error}) Pin another."
        return
    if wanted not in artefact.arrays_by_algorithm:
        yield f"{variant.key}: model {version} holds no {wanted}. Pin another, or choose another algorithm."


def room_problems(experiment: Experiment, pinned: set[int]) -> Iterator[str]:
    """Why this experiment may not pin these versions beside what runs: memory."""
    running = Variant.objects.filter(experiment__status__in=RUNNING, model_version__isnull=False)
    others = set(running.exclude(experiment=experiment).values_list("model_version_id", flat=True))
    if pinned and len(pinned | others) > MOST_PINNED:
        yield (
            f"With it {len(pinned | others)} versions would be held in memory beside the champion; at most "
            f"{MOST_PINNED} fit. Complete an experiment that pins one, or pin fewer."
        )
