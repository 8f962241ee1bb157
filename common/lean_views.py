"""REST framework to the OpenAPI schema, a plain Django view to the request.

The two hot endpoints cannot afford a serializer per request (docs/decisions/0002-lean-views.md). A lean view
reads JSON, identifies the caller, calls `handle`, and writes JSON. For the schema a subclass has an empty
`post` under `extend_schema`.
"""

from typing import Any, ClassVar

import pydantic
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from common import errors
from common.authentication import Caller, caller_identify
from common.error_responses import error_response
from common.json_codec import json_response, read_json
from common.models import Scope
from common.throttles import UserTokenThrottle


class LeanView(APIView):
    required_scope: ClassVar[Scope]

    def handle(self, caller: Caller, body: Any, request: HttpRequest) -> pydantic.BaseModel:
        raise errors.NotFound("There is nothing at this address.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.method != "POST":
                return self._only_post(request)
            caller = caller_identify(request)
            caller.require(self.required_scope)
            self._throttle(caller, request)
            return json_response(self.handle(caller, read_json(request), request))
        except Exception as error:  # noqa: BLE001  turned into an answer, or raised again when it is a bug
            return error_response(error)

    def _throttle(self, caller: Caller, request: HttpRequest) -> None:
        request.user = caller  # type: ignore[assignment]
        throttle = UserTokenThrottle()
        if not throttle.allow_request(request, self):
            raise errors.Throttled("Too many requests; slow down.", retry_after=int(throttle.wait() or 0) + 1)

    def _only_post(self, request: HttpRequest) -> HttpResponse:
        headers = {"Allow": "POST, OPTIONS"}
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=headers)
        body = {
            "detail": f"Method {request.method} is not allowed here; POST is.",
            "code": "method_not_allowed",
        }
        return json_response(body, status=405, headers=headers)
