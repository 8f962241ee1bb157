"""What people did."""

from django.db import models
from django.utils import timezone

from common.fields import IdentifierField
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
