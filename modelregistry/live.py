"""The champion as one process serves it: loaded once, swapped when another is promoted and verifies."""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django import db
from django.conf import settings

from modelregistry.artefacts import Artefact, artefact_read
from modelregistry.models import ChampionChange, ModelVersion

logger = logging.getLogger(__name__)

T = TypeVar("T")

# A refused champion is looked at again after so long: its file may have been restored.
RETRY_REFUSED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class LiveModel(Generic[T]):
    """One verified version and what `load` made of its arrays."""

    version_id: int
    version: str
    number: int
    manifest_sha256: str
    payload: T
    data_cutoff: datetime
    deployed_at: datetime | None


def live_model_load(version: ModelVersion, load: Callable[[Artefact], T]) -> LiveModel[T]:
    """Verify the artefact of `version` and read it. Raises `ArtefactRefused`, or whatever `load` raises."""
    artefact = artefact_read(path=version.artefact_path, manifest_sha256=version.manifest_sha256)
    live = LiveModel(
        version_id=version.pk,
        version=version.name,
        number=version.number,
        manifest_sha256=version.manifest_sha256,
        payload=load(artefact),
        data_cutoff=version.data_cutoff,
        deployed_at=version.deployed_at,
    )
    logger.info("Loaded model %s.", version.name)
    return live


@dataclass(frozen=True, slots=True)
class LiveState:
    """What this process serves against what it should, for health checks."""

    loaded: str | None
    champion: str | None
    refused: str | None

    @property
    def is_degraded(self) -> bool:
        return self.refused is not None


@dataclass(frozen=True, slots=True)
class _Refusal:
    version_id: int
    reason: str
    retry_at: float


class LiveChampion(Generic[T]):
    """Holds the champion for one process; `load` makes the payload, once per version.

    `current()` looks for a new champion at most every REFRESH_SECONDS, with one query, and only one thread
    at a time looks or loads: the others are served what is there. Only a process that has never looked makes
    its threads wait, so that none of them is told that there is no model.

    Where a thread of the process calls `look()` all the time, set `is_followed`: then `current()` only
    answers.
    """

    is_followed = False

    def __init__(self, load: Callable[[Artefact], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self.forget()
        reference = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _after_fork(reference))

    def forget(self) -> None:
        """Be as in a new process."""
        self._live: LiveModel[T] | None = None
        self._champion: str | None = None
        self._refusal: _Refusal | None = None
        self._logged: set[int] = set()
        self._lock = threading.Lock()
        self._looked = False
        self._look_at = 0.0

    def current(self) -> LiveModel[T] | None:
        """The model to serve; None when no version was ever promoted, or none of them verifies."""
        if not self._looked or not self.is_followed:
            self.look()
        return self._live

    def look(self) -> None:
        """Load a new champion, if there is one and the last look was REFRESH_SECONDS ago."""
        if not self._looked or self._clock() >= self._look_at:
            self._look()

    def state(self) -> LiveState:
        """As of the last look; asks nothing of the database."""
        live, refusal = self._live, self._refusal
        return LiveState(
            loaded=live.version if live else None,
            champion=self._champion,
            refused=refusal.reason if refusal else None,
        )

    def _look(self) -> None:
        if not self._lock.acquire(blocking=not self._looked):
            return
        try:
            if self._looked and self._clock() < self._look_at:
                return  # another thread has just looked
            self._look_at = self._clock() + settings.REFRESH_SECONDS
            self._follow()
        except db.Error:
            logger.warning("Cannot ask which version is the champion; still serving %s.", self._live_name())
        finally:
            self._looked = True
            self._lock.release()

    def _follow(self) -> None:
        """Serve the champion, or when it is refused what was served before it."""
        champion = ModelVersion.objects.filter(champion_slot=1).defer("metrics", "algorithms").first()
        if champion is None:
            self._champion = self._refusal = self._live = None
            return
        self._champion = champion.name
        live, refusal = self._live, self._refusal
        if live is not None and live.manifest_sha256 == champion.manifest_sha256:
            self._refusal = None
        elif refusal is None or refusal.version_id != champion.pk or self._clock() >= refusal.retry_at:
            self._serve(champion)

    def _serve(self, version: ModelVersion) -> None:
        try:
            self._live = self._loaded(version)
            self._refusal = None
        except db.Error:
            raise
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, the model before it serves on
            self._refuse(version, error)
            if self._live is None:
                self._live = self._newest_earlier()

    def _newest_earlier(self) -> LiveModel[T] | None:
        """The newest champion before the present one that verifies; never one that was rolled back from."""
        chain = ChampionChange.objects.champions_in_force()[:-1]
        for version_id in dict.fromkeys(reversed(chain)):
            version = ModelVersion.objects.get(pk=version_id)
            try:
                return self._loaded(version)
            except db.Error:
                raise
            except Exception as error:  # noqa: BLE001  as above
                self._log(version, error)
        return None

    def _loaded(self, version: ModelVersion) -> LiveModel[T]:
        live = live_model_load(version, self._load)
        self._logged.discard(version.pk)
        return live

    def _refuse(self, version: ModelVersion, error: Exception) -> None:
        self._refusal = _Refusal(
            version_id=version.pk,
            reason=f"{version.name}: {error}",
            retry_at=self._clock() + RETRY_REFUSED_SECONDS,
        )
        self._log(version, error)

    def _log(self, version: ModelVersion, error: Exception) -> None:
        if version.pk not in self._logged:
            self._logged.add(version.pk)
            logger.error("Model %s is refused; not serving it: %s", version.name, error, exc_info=error)

    def _live_name(self) -> str:
        return self._live.version if self._live else "without a model"


def _after_fork(reference: "weakref.ref[LiveChampion[T]]") -> None:
    """A lock that another thread held at the fork would never be released in the child."""
    champion = reference()
    if champion is not None:
        champion._lock = threading.Lock()
