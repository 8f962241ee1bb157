"""Large tables read page by page, in the memory of one page, on every database.

`QuerySet.iterator()` does not bound memory on MySQL and MariaDB: their driver fetches the whole result before
the first row is seen.
"""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")
_PRIMARY_KEY = attrgetter("pk")


def keyset_pages(
    rows: QuerySet[M, Row], *, size: int, key_of: Callable[[Row], Any] = _PRIMARY_KEY
) -> Iterator[list[Row]]:
    """`rows` in the order of their primary key, `size` at a time, each page one indexed query.

    `key_of` finds the primary key in a row that is not a model, such as a tuple of `values_list`.
    """
    ordered = rows.order_by("pk")
    page = list(ordered[:size])
    while page:
        yield page
        if len(page) < size:
            return
        page = list(ordered.filter(pk__gt=key_of(page[-1]))[:size])
