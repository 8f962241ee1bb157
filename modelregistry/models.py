"""Training runs, model versions, and who made which version the champion."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from modelregistry.querysets import ChampionChangeQuerySet, ModelVersionQuerySet, TrainingRunQuerySet

NAME_LENGTH = 200  # of whoever asked for something; a user id alone may be longer


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PROMOTED = "promoted", "Promoted"
    KEPT = "kept", "Champion kept"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"
    LOST = "lost", "Lost"


ACTIVE_STATES = (RunState.QUEUED, RunState.RUNNING)


class Trigger(models.TextChoices):
    COMMAND = "command", "Command"
    ADMIN = "admin", "Admin"
    API = "api", "API"


class TrainingRun(models.Model):
    """One retraining. `lock` is 1 while it is queued or running and null after: the database allows one."""

    state = models.CharField(max_length=12, choices=RunState, default=RunState.QUEUED)
    lock = models.PositiveSmallIntegerField(null=True, blank=True, unique=True, default=1, editable=False)
    trigger = models.CharField(max_length=12, choices=Trigger)
    requested_by = models.CharField(max_length=NAME_LENGTH)
    parameters = models.JSONField(default=dict, blank=True)
    progress = models.FloatField(default=0.0, help_text="0 to 1.")
    stage = models.CharField(max_length=200, blank=True)
    log = models.TextField(blank=True)
    error = models.TextField(blank=True)
    outcome = models.TextField(blank=True, help_text="Why it was promoted, kept, skipped or refused.")
    metrics = models.JSONField(default=dict, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    peak_memory_mb = models.FloatField(null=True, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.lock == 1


class ModelVersion(models.Model):
    """One trained set of algorithms. `champion_slot` is 1 for the one being served, null for all others.

    Rows are never deleted, so that a number never comes back and every change keeps its version.
    """

    number = models.PositiveIntegerField(unique=True)
    run = models.ForeignKey(
        TrainingRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="versions"
    )
    champion_slot = models.PositiveSmallIntegerField(null=True, blank=True, unique=True, editable=False)
    algorithms = models.JSONField(default=list)
    artefact_path = models.CharField(max_length=255)
    manifest_sha256 = models.CharField(max_length=64)
    artefact_bytes = models.BigIntegerField(default=0)
    training_samples = models.PositiveBigIntegerField(default=0)
    data_cutoff = models.DateTimeField(help_text="It has seen feedback up to here.")
    data_fingerprint = models.CharField(max_length=64, blank=True)
    metrics = models.JSONField(default=dict, blank=True, help_text="Hold-out metrics by algorithm.")
    created_at = models.DateTimeField(default=timezone.now)
    deployed_at = models.DateTimeField(null=True, blank=True, help_text="When it last became the champion.")

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        permissions = [("promote_modelversion", "Can promote and roll back versions")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"v{self.number}"

    @property
    def is_champion(self) -> bool:
        return self.champion_slot == 1

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Versions are never deleted; delete the artefact.")


class ChangeKind(models.TextChoices):
    PROMOTION = "promotion", "Promotion"
    ROLLBACK = "rollback", "Rollback"


class ChampionChange(models.Model):
    """Append-only: which version became the champion when, after which, by whom and why."""

    kind = models.CharField(max_length=12, choices=ChangeKind)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="changes")
    previous = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="succeeded_by"
    )
    actor = models.CharField(max_length=NAME_LENGTH)
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = ChampionChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The history of champions is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The history of champions is append-only.")
