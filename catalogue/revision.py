"""The catalogue's revision: how other processes learn that events changed."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import F

from catalogue.models import CatalogueState, Event
from common.upserts import rows_upsert

_ONLY_ROW = 1


@contextmanager
def catalogue_change(*, now: datetime) -> Iterator[int]:
    """A transaction in which changed events are written with the yielded revision.

    That number is negative and this transaction's own. At the end, and only if an event changed, the
    state's row lock is taken, so that revisions become visible in order, and the events get the next
    revision. A long import therefore holds the lock for its last moment only, and no two writers meet
    on rows that neither has committed.
    """
    pending = -1 - secrets.randbits(62)
    with transaction.atomic():
        yield pending
        changed = Event.objects.filter(revision=pending)
        if changed.exists():
            changed.update(revision=_revision_next(now))


def _revision_next(now: datetime) -> int:
    state = CatalogueState.objects.filter(pk=_ONLY_ROW)
    if not state.update(revision=F("revision") + 1, changed_at=now):
        _state_create(now)
        state.update(revision=F("revision") + 1, changed_at=now)
    return state.values_list("revision", flat=True).get()


def _state_create(now: datetime) -> None:
    """Before the very first change. Where two are first, an upsert makes the second wait; an insert that
    fails would leave both with a shared lock, and MariaDB with a deadlock."""
    rows_upsert(CatalogueState, [CatalogueState(pk=_ONLY_ROW, changed_at=now)], fields=["changed_at"])
