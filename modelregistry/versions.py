"""Writes on versions: register one, make one the champion, go back to an earlier champion."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from common import errors
from modelregistry.artefacts import WrittenArtefact, artefact_read
from modelregistry.models import NAME_LENGTH, ChampionChange, ChangeKind, ModelVersion, TrainingRun

_NUMBER_ATTEMPTS = 20


class AlreadyChampion(errors.Conflict):
    """The version asked for is being served already."""

    code = "already_champion"


def version_register(
    *,
    run: TrainingRun | None,
    algorithms: Sequence[str],
    artefact: WrittenArtefact,
    training_samples: int,
    data_cutoff: datetime,
    data_fingerprint: str,
    metrics: Mapping[str, object],
    now: datetime,
) -> ModelVersion:
    """A new version with the next number; not served until it is promoted."""
    for _ in range(_NUMBER_ATTEMPTS):
        newest = ModelVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
        try:
            with transaction.atomic():
                return ModelVersion.objects.create(
                    number=newest + 1,
                    run=run,
                    algorithms=list(algorithms),
                    artefact_path=artefact.path,
                    manifest_sha256=artefact.manifest_sha256,
                    artefact_bytes=artefact.bytes,
                    training_samples=training_samples,
                    data_cutoff=data_cutoff,
                    data_fingerprint=data_fingerprint,
                    metrics=dict(metrics),
                    created_at=now,
                )
        except IntegrityError:
            if not ModelVersion.objects.filter(number=newest + 1).exists():
                raise  # not the number: something else about the row is wrong
    raise errors.Conflict("Too many versions are being registered at this moment; try again.")


def version_promote(*, version: ModelVersion, actor: str, reason: str, now: datetime) -> ChampionChange:
    """Make `version` the champion.

    Raises `ArtefactRefused` when its artefact does not verify, `AlreadyChampion` when it is being served,
    `InvalidInput` without a reason.
    """
    reason = _reason_given(reason)
    artefact_read(path=version.artefact_path, manifest_sha256=version.manifest_sha256)
    with transaction.atomic():
        _changes_wait()
        return _champion_set(
            kind=ChangeKind.PROMOTION, version_id=version.pk, actor=actor, reason=reason, now=now
        )


def champion_rollback(*, actor: str, reason: str, to: ModelVersion | None, now: datetime) -> ChampionChange:
    """Return to an earlier champion: `to`, or the one before the present one.

    Again and again it goes further back: a version that was rolled back from is not returned to.
    Raises `Conflict` when there is none, and as `version_promote`.
    """
    reason = _reason_given(reason)
    target = _earlier_champion(to)
    artefact_read(path=target.artefact_path, manifest_sha256=target.manifest_sha256)
    with transaction.atomic():
        _changes_wait()
        if _earlier_champion(to) != target:
            raise errors.Conflict("The champion changed at this very moment; look again before rolling back.")
        return _champion_set(
            kind=ChangeKind.ROLLBACK, version_id=target.pk, actor=actor, reason=reason, now=now
        )


def _earlier_champion(to: ModelVersion | None) -> ModelVersion:
    if to is not None:
        if not ChampionChange.objects.filter(version=to).exists():
            raise errors.Conflict(
                f"{to} was never the champion, so there is no going back to it; promote it instead.",
                code="never_champion",
            )
        return to
    chain = ChampionChange.objects.champions_in_force()
    if len(chain) < 2:
        raise errors.Conflict("There is no earlier champion to go back to.", code="no_earlier_champion")
    return ModelVersion.objects.get(pk=chain[-2])


def _changes_wait() -> None:
    """Changes of champion take turns: each locks the first version's row, which is never deleted."""
    list(ModelVersion.objects.select_for_update().order_by("pk").values_list("pk", flat=True)[:1])


def _champion_set(
    *, kind: ChangeKind, version_id: int, actor: str, reason: str, now: datetime
) -> ChampionChange:
    previous = ModelVersion.objects.select_for_update().filter(champion_slot=1).first()
    if previous is not None and previous.pk == version_id:
        raise AlreadyChampion(f"{previous} is the champion already.")
    if previous is not None:
        ModelVersion.objects.filter(pk=previous.pk).update(champion_slot=None)
    ModelVersion.objects.filter(pk=version_id).update(champion_slot=1, deployed_at=now)
    return ChampionChange.objects.create(
        kind=kind,
        version=ModelVersion.objects.get(pk=version_id),
        previous=previous,
        actor=actor[:NAME_LENGTH],
        reason=reason,
        at=now,
    )


def _reason_given(reason: str) -> str:
    if not reason.strip():
        raise errors.InvalidInput("Say why.", errors={"reason": ["A change of champion needs a reason."]})
    return reason.strip()
