"""A thread of each web process looks for a new champion and for changed events, so that requests need not.

A request finds what the thread has prepared. Where no thread runs (tests, commands, the development server)
requests look for themselves, at most every REFRESH_SECONDS.
"""

import logging
import threading

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from recommendations.live_model import champion
from recommendations.slates import UNTRAINED, slates
from recommendations.snapshot import candidates

logger = logging.getLogger(__name__)
LOOKS_PER_REFRESH = 4  # what is looked at decides itself whether REFRESH_SECONDS have passed


_thread: threading.Thread | None = None


def refresher_start() -> None:
    """Called by the server in each worker, after the fork."""
    global _thread  # noqa: PLW0603  one per process by nature
    champion.is_followed = candidates.is_followed = slates.is_followed = True
    _thread = threading.Thread(target=_run, name="refresher", daemon=True)
    _thread.start()


def is_running() -> bool:
    return _thread is not None and _thread.is_alive()


def _run() -> None:
    while True:
        refresh()
        threading.Event().wait(settings.REFRESH_SECONDS / LOOKS_PER_REFRESH)


def refresh() -> None:
    """Load the champion, read changed events, and prepare every algorithm's slate. Never raises."""
    try:
        close_old_connections()
        now = timezone.now()
        champion.look()
        candidates.look(now=now)
        model, snapshot = champion.current(), candidates.current(now=now)
        for algorithm in model.payload.algorithms.values() if model else (UNTRAINED,):
            slates.prepare(algorithm, model, snapshot, now=now)
    except Exception:
        logger.exception("Looking for a new model or changed events failed; serving what is there")
