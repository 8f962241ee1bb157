"""Staff set experiments up here, start and stop them, and read what came of them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, StackedInline
from unfold.decorators import display

from common.errors import CraicError
from experiments import services
from experiments.admin_forms import NEW_EXPERIMENT, NEW_VARIANTS, ExperimentForm, VariantForm, VariantFormSet
from experiments.admin_pages import TEMPLATES, ExperimentPages, actor_of, page_of
from experiments.admin_plan import PlanPanel, panel_of_data, panel_of_experiment
from experiments.layer_bar import layer_bar
from experiments.layers import holdout_problem, layer_parts, layer_save
from experiments.models import Experiment, ExperimentStatus, Exposure, Layer, Look, Variant
from experiments.planning import experiment_plan_fill
from experiments.start_checks import start_checklist

PLAN_BUTTON = "_plan"


class VariantInline(StackedInline):
    model = Variant
    form = VariantForm
    formset = VariantFormSet
    extra = 0
    min_num = 2
    verbose_name_plural = "The variants: one control, and the treatments it is compared with"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "key"),
                    "is_control",
                    ("algorithm", "model_version"),
                    "weight",
                    "parameters",
                    "description",
                )
            },
        ),
    )


@admin.register(Experiment)
class ExperimentAdmin(ExperimentPages):
    form = ExperimentForm
    change_form_template = f"{TEMPLATES}/form.html"
    change_list_template = f"{TEMPLATES}/list.html"
    list_display = ("name", "key", "status_label", "kind_label", "people", "verdict", "results_link")
    list_filter = ("status", "kind", "layer")
    search_fields = ("key", "name", "description", "hypothesis")
    search_help_text = "Words of the name, key, description or hypothesis."
    inlines = (VariantInline,)
    readonly_fields = ("created_by",)
    warn_unsaved_form = True
    # The variants' form comes after the first part.
    fieldsets = (
        ("What you test", {"fields": ("name", "hypothesis", "kind", "key", "description")}),
        (
            "Who takes part",
            {
                "fields": (
                    "audience",
                    "cities",
                    "surfaces",
                    "traffic_percentage",
                    "layer",
                    "layer_percentage",
                )
            },
        ),
        ("What decides", {"fields": ("primary_metric", "attribution_hours")}),
        ("The plan", {"fields": ("minimum_effect", "expected_rate", "planned_users", "planned_days")}),
    )

    class Media:
        css = {"all": ("experiments/experiments.css",)}
        js = ("experiments/plan.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        found: QuerySet[Experiment] = super().get_queryset(request)
        looks = Look.objects.filter(experiment=OuterRef("pk")).order_by("-day")
        return found.annotate(people=Count("exposures"), last_verdict=Subquery(looks.values("verdict")[:1]))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_operate": self.has_operate_permission(request)} | (extra_context or {})
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            **NEW_EXPERIMENT,
            "layer": services.layer_default().pk,
            **super().get_changeform_initial_data(request),
        }

    def get_actions(self, request: HttpRequest) -> Any:
        """Without the list's own deletion, which would not ask whether each one is a draft."""
        return {name: one for name, one in super().get_actions(request).items() if name != "delete_selected"}

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """Only a draft can be edited; the others change through the buttons."""
        is_draft = obj is None or obj.status == ExperimentStatus.DRAFT
        return is_draft and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        is_draft = obj is None or obj.status == ExperimentStatus.DRAFT
        return is_draft and bool(super().has_delete_permission(request, obj))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except CraicError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(request.get_full_path())
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], obj: Experiment | None = None, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        is_draft = obj is None or obj.status == ExperimentStatus.DRAFT
        if is_draft:
            context["plan"] = _plan_panel(context["adminform"].form, obj)
        if obj is not None:
            context |= self.page_context(request, context["title"], obj) | {"events": obj.events.all()}
            context["checklist"] = start_checklist(obj) if is_draft else ()
            context["is_ready"] = all(check.holds for check in context["checklist"])
        answer: HttpResponse = super().render_change_form(request, context, obj=obj, **kwargs)
        return answer

    def response_post_save_add(self, request: HttpRequest, obj: Experiment) -> HttpResponseRedirect:
        """To the draft's page, where the checklist says what comes next."""
        return HttpResponseRedirect(page_of(obj, "change"))

    response_post_save_change = response_post_save_add

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        if change:
            # Only what was edited: the status may have moved since the form was opened.
            obj.save(update_fields=form.changed_data)
            return
        obj.created_by = actor_of(request)
        obj.save()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        variants = [one for one in formsets if isinstance(one, VariantFormSet)]
        now = timezone.now()
        services.experiment_draft_saved(
            experiment=form.instance,
            actor=actor_of(request),
            what="Edited" if change else "Created",
            details=". ".join(said for one in variants for said in one.parameters_changed()),
            now=now,
        )
        try:
            experiment_plan_fill(experiment=form.instance, now=now, anew=PLAN_BUTTON in request.POST)
        except CraicError as error:
            messages.warning(request, f"The plan is still open. {error.detail}")

    @display(
        description="Status",
        label={"Active": "success", "Paused": "warning", "Completed": "info", "Draft": "default"},
    )
    def status_label(self, experiment: Experiment) -> str:
        return str(ExperimentStatus(experiment.status).label)

    @display(description="Kind", ordering="kind")
    def kind_label(self, experiment: Experiment) -> str:
        return str(experiment.get_kind_display()).partition(":")[0]

    @display(description="People", ordering="people")
    def people(self, experiment: Experiment) -> str:
        planned = f" of {experiment.planned_users:,}" if experiment.planned_users else ""
        return f"{getattr(experiment, 'people', 0):,}{planned}"

    @display(description="Last look")
    def verdict(self, experiment: Experiment) -> str:
        verdict = getattr(experiment, "last_verdict", None)
        return verdict.replace("_", " ").capitalize() if verdict else "none yet"

    @display(description="Results")
    def results_link(self, experiment: Experiment) -> str | SafeString:
        if experiment.status == ExperimentStatus.DRAFT:
            return "not started"
        return format_html('<a class="underline" href="{}">Results</a>', page_of(experiment, "results"))


