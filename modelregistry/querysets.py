"""Reads: the active run, the champion, and the way it came to be."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import models
from django.db.models import Q

from common import errors

if TYPE_CHECKING:
    from modelregistry.models import ChampionChange, ModelVersion, TrainingRun

LOST_AFTER = timedelta(minutes=2)
NOT_PICKED_UP_AFTER = timedelta(minutes=15)


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def active(self) -> Self:
        """Queued or running; the database allows one."""
        return self.filter(lock=1)

    def lost(self, *, now: datetime) -> Self:
        """Active by their row, but silent for too long to be alive."""
        return self.active().filter(
            Q(state="running", heartbeat_at__lt=now - LOST_AFTER)
            | Q(state="queued", queued_at__lt=now - NOT_PICKED_UP_AFTER)
        )

    def by_id(self, run_id: int) -> "TrainingRun":
        run = self.filter(pk=run_id).first()
        if run is None:
            raise errors.NotFound(f"There is no training run {run_id}.")
        return run


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def champion(self) -> "ModelVersion | None":
        """The version being served."""
        return self.filter(champion_slot=1).first()

    def by_name(self, name: str) -> "ModelVersion":
        """By "v12" or "12"."""
        match = re.fullmatch(r"v?([0-9]{1,9})", name.strip())
        version = self.filter(number=int(match[1])).first() if match else None
        if version is None:
            raise errors.NotFound(f"There is no model version {name}.")
        return version

    def delete(self) -> NoReturn:
        raise TypeError("Versions are never deleted; delete the artefact.")


class ChampionChangeQuerySet(models.QuerySet["ChampionChange"]):
    def champions_in_force(self) -> list[int]:
        """Ids of the versions that led to the champion, oldest first; the champion is last.

        A promotion adds its version; a rollback takes off what came after the version it returned to.
        So the one before the last is where a rollback goes, and a version rolled back from is not here.
        """
        chain: list[int] = []
        for kind, version_id in self.order_by("id").values_list("kind", "version_id"):
            if kind == "rollback" and version_id in chain[:-1]:
                chain.pop()
                while chain[-1] != version_id:
                    chain.pop()
            else:
                chain.append(version_id)
        return chain

    def at(self, moment: datetime) -> "ChampionChange | None":
        """The change that made the version being served at `moment` the champion."""
        return self.filter(at__lte=moment).select_related("version").order_by("-id").first()

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The history of champions is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The history of champions is append-only.")
