"""Several writers at once, for tests with `django_db(transaction=True)`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


def together(*works: Callable[[], object]) -> None:
    """Run `works` at the same time, each with its own connection; raise what any of them raised."""

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(works)) as pool:
        running = [pool.submit(run, work) for work in works]
    for one in running:
        one.result()