@admin.register(Layer)
class LayerAdmin(ModelAdmin):
    """Whose people are whose."""

    list_display = ("name", "key", "holdout", "running", "free")
    prepopulated_fields = {"key": ("name",)}
    fields = ("name", "key", "description", "holdout_percentage")
    change_form_template = "admin/experiments/layer/form.html"

    class Media:
        css = {"all": ("experiments/experiments.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Layer | None = None) -> tuple[str, ...]:
        """The key names it in code; the holdout stays while an experiment runs."""
        if obj is None:
            return ()
        return ("key", "holdout_percentage") if holdout_problem(obj) else ("key",)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Layer | None = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request: HttpRequest, obj: Layer | None = None) -> bool:
        """Experiments refer to their layer for good."""
        has_been_used = obj is not None and obj.experiments.exists()
        return not has_been_used and bool(super().has_delete_permission(request, obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], obj: Layer | None = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context |= {"bar": layer_bar(layer_parts(obj)), "holdout_problem": holdout_problem(obj)}
        answer: HttpResponse = super().render_change_form(request, context, obj=obj, **kwargs)
        return answer

    def save_model(self, request: HttpRequest, obj: Layer, form: Any, change: bool) -> None:
        layer_save(layer=obj)

    @display(description="Holdout")
    def holdout(self, layer: Layer) -> str:
        return f"{layer.holdout_percentage:g} %"

    @display(description="Running in it")
    def running(self, layer: Layer) -> str:
        parts = [part for part in layer_parts(layer) if part.experiment is not None]
        return ", ".join(f"{part.name} ({part.share:.0%})" for part in parts) or "nothing"

    @display(description="Free")
    def free(self, layer: Layer) -> str:
        return f"{layer_parts(layer)[-1].share:.0%}"


@admin.register(Exposure)
class ExposureAdmin(ModelAdmin):
    """Who was served which variant first, and when. History: nobody changes it."""

    list_display = ("user_id", "experiment", "variant_key", "first_at", "person_link")
    list_filter = ("experiment",)
    list_select_related = ("experiment", "variant")
    search_fields = ("user_id__exact",)
    search_help_text = "A person's whole user id."
    show_full_result_count = False
    ordering = ("-id",)

    @display(description="Variant")
    def variant_key(self, exposure: Exposure) -> str:
        return exposure.variant.key if exposure.variant else "both"

    @display(description="Why")
    def person_link(self, exposure: Exposure) -> SafeString:
        address = (
            f"{reverse('admin:experiments_experiment_person')}?{urlencode({'user_id': exposure.user_id})}"
        )
        return format_html('<a class="underline" href="{}">Look up</a>', address)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Exposure | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Exposure | None = None) -> bool:
        return False


def _plan_panel(form: ExperimentForm, experiment: Experiment | None) -> PlanPanel:
    """Of what was just sent, of the draft as stored, or of what a new one begins with."""
    now = timezone.now()
    if form.is_bound:
        return panel_of_data(form.data, now)
    if experiment is not None:
        return panel_of_experiment(experiment, now)
    begins = {name: form[name].initial for name in form.fields if form[name].initial is not None}
    for number, variant in enumerate(NEW_VARIANTS):
        begins |= {f"variants-{number}-{name}": value for name, value in variant.items()}
    return panel_of_data({**begins, "variants-TOTAL_FORMS": str(len(NEW_VARIANTS))}, now)
