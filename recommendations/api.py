"""HTTP in, HTTP out: recommendations, the model, and everything held on one person."""

import re
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common import errors
from common.authentication import Caller, caller_of
from common.identifiers import path_identifier
from common.lean_views import LeanView
from common.models import Scope
from common.shapes import ErrorShape
from modelregistry.models import RunState, TrainingRun, Trigger
from recommendations.model_info import model_info
from recommendations.people import person_erase, person_export
from recommendations.retraining import retraining_start, run_await, run_out, run_result
from recommendations.schemas import (
    ErasedOut,
    ModelInfoOut,
    PersonExportOut,
    RecommendationsIn,
    RecommendationsOut,
    RetrainOut,
    RunningOut,
    RunOut,
)
from recommendations.serving import RecommendationRequest, recommend

DEFAULT_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 600


class RecommendationsView(LeanView):
    required_scope = Scope.RECOMMEND

    @extend_schema(
        request=RecommendationsIn,
        responses={200: RecommendationsOut, 400: ErrorShape, 401: ErrorShape, 403: ErrorShape},
        summary="What should this person see?",
    )
    def post(self, request: HttpRequest) -> None:
        """Upcoming events for one person, best first. A stranger gets a cold-start list."""

    def handle(self, caller: Caller, body: Any, request: HttpRequest) -> RecommendationsOut:
        asked = RecommendationsIn.model_validate(body)
        return recommend(
            RecommendationRequest(
                user_id=caller.acting_for(asked.user_id),
                limit=asked.count,
                filters=asked.filters,
                context_genres=asked.context_names("genres"),
                context_artists=asked.context_names("artists"),
                surface=asked.surface or "",
            ),
            now=timezone.now(),
        )


class ModelInfoView(APIView):
    @extend_schema(
        responses={200: ModelInfoOut, 401: ErrorShape}, summary="Which model serves, and how well?"
    )
    def get(self, request: Request) -> Response:
        caller_of(request).require(Scope.READ)
        return Response(model_info(now=timezone.now()))


class RetrainView(APIView):
    @extend_schema(
        request=None,
        parameters=[
            OpenApiParameter(
                "Prefer",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="wait=N seconds, 0-600; 30 unless told.",
            )
        ],
        responses={200: RetrainOut, 202: RunningOut, 409: ErrorShape, 422: ErrorShape},
        summary="Train a new model",
    )
    def post(self, request: Request) -> Response:
        """Starts a run in the worker process and waits a while for it. 409 while another one is active."""
        caller_of(request).require(Scope.TRAIN)
        wait = _seconds_to_wait(request.headers.get("Prefer", ""))
        run = retraining_start(
            trigger=Trigger.API, requested_by=caller_of(request).name, parameters={}, now=timezone.now()
        )
        run = run_await(run.pk, seconds=wait)
        return _run_answer(run, request)


class RetrainRunView(APIView):
    @extend_schema(responses={200: RunOut, 404: ErrorShape}, summary="How is this training run doing?")
    def get(self, request: Request, run_id: int) -> Response:
        caller_of(request).require(Scope.TRAIN)
        return Response(run_out(TrainingRun.objects.by_id(run_id)))


def _seconds_to_wait(prefer: str) -> int:
    """RFC 7240: `wait=N`; anything else in the header is ignored."""
    found = re.search(r"\bwait\s*=\s*\"?(\d{1,6})", prefer)
    return min(int(found[1]), LONGEST_WAIT_SECONDS) if found else DEFAULT_WAIT_SECONDS


def _run_answer(run: TrainingRun, request: Request) -> Response:
    if run.is_active:
        location = f"{request.path}/{run.pk}"
        return Response(
            RunningOut(status="running", run_id=run.pk), status=202, headers={"Location": location}
        )
    if run.state in (RunState.PROMOTED, RunState.KEPT):
        return Response(run_result(run))
    raise errors.Unprocessable(
        run.error or run.outcome or f"The run is {run.state}.",
        code="training_failed",
        extra={"status": "failed", "run_id": run.pk},
    )


def _person_named(request: Request, user_id: str) -> str:
    return path_identifier(request._request, name="user_id", value=user_id)


class PersonView(APIView):
    @extend_schema(responses={200: PersonExportOut, 403: ErrorShape}, summary="Everything held on one person")
    def get(self, request: Request, user_id: str) -> Response:
        caller_of(request).require(Scope.FEEDBACK)
        return Response(person_export(caller_of(request).acting_for(_person_named(request, user_id))))

    @extend_schema(
        responses={200: ErasedOut, 401: ErrorShape, 403: ErrorShape},
        summary="Erase everything held on one person",
    )
    def delete(self, request: Request, user_id: str) -> Response:
        caller_of(request).require_credentials()
        caller_of(request).require(Scope.FEEDBACK)
        return Response(person_erase(caller_of(request).acting_for(_person_named(request, user_id))))
