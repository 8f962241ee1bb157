"""Who gets which variant. The assignment itself is a hash (statistics/assignment.py); rows hold the
definitions, the first exposures, and what was seen, decided and changed."""

import secrets
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from common.fields import IdentifierField
from experiments.metrics import PRIMARY_METRICS
from modelregistry.models import ModelVersion

PERCENTAGE = [MinValueValidator(0), MaxValueValidator(100)]


def new_salt() -> str:
    return secrets.token_hex(16)


class ExperimentStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    COMPLETED = "completed", "Completed"


class ExperimentKind(models.TextChoices):
    AB = "ab", "A/B test: each person is served one variant"
    INTERLEAVING = "interleaving", "Interleaving: everybody's list is drafted from two rankers in turn"
    BANDIT = "bandit", "Bandit: every day more newcomers go to what does better"
    AA = "aa", "A/A test: two variants that are the same, to check the pipeline"


class Audience(models.TextChoices):
    EVERYONE = "everyone", "Everyone"
    NEWCOMERS = "newcomers", "People who had done nothing yet when they first came"
    RETURNING = "returning", "People who had done something before"


class Decision(models.TextChoices):
    SHIP = "ship", "A treatment becomes the ordinary way"
    KEEP_CONTROL = "keep_control", "The present way stays"
    NONE = "none", "Nothing can be concluded"


class Layer(models.Model):
    """Experiments of one layer share its people and exclude one another; those of different layers do not."""

    key = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    salt = models.CharField(max_length=64, default=new_salt, editable=False, unique=True)
    holdout_percentage = models.FloatField(
        default=0.0,
        validators=PERCENTAGE,
        help_text="How many of all people no experiment of this layer ever touches: they show what all "
        "experiments together have changed. It can be changed while none runs.",
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Experiment(models.Model):
    key = models.SlugField(
        max_length=100,
        unique=True,
        help_text="How the API names it, such as rec_algorithm_v1. It never changes after the start.",
    )
    name = models.CharField(max_length=200, help_text="For people: what this experiment is called.")
    kind = models.CharField(max_length=12, choices=ExperimentKind, default=ExperimentKind.AB)
    description = models.TextField(blank=True)
    hypothesis = models.TextField(blank=True, help_text="What you expect, and why.")
    status = models.CharField(max_length=12, choices=ExperimentStatus, default=ExperimentStatus.DRAFT)
    salt = models.CharField(max_length=64, default=new_salt, editable=False, unique=True)

    layer = models.ForeignKey(
        Layer,
        on_delete=models.PROTECT,
        related_name="experiments",
        help_text="Experiments of one layer never share a person.",
    )
    layer_percentage = models.FloatField(
        default=100.0,
        validators=PERCENTAGE,
        help_text="How much of the layer it takes, 0 to 100: no other experiment has these people.",
    )
    layer_buckets = models.JSONField(default=list, editable=False, help_text="Half-open ranges of the layer.")
    traffic_percentage = models.FloatField(
        default=100.0,
        validators=PERCENTAGE,
        help_text="How many of its people take part so far, 0 to 100. Start low and raise it: "
        "nobody changes variant. The others get the ordinary list.",
    )
    cities = models.JSONField(
        default=list, blank=True, help_text="Only requests for these cities; empty means every city."
    )
    surfaces = models.JSONField(
        default=list, blank=True, help_text="Only requests from these surfaces; empty means every surface."
    )
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.EVERYONE)

    attribution_hours = models.PositiveIntegerField(
        default=168,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 365)],
        help_text="A conversion counts when it follows the first exposure within this many hours.",
    )
    primary_metric = models.CharField(
        max_length=50,
        choices=[(metric.key, metric.label) for metric in PRIMARY_METRICS],
        default="conversion_rate",
        help_text="What decides. Every person counts once, however often they do it.",
    )
    minimum_effect = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.001), MaxValueValidator(10)],
        help_text="The smallest relative change worth acting on: 0.1 is ten per cent more than control.",
    )
    expected_rate = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0001), MaxValueValidator(0.9999)],
        help_text="What you expect of control on the primary metric, 0 to 1.",
    )
    planned_users = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many people in all variants together, as the plan works out."
    )
    planned_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="How many days at most; whole weeks, so that every weekday counts the same.",
    )

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=200, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    decision = models.CharField(max_length=12, choices=Decision, blank=True, editable=False)
    decided_variant = models.ForeignKey(
        "Variant", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.key


class Variant(models.Model):
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    key = models.SlugField(max_length=100)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    is_control = models.BooleanField(
        default=False, help_text="The present way, which the others are compared with. Exactly one."
    )
    algorithm = models.CharField(max_length=50, blank=True, help_text="Left empty, the ordinary one is used.")
    parameters = models.JSONField(
        default=dict, blank=True, help_text="How its lists are made, where that differs from the defaults."
    )
    model_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pinned_by",
        help_text="Pin a trained version, to compare it with the champion. Empty follows the champion.",
    )
    weight = models.FloatField(
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Share of the experiment's people, 0 to 1; all variants together make 1.",
    )
    buckets = models.JSONField(
        default=list,
        editable=False,
        help_text="Half-open ranges of the million buckets, as [[from, to], ..].",
    )

    class Meta:
        ordering = ["-is_control", "id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "key"], name="variant_key_once_per_experiment"),
        ]

    def __str__(self) -> str:
        return f"{self.experiment}/{self.key}"


