"""The calculator beside the plan: the form's present values in, people and days out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms

from experiments.metrics import PRIMARY_METRICS
from experiments.models import Experiment
from experiments.planning import LONGEST_DAYS, control_first, days_suggested
from experiments.plans import PlanQuestion, PlanSuggestion, plan_suggest
from experiments.statistics.values import Unknown

NO_QUESTION = "Say the smallest change worth acting on, and give it two variants, one of them the control."
MOST_VARIANTS = 50


@dataclass(frozen=True, slots=True)
class PlanPanel:
    """`problem` says why there are no people; `days` are four weeks where `users_per_day` is 0."""

    problem: str = ""
    users: int = 0
    users_of: tuple[tuple[str, int], ...] = ()
    days: int = 0
    users_per_day: float = 0.0
    rate: float | None = None
    measured_rate: float | None = None
    is_rate_measured: bool = False
    is_too_long: bool = False


class _AskedForm(forms.Form):
    primary_metric = forms.ChoiceField(choices=[(metric.key, metric.label) for metric in PRIMARY_METRICS])
    expected_rate = forms.FloatField(required=False, min_value=0.0001, max_value=0.9999)
    minimum_effect = forms.FloatField(min_value=0.001, max_value=10)
    layer_percentage = forms.FloatField(min_value=0, max_value=100, label="Share of the layer")
    traffic_percentage = forms.FloatField(min_value=0, max_value=100, label="Traffic")
    surfaces = forms.CharField(required=False)

    def question(self, weights: Sequence[float]) -> PlanQuestion:
        asked = self.cleaned_data
        return PlanQuestion(
            minimum_effect=asked["minimum_effect"],
            weights=tuple(weights),
            primary_metric=asked["primary_metric"],
            expected_rate=asked["expected_rate"],
            share_of_traffic=asked["layer_percentage"] * asked["traffic_percentage"] / 10_000,
            surfaces=tuple(filter(None, map(str.strip, asked["surfaces"].split(",")))),
        )


class _WeightForm(forms.Form):
    name = forms.CharField(required=False)
    weight = forms.FloatField(required=False, min_value=0, max_value=1)
    is_control = forms.BooleanField(required=False)
    DELETE = forms.BooleanField(required=False)


def panel_of_experiment(experiment: Experiment, now: datetime) -> PlanPanel:
    question = PlanQuestion.of(experiment)
    if question is None:
        return PlanPanel(NO_QUESTION)
    variants = sorted(experiment.variants.all(), key=lambda one: not one.is_control)
    return _panel(question, [one.name for one in variants], now)


def panel_of_data(data: Mapping[str, object], now: datetime) -> PlanPanel:
    """`data` as the experiment's form sends it, saved or not."""
    form = _AskedForm(data)
    if not form.is_valid():
        name, problems = next(iter(form.errors.items()))
        return PlanPanel(f"{form[name].label}: {problems[0]}")
    weights = control_first(_weights(data))
    if len(weights) < 2:
        return PlanPanel(NO_QUESTION)
    return _panel(form.question([weight for _, weight in weights]), [name for name, _ in weights], now)


def _panel(question: PlanQuestion, names: Sequence[str], now: datetime) -> PlanPanel:
    suggestion = plan_suggest(question, now=now)
    if isinstance(suggestion.users, Unknown):
        return PlanPanel(suggestion.users.reason)
    return PlanPanel(
        users=suggestion.users,
        users_of=_users_of(suggestion.users, question.weights, names),
        days=days_suggested(suggestion),
        users_per_day=suggestion.users_per_day,
        rate=suggestion.rate,
        measured_rate=suggestion.traffic.rate,
        is_rate_measured=question.expected_rate is None,
        is_too_long=_is_too_long(suggestion),
    )


def _is_too_long(suggestion: PlanSuggestion) -> bool:
    return not isinstance(suggestion.days, Unknown) and suggestion.days > LONGEST_DAYS


def _users_of(users: int, weights: Sequence[float], names: Sequence[str]) -> tuple[tuple[str, int], ...]:
    whole = math.fsum(weights)
    return tuple((name, round(users * weight / whole)) for name, weight in zip(names, weights, strict=True))


def _weights(data: Mapping[str, object]) -> Iterator[tuple[bool, str, float | None]]:
    """Of the variants in the form that stay, whether control, name and weight."""
    count = forms.IntegerField(min_value=0, max_value=MOST_VARIANTS)
    try:
        total = count.clean(data.get("variants-TOTAL_FORMS"))
    except forms.ValidationError:
        return
    for number in range(total):
        row = _WeightForm(data, prefix=f"variants-{number}")
        if row.is_valid() and not row.cleaned_data["DELETE"]:
            name = row.cleaned_data["name"] or f"Variant {number + 1}"
            yield row.cleaned_data["is_control"], name, row.cleaned_data["weight"]
