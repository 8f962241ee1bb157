import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import errors
from common.models import ApiKey
from common.row_import.engine import CHUNK_ROWS, MAX_BAD_ROWS_KEPT, ImportReport, Written, rows_import
from common.row_import.files import (
    MAX_LINE_BYTES,
    BadRow,
    BrokenFile,
    Column,
    FileFormat,
    Row,
    format_of,
    rows_read,
)


def read(content: bytes, file_format: FileFormat = FileFormat.CSV, *required: str) -> list[Row | BadRow]:
    columns = [Column((name,)) for name in required]
    raw: io.RawIOBase = io.BytesIO(content)  # type: ignore[assignment]
    return list(rows_read(raw, file_format=file_format, required=columns))


def read_json(content: bytes) -> list[Row | BadRow]:
    return read(content, FileFormat.JSON_LINES)


class TestReadingCsv:
    def test_it_reads_rows_with_the_line_each_starts_at(self) -> None:
        rows = read(b'id,title\n1,"two\nlines"\n\n2,b\n')
        assert rows == [Row(2, {"id": "1", "title": "two\nlines"}), Row(5, {"id": "2", "title": "b"})]

    def test_it_takes_an_empty_field_for_a_missing_one(self) -> None:
        assert read(b"id,title\n1,\n") == [Row(2, {"id": "1"})]

    def test_it_reads_what_a_spreadsheet_saves(self) -> None:
        assert read("\ufeffid,title\r\n1,Björk\r\n".encode()) == [Row(2, {"id": "1", "title": "Björk"})]

    def test_it_reads_gzip_whatever_the_name(self) -> None:
        assert read(gzip.compress(b"id\n1\n")) == [Row(2, {"id": "1"})]

    def test_it_names_a_missing_column_and_those_found(self) -> None:
        with pytest.raises(BrokenFile, match=r"lacks title\. It has: id, name\."):
            read(b"id,name\n1,a\n", FileFormat.CSV, "id", "title")

    def test_it_refuses_a_column_named_twice(self) -> None:
        with pytest.raises(BrokenFile, match="twice: id"):
            read(b"id,id\n1,2\n")

    def test_it_refuses_an_empty_file(self) -> None:
        with pytest.raises(BrokenFile, match="empty"):
            read(b"")

    def test_it_refuses_a_quote_that_never_closes(self) -> None:
        with pytest.raises(BrokenFile, match="line 3 is never closed"):
            read(b'id,title\n1,a\n2,"b\n3,c\n')

    def test_it_refuses_an_open_quote_that_swallows_more_than_a_field_may_hold(self) -> None:
        with pytest.raises(BrokenFile, match="line 2 is never closed"):
            read(b'id,title\n1,"a\n' + b"2,b\n" * csv.field_size_limit())

    def test_it_names_the_lines_that_a_stray_quote_swallowed_and_goes_on(self) -> None:
        rows = read(b'id,title\n1,"a\n2,"b"\n3,c\n')
        assert rows == [BadRow(2, "quotes do not pair up in lines 2 to 3"), Row(4, {"id": "3", "title": "c"})]

    def test_it_names_a_row_with_too_few_or_too_many_fields(self) -> None:
        rows = read(b"id,title\n1\n2,b,c\n")
        assert rows == [
            BadRow(2, "has 1 fields where the header has 2"),
            BadRow(3, "has 3 fields where the header has 2"),
        ]

    def test_it_names_a_line_that_is_not_utf8_and_goes_on(self) -> None:
        rows = read(b"id,title\n1,Bj\xf6rk\n2,b\n")
        assert rows == [BadRow(2, "not valid UTF-8 at byte 5"), Row(3, {"id": "2", "title": "b"})]

    def test_it_refuses_a_header_that_is_not_utf8(self) -> None:
        with pytest.raises(BrokenFile, match="header"):
            read("id,title\n".encode("utf-16"))

    @given(
        st.lists(
            st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=2, max_size=2)
        )
    )
    def test_it_reads_back_whatever_python_writes(self, table: list[list[str]]) -> None:
        file = io.StringIO(newline="")
        csv.writer(file).writerows([["a", "b"], *table])
        rows = read(file.getvalue().encode())
        expected = [{k: v for k, v in zip("ab", fields, strict=True) if v} for fields in table]
        assert [row.values for row in rows if isinstance(row, Row)] == expected


class TestReadingJsonLines:
    def test_it_reads_objects_and_skips_blank_lines(self) -> None:
        assert read_json(b'{"id": 1}\n\n{"id": 2}') == [Row(1, {"id": 1}), Row(3, {"id": 2})]

    @pytest.mark.parametrize(
        "line", [b"{", b"[1]", b"7", b'{"a": NaN}', b'{"a": "\\u0000"}', b"\xff", b"\x00"]
    )
    def test_it_names_a_bad_line_and_goes_on(self, line: bytes) -> None:
        bad, good = read_json(line + b'\n{"id": 2}\n')
        assert isinstance(bad, BadRow)
        assert bad.line == 1
        assert good == Row(2, {"id": 2})

    def test_it_names_a_line_that_is_too_long_without_holding_it(self) -> None:
        endless = b'{"id": "' + b"x" * (3 * MAX_LINE_BYTES) + b'"}\n{"id": 2}\n'
        assert read_json(endless) == [BadRow(1, "longer than 1,048,576 bytes"), Row(2, {"id": 2})]

    @given(st.lists(st.binary()))
    def test_no_bytes_whatsoever_break_it(self, lines: list[bytes]) -> None:
        content = b"\n" + b"\n".join(lines)
        assert all(isinstance(row, Row | BadRow) for row in read_json(content))


