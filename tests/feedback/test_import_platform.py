"""import_platform against a real MariaDB or MySQL: PLATFORM_TEST_DATABASE_URL, or root on 127.0.0.1:3306."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pymysql
import pytest
from django.core.management import CommandError, call_command
from pymysql.cursors import DictCursor

from catalogue.models import Event, PlatformCursor, TasteProfile, Venue
from catalogue.platform_database import PlatformUnreadable, platform_opened, words_of
from catalogue.schemas import BulkEventIn
from catalogue.services import event_delete, events_upsert
from feedback.models import Action, Feedback
from feedback.services import NewFeedback, feedback_record

SERVER = os.environ.get("PLATFORM_TEST_DATABASE_URL", "mysql://root@127.0.0.1:3306")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

TABLES = """
CREATE TABLE events (id INT PRIMARY KEY AUTO_INCREMENT, title VARCHAR(255), description TEXT,
    start_time DATETIME, end_time DATETIME, city VARCHAR(100), venue_name VARCHAR(255), ticket_url TEXT,
    latitude DECIMAL(10, 7), longitude DECIMAL(10, 7), age_restriction VARCHAR(50),
    price_min DECIMAL(10, 2), price_max DECIMAL(10, 2), currency VARCHAR(10),
    genres JSON, tags JSON, updated_at TIMESTAMP NULL);
CREATE TABLE venues (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(255), address VARCHAR(255),
    capacity INT, genreFocus JSON, latitude DECIMAL(10, 7), longitude DECIMAL(10, 7));
CREATE TABLE user_saved_events (user_id INT, event_id INT, saved_at DATETIME,
    PRIMARY KEY (user_id, event_id));
CREATE TABLE user_hidden_events (user_id INT, event_id INT, hidden_at DATETIME,
    PRIMARY KEY (user_id, event_id));
CREATE TABLE user_preferences (user_id INT PRIMARY KEY, preferred_genres JSON, preferred_artists JSON,
    preferred_cities JSON, preferred_venues JSON, budget_max DECIMAL(10, 2), radius_km INT,
    night_preferences TEXT);
CREATE TABLE user_spotify (user_id INT PRIMARY KEY, top_artists JSON, top_genres JSON)
"""

ALL_TABLES = re.findall(r"CREATE TABLE (\w+)", TABLES)


@dataclass(frozen=True)
class Platform:
    url: str
    connection: "pymysql.connections.Connection[DictCursor]"

    def run(self, statement: str, *parameters: object) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    def add(self, table: str, **values: Any) -> None:
        values = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in values.items()}
        places = ", ".join(["%s"] * len(values))
        self.run(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())

    def add_event(self, **values: Any) -> None:
        self.add(
            "events", **{"start_time": "2026-12-01 20:00:00", "updated_at": "2026-06-01 10:00:00"} | values
        )

    def checksum(self) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(f"CHECKSUM TABLE {', '.join(ALL_TABLES)}")
            return list(cursor.fetchall())


@pytest.fixture(scope="module")
def server() -> Iterator[Platform]:
    parts = urlsplit(SERVER)
    name = f"platform_{uuid4().hex[:12]}"
    try:
        connection = pymysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            autocommit=True,
            cursorclass=DictCursor,
        )
    except pymysql.MySQLError as error:
        pytest.skip(f"no MariaDB or MySQL answers at {parts.hostname}:{parts.port or 3306}: {error}")
    platform = Platform(f"mysql://{parts.netloc}/{name}", connection)
    platform.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        platform.run(f"USE {name}")
        for statement in TABLES.split(";"):
            platform.run(statement)
        yield platform
    finally:
        platform.run(f"DROP DATABASE {name}")
        connection.close()


@pytest.fixture
def platform(server: Platform, settings: Any) -> Platform:
    """The platform's database with its tables, empty."""
    settings.PLATFORM_DATABASE_URL = server.url
    for table in ALL_TABLES:
        server.run(f"DELETE FROM {table}")
    return server


pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_platform", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def fail(*arguments: str) -> tuple[int, str, str]:
    """Exit code, the error's one line, and what was printed before it."""
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("import_platform", *arguments, stdout=out, stderr=out)
    return raised.value.returncode, str(raised.value), out.getvalue()


def actions() -> list[tuple[str, str, str]]:
    return list(Feedback.objects.order_by("pk").values_list("user_id", "event_id", "action"))


