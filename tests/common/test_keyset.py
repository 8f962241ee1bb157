"""Large tables are read page by page."""

from datetime import UTC, datetime
from operator import itemgetter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.models import TasteProfile
from catalogue.schemas import TasteIn
from catalogue.services import taste_put
from common.keyset import keyset_pages

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PEOPLE = ["Zoë", "aoife", "Aoife", "10", "9", "ciarán", "ÿ"]


@pytest.fixture(autouse=True)
def _tastes() -> None:
    for person in PEOPLE:
        taste_put(user_id=person, taste=TasteIn(preferred_genres=[person]), now=NOW)


@pytest.mark.parametrize(("size", "queries"), [(1, 8), (2, 4), (3, 3), (7, 2), (8, 1)])
def test_it_reads_every_row_once_in_the_order_of_its_key_a_query_a_page(size: int, queries: int) -> None:
    with CaptureQueriesContext(connection) as asked:
        pages = list(keyset_pages(TasteProfile.objects.all(), size=size))
    assert [row for page in pages for row in page] == list(TasteProfile.objects.order_by("pk"))
    assert {len(page) for page in pages[:-1]} <= {size}
    assert len(asked) == queries


def test_it_reads_tuples_by_the_key_that_the_caller_finds_in_them() -> None:
    rows = TasteProfile.objects.exclude(user_id="9").values_list("preferred_genres", "user_id")
    pages = list(keyset_pages(rows, size=2, key_of=itemgetter(1)))
    assert sorted(row[1] for page in pages for row in page) == sorted(set(PEOPLE) - {"9"})


def test_no_rows_are_no_pages() -> None:
    assert list(keyset_pages(TasteProfile.objects.none(), size=2)) == []
    assert list(keyset_pages(TasteProfile.objects.filter(user_id="nobody"), size=2)) == []