class TestReadingGzip:
    packed = gzip.compress(b"".join(orjson.dumps({"id": i}) + b"\n" for i in range(10_000)), mtime=0)

    def test_it_refuses_a_file_that_is_cut_off(self) -> None:
        with pytest.raises(BrokenFile, match="cut off"):
            read_json(self.packed[:-100])

    def test_it_refuses_a_file_that_is_corrupt(self) -> None:
        with pytest.raises(BrokenFile, match="corrupt"):
            read_json(self.packed[:500] + bytes(50) + self.packed[550:])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", FileFormat.CSV),
        ("A.CSV.GZ", FileFormat.CSV),
        ("a.jsonl", FileFormat.JSON_LINES),
        ("a.ndjson.gz", FileFormat.JSON_LINES),
        ("a.json", None),
        ("a.gz", None),
        ("csv", None),
    ],
)
def test_the_suffix_says_the_format(name: str, expected: FileFormat | None) -> None:
    assert format_of(name) == expected


class KeyImporter:
    """Rows are API keys, by name; a row without a name is bad."""

    required_columns: Sequence[Column] = ()

    def __init__(self) -> None:
        self.chunk_sizes: list[int] = []

    def row_parse(self, values: Mapping[str, object]) -> tuple[str, str]:
        if "name" not in values:
            raise errors.InvalidInput("Bad.", errors={"name": ["Field required"]})
        return str(values["name"]), str(values.get("by", ""))

    def items_write(self, items: Iterable[tuple[str, str]]) -> Written:
        wanted = dict(items)
        self.chunk_sizes.append(len(wanted))
        for name, by in wanted.items():
            ApiKey.objects.update_or_create(
                name=name, defaults={"created_by": by, "digest_sha256": ApiKey.digest(name)}
            )
        return Written(created=len(wanted))


def rows(*names: str | None, by: str = "") -> list[Row | BadRow]:
    return [Row(n, {} if name is None else {"name": name, "by": by}) for n, name in enumerate(names, 1)]


def names() -> set[str]:
    return set(ApiKey.objects.values_list("name", flat=True))


@pytest.mark.django_db(transaction=True)
class TestImporting:
    def run(self, rows: Sequence[Row | BadRow], **options: bool) -> ImportReport:
        return rows_import(rows, importer=KeyImporter(), **options)  # type: ignore[arg-type]

    def test_it_writes_good_rows(self) -> None:
        report = self.run(rows("a", "b"))
        assert names() == {"a", "b"}
        assert (report.read, report.written.created, report.bad, report.kept) == (2, 2, 0, True)

    def test_one_bad_row_in_a_later_chunk_undoes_all_of_them(self) -> None:
        many = rows(*(f"key-{n}" for n in range(CHUNK_ROWS + 1)), None)
        report = self.run(many)
        assert names() == set()
        assert report.bad_rows == [BadRow(CHUNK_ROWS + 2, "name: Field required")]
        assert not report.kept

    def test_skipping_bad_rows_writes_the_others(self) -> None:
        report = self.run(rows("a", None, "b"), skip_bad=True)
        assert names() == {"a", "b"}
        assert (report.bad, report.kept) == (1, True)

    @pytest.mark.parametrize("skip_bad", [False, True])
    def test_a_dry_run_counts_and_changes_nothing(self, skip_bad: bool) -> None:
        report = self.run(rows("a", "b"), dry_run=True, skip_bad=skip_bad)
        assert names() == set()
        assert (report.written.created, report.kept) == (2, False)

    def test_the_later_of_two_rows_wins(self) -> None:
        report = self.run([*rows("a", "b", by="first"), *rows("a", by="second")])
        assert ApiKey.objects.get(name="a").created_by == "second"
        assert (report.repeated, report.written.created) == (1, 2)

    def test_a_file_that_breaks_half_way_changes_nothing(self) -> None:
        def breaking() -> object:
            yield from rows(*(f"key-{n}" for n in range(CHUNK_ROWS + 1)))
            raise BrokenFile("Cut off.")

        with pytest.raises(BrokenFile):
            self.run(breaking())  # type: ignore[arg-type]
        assert names() == set()

    def test_it_keeps_the_first_bad_rows_and_counts_the_rest(self) -> None:
        report = self.run(rows(*[None] * (MAX_BAD_ROWS_KEPT + 5)))
        assert report.bad == MAX_BAD_ROWS_KEPT + 5
        assert [row.line for row in report.bad_rows] == list(range(1, MAX_BAD_ROWS_KEPT + 1))

    def test_skipping_bad_rows_commits_in_chunks(self) -> None:
        importer = KeyImporter()
        many = rows(None, *(f"key-{n}" for n in range(CHUNK_ROWS + 1)))
        rows_import(many, importer=importer, skip_bad=True)
        assert importer.chunk_sizes == [CHUNK_ROWS, 1]