class TestEvents:
    def test_it_reads_an_event_whole(self, platform: Platform) -> None:
        platform.add_event(
            id=7,
            title="Bicep",
            description=None,
            end_time="2026-12-02 02:00:00",
            city="Dublin",
            latitude="53.3438",
            longitude="-6.2546",
            venue_name="Button Factory",
            ticket_url="https://tickets.example/7",
            price_min="25.50",
            price_max="30.00",
            currency="eur",
            genres=["techno", {"name": "house"}],
            tags=None,
        )
        run()
        event = Event.objects.get()
        assert (event.pk, event.title, event.description, event.city) == ("7", "Bicep", "", "Dublin")
        assert event.starts_at == datetime(2026, 12, 1, 20, tzinfo=UTC)
        assert event.ends_at == datetime(2026, 12, 2, 2, tzinfo=UTC)
        assert (event.latitude, event.longitude) == (53.3438, -6.2546)
        assert (event.genres, event.tags, event.currency) == (["techno", "house"], [], "EUR")
        assert (str(event.price_min), str(event.price_max)) == ("25.50", "30.00")

    def test_an_event_without_a_place_takes_its_venues(self, platform: Platform) -> None:
        platform.add("venues", id=1, name="Whelan's", latitude="53.3365", longitude="-6.2657")
        platform.add_event(id=1, title="A gig", venue_name="Whelan's")
        run()
        assert Event.objects.values_list("latitude", "longitude").get() == (53.3365, -6.2657)

    def test_it_reads_again_only_what_changed_since(self, platform: Platform) -> None:
        platform.add_event(id=1, title="Old")
        platform.add_event(id=2, title="Changing")
        assert "events: 2 read, 2 created, 0 updated, 0 unchanged" in run()
        platform.run("UPDATE events SET title = 'Changed', updated_at = UTC_TIMESTAMP() WHERE id = 2")
        assert "events: 1 read, 0 created, 1 updated, 0 unchanged" in run()
        assert "events: 1 read, 0 created, 0 updated, 1 unchanged" in run()  # the overlap
        assert "events: 2 read, 0 created, 0 updated, 2 unchanged" in run("--full")
        assert set(Event.objects.values_list("title", flat=True)) == {"Old", "Changed"}

    def test_a_change_dated_in_the_future_does_not_hide_later_ones(self, platform: Platform) -> None:
        platform.add_event(id=1, title="Wrong clock", updated_at="2037-01-01 00:00:00")
        run()
        platform.run(
            "INSERT INTO events (id, title, start_time, updated_at) "
            "VALUES (2, 'New', '2026-12-01 20:00:00', UTC_TIMESTAMP())"
        )
        run()
        assert Event.objects.filter(pk="2").exists()

    def test_it_keeps_what_the_platform_has_no_column_for(self, platform: Platform) -> None:
        ours = {
            "event_id": "1",
            "title": "A",
            "starts_at": "2026-12-01T20:00:00Z",
            "artists": ["Bicep"],
            "promoter": "Pod",
            "status": "cancelled",
        }
        events_upsert(events=[BulkEventIn.model_validate(ours)], now=LONG_AGO)
        platform.add_event(id=1, title="B")
        run()
        event = Event.objects.get()
        assert (event.title, event.artists, event.promoter, event.status) == (
            "B",
            ["Bicep"],
            "Pod",
            "cancelled",
        )

    def test_an_event_withdrawn_here_stays_so_until_the_platform_changes_it(self, platform: Platform) -> None:
        platform.add_event(id=1, title="A")
        run()
        event_delete(event_id="1", now=datetime(2026, 7, 1, tzinfo=UTC))
        run("--full")
        assert not Event.objects.live().exists()
        platform.run("UPDATE events SET updated_at = '2026-07-02 00:00:00'")
        run("--full")
        assert Event.objects.live().exists()

    def test_it_names_unusable_events_and_keeps_the_others(self, platform: Platform) -> None:
        platform.add_event(id=1, title="Good")
        platform.add_event(id=2, title="No start", start_time=None)
        platform.add_event(id=3, title="", price_min="-1")
        code, error, printed = fail()
        assert (code, error) == (1, "Rows passed over: 2.")
        assert "events 2: time: None is not a moment" in printed
        assert "events 3: title:" in printed
        assert Event.objects.values_list("pk", flat=True).get() == "1"


