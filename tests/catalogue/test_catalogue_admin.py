"""Staff change the catalogue through the same services as the API."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from catalogue import services
from catalogue.models import CatalogueState, Event, EventStatus, TasteProfile, Venue
from catalogue.schemas import EventIn, VenueIn

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def staff(admin_client: Client) -> Client:
    return admin_client


def put(event_id: str, **fields: Any) -> None:
    values = {"title": "A gig", "starts_at": "2030-05-01T20:00:00Z"} | fields
    services.event_put(event_id=event_id, event=EventIn.model_validate(values), now=NOW)


def form(**changes: Any) -> dict[str, Any]:
    fields = {
        "id": "gig",
        "title": "A gig",
        "starts_at_0": "2030-05-01",
        "starts_at_1": "20:00:00",
        "artists": "Tyler, The Creator\nBicep",
        "status": "scheduled",
    }
    return fields | changes


def revision() -> int:
    return CatalogueState.objects.current()


def run_action(client: Client, name: str, ids: list[str], **extra: Any) -> Any:
    place = reverse("admin:catalogue_event_changelist")
    return client.post(place, {"action": name, "_selected_action": ids} | extra, follow=True)


@pytest.mark.parametrize("model", ["event", "venue", "tasteprofile"])
def test_every_list_and_form_opens(staff: Client, model: str) -> None:
    put("a/b c", city="Dublin")
    services.venues_upsert(venues=[VenueIn(venue_id="v", name="Whelan's")], now=NOW)
    TasteProfile.objects.create(user_id="1", preferred_genres=["techno"])
    ids = {"event": "a/b c", "venue": "v", "tasteprofile": "1"}
    assert staff.get(reverse(f"admin:catalogue_{model}_changelist")).status_code == 200
    assert staff.get(reverse(f"admin:catalogue_{model}_changelist"), {"q": ids[model]}).status_code == 200
    assert staff.get(reverse(f"admin:catalogue_{model}_add")).status_code == 200
    assert staff.get(reverse(f"admin:catalogue_{model}_change", args=[quote(ids[model])])).status_code == 200


def test_it_finds_events_by_words_id_city_status_and_date(staff: Client) -> None:
    put("1", title="Bicep", city="Dublin")
    put("2", title="Lankum", city="Cork", status="cancelled", starts_at="2031-05-01T20:00:00Z")
    place = reverse("admin:catalogue_event_changelist")
    for query, found in (
        ({"q": "bicep"}, {"1"}),
        ({"q": "2"}, {"2"}),
        ({"city": "Cork"}, {"2"}),
        ({"status__exact": "scheduled"}, {"1"}),
        ({"starts_at_from_0": "2031-01-01", "starts_at_from_1": "00:00"}, {"2"}),
        ({"starts_at_to_0": "2030-05-01", "starts_at_to_1": "20:00"}, {"1"}),
        ({"starts_at_to_0": "2030-05-01", "starts_at_to_1": "19:59"}, set()),
        ({"starts_at_to_0": "2030-05-01"}, {"1"}),
        ({"starts_at_to_0": "nonsense"}, {"1", "2"}),
        ({"deleted_at__isempty": "1"}, {"1", "2"}),
    ):
        response = staff.get(place, query)
        assert {row.pk for row in response.context["cl"].result_list} == found, query


def test_it_adds_an_event(staff: Client) -> None:
    assert staff.post(reverse("admin:catalogue_event_add"), form()).status_code == 302
    event = Event.objects.get(pk="gig")
    assert event.artists == ["Tyler, The Creator", "Bicep"]
    assert event.starts_at == datetime(2030, 5, 1, 20, tzinfo=UTC)
    assert event.revision == revision() == 1


def test_it_changes_an_event_and_moves_the_revision(staff: Client) -> None:
    put("gig", description="Old")
    place = reverse("admin:catalogue_event_change", args=["gig"])
    assert staff.post(place, form(title="New")).status_code == 302
    event = Event.objects.get()
    assert (event.title, event.announced_at) == ("New", NOW)
    assert event.revision == revision() == 2
    assert staff.post(place, form(title="New")).status_code == 302
    assert revision() == 2  # nothing changed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"price_min": "30", "price_max": "20"}, None),
        ({"latitude": "53"}, None),
        ({"currency": "€"}, "currency"),
        ({"ticket_url": "ftp://x.example"}, "ticket_url"),
        ({"artists": "x" * 256}, "artists"),
    ],
)
def test_it_refuses_what_the_api_refuses(staff: Client, changes: dict[str, Any], field: str | None) -> None:
    response = staff.post(reverse("admin:catalogue_event_add"), form(**changes))
    assert response.status_code == 200
    found = response.context["adminform"].form.errors
    assert list(found) == [field or "__all__"]
    assert not Event.objects.exists()


def test_deleting_withdraws(staff: Client) -> None:
    for event_id in ("1", "2", "3"):
        put(event_id)
    staff.post(reverse("admin:catalogue_event_delete", args=["1"]), {"post": "yes"})
    run_action(staff, "delete_selected", ["2"], post="yes")
    assert set(Event.objects.live().values_list("pk", flat=True)) == {"3"}
    assert Event.objects.count() == 3
    assert revision() == 5
    # Once more on one that is withdrawn already: nothing happens, nothing breaks.
    staff.post(reverse("admin:catalogue_event_delete", args=["1"]), {"post": "yes"})
    assert revision() == 5


def test_saving_a_withdrawn_event_brings_it_back(staff: Client) -> None:
    put("gig")
    services.event_delete(event_id="gig", now=NOW)
    response = staff.post(reverse("admin:catalogue_event_change", args=["gig"]), form(), follow=True)
    assert "in the catalogue again" in response.content.decode()
    assert Event.objects.live().exists()


def test_it_cancels_events(staff: Client) -> None:
    for event_id in ("1", "2", "3"):
        put(event_id)
    response = run_action(staff, "cancel", ["1", "2"])
    assert "Marked as cancelled: 2" in response.content.decode()
    cancelled = Event.objects.filter(status=EventStatus.CANCELLED)
    assert set(cancelled.values_list("pk", flat=True)) == {"1", "2"}
    assert revision() == 4


def test_who_may_only_look_cannot_cancel() -> None:
    put("1")
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_event"))
    client = Client()
    client.force_login(viewer)
    run_action(client, "cancel", ["1"])
    assert Event.objects.get().status == EventStatus.SCHEDULED


def test_it_keeps_venues(staff: Client) -> None:
    fields = {"id": "v", "name": "Whelan's", "city": "Dublin", "genre_focus": "indie\nfolk"}
    assert staff.post(reverse("admin:catalogue_venue_add"), fields).status_code == 302
    assert Venue.objects.get().genre_focus == ["indie", "folk"]
    place = reverse("admin:catalogue_venue_change", args=["v"])
    assert staff.post(place, fields | {"latitude": "53", "longitude": "-6"}).status_code == 302
    assert Venue.objects.get().latitude == 53
    assert staff.post(place, fields | {"latitude": "53"}).status_code == 200  # one coordinate only
    assert Venue.objects.get().longitude == -6


def test_it_keeps_taste_profiles(staff: Client) -> None:
    fields = {"user_id": "1", "preferred_genres": "techno", "home_latitude": "53", "home_longitude": "-6"}
    assert staff.post(reverse("admin:catalogue_tasteprofile_add"), fields).status_code == 302
    place = reverse("admin:catalogue_tasteprofile_change", args=["1"])
    assert staff.post(place, fields | {"preferred_genres": "jazz"}).status_code == 302
    row = TasteProfile.objects.get()
    assert (row.preferred_genres, row.home_latitude) == (["jazz"], 53)
    assert staff.post(place, {"home_latitude": "53"}).status_code == 200
