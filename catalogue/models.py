"""What can be recommended, and what people say they like."""

from django.db import models
from django.utils import timezone

from catalogue.querysets import (
    CatalogueStateQuerySet,
    EventQuerySet,
    TasteProfileQuerySet,
    VenueQuerySet,
)
from common.fields import IdentifierField


class CatalogueState(models.Model):
    """One row: the catalogue's revision. Whoever changes events takes its row lock until they commit,
    so a reader that has seen revision n has seen every change up to n."""

    revision = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now, help_text="When the revision last moved.")

    objects = CatalogueStateQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "catalogue state"

    def __str__(self) -> str:
        return f"revision {self.revision}"


class Venue(models.Model):
    id = IdentifierField(primary_key=True)
    name = models.CharField(max_length=255, db_index=True)
    address = models.CharField(max_length=500, blank=True)
    city = models.CharField(max_length=255, blank=True, db_index=True)
    capacity = models.PositiveIntegerField(null=True, blank=True)
    genre_focus = models.JSONField(default=list, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = VenueQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class EventStatus(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    CANCELLED = "cancelled", "Cancelled"
    SOLD_OUT = "sold_out", "Sold out"


class Event(models.Model):
    id = IdentifierField(primary_key=True)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    city = models.CharField(max_length=255, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    venue_name = models.CharField(max_length=255, blank=True)
    artists = models.JSONField(default=list, blank=True)
    promoter = models.CharField(max_length=255, blank=True)
    genres = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    price_min = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    price_max = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=20, choices=EventStatus, default=EventStatus.SCHEDULED)
    ticket_url = models.URLField(max_length=1000, blank=True)
    age_restriction = models.CharField(max_length=50, blank=True)
    announced_at = models.DateTimeField(
        default=timezone.now, help_text="When it first went on sale or on show."
    )
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Withdrawn from the catalogue; kept so that past feedback still teaches.",
    )
    revision = models.BigIntegerField(
        default=0,
        db_index=True,
        editable=False,
        help_text="The catalogue's revision of its last change; negative while being written.",
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["starts_at"]),
            models.Index(fields=["city", "starts_at"]),
        ]

    def __str__(self) -> str:
        return self.title


class TasteProfile(models.Model):
    """What a person said they like, or a music service said for them."""

    user_id = IdentifierField(primary_key=True)
    preferred_genres = models.JSONField(default=list, blank=True)
    preferred_artists = models.JSONField(default=list, blank=True)
    preferred_cities = models.JSONField(default=list, blank=True)
    preferred_venues = models.JSONField(default=list, blank=True)
    listening_genres = models.JSONField(default=list, blank=True, help_text="From a music service.")
    listening_artists = models.JSONField(default=list, blank=True, help_text="From a music service.")
    budget_max = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    radius_km = models.FloatField(null=True, blank=True)
    home_latitude = models.FloatField(null=True, blank=True)
    home_longitude = models.FloatField(null=True, blank=True)
    night_preferences = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TasteProfileQuerySet.as_manager()

    class Meta:
        ordering = ["user_id"]

    def __str__(self) -> str:
        return str(self.user_id)


class PlatformCursor(models.Model):
    """How far `import_platform` has read each of the platform's tables."""

    table = models.CharField(max_length=64, primary_key=True)
    read_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["table"]

    def __str__(self) -> str:
        return self.table
