"""Versions held beside the champion in one process: each loaded once, for as long as it is asked for."""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from django import db

from modelregistry.artefacts import Artefact
from modelregistry.live import RETRY_REFUSED_SECONDS, LiveModel, live_model_load
from modelregistry.models import ModelVersion

logger = logging.getLogger(__name__)

T = TypeVar("T")


class PinnedVersions(Generic[T]):
    """Holds the versions that `follow` names; `load` makes the payload, once per version.

    A version that is refused (damaged, gone, not readable) is None to everybody, logged once, and tried again
    after RETRY_REFUSED_SECONDS. Where a thread of the process calls `follow` all the time, set `is_followed`.

    What a version costs: its arrays are mapped from disk, one copy for all processes; what `load` builds
    from them is memory of this process.
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
        self._held: dict[int, LiveModel[T]] = {}
        self._retry_at: dict[int, float] = {}  # of the versions refused
        self._lock = threading.Lock()

    def models(self) -> tuple[LiveModel[T], ...]:
        """The versions in memory."""
        return tuple(self._held.values())

    def get(self, version_id: int) -> LiveModel[T] | None:
        """The version, read now where this process has not; None while it is refused.

        Raises a database error where the database is away and the version was never read.
        """
        held = self._held.get(version_id)
        if held is not None or self._clock() < self._retry_at.get(version_id, 0.0):
            return held
        with self._lock:
            return self._held.get(version_id) or self._read(version_id)

    def follow(self, version_ids: Collection[int], champion: LiveModel[T] | None) -> None:
        """Hold these and no others. The champion, where it is one of them, is shared and not read again."""
        for version_id in self._held.keys() - set(version_ids):
            released = self._held.pop(version_id, None)
            if released is not None:
                logger.info("Released model %s.", released.version)
        for version_id in version_ids:
            if champion is not None and champion.version_id == version_id:
                self._held.setdefault(version_id, champion)
            self.get(version_id)

    def _read(self, version_id: int) -> LiveModel[T] | None:
        if self._clock() < self._retry_at.get(version_id, 0.0):
            return None  # another thread has just tried
        try:
            live = live_model_load(ModelVersion.objects.get(pk=version_id), self._load)
        except db.Error:
            raise
        except Exception as error:
            if version_id not in self._retry_at:
                logger.error(
                    "Pinned model %s is refused; the champion serves instead: %s",
                    version_id,
                    error,
                    exc_info=error,
                )
            self._retry_at[version_id] = self._clock() + RETRY_REFUSED_SECONDS
            return None
        self._held[version_id] = live
        self._retry_at.pop(version_id, None)
        return live


def _after_fork(reference: "weakref.ref[PinnedVersions[T]]") -> None:
    """A lock that another thread held at the fork would never be released in the child."""
    pinned = reference()
    if pinned is not None:
        pinned._lock = threading.Lock()
