"""What a person can do with an event."""

from django.db import models


class Action(models.TextChoices):
    SAVE = "save", "Saved"
    UNSAVE = "unsave", "Removed a save"
    CLICK = "click", "Clicked"
    HIDE = "hide", "Hid"
    SKIP = "skip", "Skipped"
    IMPRESSION = "impression", "Was shown"
    SHARE = "share", "Shared"
    PURCHASE = "purchase", "Bought"
    ATTEND = "attend", "Attended"
    THUMBS_UP = "thumbs_up", "Thumbs up"
    THUMBS_DOWN = "thumbs_down", "Thumbs down"


DEEDS = tuple(action for action in Action if action is not Action.IMPRESSION)  # what a person did themselves
