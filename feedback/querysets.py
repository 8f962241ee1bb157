"""Reads on what people did."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:  # models.py attaches these
    from feedback.models import Feedback  # noqa: F401


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def of_person(self, user_id: str, limit: int = 500) -> "FeedbackQuerySet":
        """A person's last `limit` actions, newest first."""
        return self.filter(user_id=user_id).order_by("-occurred_at")[:limit]

    def since(self, moment: datetime) -> "FeedbackQuerySet":
        """Everything that happened at `moment` or later, oldest first."""
        return self.filter(occurred_at__gte=moment).order_by("occurred_at")

    def received_since(self, moment: datetime) -> "FeedbackQuerySet":
        """Everything that reached this service at `moment` or later, oldest first."""
        return self.filter(received_at__gte=moment).order_by("received_at")

    def all_of_person(self, user_id: str) -> "FeedbackQuerySet":
        """Everything held on a person, newest first."""
        return self.filter(user_id=user_id).order_by("-occurred_at")
