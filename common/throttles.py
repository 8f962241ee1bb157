from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.throttling import SimpleRateThrottle

from common.authentication import CallerKind

if TYPE_CHECKING:  # REST framework imports its throttles while it defines APIView
    from rest_framework.views import APIView


class UserTokenThrottle(SimpleRateThrottle):
    """Bounds what one person's token may ask; services and staff are trusted."""

    scope = "user"

    def get_rate(self) -> str:
        return str(settings.THROTTLE_USER)

    def get_cache_key(self, request: Any, view: "APIView") -> str | None:
        caller = request.user
        if getattr(caller, "kind", None) is not CallerKind.USER:
            return None
        return f"throttle:{caller.name}"
