import functools
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from common.authentication import CallerKind

if TYPE_CHECKING:  # REST framework imports its throttles while it defines APIView
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

_PERIODS = {
    1: ("s", "sec", "second"),
    60: ("m", "min", "minute"),
    3_600: ("h", "hour"),
    86_400: ("d", "day"),
}
_SECONDS = {name: seconds for seconds, names in _PERIODS.items() for name in names}


@functools.lru_cache(maxsize=8)
def rate_parse(rate: str) -> tuple[int, int]:
    """'600/min' as (600, 60). Raises ValueError on what is no rate."""
    count, _, period = rate.partition("/")
    seconds = _SECONDS.get(period.strip().lower())
    if seconds is None:
        raise ValueError(f"{rate!r} is no rate: a number, a slash, and sec, min, hour or day.")
    return int(count), seconds


class UserTokenThrottle(BaseThrottle):
    """Bounds what one person's token may ask in a minute, an hour or a day; services and staff are trusted.

    It counts in fixed windows: one small number a person, where REST framework's own throttle keeps the
    moment of every request. With a cache of local memory each process counts by itself.
    """

    _left = 1.0

    def allow_request(self, request: Any, view: "APIView") -> bool:
        caller = request.user
        if getattr(caller, "kind", None) is not CallerKind.USER or not settings.THROTTLE_USER:
            return True
        allowed, period = rate_parse(settings.THROTTLE_USER)
        window, elapsed = divmod(time.time(), period)
        self._left = period - elapsed
        # Hashed, since a cache accepts neither every character nor every length that an id may have.
        person = hashlib.blake2b(caller.name.encode(), digest_size=16).hexdigest()
        try:
            return _count(f"throttle:{person}:{int(window)}", period) <= allowed
        except Exception:  # whatever the cache's client raises: its absence refuses nobody
            logger.warning("The cache is away: requests are not throttled", exc_info=True)
            return True

    def wait(self) -> float:
        return self._left


def _count(key: str, seconds: int) -> int:
    """Add one to `key` and return the sum."""
    try:
        return int(cache.incr(key))
    except ValueError:
        if cache.add(key, 1, timeout=seconds + 1):
            return 1
        return int(cache.incr(key))  # another process added it first
