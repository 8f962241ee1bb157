from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from experiments.looks import look_take
from experiments.models import Experiment, ExperimentStatus
from experiments.services import layer_default
from tests.experiments.factories import act, draft, expose, started

pytestmark = pytest.mark.django_db
LIST = "/admin/experiments/experiment/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    return client


def page_of(experiment: Experiment, name: str = "change/") -> str:
    return f"{LIST}{experiment.pk}/{name}"


def form(**changes: str) -> dict[str, str]:
    """What a browser sends for a new experiment of two variants."""
    fields = {
        "name": "Does taste help?",
        "key": "taste_v1",
        "hypothesis": "Taste beats popularity.",
        "description": "",
        "primary_metric": "conversion_rate",
        "attribution_hours": "168",
        "traffic_percentage": "100",
        "kind": "ab",
        "layer": str(layer_default().pk),
        "layer_percentage": "100",
        "audience": "everyone",
        "minimum_effect": "0.1",
        "expected_rate": "0.2",
        "planned_users": "4000",
        "planned_days": "14",
        "variants-TOTAL_FORMS": "2",
        "variants-INITIAL_FORMS": "0",
        "events-TOTAL_FORMS": "0",
        "events-INITIAL_FORMS": "0",
    }
    rows = (("control", "popularity", "0.5", "on"), ("content", "content_based", "0.5", ""))
    for number, (key, algorithm, weight, control) in enumerate(rows):
        row = {"key": key, "name": key, "algorithm": algorithm, "weight": weight, "description": ""}
        row |= {"is_control": control} if control else {}
        fields |= {f"variants-{number}-{name}": value for name, value in row.items()}
    return fields | changes


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_from_an_empty_admin_to_a_running_experiment(admin: Client) -> None:
    assert "conversion_rate" in text(admin.get(f"{LIST}add/"))
    admin.post(f"{LIST}add/", form())
    experiment = Experiment.objects.get()
    assert (experiment.key, experiment.status, experiment.created_by) == ("taste_v1", "draft", "staff:ann")
    assert [row.buckets for row in experiment.variants.all()] == [[[0, 500_000]], [[500_000, 1_000_000]]]
    draft_page = text(admin.get(page_of(experiment)))
    assert "Everything is there" in draft_page
    assert page_of(experiment, "start/") in draft_page
    assert "Start “Does taste help?”?" in text(admin.get(page_of(experiment, "start/"), follow=True))
    answer = admin.post(page_of(experiment, "start/"), {"reason": "Agreed on Monday"}, follow=True)
    assert "is running" in text(answer)
    experiment.refresh_from_db()
    assert experiment.status == ExperimentStatus.ACTIVE
    newest = experiment.events.first()
    assert newest is not None
    assert (newest.what, newest.actor, newest.reason) == ("Started", "staff:ann", "Agreed on Monday")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"variants-1-weight": "0.4"}, "sum to 0.9"),
        ({"variants-1-is_control": "on"}, "Only one variant can be the control"),
        ({"variants-1-algorithm": "magic"}, "Select a valid choice"),
        ({"variants-1-weight": "1.5"}, "less than or equal to 1"),
        ({"variants-1-key": "control"}, "correct the duplicate data"),
        ({"traffic_percentage": "101"}, "less than or equal to 100"),
    ],
)
def test_a_bad_set_up_is_refused_and_the_form_says_why(
    admin: Client, changes: dict[str, str], told: str
) -> None:
    assert told in text(admin.post(f"{LIST}add/", form(**changes)))
    assert not Experiment.objects.exists()


def test_a_refused_start_is_a_message_and_changes_nothing(admin: Client) -> None:
    started("first")
    second = draft("second")
    answer = admin.post(page_of(second, "start/"), {"reason": "Go"}, follow=True)
    assert "taken by first" in text(answer)
    second.refresh_from_db()
    assert second.status == ExperimentStatus.DRAFT


def test_a_change_wants_a_reason(admin: Client) -> None:
    experiment = started()
    assert "This field is required" in text(admin.post(page_of(experiment, "pause/"), {"reason": ""}))
    experiment.refresh_from_db()
    assert experiment.status == ExperimentStatus.ACTIVE


def test_only_the_buttons_that_make_sense_are_offered(admin: Client) -> None:
    experiment = started()

    def offered() -> set[str]:
        body = text(admin.get(page_of(experiment)))
        names = ("start", "pause", "resume", "complete", "traffic", "weights", "repin", "results")
        return {name for name in names if f'href="{page_of(experiment, f"{name}/")}"' in body}

    assert offered() == {"pause", "complete", "traffic", "weights", "results"}
    admin.post(page_of(experiment, "pause/"), {"reason": "Odd"})
    assert offered() == {"resume", "complete", "traffic", "weights", "results"}
    admin.post(page_of(experiment, "resume/"), {"reason": "Fine"})
    admin.post(page_of(experiment, "complete/"), {"reason": "Done", "decision": "none"})
    assert offered() == {"results"}


