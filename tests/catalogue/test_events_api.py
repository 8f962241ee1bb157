from typing import Any

import pytest
from django.test import Client

from catalogue.models import CatalogueState, Event
from catalogue.schemas import EventOut
from common.models import Scope
from tests.credentials import service

pytestmark = pytest.mark.django_db

STARTS = "2030-05-01T20:00:00Z"
GIG: dict[str, Any] = {"title": "Bicep", "starts_at": STARTS}
FULL: dict[str, Any] = GIG | {
    "ends_at": "2030-05-01T23:30:00+01:00",
    "description": "Live",
    "city": "Dublin",
    "latitude": 53.34,
    "longitude": -6.26,
    "venue_name": "Vicar Street",
    "artists": ["Bicep", "Hammer"],
    "promoter": "MCD",
    "genres": ["electronic"],
    "tags": ["live"],
    "price_min": 25,
    "price_max": 40.5,
    "currency": "EUR",
    "status": "sold_out",
    "ticket_url": "https://tickets.example/1",
    "age_restriction": "18+",
    "announced_at": "2030-01-01T09:00:00Z",
}


def put(api: Client, event_id: str = "gig", **body: Any) -> Any:
    return api.put(f"/v1/events/{event_id}", body, content_type="application/json")


def bulk(api: Client, *events: Any) -> Any:
    return api.post("/v1/events/bulk", {"events": list(events)}, content_type="application/json")


def revision() -> int:
    return CatalogueState.objects.current()


def stored(api: Client, event_id: str = "gig") -> dict[str, Any]:
    response = api.get(f"/v1/events/{event_id}")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


# --- PUT, GET, DELETE -----------------------------------------------------------------------------
def test_it_creates_then_replaces(api: Client) -> None:
    created = put(api, **FULL)
    assert created.status_code == 201
    replaced = put(api, **GIG)
    assert replaced.status_code == 200
    assert replaced.json() == stored(api)
    assert stored(api)["artists"] == []
    assert stored(api)["price_min"] is None
    assert Event.objects.count() == 1


def test_it_answers_what_it_was_given(api: Client) -> None:
    put(api, **FULL)
    found = stored(api)
    assert {name: found[name] for name in FULL} == FULL | {"ends_at": "2030-05-01T22:30:00Z"}
    assert found["event_id"] == "gig"


def test_it_accepts_the_platforms_names_and_comma_separated_words(api: Client) -> None:
    body: dict[str, Any] = {
        "title": "Bicep",
        "start_time": STARTS,
        "end_time": "2030-05-01T23:00:00Z",
        "artists": "Bicep, Hammer,, Bicep ",
        "genres": "",
        "tags": None,
        "description": None,
        "price_min": "25.00",
    }
    assert put(api, **body).status_code == 201
    found = stored(api)
    assert found["starts_at"] == STARTS
    assert found["ends_at"] == "2030-05-01T23:00:00Z"
    assert found["artists"] == ["Bicep", "Hammer"]
    assert (found["genres"], found["tags"], found["description"]) == ([], [], "")
    assert found["price_min"] == 25


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": "a\x00b"}, "malformed"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": "2030-05-01T20:00:00"}, "starts_at"),
        ({"starts_at": "2030-05-01"}, "starts_at"),
        ({"starts_at": "1900"}, "starts_at"),
        ({"starts_at": 1_900_000_000}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00Z"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-14:00"}, "starts_at"),
        ({"ends_at": "2030-05-01T19:59:59Z"}, "body"),
        ({"latitude": 53}, "body"),
        ({"longitude": -6}, "body"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": -181}, "longitude"),
        ({"price_min": -1}, "price_min"),
        ({"price_min": 30, "price_max": 20}, "body"),
        ({"price_max": 1e12}, "price_max"),
        ({"price_max": "free"}, "price_max"),
        ({"price_max": "Infinity"}, "price_max"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "€€€"}, "currency"),
        ({"status": "maybe"}, "status"),
        ({"artists": [1]}, "artists.0"),
        ({"artists": {"name": "x"}}, "artists"),
        ({"artists": ["x" * 256]}, "artists.0"),
        ({"genres": [f"g{n}" for n in range(201)]}, "genres"),
        ({"ticket_url": "javascript:alert(1)"}, "ticket_url"),
        ({"venue_name": "x" * 256}, "venue_name"),
        ({"announced_at": "yesterday"}, "announced_at"),
    ],
)
def test_it_refuses_what_makes_no_sense_and_changes_nothing(
    api: Client, changes: dict[str, Any], field: str
) -> None:
    put(api, **GIG)
    before, seen = stored(api), revision()
    response = put(api, **GIG | changes)
    assert response.status_code == 400
    if field != "malformed":
        assert field in response.json()["errors"]
    assert stored(api) == before
    assert revision() == seen


