"""Who gets which variant. The assignment itself is a hash (statistics/assignment.py); rows hold the
definition and the first exposures."""

import secrets

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from common.fields import IdentifierField
from experiments.metrics import PRIMARY_METRICS


def new_salt() -> str:
    return secrets.token_hex(16)


class ExperimentStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    COMPLETED = "completed", "Completed"


class Experiment(models.Model):
    key = models.SlugField(
        max_length=100,
        unique=True,
        help_text="How the API names it, such as rec_algorithm_v1. It never changes after the start.",
    )
    name = models.CharField(max_length=200, help_text="For people: what this experiment is called.")
    description = models.TextField(blank=True)
    hypothesis = models.TextField(blank=True, help_text="What you expect, and why.")
    status = models.CharField(max_length=12, choices=ExperimentStatus, default=ExperimentStatus.DRAFT)
    salt = models.CharField(max_length=64, default=new_salt, editable=False, unique=True)
    traffic_percentage = models.FloatField(
        default=100.0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="How many of all people take part, 0 to 100. The others get the ordinary list.",
    )
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
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=200, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    phase_started_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Since when the present weights hold. Only people exposed since then are compared.",
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

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
    algorithm = models.CharField(max_length=50)
    parameters = models.JSONField(
        default=dict, blank=True, help_text="How its lists are made, where that differs from the defaults."
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


class Exposure(models.Model):
    """The first time a variant's list was served to a person."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="exposures")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="exposures")
    user_id = IdentifierField()
    first_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "user_id"], name="exposure_once_per_person"),
        ]
        indexes = [models.Index(fields=["user_id"], name="exposure_person")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.variant}"


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
