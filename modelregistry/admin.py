"""Runs, versions and the history of champions: all read-only, but for changing the champion with a reason."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display

from common.admin_filters import MomentRangeFilter
from common.errors import CraicError
from modelregistry.admin_parts import badge, comparison, hold_out, link, preformatted, spoken, tables
from modelregistry.forms import ReasonForm
from modelregistry.metric_tables import shown
from modelregistry.models import ChampionChange, ChangeKind, ModelVersion, RunState, TrainingRun
from modelregistry.versions import champion_rollback, version_promote

_STATE_COLOURS = {
    RunState.QUEUED: "info",
    RunState.RUNNING: "primary",
    RunState.PROMOTED: "success",
    RunState.KEPT: "warning",
    RunState.SKIPPED: "default",
    RunState.FAILED: "danger",
    RunState.LOST: "danger",
}


class HistoryAdmin(ModelAdmin):
    """Rows that nobody edits."""

    list_filter_submit = True
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TrainingRun)
class TrainingRunAdmin(HistoryAdmin):
    list_before_template = "admin/modelregistry/retrain_now.html"
    list_display = ("name", "state_label", "progress_bar", "queued_at", "duration", "asked_by", "came_of_it")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("queued_at", MomentRangeFilter),
    )
    search_fields = ("requested_by", "outcome", "error", "id__exact")
    search_help_text = "Words of the outcome or error, who asked for it, or a run's number."
    fieldsets = (
        (None, {"fields": ("state_label", "progress_bar", "outcome", "error_text", "made")}),
        (
            "When and by whom",
            {
                "fields": (
                    "asked_by",
                    ("queued_at", "started_at", "finished_at"),
                    ("duration", "heartbeat_at", "peak_memory"),
                )
            },
        ),
        ("Metrics", {"fields": ("metrics_table",)}),
        ("Parameters", {"fields": ("parameters_table",)}),
        ("Log", {"fields": ("log_text",)}),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"active_run": TrainingRun.objects.active().first()} | (extra_context or {})
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions")

    @display(description="Run", ordering="id")
    def name(self, run: TrainingRun) -> str:
        return f"Run {run.pk}"

    @display(description="State", ordering="state")
    def state_label(self, run: TrainingRun) -> str:
        state = RunState(run.state)
        return badge(str(state.label), _STATE_COLOURS[state])

    @display(description="Progress")
    def progress_bar(self, run: TrainingRun) -> SafeString:
        return render_to_string("admin/modelregistry/progress.html", {"run": run})

    @display(description="Took")
    def duration(self, run: TrainingRun) -> str:
        if run.started_at is None:
            return "–"
        return spoken((run.finished_at or timezone.now()) - run.started_at)

    @display(description="Asked for by")
    def asked_by(self, run: TrainingRun) -> str:
        return f"{run.get_trigger_display()}: {run.requested_by}"

    @display(description="What came of it")
    def came_of_it(self, run: TrainingRun) -> str:
        text = run.error or run.outcome or run.stage
        return text if len(text) <= 100 else f"{text[:100]}…"

    @display(description="Error")
    def error_text(self, run: TrainingRun) -> str:
        return preformatted(run.error) if run.error else "–"

    @display(description="Version made")
    def made(self, run: TrainingRun) -> str:
        links = format_html_join(", ", "{}", ((link(version),) for version in run.versions.all()))
        return links or "None"

    @display(description="Peak memory")
    def peak_memory(self, run: TrainingRun) -> str:
        return "–" if run.peak_memory_mb is None else f"{run.peak_memory_mb:,.0f} MB"

    @display(description="Metrics")
    def metrics_table(self, run: TrainingRun) -> str:
        return tables(run.metrics, empty="None yet.")

    @display(description="Parameters")
    def parameters_table(self, run: TrainingRun) -> str:
        return tables(run.parameters, empty="The defaults.")

    @display(description="Log")
    def log_text(self, run: TrainingRun) -> str:
        return preformatted(run.log) if run.log else "Nothing yet."


@admin.register(ModelVersion)
class ModelVersionAdmin(HistoryAdmin):
    list_display = (
        "version_name",
        "champion_label",
        "created_at",
        "deployed_at",
        "quality",
        "samples",
        "size",
    )
    list_filter = (("created_at", MomentRangeFilter), ("deployed_at", admin.EmptyFieldListFilter))
    search_fields = ("number__exact", "data_fingerprint", "artefact_path")
    search_help_text = "A version's number, a data fingerprint or an artefact's folder."
    actions_row = ("promote", "roll_back")
    actions_detail = ("promote", "roll_back")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("version_name", "champion_label"),
                    ("created_at", "deployed_at"),
                    "algorithm_names",
                    "run",
                )
            },
        ),
        ("Metrics on the hold-out", {"fields": ("metrics_table",)}),
        ("Data", {"fields": (("samples", "data_cutoff"), "data_fingerprint")}),
        ("Artefact", {"fields": ("artefact_path", "manifest_sha256", "size")}),
        ("History", {"fields": ("history",)}),
    )

    @display(description="Version", ordering="number")
    def version_name(self, version: ModelVersion) -> str:
        return version.name

    @display(description="Served")
    def champion_label(self, version: ModelVersion) -> str:
        if version.is_champion:
            return badge("Champion", "success")
        return badge("Served earlier", "info") if version.deployed_at else "Never"

    @display(description="Algorithms")
    def algorithm_names(self, version: ModelVersion) -> str:
        return ", ".join(version.algorithms)

    @display(description="NDCG@10 (popularity)")
    def quality(self, version: ModelVersion) -> str:
        figures, baseline = hold_out(version)
        return f"{shown(figures.get('ndcg_at_10'))} ({shown(baseline.get('ndcg_at_10'))})"

    @display(description="Training samples", ordering="training_samples")
    def samples(self, version: ModelVersion) -> str:
        return shown(version.training_samples)

    @display(description="Size", ordering="artefact_bytes")
    def size(self, version: ModelVersion) -> str:
        return filesizeformat(version.artefact_bytes)

    @display(description="Metrics")
    def metrics_table(self, version: ModelVersion) -> str:
        return tables(version.metrics, empty="None were recorded.")

    @display(description="Changes")
    def history(self, version: ModelVersion) -> str:
        lines = format_html_join(
            "",
            "<li>{}: {} by {}: {}</li>",
            (
                (
                    timezone.localtime(change.at).strftime("%-d %b %Y %H:%M"),
                    change,
                    change.actor,
                    change.reason,
                )
                for change in version.changes.all()
            ),
        )
        return format_html("<ul>{}</ul>", lines) if lines else "It was never the champion."

    def has_promote_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("modelregistry.promote_modelversion")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[UnfoldAction]:
        """Only what can be done: the champion cannot be promoted, nor a newcomer rolled back to."""
        version = ModelVersion.objects.filter(pk=object_id).first()
        if version is None or version.is_champion:
            return []
        unfit = "roll_back" if version.deployed_at is None else ""
        actions: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [found for found in actions if not (unfit and found.action_name.endswith(unfit))]

    @action(description="Promote", icon="rocket_launch", url_path="promote", permissions=["promote"])
    def promote(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = get_object_or_404(ModelVersion, pk=object_id)

        def make(actor: str, reason: str) -> ChampionChange:
            return version_promote(version=version, actor=actor, reason=reason, now=timezone.now())

        return self._ask_why(request, version, f"Promote {version}", make)

    @action(description="Roll back to this", icon="undo", url_path="roll-back", permissions=["promote"])
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = get_object_or_404(ModelVersion, pk=object_id)

        def make(actor: str, reason: str) -> ChampionChange:
            return champion_rollback(actor=actor, reason=reason, to=version, now=timezone.now())

        return self._ask_why(request, version, f"Roll back to {version}", make)

    def _ask_why(
        self,
        request: HttpRequest,
        version: ModelVersion,
        title: str,
        make: Callable[[str, str], ChampionChange],
    ) -> HttpResponse:
        """Show both versions and ask for a reason; when it is given, make the change."""
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                change = make(f"staff:{request.user.get_username()}", form.cleaned_data["reason"])
            except CraicError as error:
                form.add_error(None, error.detail)
            else:
                instead = f" in place of {change.previous}" if change.previous else ""
                self.message_user(
                    request, f"{change.version} is the champion now{instead}.", messages.SUCCESS
                )
                return HttpResponseRedirect(reverse("admin:modelregistry_modelversion_changelist"))
        context = self.admin_site.each_context(request) | {
            "title": title,
            "form": form,
            "version": version,
            "opts": self.opts,
            "comparison": comparison(ModelVersion.objects.champion(), version),
        }
        return TemplateResponse(request, "admin/modelregistry/reason.html", context)


@admin.register(ChampionChange)
class ChampionChangeAdmin(HistoryAdmin):
    list_display = ("at", "kind_label", "version_link", "previous_link", "actor", "reason")
    list_filter = (("kind", ChoicesDropdownFilter), ("at", MomentRangeFilter))
    search_fields = ("actor", "reason", "version__number__exact")
    search_help_text = "Who, words of the reason, or a version's number."
    list_select_related = ("version", "previous")
    fields = ("at", "kind_label", "version_link", "previous_link", "actor", "reason")

    @display(description="Kind", ordering="kind")
    def kind_label(self, change: ChampionChange) -> str:
        colour = "success" if change.kind == ChangeKind.PROMOTION else "warning"
        return badge(change.get_kind_display(), colour)

    @display(description="Champion")
    def version_link(self, change: ChampionChange) -> str:
        return link(change.version)

    @display(description="In place of")
    def previous_link(self, change: ChampionChange) -> str:
        return link(change.previous) if change.previous else "–"
