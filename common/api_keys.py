"""Which service holds an API key. Looked up by its hash, and remembered for seconds."""

import time
from dataclasses import dataclass

from common.models import ApiKey

REMEMBERED_SECONDS = 5  # a revoked key is refused by every process within this time
_MOST_REMEMBERED = 1_000  # guesses must not fill the memory


@dataclass(frozen=True, slots=True)
class KeyHolder:
    name: str
    scopes: frozenset[str]


# In this process rather than the cache: a cache that is away must not lock services out.
_remembered: dict[str, tuple[float, KeyHolder | None]] = {}


def key_holder(key: str) -> KeyHolder | None:
    """Who holds `key`; None when it is not known or was revoked."""
    digest = ApiKey.digest(key)
    known = _remembered.get(digest)
    if known is not None and time.monotonic() < known[0]:
        return known[1]
    row = ApiKey.objects.filter(digest_sha256=digest, revoked_at=None).first()
    holder = None if row is None else KeyHolder(row.name, frozenset(row.scopes))
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = (time.monotonic() + REMEMBERED_SECONDS, holder)
    return holder


def key_forget(digest: str) -> None:
    """Look this key up again at its next use (here; other processes within REMEMBERED_SECONDS)."""
    _remembered.pop(digest, None)
