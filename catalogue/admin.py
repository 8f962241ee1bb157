from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter
from unfold.decorators import action, display

from catalogue import services
from catalogue.forms import EventForm, TasteForm, VenueForm
from catalogue.models import Event, EventStatus, TasteProfile, Venue
from common.admin_filters import MomentRangeFilter


class KeyedAdmin(ModelAdmin):
    """Rows whose id is given by hand, once."""

    key = "id"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        readonly = list(super().get_readonly_fields(request, obj))
        return readonly if obj is None else [self.key, *readonly]


@admin.register(Event)
class EventAdmin(KeyedAdmin):
    """Every change goes through the services, so that running servers hear of it."""

    form = EventForm
    list_display = ("title", "starts_at", "city", "venue_name", "status_label", "id")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("city", FieldTextFilter),
        ("starts_at", MomentRangeFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    )
    list_filter_submit = True
    search_fields = ("title", "venue_name", "promoter", "id__exact")
    search_help_text = "Words of the title, venue or promoter, or a whole event id."
    date_hierarchy = None  # it would scan the table for every page
    show_full_result_count = False
    readonly_fields = ("announced_at", "updated_at", "deleted_at", "revision")
    actions = ("cancel",)

    @display(
        description="Status",
        label={"Scheduled": "success", "Cancelled": "danger", "Sold out": "warning", "Withdrawn": "info"},
    )
    def status_label(self, event: Event) -> str:
        return "Withdrawn" if event.deleted_at else str(EventStatus(event.status).label)

    def save_model(self, request: HttpRequest, obj: Event, form: EventForm, change: bool) -> None:
        assert form.shape is not None  # noqa: S101  a valid form has one
        was_withdrawn = obj.deleted_at is not None
        services.event_put(event_id=obj.pk, event=form.shape, now=_now())
        if was_withdrawn:
            self.message_user(request, "It was withdrawn, and is in the catalogue again.", messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        services.events_delete(event_ids=[obj.pk], now=_now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        services.events_delete(event_ids=ids, now=_now())

    @action(description="Mark the selected events as cancelled", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        events = list(queryset.live().exclude(status=EventStatus.CANCELLED))  # type: ignore[attr-defined]
        services.events_cancel(event_ids=[event.pk for event in events], now=_now())
        for event in events:
            self.log_change(request, event, "Marked as cancelled.")
        self.message_user(request, f"Marked as cancelled: {len(events)}.", messages.SUCCESS)


@admin.register(Venue)
class VenueAdmin(KeyedAdmin):
    form = VenueForm
    list_display = ("name", "city", "capacity", "address", "id")
    list_filter = (("city", FieldTextFilter),)
    list_filter_submit = True
    search_fields = ("name", "address", "id__exact")
    search_help_text = "Words of the name or address, or a whole venue id."
    readonly_fields = ("updated_at",)

    def save_model(self, request: HttpRequest, obj: Venue, form: VenueForm, change: bool) -> None:
        assert form.shape is not None  # noqa: S101  a valid form has one
        services.venues_upsert(venues=[form.shape], now=_now())


@admin.register(TasteProfile)
class TasteProfileAdmin(KeyedAdmin):
    form = TasteForm
    key = "user_id"
    list_display = ("user_id", "genres", "artists", "updated_at")
    search_fields = ("user_id__exact",)
    search_help_text = "The whole id of a person."
    show_full_result_count = False
    readonly_fields = ("updated_at",)

    @display(description="Genres")
    def genres(self, taste: TasteProfile) -> str:
        return _some([*taste.preferred_genres, *taste.listening_genres])

    @display(description="Artists")
    def artists(self, taste: TasteProfile) -> str:
        return _some([*taste.preferred_artists, *taste.listening_artists])

    def save_model(self, request: HttpRequest, obj: TasteProfile, form: TasteForm, change: bool) -> None:
        assert form.shape is not None  # noqa: S101  a valid form has one
        services.taste_put(user_id=obj.pk, taste=form.shape, now=_now())


def _some(words: list[str], count: int = 5) -> str:
    more = f" and {len(words) - count} more" if len(words) > count else ""
    return ", ".join(words[:count]) + more or "–"


def _now() -> datetime:
    return timezone.now()
