"""CSV and JSON Lines, plain or gzip, read one row at a time in bounded memory.

A row that cannot be read is a `BadRow`, and reading goes on after it. A file whose shape is broken (gzip cut
off, a quote that never closes, a missing column) raises `BrokenFile`: nobody can say which rows it lost.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from common import errors
from common.json_codec import loads

MAX_LINE_BYTES = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_TOO_LONG = f"longer than {MAX_LINE_BYTES:,} bytes"


class BrokenFile(errors.InvalidInput):
    """The file as a whole cannot be trusted."""


class FileFormat(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    line: int  # 1-based line of the file where it starts
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a CSV file must have, under any one of its names."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return " or ".join(self.names)


class CountingReader(io.RawIOBase):
    """Counts the bytes taken from a stream, which a pipe cannot tell; for progress."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self.bytes_read += len(data)
        return len(data)


def format_of(name: str) -> FileFormat | None:
    """The format that a file's suffix announces; `.gz` is looked through."""
    match name.lower().removesuffix(".gz").rpartition("."):
        case (_, ".", "csv"):
            return FileFormat.CSV
        case (_, ".", "jsonl" | "ndjson"):
            return FileFormat.JSON_LINES
    return None


def rows_read(
    stream: io.RawIOBase, *, file_format: FileFormat, required: Sequence[Column] = ()
) -> Iterator[Row | BadRow]:
    """Every row of `stream`, gunzipped when it is gzip. Raises BrokenFile."""
    buffered = io.BufferedReader(stream, 256 * 1024)
    is_gzip = buffered.peek(2)[:2] == _GZIP_MAGIC
    plain = gzip.GzipFile(fileobj=buffered) if is_gzip else buffered
    lines = _Lines(plain)  # type: ignore[arg-type]
    try:
        yield from _csv_rows(lines, required) if file_format is FileFormat.CSV else _json_rows(lines)
    except EOFError as error:
        raise BrokenFile(
            f"The gzip data is cut off after line {lines.number:,}: the file is incomplete."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BrokenFile(f"The gzip data is corrupt after line {lines.number:,}.") from error
    except OSError as error:
        raise BrokenFile(
            f"The file could not be read after line {lines.number:,}: {error.strerror or error}."
        ) from error


class _BadLine(Exception):
    pass


class _Lines:
    """The decoded lines. A bad one raises `_BadLine`; the next call goes on with the line after it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._record_bytes = 0
        self.number = 0

    def record_begins(self) -> None:
        self._record_bytes = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MAX_LINE_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._record_bytes += len(line)
        if len(line) > MAX_LINE_BYTES:
            self._skip_rest_of(line)
            raise _BadLine(_TOO_LONG)
        if self._record_bytes > MAX_LINE_BYTES:
            raise _BadLine(f"a quoted field makes this row {_TOO_LONG}")
        if b"\x00" in line:
            raise _BadLine("holds a NUL character (is this UTF-16? save the file as UTF-8)")
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise _BadLine(f"not valid UTF-8 at byte {error.start + 1}") from error

    def _skip_rest_of(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._stream.readline(MAX_LINE_BYTES)


def _json_rows(lines: _Lines) -> Iterator[Row | BadRow]:
    while True:
        lines.record_begins()
        try:
            text = next(lines)
            if not text.strip():
                continue
            value = loads(text.encode())
        except StopIteration:
            return
        except _BadLine as error:
            yield BadRow(lines.number, str(error))
            continue
        except errors.MalformedBody as error:
            yield BadRow(lines.number, error.detail.replace("The body is", "This is"))
            continue
        if isinstance(value, dict):
            yield Row(lines.number, value)
        else:
            yield BadRow(lines.number, "not a JSON object; JSON Lines holds one object on each line")


def _csv_rows(lines: _Lines, required: Sequence[Column]) -> Iterator[Row | BadRow]:
    records = _csv_records(lines)
    header = next(records, None)
    if header is None:
        raise BrokenFile("The file is empty.")
    if isinstance(header, BadRow):
        raise BrokenFile(f"The header (line {header.line}) cannot be read: {header.reason}.")
    names = _header_checked(header[1], required)
    for record in records:
        if isinstance(record, BadRow):
            yield record
            continue
        line, fields = record
        if len(fields) != len(names):
            yield BadRow(line, f"has {len(fields)} fields where the header has {len(names)}")
        else:
            yield Row(line, {name: field for name, field in zip(names, fields, strict=True) if field != ""})


def _header_checked(fields: Sequence[str], required: Sequence[Column]) -> list[str]:
    names = [field.strip() for field in fields]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BrokenFile(f"The header names a column twice: {', '.join(repeated)}.")
    missing = [str(column) for column in required if not set(column.names) & set(names)]
    if missing:
        found = ", ".join(names)[:200]
        raise BrokenFile(f"The header lacks {'; '.join(missing)}. It has: {found}.")
    return names


def _csv_records(lines: _Lines) -> Iterator[tuple[int, list[str]] | BadRow]:
    reader = csv.reader(lines, strict=True)
    while True:
        first = lines.number + 1
        lines.record_begins()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except _BadLine as error:
            yield BadRow(lines.number, str(error))
        except csv.Error as error:
            yield _csv_defect(error, first, lines.number)
        else:
            if fields:
                yield first, fields


def _csv_defect(error: csv.Error, first: int, last: int) -> BadRow:
    """What the csv module complains of. A quote left open has swallowed an unknown part of the file."""
    complaint = str(error)
    if complaint == "unexpected end of data" or ("field limit" in complaint and last > first):
        raise BrokenFile(f"The quote opened in the row of line {first:,} is never closed.") from error
    if last > first:
        return BadRow(first, f"quotes do not pair up in lines {first} to {last}")
    return BadRow(first, f"not valid CSV: {complaint}")
