"""The admin's forms: a draft's variants, and the reason every later change must give."""

import json
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from experiments.algorithm_names import algorithm_names
from experiments.models import Experiment, Variant
from experiments.statistics.assignment import allocate
from experiments.variant_parameters import variant_parameter_problems, variant_parameters_help


class ExperimentForm(forms.ModelForm[Experiment]):
    class Meta:
        model = Experiment
        fields = (
            "name",
            "key",
            "hypothesis",
            "description",
            "kind",
            "layer",
            "layer_percentage",
            "traffic_percentage",
            "audience",
            "primary_metric",
            "attribution_hours",
            "minimum_effect",
            "expected_rate",
            "planned_users",
            "planned_days",
        )
        widgets = {
            "hypothesis": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "description": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }


class VariantForm(forms.ModelForm[Variant]):
    algorithm = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget, help_text="Who takes part in this variant is served by it."
    )

    class Meta:
        model = Variant
        fields = ("key", "name", "description", "is_control", "algorithm", "weight", "parameters")
        widgets = {
            "description": UnfoldAdminTextInputWidget,
            "parameters": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(algorithm_names())
        if self.instance.algorithm and self.instance.algorithm not in names:
            names.append(self.instance.algorithm)
        self.fields["algorithm"].choices = [("", "Choose one"), *((name, name) for name in names)]  # type: ignore[attr-defined]
        self.fields["parameters"].help_text = variant_parameters_help()

    def clean_parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = self.cleaned_data["parameters"] or {}
        if problems := variant_parameter_problems(parameters):
            raise forms.ValidationError(problems)
        return parameters


class VariantFormSet(forms.BaseInlineFormSet[Variant, Experiment, VariantForm]):
    """Refuses weights that are not shares of one whole at save, so that serving never meets them."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not self._leaves(form)]
        if not kept:
            return
        try:
            allocate({row["key"]: row["weight"] for row in kept})
        except ValueError as error:
            raise forms.ValidationError(str(error), code="weights") from error
        if sum(row["is_control"] for row in kept) > 1:
            raise forms.ValidationError("Only one variant can be the control.", code="control")

    def parameters_changed(self) -> list[str]:
        """Which variants' parameters this submission sets, and to what."""
        kept = [form for form in self.forms if form.cleaned_data and not self._leaves(form)]
        return [
            f"Parameters of {form.cleaned_data['key']}: {json.dumps(form.cleaned_data['parameters'])}"
            for form in kept
            if form.cleaned_data["parameters"] != (form.initial.get("parameters") or {})
        ]

    def _leaves(self, form: VariantForm) -> bool:
        return bool(form.cleaned_data.get("DELETE"))


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="Kept for good, with your name.",
    )


class WeightsForm(ReasonForm):
    """One weight per variant of a running experiment."""

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [variant.key for variant in experiment.variants.all()]
        for variant in experiment.variants.all():
            self.fields[self._field(variant.key)] = forms.FloatField(
                label=f"Weight of {variant.name}",
                initial=variant.weight,
                min_value=0,
                max_value=1,
                widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
            )
        self.order_fields([*map(self._field, self.keys), "reason"])

    @staticmethod
    def _field(key: str) -> str:
        return f"weight-{key}"

    def weights(self) -> dict[str, float]:
        return {key: self.cleaned_data[self._field(key)] for key in self.keys}
