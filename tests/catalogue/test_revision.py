"""The catalogue's revision: a reader that saw n has seen every change up to n."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from catalogue import services
from catalogue.models import CatalogueState, Event
from catalogue.schemas import BulkEventIn, EventIn, VenueIn
from tests.concurrency import together

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def event(event_id: str, title: str = "A gig") -> BulkEventIn:
    return BulkEventIn.model_validate(
        {"event_id": event_id, "title": title, "starts_at": "2030-05-01T20:00:00Z"}
    )


def revision() -> int:
    return CatalogueState.objects.current()


def changed_since(seen: int) -> set[str]:
    return set(Event.objects.changed_since(seen).values_list("pk", flat=True))


@pytest.mark.django_db
def test_it_starts_at_zero_and_moves_with_every_change() -> None:
    seen = [revision()]
    services.event_put(event_id="1", event=event("1"), now=NOW)
    seen.append(revision())
    services.event_put(event_id="1", event=event("1", "Another"), now=NOW)
    seen.append(revision())
    services.events_upsert(events=[event("1", "Third"), event("2")], now=NOW)
    seen.append(revision())
    services.events_cancel(event_ids=["1"], now=NOW)
    seen.append(revision())
    services.event_delete(event_id="1", now=NOW)
    seen.append(revision())
    assert seen == [0, 1, 2, 3, 4, 5]
    assert changed_since(3) == {"1"}
    assert changed_since(2) == {"1", "2"}
    assert changed_since(5) == set()


@pytest.mark.django_db
def test_it_does_not_move_when_nothing_changed() -> None:
    full = EventIn.model_validate(
        {
            "title": "A gig",
            "starts_at": "2030-05-01T20:00:00.123456Z",
            "ends_at": "2030-05-02T01:00:00+02:00",
            "latitude": 53.349805123456789,
            "longitude": -6.26031,
            "price_min": 12.345,
            "price_max": "19.9",
            "artists": "A, B",
        }
    )
    services.event_put(event_id="1", event=full, now=NOW)
    row = Event.objects.values().get(pk="1")
    services.event_put(event_id="1", event=full, now=datetime(2030, 2, 1, tzinfo=UTC))
    counts = services.events_upsert(events=[event("2")], now=NOW)
    assert counts == services.UpsertCounts(created=1)
    counts = services.events_upsert(events=[event("2")], now=NOW)
    assert counts == services.UpsertCounts(unchanged=1)
    services.events_upsert(events=[], now=NOW)
    services.events_cancel(event_ids=[], now=NOW)
    assert revision() == 2
    assert Event.objects.values().get(pk="1") == row


@pytest.mark.django_db
def test_it_gives_one_import_one_revision_whatever_its_size() -> None:
    services.events_upsert(events=(event(str(n)) for n in range(2_500)), now=NOW)
    assert revision() == 1
    assert set(Event.objects.values_list("revision", flat=True)) == {1}
    assert Event.objects.count() == 2_500


@pytest.mark.django_db
def test_it_undoes_an_import_whose_reading_fails() -> None:
    def rows() -> Iterator[BulkEventIn]:
        yield from (event(str(n)) for n in range(1_500))
        raise ValueError("line 1501 is no event")

    with pytest.raises(ValueError, match="line 1501"):
        services.events_upsert(events=rows(), now=NOW)
    assert not Event.objects.exists()
    assert revision() == 0


@pytest.mark.django_db
def test_it_takes_the_last_of_one_id_sent_twice() -> None:
    services.events_upsert(events=[event("1", "First"), event("1", "Last")], now=NOW)
    assert Event.objects.get().title == "Last"


@pytest.mark.django_db
def test_it_counts_a_revived_event_as_created() -> None:
    services.events_upsert(events=[event("1")], now=NOW)
    services.event_delete(event_id="1", now=NOW)
    assert services.events_upsert(events=[event("1")], now=NOW) == services.UpsertCounts(created=1)


# --- A place from the venue -----------------------------------------------------------------------
def venue(venue_id: str, name: str, city: str, lat: float | None, lon: float | None) -> VenueIn:
    return VenueIn(venue_id=venue_id, name=name, city=city, latitude=lat, longitude=lon)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "city", "place"),
    [
        ("The Róisín Dubh", "Galway", (53.27, -9.05)),
        ("The Róisín Dubh", "", (53.27, -9.05)),  # the only one of this name
        ("The Róisín Dubh", "Cork", (None, None)),
        ("the róisín dubh", "Galway", (None, None)),  # exact names only
        ("The Olympia", "Dublin", (53.34, -6.27)),
        ("The Olympia", "Cork", (51.9, -8.47)),
        ("The Olympia", "", (None, None)),  # which of the two?
        ("Whelan's", "Dublin", (53.33, -6.26)),  # its venue's city is not known
        ("Nowhere", "Dublin", (None, None)),
    ],
)
def test_it_takes_a_known_venues_place(
    name: str, city: str, place: tuple[float | None, float | None]
) -> None:
    services.venues_upsert(
        venues=[
            venue("1", "The Róisín Dubh", "Galway", 53.27, -9.05),
            venue("2", "The Olympia", "Dublin", 53.34, -6.27),
            venue("3", "The Olympia", "Cork", 51.9, -8.47),
            venue("4", "Whelan's", "", 53.33, -6.26),
            venue("5", "Nowhere", "Dublin", None, None),
        ],
        now=NOW,
    )
    gig = EventIn(title="A gig", starts_at=NOW, venue_name=name, city=city)
    row, _ = services.event_put(event_id="1", event=gig, now=NOW)
    assert (row.latitude, row.longitude) == place
    services.event_put(event_id="1", event=gig, now=NOW)
    assert revision() == 1


@pytest.mark.django_db
def test_it_keeps_the_place_that_an_event_brings() -> None:
    services.venues_upsert(venues=[venue("1", "Whelan's", "Dublin", 53.33, -6.26)], now=NOW)
    gig = EventIn(title="A gig", starts_at=NOW, venue_name="Whelan's", city="Dublin", latitude=1, longitude=2)
    row, _ = services.event_put(event_id="1", event=gig, now=NOW)
    assert (row.latitude, row.longitude) == (1, 2)


@pytest.mark.django_db
def test_it_counts_what_became_of_venues() -> None:
    first = venue("1", "Whelan's", "Dublin", 53.33, -6.26)
    assert services.venues_upsert(venues=[first], now=NOW) == services.UpsertCounts(created=1)
    again = [first, venue("2", "Vicar Street", "Dublin", None, None)]
    assert services.venues_upsert(venues=again, now=NOW) == services.UpsertCounts(created=1, unchanged=1)
    renamed = [venue("2", "Vicar St", "Dublin", None, None)]
    assert services.venues_upsert(venues=renamed, now=NOW) == services.UpsertCounts(updated=1)


# --- Several writers ------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_it_survives_several_writers_of_the_same_events() -> None:
    def write(writer: int) -> None:
        for turn in range(5):
            rows = [event(str(n), f"{writer}.{turn}") for n in range(20)]
            services.events_upsert(events=rows if writer % 2 else rows[::-1], now=NOW)

    together(*(lambda writer=writer: write(writer) for writer in range(4)))
    assert Event.objects.count() == 20
    assert revision() == 20
    assert Event.objects.filter(revision__lte=0).count() == 0
    # Whole writes only: each writer's events changed together.
    assert len(set(Event.objects.values_list("title", "revision"))) == 1


@pytest.mark.django_db(transaction=True)
def test_it_creates_the_state_once_however_many_are_first() -> None:
    together(
        *(lambda n=n: services.event_put(event_id=str(n), event=event(str(n)), now=NOW) for n in range(6))
    )
    assert CatalogueState.objects.count() == 1
    assert revision() == 6
    assert sorted(Event.objects.values_list("revision", flat=True)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_a_long_import_holds_up_no_other_writer() -> None:
    """And a reader that saw the other writer's revision still hears of the import afterwards."""
    half_way, go_on = threading.Event(), threading.Event()

    def rows() -> Iterator[BulkEventIn]:
        yield from (event(f"import-{n}") for n in range(1_000))
        half_way.set()
        assert go_on.wait(timeout=30)
        yield event("import-last")

    def other() -> None:
        assert half_way.wait(timeout=30)
        try:
            with transaction.atomic():
                services.event_put(event_id="other", event=event("other"), now=NOW)
        finally:
            seen.append(revision())
            go_on.set()

    seen: list[int] = []
    together(lambda: services.events_upsert(events=rows(), now=NOW), other)
    assert seen == [1]
    assert revision() == 2
    assert len(changed_since(seen[0])) == 1_001
