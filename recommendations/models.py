"""The prediction log: what was served to whom, by which algorithm of which model, and how fast."""

from django.db import models

from common.fields import IdentifierField


class Prediction(models.Model):
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
        default=list, help_text="[[event id, score, propensity], ..] in the order served."
    )

    class Meta:
        ordering = ["-served_at"]
        indexes = [
            models.Index(fields=["-served_at"], name="prediction_recent"),
            models.Index(fields=["user_id", "-served_at"], name="prediction_person"),
        ]

    def __str__(self) -> str:
        return str(self.recommendation_id)
