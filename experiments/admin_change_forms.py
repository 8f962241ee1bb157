"""What each change of an experiment asks, mostly a reason, and the service that makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from experiments import services, setups
from experiments.models import Decision, Experiment, Variant
from modelregistry.models import ModelVersion


class ChangeForm(forms.Form):
    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.experiment = experiment

    def arguments(self) -> dict[str, Any]:
        """What the service wants besides who asks, and when."""
        return {"experiment": self.experiment}


class ReasonForm(ChangeForm):
    reason = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept for good, with your name.",
    )

    def arguments(self) -> dict[str, Any]:
        return super().arguments() | {"reason": self.cleaned_data["reason"]}


class CopyForm(ChangeForm):
    key = forms.SlugField(
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="How the API and the logs name the new one.",
    )

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, experiment=experiment, **kwargs)
        self.fields["key"].initial = f"{experiment.key[:98]}_2"

    def arguments(self) -> dict[str, Any]:
        return super().arguments() | {"key": self.cleaned_data["key"]}


class WeightsForm(ReasonForm):
    """One weight per variant of a running experiment."""

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, experiment=experiment, **kwargs)
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

    def arguments(self) -> dict[str, Any]:
        weights = {key: self.cleaned_data[self._field(key)] for key in self.keys}
        return super().arguments() | {"weights": weights}

    @staticmethod
    def _field(key: str) -> str:
        return f"weight-{key}"


class TrafficForm(ReasonForm):
    traffic_percentage = forms.FloatField(
        label="Traffic, in per cent",
        min_value=0,
        max_value=100,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        help_text="How many of its people may come in from now on.",
    )
    field_order = ("traffic_percentage", "reason")

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, experiment=experiment, **kwargs)
        self.fields["traffic_percentage"].initial = experiment.traffic_percentage

    def arguments(self) -> dict[str, Any]:
        return super().arguments() | {"traffic_percentage": self.cleaned_data["traffic_percentage"]}


class VersionField(forms.ModelChoiceField[ModelVersion]):
    def label_from_instance(self, obj: ModelVersion) -> str:
        champion = ", the champion" if obj.is_champion else ""
        return f"{obj.name}{champion}, trained on data up to {obj.data_cutoff:%-d %b %Y}"


class RepinForm(ReasonForm):
    """Only variants that are pinned, to any version."""

    variant = forms.ModelChoiceField(
        queryset=Variant.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    model_version = VersionField(
        queryset=ModelVersion.objects.order_by("-number"), widget=UnfoldAdminSelectWidget
    )
    field_order = ("variant", "model_version", "reason")

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, experiment=experiment, **kwargs)
        pinned = experiment.variants.filter(model_version__isnull=False)
        self.fields["variant"].queryset = pinned  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("variant", "model_version", "reason")}


class DecisionForm(ReasonForm):
    """What was decided: one of the treatments, control, or nothing."""

    decision = forms.ChoiceField(label="What is decided", widget=UnfoldAdminRadioSelectWidget)
    field_order = ("decision", "reason")

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, experiment=experiment, **kwargs)
        treatments = [one for one in experiment.variants.all() if not one.is_control]
        self.fields["decision"].choices = [  # type: ignore[attr-defined]
            *((f"{Decision.SHIP}:{one.key}", f"Ship “{one.name}”") for one in treatments),
            (Decision.KEEP_CONTROL, "Keep control: the present way stays"),
            (Decision.NONE, "Nothing can be concluded"),
        ]

    def arguments(self) -> dict[str, Any]:
        decision, _, variant = self.cleaned_data["decision"].partition(":")
        return super().arguments() | {"decision": Decision(decision), "decided_variant": variant or None}


@dataclass(frozen=True, slots=True)
class Change:
    """One button: what it asks, the form that asks it, and the service behind it."""

    label: str
    title: str
    explanation: str
    call: Callable[..., Experiment]
    done: str
    form: type[ChangeForm] = ReasonForm


CHANGES = {
    "start": Change(
        "Start the experiment",
        "Start “{0}”?",
        "From now on people are assigned and served their variant. After this the definition is fixed; only "
        "weights, traffic and pinned models can still change.",
        services.experiment_start,
        "“{0}” is running.",
    ),
    "pause": Change(
        "Pause",
        "Pause “{0}”?",
        "People who were already served a variant get control until you resume, and nobody new takes part.",
        services.experiment_pause,
        "“{0}” is paused: everybody in it gets control.",
    ),
    "resume": Change(
        "Resume",
        "Resume “{0}”?",
        "Everybody gets the variant they had before, and new people take part again.",
        services.experiment_resume,
        "“{0}” is running again.",
    ),
    "traffic": Change(
        "Change traffic",
        "Change the traffic of “{0}”?",
        "More or fewer people come in from now on. Nobody changes variant, and the comparison goes on.",
        services.experiment_ramp,
        "“{0}” has new traffic.",
        TrafficForm,
    ),
    "weights": Change(
        "Change weights",
        "Change the weights of “{0}”?",
        "As few people as possible move, and nobody already served a variant. The comparison begins anew: "
        "people who came under the old weights are no longer compared.",
        services.experiment_reweigh,
        "“{0}” has new weights.",
        WeightsForm,
    ),
    "repin": Change(
        "Pin another model",
        "Pin another model in “{0}”?",
        "The variant is another one from then on, so the comparison begins anew.",
        services.variant_repin,
        "“{0}” has another model pinned.",
        RepinForm,
    ),
    "rerandomise": Change(
        "Split people anew",
        "Split the people of “{0}” anew?",
        "Everybody not yet served a variant is dealt one afresh, and the comparison begins anew. Do it when "
        "the present split has been spoilt, by an effect of an earlier experiment for instance.",
        services.experiment_rerandomise,
        "“{0}” splits people anew.",
    ),
    "copy": Change(
        "Copy as a new draft",
        "Copy “{0}”?",
        "A new draft with the same set-up, and people split anew. This one stays as it is.",
        setups.experiment_copy,
        "This is the copy of “{0}”, a draft.",
        CopyForm,
    ),
    "complete": Change(
        "Complete and decide",
        "Complete “{0}”?",
        "It ends for good: everybody gets the ordinary list, and the results stay. It cannot be started "
        "again. To ship a variant, make it the ordinary way afterwards; this records that it was decided.",
        services.experiment_complete,
        "“{0}” is completed.",
        DecisionForm,
    ),
}
