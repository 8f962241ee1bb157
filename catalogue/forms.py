"""The admin's forms. They are checked by the shapes that check the API's bodies."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminURLInputWidget

from catalogue.models import Event, TasteProfile, Venue
from catalogue.schemas import EventIn, TasteIn, VenueIn
from common.forms import LinesField, shape_of_form


class EventForm(forms.ModelForm[Event]):
    artists = LinesField()
    genres = LinesField()
    tags = LinesField()
    ticket_url = forms.URLField(
        required=False, max_length=1000, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    shape: EventIn | None = None

    class Meta:
        model = Event
        exclude = ("announced_at", "deleted_at")  # noqa: DJ006  everything else of an event is edited
        help_texts = {
            "latitude": "Leave both coordinates empty to take those of a known venue of this name.",
            "currency": "Three letters, such as EUR.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.shape = shape_of_form(self, EventIn, cleaned)
        return cleaned


class VenueForm(forms.ModelForm[Venue]):
    genre_focus = LinesField()
    shape: VenueIn | None = None

    class Meta:
        model = Venue
        fields = "__all__"  # noqa: DJ007  a venue has nothing to hide

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        venue_id = cleaned.get("id") or self.instance.pk
        self.shape = shape_of_form(self, VenueIn, cleaned | {"venue_id": venue_id})
        return cleaned


class TasteForm(forms.ModelForm[TasteProfile]):
    preferred_genres = LinesField()
    preferred_artists = LinesField()
    preferred_cities = LinesField()
    preferred_venues = LinesField()
    listening_genres = LinesField(help_text="From a music service.")
    listening_artists = LinesField(help_text="From a music service.")
    night_preferences = LinesField()
    shape: TasteIn | None = None

    class Meta:
        model = TasteProfile
        fields = "__all__"  # noqa: DJ007  the person's whole profile

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        lat, lon = cleaned.get("home_latitude"), cleaned.get("home_longitude")
        if (lat is None) != (lon is None):
            self.add_error("home_latitude", "Give latitude and longitude together, or neither.")
        home = None if lat is None or lon is None else {"lat": lat, "lon": lon}
        self.shape = shape_of_form(self, TasteIn, cleaned | {"home": home})
        return cleaned
