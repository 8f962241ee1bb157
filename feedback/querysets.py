"""Reads on what people did."""

from typing import TYPE_CHECKING

from django.db import models

from feedback.actions import DEEDS, Action

if TYPE_CHECKING:  # models.py attaches these
    from feedback.models import Feedback


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def deeds_of_person(self, user_id: str, limit: int) -> "FeedbackQuerySet":
        """A person's last `limit` actions, newest first, without what they were only shown.

        The actions are listed, not "everything but impressions": so the index finds them and walks past
        none of the impressions, which are nearly all of a person's rows.
        """
        return self.filter(user_id=user_id, action__in=DEEDS).order_by("-occurred_at", "-id")[:limit]

    def hidden_from_person(self, user_id: str) -> "models.QuerySet[Feedback, str]":
        """The ids of all events this person hid, however long ago."""
        return self.filter(user_id=user_id, action=Action.HIDE).values_list("event_id", flat=True)
