"""Reads on the catalogue."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:  # models.py attaches these
    from catalogue.models import CatalogueState, Event, TasteProfile, Venue  # noqa: F401


class EventQuerySet(models.QuerySet["Event"]):
    def live(self) -> "EventQuerySet":
        """In the catalogue: not withdrawn."""
        return self.filter(deleted_at=None)

    def changed_since(self, revision: int) -> "EventQuerySet":
        """Everything that changed after `revision`, withdrawn events included."""
        return self.filter(revision__gt=revision)


class VenueQuerySet(models.QuerySet["Venue"]):
    def located(self, names: Iterable[str]) -> "VenueQuerySet":
        """Venues of these names whose place is known."""
        return self.filter(name__in=set(names), latitude__isnull=False, longitude__isnull=False)


class TasteProfileQuerySet(models.QuerySet["TasteProfile"]):
    def of_person(self, user_id: str) -> "TasteProfile | None":
        return self.filter(pk=user_id).first()


class CatalogueStateQuerySet(models.QuerySet["CatalogueState"]):
    def current(self) -> int:
        """The catalogue's revision; 0 before anything was written."""
        return self.values_list("revision", flat=True).first() or 0
