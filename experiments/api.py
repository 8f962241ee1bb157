"""HTTP in, HTTP out: experiments and their results."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.authentication import caller_of
from common.models import Scope
from common.shapes import ErrorShape
from experiments.models import ExperimentStatus
from experiments.querysets import STATUS_ALL, experiment_with_key, experiments_with_status
from experiments.result_schemas import ResultsOut
from experiments.schemas import ExperimentOut, ExperimentsOut

_REFUSED = {401: ErrorShape, 403: ErrorShape}
_STATUS = OpenApiParameter(
    "status",
    enum=[*ExperimentStatus.values, STATUS_ALL],
    description="Which experiments; the active ones when left out.",
)


class ExperimentsView(APIView):
    @extend_schema(
        parameters=[_STATUS],
        responses={200: ExperimentsOut, 400: ErrorShape} | _REFUSED,
        summary="Experiments, the active ones by default",
    )
    def get(self, request: Request) -> Response:
        caller_of(request).require(Scope.READ)
        found = experiments_with_status(request.query_params.get("status"))
        experiments = [ExperimentOut.of(experiment) for experiment in found]
        return Response(ExperimentsOut(experiments=experiments, count=len(experiments)))


class ExperimentResultsView(APIView):
    @extend_schema(
        responses={200: ResultsOut, 404: ErrorShape} | _REFUSED,
        summary="What an experiment has shown so far",
    )
    def get(self, request: Request, experiment_id: str) -> Response:
        # Here, not above: the statistics cost memory that processes serving recommendations need not spend.
        from experiments.results import experiment_report

        caller_of(request).require(Scope.READ)
        experiment = experiment_with_key(experiment_id)
        return Response(ResultsOut.of(experiment_report(experiment=experiment, as_of=timezone.now())))
