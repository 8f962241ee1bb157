"""What was served to people, and what they did about it."""

from django.db import models
from django.utils import timezone

from common.fields import IdentifierField
from common.json_length import JSONLength
from feedback.actions import Action as Action
from feedback.querysets import FeedbackQuerySet


class Feedback(models.Model):
    """One action of one person on one event. Append-only; the event may not be in the catalogue yet."""

    user_id = IdentifierField()
    event_id = IdentifierField()
    action = models.CharField(max_length=20, choices=Action)
    occurred_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    recommendation_id = models.UUIDField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(null=True, blank=True)
    context = models.JSONField(default=dict, blank=True)
    idempotency_key = IdentifierField(null=True, blank=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "feedback"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user_id", "action", "-occurred_at"], name="feedback_person_recent"),
            models.Index(fields=["occurred_at"], name="feedback_since"),
            models.Index(fields=["received_at"], name="feedback_received"),
            models.Index(fields=["event_id"], name="feedback_event"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user_id", "idempotency_key"], name="feedback_once_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.action} {self.event_id}"


class Prediction(models.Model):
    """The prediction log: what was served to whom, by which algorithm of which model, and how fast."""

    recommendation_id = models.UUIDField(primary_key=True)
    user_id = IdentifierField()
    served_at = models.DateTimeField()
    model_version = models.CharField(max_length=20, blank=True)
    algorithm = models.CharField(max_length=50)
    fallback_reason = models.CharField(max_length=50, blank=True)
    experiment = models.CharField(max_length=100, blank=True)
    variant = models.CharField(max_length=100, blank=True)
    surface = models.CharField(max_length=50, blank=True)
    latency_ms = models.FloatField()
    items = models.JSONField(
        default=list,
        help_text="[[event id, score, propensity], ..] in the order served; a list drafted from two rankers "
        "adds whose pick each event was (the variant's key, or null).",
    )
    # Kept by the database, so that counting what was shown need not read what.
    shown = models.GeneratedField(
        expression=JSONLength("items"),
        output_field=models.IntegerField(),
        db_persist=True,
        help_text="How many events the list had.",
    )

    class Meta:
        ordering = ["-served_at"]
        indexes = [
            models.Index(fields=["-served_at"], name="list_recent"),
            models.Index(fields=["user_id", "-served_at"], name="list_person"),
        ]

    def __str__(self) -> str:
        return str(self.recommendation_id)