def test_a_running_experiment_cannot_be_edited(admin: Client) -> None:
    experiment = started()
    assert 'name="hypothesis"' not in text(admin.get(page_of(experiment)))
    assert admin.post(page_of(experiment), form(name="Other")).status_code == 403
    assert admin.post(page_of(experiment, "delete/"), {"post": "yes"}).status_code == 403
    assert admin.post(LIST, {"action": "delete_selected", "_selected_action": experiment.pk}, follow=True)
    experiment.refresh_from_db()
    assert experiment.name == "Experiment rec_v1"


def test_a_draft_can_be_edited_and_deleted(admin: Client) -> None:
    experiment = draft()
    rows = list(experiment.variants.all())
    ids = {f"variants-{n}-id": str(row.pk) for n, row in enumerate(rows)}
    edited = form(name="Better", **ids, **{"variants-INITIAL_FORMS": "2", "variants-0-weight": "0.2"})
    edited["variants-1-weight"] = "0.8"
    answer = admin.post(page_of(experiment), edited)
    assert answer.status_code == 302
    experiment.refresh_from_db()
    assert experiment.name == "Better"
    assert [row.buckets for row in experiment.variants.all()] == [[[0, 200_000]], [[200_000, 1_000_000]]]
    assert experiment.events.filter(what="Edited", actor="staff:ann").exists()
    admin.post(page_of(experiment, "delete/"), {"post": "yes"})
    assert not Experiment.objects.exists()


def test_weights_change_while_it_runs(admin: Client) -> None:
    experiment = started()
    assert "Weight of Control" in text(admin.get(page_of(experiment, "weights/"), follow=True))
    fields = {"weight-control": "0.1", "weight-treatment": "0.9", "reason": "Control has enough"}
    assert "has new weights" in text(admin.post(page_of(experiment, "weights/"), fields, follow=True))
    assert [row.weight for row in experiment.variants.all()] == [0.1, 0.9]
    fields["weight-treatment"] = "0.95"
    assert "sum to 1.05" in text(admin.post(page_of(experiment, "weights/"), fields, follow=True))


def test_the_results_page_gives_the_verdict_first_and_every_variant(admin: Client) -> None:
    start = timezone.now() - timedelta(days=5)
    experiment = started(now=start)
    for key, saved in (("control", 4), ("treatment", 20)):
        for number in range(40):
            expose(experiment, key, f"{key}-{number}", start + timedelta(days=number % 5))
            if number < saved:
                act(f"{key}-{number}", "save", start + timedelta(days=number % 5, minutes=5))
    for day in range(1, 6):
        look_take(experiment=experiment, now=start + timedelta(days=day))
    body = text(admin.get(page_of(experiment, "results/"), follow=True))
    assert body.index("Keep running") < body.index("<table")
    assert body.count("<polyline") == 2
    for part in ("+400.0%", "10.0%", "4.0% to 23.1%", "As planned", "Started", "Ready"):
        assert part in body


@pytest.mark.parametrize("make", [draft, started])
def test_an_empty_results_page_explains_itself(admin: Client, make: Any) -> None:
    body = text(admin.get(page_of(make(), "results/"), follow=True))
    assert body.index("Nothing to judge yet") < body.index("Nothing to compare yet")
    assert "<svg viewBox" not in body


def test_whoever_may_only_look_can_read_and_not_operate(client: Client) -> None:
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_experiment"))
    client.force_login(reader)
    experiment = started()
    assert client.get(page_of(experiment, "results/"), follow=True).status_code == 200
    assert client.post(page_of(experiment, "pause/"), {"reason": "No"}).status_code == 403
    assert page_of(experiment, "pause/") not in text(client.get(page_of(experiment)))
    experiment.refresh_from_db()
    assert experiment.status == ExperimentStatus.ACTIVE


def test_exposures_are_found_by_person_and_never_changed(admin: Client) -> None:
    experiment = started()
    other = expose(experiment, "control", "ann")
    exposure = expose(experiment, "treatment", "annika")
    found = text(admin.get("/admin/experiments/exposure/", {"q": "annika"}))
    assert f"/exposure/{exposure.pk}/change/" in found
    assert f"/exposure/{other.pk}/change/" not in found
    assert (
        admin.post(f"/admin/experiments/exposure/{exposure.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    assert admin.get("/admin/experiments/exposure/add/").status_code == 403
