"""Staff set experiments up here, start and stop them, and read what came of them."""

import dataclasses
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from common.errors import CraicError
from experiments import services
from experiments.admin_forms import ExperimentForm, ReasonForm, VariantForm, VariantFormSet, WeightsForm
from experiments.models import Experiment, ExperimentEvent, ExperimentStatus, Exposure, Variant
from experiments.querysets import RUNNING
from experiments.start_checks import start_problems


class VariantInline(TabularInline):
    model = Variant
    form = VariantForm
    formset = VariantFormSet
    extra = 0
    min_num = 2
    hide_title = True
    fields = ("name", "key", "algorithm", "parameters", "weight", "is_control", "description")
    verbose_name_plural = "Variants: one control and the treatments it is compared with"


class EventInline(TabularInline):
    """The audit trail: nobody adds to it by hand, nobody changes it."""

    model = ExperimentEvent
    verbose_name_plural = "What happened, who did it and why"
    fields = ("at", "what", "actor", "reason")
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        return False


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A button of the experiment's page: what it asks, and the service behind it."""

    title: str
    explanation: str
    button: str
    call: Callable[..., Experiment]
    done: str


_START = Change(
    "Start “{0}”?",
    "From now on people are assigned and served their variant. After this the definition is fixed; only the "
    "weights can still change.",
    "Start the experiment",
    services.experiment_start,
    "“{0}” is running.",
)
_PAUSE = Change(
    "Pause “{0}”?",
    "People who were already served a variant get control until you resume, and nobody new takes part.",
    "Pause the experiment",
    services.experiment_pause,
    "“{0}” is paused: everybody in it gets control.",
)
_RESUME = Change(
    "Resume “{0}”?",
    "Everybody gets the variant they had before, and new people take part again.",
    "Resume the experiment",
    services.experiment_resume,
    "“{0}” is running again.",
)
_COMPLETE = Change(
    "Complete “{0}”?",
    "It ends for good: everybody gets the ordinary list, and the results stay. It cannot be started again.",
    "Complete the experiment",
    services.experiment_complete,
    "“{0}” is completed.",
)
_REWEIGH = Change(
    "Change the weights of “{0}”?",
    "As few people as possible move, and nobody already served a variant. The comparison begins anew: "
    "people who came under the old weights are no longer compared.",
    "Change the weights",
    services.experiment_reweigh,
    "“{0}” has new weights.",
)
_OFFERED = {
    ExperimentStatus.DRAFT: ("start",),
    ExperimentStatus.ACTIVE: ("results", "pause", "reweigh", "complete"),
    ExperimentStatus.PAUSED: ("results", "resume", "reweigh", "complete"),
    ExperimentStatus.COMPLETED: ("results",),
}


