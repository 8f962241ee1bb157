"""The review page: what it says first, what it marks, what it explains when there is nothing to show."""

import csv
import io
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from experiments.looks import look_take
from experiments.models import Experiment
from experiments.services import experiment_complete, experiment_reweigh
from modelregistry.models import ChampionChange, ChangeKind
from tests.experiments.factories import draft, expose_many, serve, started
from tests.experiments.test_admin import page_of, text
from tests.modelregistry.factories import version

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    return client


@pytest.fixture
def start() -> datetime:
    return timezone.now() - timedelta(days=20)


def with_looks(start: datetime, control: int = 30, treatment: int = 70) -> Experiment:
    """Two days of 200 people a variant, of whom that many converted, and ten daily looks after."""
    experiment = started(now=start)
    for day in range(2):
        for key, converted in (("control", control), ("treatment", treatment)):
            for person in expose_many(experiment, key, 200, converted, start + timedelta(days=day)):
                serve(person, start + timedelta(days=day), ["gig"])
    for day in range(6, 16):
        look_take(experiment=experiment, now=start + timedelta(days=day))
    return experiment


def review(admin: Client, experiment: Experiment) -> str:
    return text(admin.get(page_of(experiment, "results/")))


def test_the_verdict_comes_first_with_its_rule_and_the_decision_it_suggests(
    admin: Client, start: datetime
) -> None:
    body = review(admin, with_looks(start))
    assert body.index("Ship</strong>") < body.index("crossed its sequential boundary") < body.index("How far")
    assert "?decision=ship%3Atreatment" in body
    assert "Better than control" in body


def test_the_suggested_decision_is_chosen_on_the_next_page(admin: Client, start: datetime) -> None:
    page = page_of(started(now=start), "complete/")
    body = text(admin.get(f"{page}?decision=ship%3Atreatment"))
    chosen = body.split('value="ship:treatment"')[1].split(">")[0]
    assert "checked" in chosen


def test_plan_and_health_are_on_one_strip(admin: Client, start: datetime) -> None:
    body = review(admin, with_looks(start))
    strip = body[body.index("How far it is") : body.index("What decides:")]
    for part in ("800 of 2,000", "20 of 14", "As planned", "early warning", "Saw two variants", "Burn-in"):
        assert part in strip
    for part in ("Milliseconds to make a list", "Lists that fell back", "5 days ago", "+0 people"):
        assert part in strip


def test_every_chart_has_a_title_and_a_description(admin: Client, start: datetime) -> None:
    body = review(admin, with_looks(start))
    charts = body.count('role="img"')
    assert charts >= 4
    for number, part in enumerate(body.split('role="img" aria-labelledby="')[1:]):
        title, description = part.split('"')[0].split()
        assert f'<title id="{title}">' in part, number
        assert f'<desc id="{description}">' in part, number
    names = [part.split('"')[0] for part in body.split('<title id="')[1:]]
    assert len(names) == len(set(names))


def test_tables_have_captions_and_scopes(admin: Client, start: datetime) -> None:
    body = review(admin, with_looks(start))
    assert body.count("<table") == body.count("<caption")
    assert "<th>" not in body


def test_the_headings_are_in_order(admin: Client, start: datetime) -> None:
    body = review(admin, with_looks(start))
    page = body[body.index('class="craic review"') :]
    levels = [int(part[0]) for part in page.split("<h")[1:] if part[0].isdigit()]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_secondary_metrics_and_segments_are_marked_exploratory(admin: Client, start: datetime) -> None:
    body = review(admin, with_looks(start))
    assert "Other outcomes: exploratory" in body
    assert "Segments: exploratory" in body
    assert "Benjamini–Hochberg" in body
    assert "Holm" in body


def test_a_small_sample_is_labelled_and_what_is_missing_says_why(admin: Client, start: datetime) -> None:
    experiment = started(now=start)
    for key, converted in (("control", 0), ("treatment", 2)):
        expose_many(experiment, key, 20, converted, start)
    body = review(admin, experiment)
    assert "Small sample" in body
    assert "nothing to measure" in body.lower()


def test_phases_and_champion_changes_are_marked(admin: Client, start: datetime) -> None:
    experiment = with_looks(start)
    first = version()
    at = start + timedelta(days=9, hours=1)
    ChampionChange.objects.create(kind=ChangeKind.PROMOTION, version=first, actor="x", reason="x", at=at)
    body = review(admin, experiment)
    assert body.count(f"model {first}") == 2
    weights = {"control": 0.2, "treatment": 0.8}
    experiment_reweigh(experiment=experiment, weights=weights, actor="x", reason="x", now=timezone.now())
    body = review(admin, experiment)
    assert "2, the present one" in body
    assert "The weights were changed, so the comparison began anew" in body


def test_no_look_yet_tells_how_looks_are_scheduled(admin: Client) -> None:
    body = review(admin, started(now=timezone.now()))
    assert "manage.py snapshot_experiments" in body
    assert "Nothing to compare yet" in body


def test_a_draft_points_to_what_is_still_to_do(admin: Client) -> None:
    body = review(admin, draft())
    assert "See what is still to do" in body
    assert "<table" in body  # the trail


def test_an_ended_one_shows_what_was_decided_and_offers_nothing(admin: Client, start: datetime) -> None:
    experiment = with_looks(start)
    experiment_complete(experiment=experiment, actor="x", reason="Enough", now=timezone.now())
    body = review(admin, experiment)
    assert "Decided:" in body
    assert page_of(experiment, "complete/") not in body


def rows_of(admin: Client, experiment: Experiment, name: str) -> list[dict[str, str]]:
    answer = admin.get(page_of(experiment, f"results/{name}.csv"))
    assert answer["Content-Disposition"] == f'attachment; filename="rec_v1-{name}.csv"'
    return list(csv.DictReader(io.StringIO(text(answer))))


def test_all_metrics_are_exported_by_variant(admin: Client, start: datetime) -> None:
    rows = rows_of(admin, with_looks(start), "metrics")
    everyone = [row for row in rows if row["people"] == "everyone"]
    assert len({row["metric"] for row in everyone}) == 9
    primary = [row for row in everyone if row["metric"] == "conversion_rate"]
    assert [(row["variant"], row["users"], row["total"]) for row in primary] == [
        ("control", "400", "60"),
        ("treatment", "400", "140"),
    ]
    assert float(primary[1]["relative_lift"]) == pytest.approx(140 / 60 - 1)
    assert {"everyone", "matured"} < {row["people"] for row in rows}


def test_all_looks_are_exported(admin: Client, start: datetime) -> None:
    rows = rows_of(admin, with_looks(start), "looks")
    assert len(rows) == 20
    found = [row for row in rows if row["finding"]]
    assert {(row["variant"], row["finding"]) for row in found} == {("treatment", "better")}
    assert all(float(row["statistic"]) >= float(row["critical_value"]) for row in found)


def test_a_spreadsheet_takes_no_text_for_a_formula(admin: Client, start: datetime) -> None:
    experiment = with_looks(start)
    experiment.variants.filter(key="treatment").update(key="-2+3")
    experiment.phases.update(weights={"control": 0.5, "-2+3": 0.5})
    assert "'-2+3" in {row["variant"] for row in rows_of(admin, experiment, "metrics")}


def test_whoever_may_not_look_gets_no_export(client: Client) -> None:
    client.force_login(User.objects.create_user("ben", is_staff=True))
    assert client.get(page_of(started(), "results/metrics.csv")).status_code == 403
