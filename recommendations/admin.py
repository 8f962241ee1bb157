from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from common.admin_filters import MomentRangeFilter
from common.errors import CraicError
from feedback.models import Prediction
from modelregistry.models import Trigger
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.retraining import retraining_start


class AlgorithmFilter(admin.SimpleListFilter):
    """The registry's names, so that the list of choices costs no query on a table of millions."""

    title = "algorithm"
    parameter_name = "algorithm"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in ALGORITHMS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Prediction]) -> QuerySet[Prediction]:
        return queryset.filter(algorithm=self.value()) if self.value() else queryset


@admin.register(Prediction)
class PredictionAdmin(ModelAdmin):
    """What was served. History: to be read, never changed."""

    list_display = (
        "served_at",
        "user_id",
        "algorithm",
        "fallback_reason",
        "variant",
        "model_version",
        "latency_ms",
    )
    list_filter = (AlgorithmFilter, ("served_at", MomentRangeFilter))
    list_filter_submit = True
    search_fields = ("user_id__exact", "recommendation_id__exact")
    search_help_text = "A whole user id or recommendation id."
    show_full_result_count = False
    paginator = InfinitePaginator
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Prediction | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Prediction | None = None) -> bool:
        return False


@require_POST
def retrain_now(request: HttpRequest) -> HttpResponse:
    """The "Retrain now" button of the training runs' page."""
    if not request.user.has_perm("modelregistry.add_trainingrun"):
        raise PermissionDenied
    try:
        run = retraining_start(
            trigger=Trigger.ADMIN,
            requested_by=f"staff:{request.user.get_username()}",
            parameters={},
            now=timezone.now(),
        )
    except CraicError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, f"Run {run.pk} is queued; the worker takes it within seconds.")
    return redirect("admin:modelregistry_trainingrun_changelist")