@admin.register(Experiment)
class ExperimentAdmin(ModelAdmin):
    form = ExperimentForm
    list_display = ("name", "key", "status_label", "people", "started_at", "results_link")
    list_filter = ("status",)
    search_fields = ("key", "name", "description", "hypothesis")
    search_help_text = "Words of the name, key, description or hypothesis."
    inlines = (VariantInline, EventInline)
    actions_detail = ("results", "start", "pause", "resume", "reweigh", "complete")
    readonly_fields = (
        "status",
        "checklist",
        "created_by",
        "created_at",
        "started_at",
        "ended_at",
    )
    fieldsets = (
        ("What you test", {"fields": ("name", "key", "kind", "hypothesis", "description")}),
        ("Who takes part", {"fields": ("layer", "layer_percentage", "traffic_percentage", "audience")}),
        (
            "What decides",
            {
                "fields": (
                    "primary_metric",
                    "attribution_hours",
                    "minimum_effect",
                    "expected_rate",
                    "planned_users",
                    "planned_days",
                )
            },
        ),
        (
            "Where it stands",
            {"fields": ("status", "checklist", "created_by")},
        ),
    )
    fieldsets_once_started = (
        *fieldsets[:3],
        (
            "Where it stands",
            {"fields": ("status", "started_at", "ended_at", "created_by")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        found: QuerySet[Experiment] = super().get_queryset(request)
        return found.annotate(people=Count("exposures"))

    def get_fieldsets(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        if obj is None:
            return self.fieldsets[:3]
        return self.fieldsets if obj.status == ExperimentStatus.DRAFT else self.fieldsets_once_started

    def get_prepopulated_fields(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        return {"key": ("name",)} if obj is None else {}

    def get_actions(self, request: HttpRequest) -> Any:
        """Without the list's own deletion, which would not ask whether each one is a draft."""
        return {name: one for name, one in super().get_actions(request).items() if name != "delete_selected"}

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        experiment = Experiment.objects.filter(pk=object_id).first()
        offered = () if experiment is None else _OFFERED[ExperimentStatus(experiment.status)]
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if one.method.original_function_name in offered]

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """Only a draft can be edited; the others change through the buttons."""
        is_draft = obj is None or obj.status == ExperimentStatus.DRAFT
        return is_draft and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        is_draft = obj is None or obj.status == ExperimentStatus.DRAFT
        return is_draft and bool(super().has_delete_permission(request, obj))

    def has_operate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(super().has_change_permission(request))

    def has_read_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(super().has_view_permission(request))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except CraicError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(request.get_full_path())
        return answer

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        if change:
            # Only what was edited: the status may have moved since the form was opened.
            obj.save(update_fields=form.changed_data)
            return
        obj.created_by = _actor(request)
        obj.save()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        variants = [one for one in formsets if isinstance(one, VariantFormSet)]
        services.experiment_draft_saved(
            experiment=form.instance,
            actor=_actor(request),
            what="Edited" if change else "Created",
            details=". ".join(said for one in variants for said in one.parameters_changed()),
            now=timezone.now(),
        )

    @display(
        description="Status",
        label={"Active": "success", "Paused": "warning", "Completed": "info", "Draft": "default"},
    )
    def status_label(self, experiment: Experiment) -> str:
        return str(ExperimentStatus(experiment.status).label)

    @display(description="People", ordering="people")
    def people(self, experiment: Experiment) -> int:
        return int(getattr(experiment, "people", 0))

    @display(description="Results")
    def results_link(self, experiment: Experiment) -> str | SafeString:
        if experiment.status == ExperimentStatus.DRAFT:
            return "not started"
        return format_html('<a class="underline" href="{}">Results</a>', _results_url(experiment))

    @display(description="Before it starts")
    def checklist(self, experiment: Experiment) -> str | SafeString:
        problems = start_problems(experiment)
        if not problems:
            return "Everything is there. Start it with the button at the top."
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((one,) for one in problems)))

    @action(description="Results", url_path="results", permissions=["read"])
    def results(self, request: HttpRequest, object_id: str) -> HttpResponse:
        from experiments.review import review  # the statistics stay out of memory until somebody reads

        experiment = get_object_or_404(Experiment, pk=object_id)
        context = self._context(request, experiment, f"Results of “{experiment.name}”")
        page = review(experiment=experiment, now=timezone.now())
        return TemplateResponse(
            request, "admin/experiments/experiment/results.html", context | {"page": page}
        )

    @action(description="Start", url_path="start", permissions=["operate"], variant=ActionVariant.PRIMARY)
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, _START)

    @action(description="Pause", url_path="pause", permissions=["operate"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, _PAUSE)

    @action(description="Resume", url_path="resume", permissions=["operate"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, _RESUME)

    @action(description="Complete", url_path="complete", permissions=["operate"])
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, _COMPLETE)

    @action(description="Change weights", url_path="weights", permissions=["operate"])
    def reweigh(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, _REWEIGH)

    def _ask(self, request: HttpRequest, object_id: str, change: Change) -> HttpResponse:
        """The confirming page, which wants a reason; the service decides, and a refusal is a message."""
        experiment = get_object_or_404(Experiment, pk=object_id)
        data = request.POST or None
        form = WeightsForm(data, experiment=experiment) if change is _REWEIGH else ReasonForm(data)
        if form.is_valid():
            self._make(request, experiment, change, form)
            return redirect("admin:experiments_experiment_change", experiment.pk)
        context = self._context(request, experiment, change.title.format(experiment.name))
        return TemplateResponse(
            request, "admin/experiments/experiment/change.html", context | {"form": form, "change": change}
        )

    def _make(self, request: HttpRequest, experiment: Experiment, change: Change, form: ReasonForm) -> None:
        extra = {"weights": form.weights()} if isinstance(form, WeightsForm) else {}
        try:
            change.call(
                experiment=experiment,
                actor=_actor(request),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
                **extra,
            )
        except CraicError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, change.done.format(experiment.name))

    def _context(self, request: HttpRequest, experiment: Experiment, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": title,
            "experiment": experiment,
            "is_running": experiment.status in RUNNING,
            "back": reverse("admin:experiments_experiment_change", args=[experiment.pk]),
        }


@admin.register(Exposure)
class ExposureAdmin(ModelAdmin):
    """Who was served which variant first, and when. History: nobody changes it."""

    list_display = ("user_id", "experiment", "variant_key", "first_at")
    list_filter = ("experiment",)
    list_select_related = ("experiment", "variant")
    search_fields = ("user_id__exact",)
    search_help_text = "A person's whole user id."
    show_full_result_count = False
    ordering = ("-id",)

    @display(description="Variant")
    def variant_key(self, exposure: Exposure) -> str:
        return exposure.variant.key if exposure.variant else "both"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Exposure | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Exposure | None = None) -> bool:
        return False


def _actor(request: HttpRequest) -> str:
    return f"staff:{request.user.get_username()}"


def _results_url(experiment: Experiment) -> str:
    return reverse("admin:experiments_experiment_results", args=[experiment.pk])
