"""How the admin shows figures, states, texts and links."""

from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from modelregistry.metric_tables import BASELINE, MetricTable, comparison_table, metric_tables
from modelregistry.models import ModelVersion


def badge(text: str, colour: str) -> SafeString:
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def link(version: ModelVersion) -> SafeString:
    address = reverse("admin:modelregistry_modelversion_change", args=(version.pk,))
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, version)


def hold_out(version: ModelVersion) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its own metrics on the hold-out, and popularity's on the same."""
    metrics = version.metrics.get("validation_metrics", {})
    baseline = metrics.get(BASELINE, {})
    return {key: metrics[key] for key in baseline if key in metrics}, baseline


def comparison(champion: ModelVersion | None, version: ModelVersion) -> MetricTable | None:
    """The champion's metrics, the other version's and its baseline's in one table."""
    figures, baseline = hold_out(version)
    named = {f"{champion} (champion)": hold_out(champion)[0]} if champion else {}
    named |= {version.name: figures, "Popularity (baseline)": baseline}
    return comparison_table(named) if figures else None


def tables(metrics: dict[str, Any], *, empty: str) -> str:
    if not metrics:
        return empty
    return render_to_string("admin/modelregistry/metric_tables.html", {"tables": metric_tables(metrics)})


def preformatted(text: str) -> SafeString:
    return format_html('<pre class="max-h-96 overflow-auto text-xs whitespace-pre-wrap">{}</pre>', text)


def spoken(duration: timedelta) -> str:
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
