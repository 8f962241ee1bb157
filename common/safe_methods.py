import functools
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common.json_codec import json_response

View = Callable[[HttpRequest], HttpResponse]


def require_safe(view: View) -> View:
    """GET and HEAD only; anything else is 405 in the one shape of errors."""

    @functools.wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request)
        body = {
            "detail": f"Method {request.method} is not allowed here; GET is.",
            "code": "method_not_allowed",
        }
        return json_response(body, status=405, headers={"Allow": "GET, HEAD"})

    return checked
