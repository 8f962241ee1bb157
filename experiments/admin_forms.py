"""The admin's form of a draft: the experiment and its variants."""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import slugify
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from experiments.algorithm_names import algorithm_names
from experiments.models import Experiment, Variant
from experiments.planning import shares
from experiments.statistics.assignment import allocate
from experiments.variant_parameters import variant_parameter_problems, variant_parameters_help
from modelregistry.models import ModelVersion

# What a new experiment begins with; the weights are left open, so that a third variant makes thirds.
NEW_VARIANTS: tuple[dict[str, Any], ...] = (
    {"name": "Control", "key": "control", "is_control": True},
    {"name": "Treatment", "key": "treatment"},
)
NEW_EXPERIMENT = {"minimum_effect": 0.1}


class CommasField(forms.CharField):
    """A list of words in one line, between commas."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        words = value if isinstance(value, list) else str(value or "").split(",")
        return list(dict.fromkeys(word.strip() for word in words if word.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))


class ExperimentForm(forms.ModelForm[Experiment]):
    cities = CommasField(
        required=False, help_text="Between commas, such as Dublin, Cork. Empty: lists for every city."
    )
    surfaces = CommasField(
        required=False,
        help_text="The places of the app that ask for lists, between commas, such as home, tonight. "
        "Empty: all of them.",
    )

    class Meta:
        model = Experiment
        fields = (
            "name",
            "key",
            "kind",
            "hypothesis",
            "description",
            "layer",
            "layer_percentage",
            "traffic_percentage",
            "audience",
            "cities",
            "surfaces",
            "primary_metric",
            "attribution_hours",
            "expected_rate",
            "minimum_effect",
            "planned_users",
            "planned_days",
        )
        labels = {
            "kind": "What kind of test",
            "layer_percentage": "Share of the layer, in per cent",
            "traffic_percentage": "Traffic, in per cent",
            "attribution_hours": "Hours in which an action counts",
            "expected_rate": "Expected rate of control",
            "planned_users": "People planned",
            "planned_days": "Days planned",
        }
        help_texts = {
            "name": "For people, such as: Does taste beat popularity?",
            "key": "How the API and the logs name it, such as rec_taste_v1. Empty: made from the name. "
            "It never changes after the start.",
            "kind": "If you are not sure, take the A/B test.",
            "hypothesis": "What you expect and why, before you see any result: “Lists ranked by taste get "
            "more people to save something, because …”",
            "description": "Anything colleagues should know. May stay empty.",
            "layer": "Experiments of one layer never share a person. Leave it unless you know better.",
            "layer_percentage": "100 keeps every other experiment out of this layer while this one runs.",
            "traffic_percentage": "How many of those people take part. You may start low and raise it later: "
            "nobody changes variant. The others get the ordinary list.",
            "attribution_hours": "Somebody counts when they do it within this many hours of their first "
            "list. 168 is a week.",
            "expected_rate": "0 to 1: 0.2 is every fifth person. Empty: as measured in the last two weeks.",
            "minimum_effect": "The smallest relative change worth acting on: 0.1 is a tenth more than "
            "control. Half as small an effect takes four times the people.",
            "planned_users": "In all variants together. Empty: worked out when you save.",
            "planned_days": "At most; whole weeks, so that every weekday counts the same. Empty: worked out.",
        }
        widgets = {
            "hypothesis": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "description": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "kind": UnfoldAdminRadioSelectWidget,
            "audience": UnfoldAdminRadioSelectWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" in self.fields:
            self.fields["key"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "key" in self.fields and "name" in cleaned and not cleaned.get("key") and "key" not in self.errors:
            cleaned["key"] = slugify(cleaned["name"]).replace("-", "_")[:100]
            if not cleaned["key"]:
                self.add_error("key", "Write a key of letters and digits: none can be made from this name.")
        return cleaned


class VariantForm(forms.ModelForm[Variant]):
    algorithm = forms.ChoiceField(
        required=False, widget=UnfoldAdminSelectWidget, help_text="What ranks the events for these people."
    )
    model_version = forms.ModelChoiceField(
        queryset=ModelVersion.objects.order_by("-number"),
        required=False,
        empty_label="The champion of the day",
        widget=UnfoldAdminSelectWidget,
        help_text="Pin a trained version to compare it with the champion.",
    )
    weight = forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        help_text="Share of the people, 0 to 1; all variants make 1. Empty: an equal part of what is left.",
    )

    class Meta:
        model = Variant
        fields = (
            *("name", "key", "is_control", "algorithm", "model_version", "weight", "parameters"),
            "description",
        )
        labels = {"is_control": "This is the control"}
        help_texts = {
            "name": "For people, such as Ranked by taste.",
            "key": "For the API and the logs. Empty: made from the name.",
            "is_control": "The present way, which the others are compared with. Exactly one.",
            "description": "May stay empty.",
        }
        widgets = {
            "description": UnfoldAdminTextInputWidget,
            "parameters": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(algorithm_names())
        if self.instance.algorithm and self.instance.algorithm not in names:
            names.append(self.instance.algorithm)
        ordinary = ("", f"The ordinary one ({settings.DEFAULT_ALGORITHM})")
        self.fields["algorithm"].choices = [ordinary, *((name, name) for name in names)]  # type: ignore[attr-defined]
        self.fields["parameters"].required = False
        self.fields["parameters"].help_text = _parameters_help()
        self.fields["key"].required = False

    def has_changed(self) -> bool:
        """The variants that a new experiment begins with are saved as they are, too."""
        is_wanted = self.instance._state.adding and not self.empty_permitted
        return is_wanted or bool(super().has_changed())

    def clean_parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = self.cleaned_data["parameters"] or {}
        if problems := variant_parameter_problems(parameters):
            raise forms.ValidationError(problems)
        return parameters

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "name" in cleaned and not cleaned.get("key") and "key" not in self.errors:
            cleaned["key"] = slugify(cleaned["name"])[:100]
            if not cleaned["key"]:
                self.add_error("key", "Write a key of letters and digits: none can be made from this name.")
        return cleaned


class VariantFormSet(forms.BaseInlineFormSet[Variant, Experiment, VariantForm]):
    """Refuses weights that are not shares of one whole at save, so that serving never meets them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance is None or instance.pk is None:
            kwargs["initial"] = NEW_VARIANTS
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or not self._kept():
            return
        self._clean_weights(self._kept())
        controls = [form for form in self._kept() if form.cleaned_data["is_control"]]
        for form in controls[1:]:
            form.add_error("is_control", "Only one variant can be the control.")

    def parameters_changed(self) -> list[str]:
        """Which variants' parameters this submission sets, and to what."""
        return [
            f"Parameters of {form.cleaned_data['key']}: {json.dumps(form.cleaned_data['parameters'])}"
            for form in self._kept()
            if form.cleaned_data["parameters"] != (form.initial.get("parameters") or {})
        ]

    def _clean_weights(self, kept: list[VariantForm]) -> None:
        weights = shares([form.cleaned_data["weight"] for form in kept])
        try:
            allocate({form.cleaned_data["key"]: weight for form, weight in zip(kept, weights, strict=True)})
        except ValueError as error:
            kept[-1].add_error("weight", str(error))
            return
        for form, weight in zip(kept, weights, strict=True):
            form.cleaned_data["weight"] = form.instance.weight = weight

    def _kept(self) -> list[VariantForm]:
        return [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]


def _parameters_help() -> str:
    return variant_parameters_help().replace("\n", "<br>")
