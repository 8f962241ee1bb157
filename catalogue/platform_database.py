"""Reading the platform's own MySQL or MariaDB database: SELECTs only, streamed, its oddities made plain."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER
from pymysql.cursors import SSDictCursor

from common import errors

FETCH_ROWS = 1_000
CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 300
MAX_WORDS, MAX_WORD_LENGTH = 200, 255
_NAME_KEYS = ("name", "genre", "title")

PlatformRow = Mapping[str, Any]


class PlatformNotConfigured(errors.InvalidInput):
    pass


class PlatformUnreadable(errors.Unavailable):
    pass


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the platform's, and the columns of it that are read."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    moment: str | None = None  # the column that says when a row last changed


EVENTS = Table(
    "events",
    (
        *(
            "id",
            "title",
            "description",
            "start_time",
            "end_time",
            "city",
            "latitude",
            "longitude",
            "venue_name",
        ),
        *(
            "ticket_url",
            "age_restriction",
            "price_min",
            "price_max",
            "currency",
            "genres",
            "tags",
            "updated_at",
        ),
    ),
    moment="updated_at",
)
VENUES = Table("venues", ("id", "name", "address", "capacity", "genreFocus", "latitude", "longitude"))
SAVES = Table(
    "user_saved_events", ("user_id", "event_id", "saved_at"), key=("user_id", "event_id"), moment="saved_at"
)
HIDES = Table(
    "user_hidden_events",
    ("user_id", "event_id", "hidden_at"),
    key=("user_id", "event_id"),
    moment="hidden_at",
)
PREFERENCES = Table(
    "user_preferences",
    (
        *("user_id", "preferred_genres", "preferred_artists", "preferred_cities", "preferred_venues"),
        *("budget_max", "radius_km", "night_preferences"),
    ),
    key=("user_id",),
)
SPOTIFY = Table("user_spotify", ("user_id", "top_artists", "top_genres"), key=("user_id",))


class PlatformDatabase:
    """One read-only connection. Only one stream can be open on it at a time."""

    def __init__(self, connection: "Connection[SSDictCursor]") -> None:
        self._connection = connection

    def clock(self) -> datetime:
        """The time by the platform's own clock."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT UTC_TIMESTAMP() AS now")
            return as_utc((cursor.fetchall() or [{}])[0]["now"])

    def stream(self, table: Table, *, since: datetime | None = None) -> Iterator[list[PlatformRow]]:
        """The table's rows, those changed since `since` or of unknown age, in lists of up to FETCH_ROWS."""
        where = ""
        parameters: tuple[object, ...] = ()
        if since is not None and table.moment is not None:
            where = f" WHERE {table.moment} >= %s OR {table.moment} IS NULL"
            parameters = (since.astimezone(UTC).replace(tzinfo=None),)
        yield from self._chunks(table, where, parameters)

    def pairs_present(self, table: Table, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these (user, event) pairs the table holds."""
        where = f" WHERE (user_id, event_id) IN ({', '.join(['(%s, %s)'] * len(pairs))})"
        # Its ids are integers: compared as such, its indexes help.
        parameters = tuple(int(part) if part.isdecimal() else part for pair in pairs for part in pair)
        chunks = self._chunks(table, where, parameters) if pairs else ()
        return {(str(row["user_id"]), str(row["event_id"])) for rows in chunks for row in rows}

    def _chunks(
        self, table: Table, where: str, parameters: tuple[object, ...]
    ) -> Iterator[list[PlatformRow]]:
        columns = ", ".join(f"`{column}`" for column in table.columns)
        statement = f"SELECT {columns} FROM `{table.name}`{where}"  # noqa: S608  names are this module's own
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                while rows := cursor.fetchmany(FETCH_ROWS):
                    yield list(rows)
        except pymysql.MySQLError as error:
            raise PlatformUnreadable(_explained(error, table)) from error


@contextmanager
def platform_opened(url: str) -> Iterator[PlatformDatabase]:
    """A connection that cannot write. Raises PlatformNotConfigured, PlatformUnreadable."""
    parts = urlsplit(url)
    if parts.scheme not in ("mysql", "mariadb") or not parts.hostname or not parts.path.strip("/"):
        raise PlatformNotConfigured(
            "PLATFORM_DATABASE_URL must name the platform's database: mysql://user:password@host:3306/database"
        )
    try:
        port = parts.port or 3306
    except ValueError as error:
        raise PlatformNotConfigured(f"PLATFORM_DATABASE_URL: {error}.") from error
    try:
        connection = pymysql.connect(
            host=parts.hostname,
            port=port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")),
            charset="utf8mb4",
            autocommit=True,
            cursorclass=SSDictCursor,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
        )
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            # Its moments are UTC without saying so; TIMESTAMP columns are told in the session's zone.
            cursor.execute("SET time_zone = '+00:00'")
    except (pymysql.MySQLError, OSError) as error:
        raise PlatformUnreadable(
            f"The platform's database at {parts.hostname} did not let us in: {_message(error)}"
        ) from error
    with connection:
        yield PlatformDatabase(connection)


def _explained(error: pymysql.MySQLError, table: Table) -> str:
    number = error.args[0] if error.args else None
    if number == ER.NO_SUCH_TABLE:
        return f"The platform's database has no table '{table.name}': is PLATFORM_DATABASE_URL the right one?"
    if number == ER.BAD_FIELD_ERROR:
        return f"The platform's table '{table.name}' is not as expected: {_message(error)}"
    return f"The platform's table '{table.name}' could not be read: {_message(error)}"


def _message(error: Exception) -> str:
    return str(error.args[-1] if error.args else error)


def as_utc(value: object) -> datetime:
    """The platform's naive UTC with its offset. Raises InvalidInput on a zero date or no date."""
    if not isinstance(value, datetime):
        raise errors.InvalidInput("Not a moment.", errors={"time": [f"{value!r} is not a moment"]})
    return value.replace(tzinfo=UTC)


def words_of(value: object) -> list[str]:
    """A list of words out of whatever a JSON column holds.

    NULL; plain text; JSON of a string, of a list of strings, of a list of objects with a name, or of an
    object whose keys are switched on.
    """
    return list(dict.fromkeys(word[:MAX_WORD_LENGTH] for word in _words(value) if word))[:MAX_WORDS]


def _words(value: object) -> Iterator[str]:
    match value:
        case bytes():
            yield from _words(value.decode("utf-8", "replace"))
        case str():
            yield from _words_of_text(value.strip())
        case list():
            for item in value:
                yield from _words_of_item(item)
        case {"items": list(items)}:
            yield from _words(items)
        case dict():
            yield from _words_of_item(value) or (str(key) for key, on in value.items() if on)


def _words_of_item(item: object) -> list[str]:
    match item:
        case str():
            return [item.strip()]
        case bool():
            return []
        case int() | float():
            return [str(item)]
        case dict():
            return [item[key].strip() for key in _NAME_KEYS if isinstance(item.get(key), str)][:1]
    return []


def _words_of_text(text: str) -> Iterator[str]:
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if isinstance(parsed, list | dict | str):
        yield from _words(parsed)
    elif text != "null":
        yield from (word.strip() for word in text.split(","))