class Phase(models.Model):
    """A time in which weights and models held. People exposed in different phases are never pooled."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveIntegerField(help_text="1 from the start.")
    started_at = models.DateTimeField()
    weights = models.JSONField(help_text="Weight by variant key.")
    why = models.CharField(max_length=200)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["experiment", "number"], name="phase_once")]

    def __str__(self) -> str:
        return f"{self.experiment} phase {self.number}"


class Exposure(models.Model):
    """The first time a variant's list was served to a person."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="exposures")
    variant = models.ForeignKey(
        Variant,
        on_delete=models.PROTECT,
        related_name="exposures",
        null=True,
        help_text="Empty where lists are drafted from two variants.",
    )
    user_id = IdentifierField()
    first_at = models.DateTimeField()
    window_ends_at = models.DateTimeField(help_text="Conversions count until then.")
    phase = models.PositiveIntegerField(default=1, help_text="The number of the phase that dealt it.")
    propensity = models.FloatField(
        default=1.0, help_text="The chance this person had of this variant, 0 to 1."
    )
    is_mixed = models.BooleanField(
        default=False, help_text="Another variant was served to them as well: not compared."
    )
    city = models.CharField(max_length=100, blank=True)
    is_new = models.BooleanField(default=False, help_text="They had done nothing before.")
    surface = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "user_id"], name="exposure_once_per_person"),
        ]
        indexes = [models.Index(fields=["user_id"], name="exposure_person")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.variant}"


class Look(models.Model):
    """One day's look at an experiment, kept as it was: what the sequential tests spend is spent here only."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="looks")
    day = models.DateField(help_text="UTC.")
    taken_at = models.DateTimeField()
    phase = models.PositiveIntegerField()
    information = models.FloatField(help_text="Share of the planned people whose outcome counts, 0 to 1.")
    verdict = models.CharField(max_length=20)
    rule = models.CharField(max_length=200)
    report = models.JSONField(help_text="The whole report as of that moment.")

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["experiment", "day"], name="look_once_a_day")]

    def __str__(self) -> str:
        return f"{self.experiment} on {self.day}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A look is never changed; the next day has its own.")
        super().save(*args, **kwargs)


class ExperimentEvent(models.Model):
    """Append-only: who changed what of an experiment, when and why."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=200)
    what = models.CharField(max_length=200)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.what
