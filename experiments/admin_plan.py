"""The calculator beside the plan: the form's present values in, people and days out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms

from common import errors
from experiments.metrics import PRIMARY_METRICS
from experiments.models import Experiment
from experiments.planning import (
    LONGEST_DAYS,
    Measured,
    PlanAnswer,
    PlanQuestion,
    control_first,
    measured,
    plan_answer,
    plan_question,
)

NO_QUESTION = "Say the smallest change worth acting on, and give it two variants."
MOST_VARIANTS = 50


@dataclass(frozen=True, slots=True)
class PlanPanel:
    """`problem` says why there is no answer."""

    answer: PlanAnswer | None = None
    found: Measured | None = None
    problem: str = ""
    longest_days: int = LONGEST_DAYS


class _AskedForm(forms.Form):
    primary_metric = forms.ChoiceField(choices=[(metric.key, metric.label) for metric in PRIMARY_METRICS])
    attribution_hours = forms.IntegerField(min_value=1, max_value=24 * 365)
    expected_rate = forms.FloatField(required=False, min_value=0.0001, max_value=0.9999)
    minimum_effect = forms.FloatField(min_value=0.001, max_value=10)
    layer_percentage = forms.FloatField(min_value=0, max_value=100)
    traffic_percentage = forms.FloatField(min_value=0, max_value=100)


class _WeightForm(forms.Form):
    name = forms.CharField(required=False)
    weight = forms.FloatField(required=False, min_value=0, max_value=1)
    is_control = forms.BooleanField(required=False)
    DELETE = forms.BooleanField(required=False)


def panel_of_experiment(experiment: Experiment, now: datetime) -> PlanPanel:
    question = plan_question(experiment)
    return PlanPanel(problem=NO_QUESTION) if question is None else _panel(question, now)


def panel_of_data(data: Mapping[str, str], now: datetime) -> PlanPanel:
    """`data` as the experiment's form sends it, saved or not."""
    form = _AskedForm(data)
    if not form.is_valid():
        name, problems = next(iter(form.errors.items()))
        return PlanPanel(problem=f"{form[name].label}: {problems[0]}")
    weights = control_first(_weights(data))
    if len(weights) < 2:
        return PlanPanel(problem=NO_QUESTION)
    asked = form.cleaned_data
    question = PlanQuestion(
        metric=asked["primary_metric"],
        expected_rate=asked["expected_rate"],
        minimum_effect=asked["minimum_effect"],
        weights=weights,
        share=asked["layer_percentage"] * asked["traffic_percentage"] / 10_000,
        attribution_hours=asked["attribution_hours"],
    )
    return _panel(question, now)


def _panel(question: PlanQuestion, now: datetime) -> PlanPanel:
    found = measured(metric=question.metric, attribution_hours=question.attribution_hours, now=now)
    try:
        return PlanPanel(plan_answer(question, found), found)
    except errors.InvalidInput as error:
        return PlanPanel(found=found, problem=error.detail)


def _weights(data: Mapping[str, str]) -> Iterator[tuple[bool, str, float | None]]:
    """Of the variants in the form that stay, whether control, name and weight."""
    try:
        count = min(int(data.get("variants-TOTAL_FORMS", "0")), MOST_VARIANTS)
    except ValueError:
        count = 0
    for number in range(count):
        row = _WeightForm(data, prefix=f"variants-{number}")
        if row.is_valid() and not row.cleaned_data["DELETE"]:
            name = row.cleaned_data["name"] or f"Variant {number + 1}"
            yield row.cleaned_data["is_control"], name, row.cleaned_data["weight"]