class TestVenues:
    def test_it_reads_venues_and_keeps_the_city_given_here(self, platform: Platform) -> None:
        platform.add(
            "venues", id=3, name="Roisin Dubh", address="Dominick St", capacity=400, genreFocus='["indie"]'
        )
        run()
        Venue.objects.update(city="Galway")
        platform.run("UPDATE venues SET capacity = 450")
        assert "venues: 1 read, 0 created, 1 updated, 0 unchanged" in run()
        assert "venues: 1 read, 0 created, 0 updated, 1 unchanged" in run()
        venue = Venue.objects.get()
        assert (venue.pk, venue.capacity, venue.genre_focus, venue.city) == ("3", 450, ["indie"], "Galway")


class TestTaste:
    def test_it_joins_preferences_and_listening_and_leaves_the_home(self, platform: Platform) -> None:
        TasteProfile.objects.create(user_id="5", home_latitude=53.3, home_longitude=-6.2)
        platform.add(
            "user_preferences",
            user_id=5,
            preferred_genres=["techno"],
            preferred_artists=[{"name": "Bicep"}],
            budget_max="40.00",
            radius_km=12,
            night_preferences="friday, saturday",
        )
        platform.add("user_spotify", user_id=5, top_artists=[{"name": "Fontaines D.C."}], top_genres="null")
        run()
        taste = TasteProfile.objects.get()
        assert (taste.preferred_genres, taste.preferred_artists) == (["techno"], ["Bicep"])
        assert (taste.night_preferences, taste.radius_km) == (["friday", "saturday"], 12)
        assert (taste.listening_artists, taste.listening_genres) == (["Fontaines D.C."], [])
        assert (taste.home_latitude, str(taste.budget_max)) == (53.3, "40.00")
        assert "user_spotify: 1 read, 0 created, 0 updated, 1 unchanged" in run()


class TestSavesAndHides:
    def test_they_become_feedback_of_their_time_once(self, platform: Platform) -> None:
        platform.add("user_saved_events", user_id=1, event_id=7, saved_at="2026-03-01 12:00:00")
        platform.add("user_hidden_events", user_id=2, event_id=7, hidden_at="2026-03-02 12:00:00")
        run()
        run("--full")
        assert actions() == [("1", "7", "save"), ("2", "7", "hide")]
        assert Feedback.objects.get(action="save").occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)

    def test_a_save_that_the_api_recorded_is_not_recorded_again(self, platform: Platform) -> None:
        item = NewFeedback("1", "7", Action.SAVE, occurred_at=datetime(2026, 3, 1, 12, 0, 2, tzinfo=UTC))
        feedback_record(items=[item], now=LONG_AGO)
        platform.add("user_saved_events", user_id=1, event_id=7, saved_at="2026-03-01 12:00:00")
        assert "user_saved_events: 1 read, 0 created, 0 updated, 1 unchanged" in run()

    def test_an_unsave_newer_than_the_save_stands_and_an_older_one_does_not(self, platform: Platform) -> None:
        for event, hour in (("7", 13), ("8", 11)):
            when = datetime(2026, 3, 1, hour, tzinfo=UTC)
            feedback_record(items=[NewFeedback("1", event, Action.UNSAVE, occurred_at=when)], now=LONG_AGO)
        for event_id in (7, 8):
            platform.add("user_saved_events", user_id=1, event_id=event_id, saved_at="2026-03-01 12:00:00")
        run()
        assert Feedback.objects.filter(action="save").values_list("event_id", flat=True).get() == "8"

    def test_only_a_full_read_notices_that_a_save_is_gone_and_says_so_once(self, platform: Platform) -> None:
        for event_id in (7, 8):
            platform.add("user_saved_events", user_id=1, event_id=event_id, saved_at="2026-03-01 12:00:00")
        run()
        platform.run("DELETE FROM user_saved_events WHERE event_id = 7")
        run()
        assert not Feedback.objects.filter(action="unsave").exists()
        run("--full")
        run("--full")
        assert actions() == [("1", "7", "save"), ("1", "8", "save"), ("1", "7", "unsave")]

    def test_a_save_of_the_api_that_the_platform_does_not_hold_stays(self, platform: Platform) -> None:
        feedback_record(items=[NewFeedback("1", "7", Action.SAVE)], now=LONG_AGO)
        run("--full")
        assert actions() == [("1", "7", "save")]


