"""The pages of an experiment beside its form: what changes it, the review, the export, a person."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from common.errors import CraicError
from experiments.admin_change_forms import CHANGES, Change, ChangeForm
from experiments.admin_person import PersonForm
from experiments.admin_plan import panel_of_data
from experiments.lookup import person_places
from experiments.models import Experiment, ExperimentKind, ExperimentStatus
from experiments.querysets import RUNNING
from experiments.setups import experiment_aa_create
from experiments.start_checks import start_checklist

TEMPLATES = "admin/experiments/experiment"
_OFFERED = {
    ExperimentStatus.DRAFT: ("start", "copy"),
    ExperimentStatus.ACTIVE: ("complete", "pause", "traffic", "weights", "repin", "rerandomise", "copy"),
    ExperimentStatus.PAUSED: ("complete", "resume", "traffic", "weights", "repin", "rerandomise", "copy"),
    ExperimentStatus.COMPLETED: ("copy",),
}
_DEALS_ITSELF = (ExperimentKind.INTERLEAVING, ExperimentKind.BANDIT)


class ExperimentPages(ModelAdmin):
    """What `ExperimentAdmin` shows beside the list and the form."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        changes = [
            path(f"<int:pk>/{name}/", view(partial(self.change_page, name=name)), name=_url_name(name))
            for name in CHANGES
        ]
        return [
            path("plan/", view(self.plan_page), name=_url_name("plan")),
            path("aa/", view(self.aa_page), name=_url_name("aa")),
            path("person/", view(self.person_page), name=_url_name("person")),
            path("<int:pk>/results/", view(self.results_page), name=_url_name("results")),
            *(
                path(
                    f"<int:pk>/results/{name}.csv",
                    view(partial(self.export_page, name=name)),
                    name=_url_name(name),
                )
                for name in ("metrics", "looks")
            ),
            *changes,
            *super().get_urls(),
        ]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this person may start, change and end experiments."""
        return bool(super().has_change_permission(request))

    def changes_offered(self, request: HttpRequest, experiment: Experiment) -> list[dict[str, str]]:
        """The buttons that make sense now, the most likely first."""
        if not self.has_operate_permission(request):
            return []
        without = set()
        if not experiment.variants.filter(model_version__isnull=False).exists():
            without.add("repin")
        if experiment.kind in _DEALS_ITSELF:
            without.add("weights")
        names = [name for name in _OFFERED[ExperimentStatus(experiment.status)] if name not in without]
        return [{"url": page_of(experiment, name), "label": CHANGES[name].label} for name in names]

    def plan_page(self, request: HttpRequest) -> HttpResponse:
        """The calculator's answer to the form's present values: a fragment, for the script."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        plan = panel_of_data(request.GET, timezone.now())
        return TemplateResponse(request, f"{TEMPLATES}/plan_answer.html", {"plan": plan})

    def person_page(self, request: HttpRequest) -> HttpResponse:
        """Where one person is in every experiment, and why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PersonForm(request.GET or None)
        context = self.page_context(request, "Look a person up") | {"form": form}
        if form.is_valid():
            context["places"] = person_places(visitor=form.visitor())
        return TemplateResponse(request, f"{TEMPLATES}/person.html", context)

    def aa_page(self, request: HttpRequest) -> HttpResponse:
        """One press: an A/A test is made and started."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_operate_permission(request):
            raise PermissionDenied
        try:
            made = experiment_aa_create(actor=actor_of(request), now=timezone.now())
        except CraicError as error:
            messages.error(request, error.detail)
            return redirect(f"admin:{_url_name('changelist')}")
        messages.success(request, f"“{made.name}” is running.")
        return redirect(page_of(made, "results"))

    def results_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        from experiments.review import review  # the statistics stay out of memory until somebody reads

        if not super().has_view_permission(request):
            raise PermissionDenied
        experiment = get_object_or_404(Experiment, pk=pk)
        context = self.page_context(request, f"Results of “{experiment.name}”", experiment)
        context |= {"page": review(experiment=experiment, now=timezone.now()), "on_results": True}
        return TemplateResponse(request, f"{TEMPLATES}/results.html", context)

    def export_page(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """The whole report as a spreadsheet's table: all metrics, or all looks."""
        from experiments.exports import looks_csv, metrics_csv
        from experiments.results import experiment_report

        if not super().has_view_permission(request):
            raise PermissionDenied
        experiment = get_object_or_404(Experiment, pk=pk)
        report = experiment_report(experiment=experiment, as_of=timezone.now())
        content = metrics_csv(report) if name == "metrics" else looks_csv(report)
        answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{experiment.key}-{name}.csv"'
        return answer

    def change_page(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask why, and what else the change needs; the service decides, and says why where it refuses."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        experiment, change = get_object_or_404(Experiment, pk=pk), CHANGES[name]
        form = change.form(request.POST or None, experiment=experiment, initial=request.GET.dict())
        if form.is_valid() and (made := self._make(request, change, form)) is not None:
            messages.success(request, change.done.format(experiment.name))
            return redirect(page_of(made, "change"))
        context = self.page_context(request, change.title.format(experiment.name), experiment)
        context |= {"form": form, "change": change}
        if name == "start":
            context["checklist"] = start_checklist(experiment)
        return TemplateResponse(request, f"{TEMPLATES}/change.html", context)

    def page_context(
        self, request: HttpRequest, title: str, experiment: Experiment | None = None
    ) -> dict[str, Any]:
        context = {**self.admin_site.each_context(request), "opts": self.model._meta, "title": title}
        if experiment is None:
            return context
        return context | {
            "experiment": experiment,
            "is_running": experiment.status in RUNNING,
            "offered": self.changes_offered(request, experiment),
            "back": page_of(experiment, "change"),
            "results_url": page_of(experiment, "results"),
        }

    def _make(self, request: HttpRequest, change: Change, form: ChangeForm) -> Experiment | None:
        """The experiment afterwards; None where the form now says what keeps it from being done."""
        try:
            return change.call(actor=actor_of(request), now=timezone.now(), **form.arguments())
        except CraicError as error:
            form.add_error(None, error.detail)
            return None


def actor_of(request: HttpRequest) -> str:
    return f"staff:{request.user.get_username()}"


def page_of(experiment: Experiment, name: str) -> str:
    return reverse(f"admin:{_url_name(name)}", args=[experiment.pk])


def _url_name(name: str) -> str:
    return f"experiments_experiment_{name}"
