"""A thread of each web process looks for a new champion and for changed events, so that requests need not.

A request finds what the thread has prepared. Where no thread runs (tests, commands, the development server)
requests look for themselves, at most every REFRESH_SECONDS.
"""

import logging
import threading
from datetime import datetime

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from modelregistry.live import LiveModel
from recommendations.algorithms.protocol import Algorithm
from recommendations.live_model import ServedModel, champion, pinned
from recommendations.pinned_models import pinned_look
from recommendations.slates import UNTRAINED, slates
from recommendations.snapshot import Snapshot, candidates

logger = logging.getLogger(__name__)
LOOKS_PER_REFRESH = 4  # what is looked at decides itself whether REFRESH_SECONDS have passed

_thread: threading.Thread | None = None


def refresher_start() -> None:
    """Called by the server in each worker, after the fork."""
    global _thread  # noqa: PLW0603  one per process by nature
    champion.is_followed = pinned.is_followed = candidates.is_followed = slates.is_followed = True
    _thread = threading.Thread(target=_run, name="refresher", daemon=True)
    _thread.start()


def is_running() -> bool:
    return _thread is not None and _thread.is_alive()


def _run() -> None:
    while True:
        refresh()
        close_old_connections()  # a connection that failed is opened anew at the next turn
        threading.Event().wait(settings.REFRESH_SECONDS / LOOKS_PER_REFRESH)


def refresh() -> None:
    """Load the champion, read changed events, and prepare every algorithm's slate. Never raises."""
    try:
        now = timezone.now()
        champion.look()
        candidates.look(now=now)
        pinned_look()
        model, snapshot = champion.current(), candidates.current(now=now)
    except Exception:
        logger.exception("Looking for a new model or changed events failed; serving what is there")
        return
    for algorithm in model.payload.algorithms.values() if model else (UNTRAINED,):
        _prepare(algorithm, model, snapshot, now)
    _prepare_pinned(snapshot, now)


def _prepare_pinned(snapshot: Snapshot, now: datetime) -> None:
    """Only the algorithms that people are served: a variant asks for one of a version, not for all."""
    for model in pinned.models():
        for name in slates.names_of(model.version_id):
            if (algorithm := model.payload.algorithms.get(name)) is not None:
                _prepare(algorithm, model, snapshot, now, model.version_id)


def _prepare(
    algorithm: Algorithm,
    model: LiveModel[ServedModel] | None,
    snapshot: Snapshot,
    now: datetime,
    pinned_id: int | None = None,
) -> None:
    """An algorithm that cannot read the new candidates must not go on serving the old ones."""
    try:
        slates.prepare(algorithm, model, snapshot, now=now, pinned_id=pinned_id)
    except Exception:
        logger.exception("%s cannot prepare the candidates; popularity is served for it", algorithm.name)
        slates.drop(algorithm.name, pinned_id)