def test_it_rounds_prices_to_cents_and_writes_currencies_large(api: Client) -> None:
    put(api, **GIG, price_min=12.345, currency="eur")
    assert stored(api)["price_min"] == 12.35
    assert stored(api)["currency"] == "EUR"


def test_it_withdraws_an_event_and_keeps_its_row(api: Client) -> None:
    put(api, **GIG)
    assert api.delete("/v1/events/gig").status_code == 204
    assert api.get("/v1/events/gig").status_code == 404
    assert Event.objects.get(pk="gig").deleted_at is not None
    assert not Event.objects.live().exists()


def test_it_knows_nothing_of_an_unknown_event(api: Client) -> None:
    put(api, **GIG)
    api.delete("/v1/events/gig")
    for event_id in ("gig", "other"):
        assert api.get(f"/v1/events/{event_id}").status_code == 404
        response = api.delete(f"/v1/events/{event_id}")
        assert response.status_code == 404
        assert event_id in response.json()["detail"]


def test_it_revives_a_withdrawn_event(api: Client) -> None:
    put(api, **GIG)
    api.delete("/v1/events/gig")
    seen = revision()
    assert put(api, **GIG).status_code == 201
    assert stored(api)["title"] == "Bicep"
    assert revision() > seen


def test_it_remembers_when_an_event_was_announced(api: Client) -> None:
    put(api, **GIG)
    first = stored(api)["announced_at"]
    put(api, **GIG, description="News")
    assert stored(api)["announced_at"] == first
    put(api, **GIG, announced_at="2029-01-01T00:00:00Z")
    assert stored(api)["announced_at"] == "2029-01-01T00:00:00Z"


def test_it_wants_the_catalogues_scope(settings: Any) -> None:
    settings.API_AUTH = "required"
    other = service(Scope.FEEDBACK, Scope.RECOMMEND, name="other")
    assert put(other, **GIG).status_code == 403
    assert bulk(other, GIG | {"event_id": "1"}).status_code == 403
    keeper = service(Scope.CATALOGUE)
    assert put(keeper, **GIG).status_code == 201
    assert bulk(keeper, GIG | {"event_id": "1"}).status_code == 200
    assert put(Client(), **GIG).status_code == 401


# --- Bulk -----------------------------------------------------------------------------------------
def test_it_takes_a_thousand_events_at_once_with_few_queries(
    api: Client, django_assert_max_num_queries: Any
) -> None:
    events = [GIG | {"event_id": n, "title": f"Gig {n}"} for n in range(1000)]
    response = bulk(api, *events)
    assert response.json() == {"status": "success", "created": 1000, "updated": 0, "unchanged": 0}
    events[7]["title"] = "Changed"
    with django_assert_max_num_queries(30):
        assert bulk(api, *events).json() == {
            "status": "success",
            "created": 0,
            "updated": 1,
            "unchanged": 999,
        }
    assert stored(api, "7")["title"] == "Changed"


def test_it_refuses_more_than_a_thousand(api: Client) -> None:
    response = bulk(api, *(GIG | {"event_id": n} for n in range(1001)))
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"
    assert not Event.objects.exists()


def test_it_names_every_bad_row_and_stores_none(api: Client) -> None:
    response = bulk(
        api,
        GIG | {"event_id": "good"},
        {"event_id": "untitled", "starts_at": STARTS},
        GIG,
        "nonsense",
        GIG | {"event_id": "late", "ends_at": "2029-01-01T00:00:00Z"},
    )
    assert response.status_code == 400
    body = response.json()
    assert set(body["errors"]) == {"events.1.title", "events.2.event_id", "events.3.body", "events.4.body"}
    assert "untitled" in body["errors"]["events.1.title"][0]
    assert "late" in body["errors"]["events.4.body"][0]
    assert "4 of 5" in body["detail"]
    assert not Event.objects.exists()
    assert revision() == 0


def test_it_refuses_one_event_twice(api: Client) -> None:
    response = bulk(api, GIG | {"event_id": "1"}, GIG | {"event_id": "2"}, GIG | {"event_id": 1})
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"events.0.event_id", "events.2.event_id"}
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", [{}, {"events": []}, {"events": {}}, {"events": None}, [GIG]])
def test_it_refuses_a_bulk_without_events(api: Client, body: Any) -> None:
    response = api.post("/v1/events/bulk", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["errors"]


def test_it_bounds_what_it_says_about_a_thousand_bad_rows(api: Client) -> None:
    response = bulk(api, *({"event_id": n} for n in range(1000)))
    assert response.status_code == 400
    assert "1,000 of 1,000" in response.json()["detail"]
    assert 50 <= len(response.json()["errors"]) <= 200


def test_a_field_that_an_event_lacks_is_an_error_and_not_silently_its_id(api: Client) -> None:
    class Renamed(EventOut):
        doors_at: str

    put(api, "gig", **GIG)
    event = Event.objects.get()
    assert EventOut.of(event).event_id == "gig"
    with pytest.raises(AttributeError, match="doors_at"):
        Renamed.of(event)
