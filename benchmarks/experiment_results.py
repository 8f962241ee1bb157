"""How long does the report on a large experiment take, and how much memory? Made-up rows on PostgreSQL.

    DATABASE_URL=postgres://.. python -m benchmarks.experiment_results [--exposures 10000 100000 1000000]
        [--lists-per-person 2]

For each size there are five times as many rows of feedback and, unless told otherwise, twice as many lists
served. They go into a database of their own, made beside the one that DATABASE_URL names and dropped
again. The table says how long the whole report took, how much of that its queries did, and the peak
resident memory of the process.

Exit codes: 0 measured, 2 wrong options or no PostgreSQL.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

SCRATCH = "experiment_results_benchmark"
START = "2026-05-04 12:00:00+00"

EXPOSURES = """
INSERT INTO experiments_exposure (experiment_id, variant_id, user_id, first_at, window_ends_at, phase,
                                  propensity, is_mixed, city, is_new, surface)
SELECT e.id, v.ids[1 + abs(hashint8(n)::bigint) % 2], 'person-' || n, at, at + interval '7 days', 1,
       0.5, n % 1000 = 0, (ARRAY['Dublin', 'Cork', 'Galway', 'Limerick'])[1 + n % 4], n % 3 = 0, 'home'
FROM experiments_experiment e
JOIN (SELECT experiment_id, array_agg(id ORDER BY id) AS ids FROM experiments_variant GROUP BY 1) v
  ON v.experiment_id = e.id,
  generate_series(1, %(people)s) n,
  LATERAL (SELECT e.started_at + n * interval '28 days' / %(people)s AS at) moment
"""

# One action in seven falls before the person's exposure and counts for nothing.
FEEDBACK = """
INSERT INTO feedback_feedback (user_id, event_id, action, occurred_at, received_at, context)
SELECT 'person-' || person, 'event-' || n % 5000,
       (ARRAY['impression', 'impression', 'click', 'save', 'hide', 'click', 'purchase', 'skip'])
         [1 + abs(hashint8(n + 7)::bigint) % 8], at, at, '{}'
FROM (SELECT n, 1 + abs(hashint8(n)::bigint) % %(people)s AS person,
             abs(hashint8(n + 1)::bigint) % 1000 / 1000.0 AS part
      FROM generate_series(1, 5 * %(people)s) n) drawn,
  LATERAL (SELECT e.started_at + person * interval '28 days' / %(people)s
                  + (part - 0.14) * interval '7 days' AS at FROM experiments_experiment e) moment
"""

LISTS = """
INSERT INTO feedback_prediction (recommendation_id, user_id, served_at, model_version, algorithm,
                                        fallback_reason, experiment, variant, surface, latency_ms, items)
SELECT md5(n::text)::uuid, 'person-' || person, at, 'v1', 'hybrid',
       CASE WHEN n % 50 = 0 THEN 'error' ELSE '' END, e.key, '', 'home', 3 + n % 7, lists.items[1 + n % 100]
FROM experiments_experiment e,
  (SELECT array_agg(items) AS items FROM (
     SELECT jsonb_agg(jsonb_build_array('event-' || (l * 7 + k * 13) % 5000, 1.0 / k)) AS items
     FROM generate_series(1, 100) l, generate_series(1, 20) k GROUP BY l) made) lists,
  generate_series(0, %(lists)s * %(people)s - 1) n,
  LATERAL (SELECT 1 + n % %(people)s AS person) who,
  LATERAL (SELECT e.started_at + person * interval '28 days' / %(people)s
                  + n / %(people)s * interval '1 day' AS at) moment
"""
TABLES = {
    "experiments_exposure": EXPOSURES,
    "feedback_feedback": FEEDBACK,
    "feedback_prediction": LISTS,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exposures", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--lists-per-person", type=int, default=2)
    options = parser.parse_args()
    lists = options.lists_per_person
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        parser.error("Set DATABASE_URL to a PostgreSQL database whose user may create databases.")
    print("exposures  feedback      lists   load s  report s  queries s  queries  peak MB")
    for people in options.exposures:
        with _scratch_database(url) as scratch:
            environment = {**os.environ, "DATABASE_URL": scratch, "DEBUG": "true"}
            loading = _run(f"load({people}, {lists})", environment)
            print(f"{people:>9,}{5 * people:>10,}{lists * people:>11,}{loading}", end="", flush=True)
            # A process of its own: loading is not to count for the memory of the report.
            print(_run(f"measure({people})", environment), flush=True)


@contextmanager
def _scratch_database(url: str) -> Iterator[str]:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {SCRATCH}")
        connection.execute(f"CREATE DATABASE {SCRATCH}")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{SCRATCH}"))
        finally:
            connection.execute(f"DROP DATABASE {SCRATCH}")


def _run(call: str, environment: dict[str, str]) -> str:
    program = f"from benchmarks.experiment_results import load, measure; {call}"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    return done.stdout.strip("\n")


def load(people: int, lists: int) -> None:
    """Fill the scratch database; prints the seconds it took."""
    began = time.perf_counter()
    _django()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    _experiment(people)
    with connection.cursor() as cursor:
        for table, statement in TABLES.items():
            indexes = _indexes_dropped(cursor, table)
            filled = statement.replace("%(people)s", str(people)).replace("%(lists)s", str(lists))
            cursor.execute(filled)
            for definition in indexes:
                cursor.execute(definition)
            cursor.execute(f"VACUUM ANALYZE {table}")
    print(f"{time.perf_counter() - began:>9.1f}")


def measure(people: int) -> None:
    """Make the report once; prints seconds, seconds of queries, their number, and the peak memory."""
    _django()
    from datetime import timedelta

    from django.db import connection, reset_queries

    from experiments.models import Experiment
    from experiments.results import experiment_report

    experiment = Experiment.objects.prefetch_related("variants").get()
    assert experiment.started_at is not None
    reset_queries()
    began = time.perf_counter()
    report = experiment_report(experiment=experiment, as_of=experiment.started_at + timedelta(days=30))
    seconds = time.perf_counter() - began
    assert report.participants == people - people // 1000
    queries = sum(float(query["time"]) for query in connection.queries)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:>10.2f}{queries:>11.2f}{len(connection.queries):>9}{peak:>9.0f}")


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "craic_ml.settings")
    import django

    django.setup()


def _experiment(people: int) -> None:
    from datetime import datetime

    from experiments.services import Plan, VariantPlan, experiment_create, experiment_start

    now = datetime.fromisoformat(START)
    experiment = experiment_create(
        key="large",
        name="A large one",
        variants=[
            VariantPlan(key="control", name="Control", weight=0.5, algorithm="popularity", is_control=True),
            VariantPlan(key="hybrid", name="Hybrid", weight=0.5, algorithm="hybrid"),
        ],
        actor="benchmark",
        now=now,
        hypothesis="It is large.",
        plan=Plan(minimum_effect=0.05, users=people, days=28, expected_rate=0.4),
    )
    experiment_start(experiment=experiment, actor="benchmark", reason="To be measured", now=now)


def _indexes_dropped(cursor: object, table: str) -> list[str]:
    """Drop the table's plain indexes, which would slow the loading, and give what makes them again."""
    execute = cursor.execute  # type: ignore[attr-defined]
    execute(
        """SELECT i.indexname, i.indexdef FROM pg_indexes i
           LEFT JOIN pg_constraint c ON c.conname = i.indexname
           WHERE i.tablename = %s AND c.oid IS NULL""",
        [table],
    )
    rows = cursor.fetchall()  # type: ignore[attr-defined]
    for name, _ in rows:
        execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in rows]


if __name__ == "__main__":
    main()