class TestRunning:
    def test_it_streams_more_than_a_chunk(self, platform: Platform) -> None:
        platform.run("INSERT INTO user_saved_events SELECT seq, 7, '2026-03-01 12:00:00' FROM seq_1_to_2500")
        assert "user_saved_events: 2,500 read, 2,500 created" in run()
        platform.run("DELETE FROM user_saved_events WHERE user_id > 1500")
        assert "user_saved_events (removed): 2,500 read, 1,000 created" in run("--full")

    @pytest.mark.parametrize("arguments", [["--dry-run"], ["--dry-run", "--full"]])
    def test_a_dry_run_counts_and_changes_nothing(self, platform: Platform, arguments: list[str]) -> None:
        platform.add_event(id=1, title="A")
        printed = run(*arguments)
        assert "events: 1 read, 1 created" in printed
        assert "nothing was changed" in printed
        assert not Event.objects.exists()
        assert not PlatformCursor.objects.exists()

    def test_it_changes_nothing_on_the_platform(self, platform: Platform) -> None:
        platform.add_event(id=1, title="A")
        before = platform.checksum()
        run("--full")
        assert platform.checksum() == before

    def test_its_connection_cannot_write(self, platform: Platform) -> None:
        with (
            platform_opened(platform.url) as database,
            database._connection.cursor() as cursor,
            pytest.raises(pymysql.MySQLError, match="READ ONLY"),
        ):
            cursor.execute("DELETE FROM events")

    def test_a_missing_table_is_named(self, platform: Platform) -> None:
        platform.run("RENAME TABLE user_spotify TO elsewhere")
        try:
            code, error, _ = fail()
        finally:
            platform.run("RENAME TABLE elsewhere TO user_spotify")
        assert code == 1
        assert "no table 'user_spotify'" in error

    def test_a_missing_column_is_named(self, platform: Platform) -> None:
        platform.run("ALTER TABLE events CHANGE tags labels JSON")
        try:
            code, error, _ = fail()
        finally:
            platform.run("ALTER TABLE events CHANGE labels tags JSON")
        assert code == 1
        assert "'events'" in error
        assert "'tags'" in error

    def test_a_database_that_does_not_answer_is_one_line(self, settings: Any) -> None:
        settings.PLATFORM_DATABASE_URL = "mysql://nobody@127.0.0.1:1/none"
        code, error, _ = fail()
        assert code == 1
        assert "127.0.0.1" in error
        assert "\n" not in error

    @pytest.mark.parametrize("url", ["", "postgres://localhost/x", "mysql://localhost", "mysql://h:port/x"])
    def test_a_missing_or_malformed_address_is_a_usage_error(self, settings: Any, url: str) -> None:
        settings.PLATFORM_DATABASE_URL = url
        code, error, _ = fail()
        assert code == 2
        assert "PLATFORM_DATABASE_URL" in error

    def test_no_password_is_printed(self, settings: Any) -> None:
        settings.PLATFORM_DATABASE_URL = "mysql://nobody:hunter2@127.0.0.1:1/none"
        assert "hunter2" not in fail()[1]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (None, []),
        ("", []),
        ("null", []),
        ("[]", []),
        ("techno", ["techno"]),
        ("techno, house ,", ["techno", "house"]),
        ('"techno"', ["techno"]),
        ('["techno", " house ", "techno", "", null]', ["techno", "house"]),
        ('[{"name": "Bicep", "id": 3}, {"genre": "techno"}, {"id": 4}]', ["Bicep", "techno"]),
        ('"[\\"Tyler, The Creator\\"]"', ["Tyler, The Creator"]),
        ('{"items": [{"name": "Bicep"}]}', ["Bicep"]),
        ('{"friday": true, "sunday": false}', ["friday"]),
        (b'["techno"]', ["techno"]),
        (["techno", 1990], ["techno", "1990"]),
        ("[not json", ["[not json"]),
    ],
)
def test_a_json_column_gives_its_words(held: object, expected: list[str]) -> None:
    assert words_of(held) == expected


def test_platform_unreadable_is_an_answerable_error() -> None:
    assert PlatformUnreadable("x").status == 503
