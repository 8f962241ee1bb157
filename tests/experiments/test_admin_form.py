"""The form as somebody new to it meets it: what it fills in, what it refuses, what it says."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from experiments.models import Experiment
from tests.experiments.factories import act, draft, serve, started
from tests.experiments.test_admin import LIST, form, page_of, text
from tests.modelregistry.factories import version

pytestmark = pytest.mark.django_db
LEAST = {
    "name": "Does taste beat popularity?",
    "hypothesis": "It does, as people like what they liked before.",
    "kind": "ab",
    "audience": "everyone",
    "traffic_percentage": "100",
    "layer_percentage": "100",
    "primary_metric": "conversion_rate",
    "attribution_hours": "168",
    "minimum_effect": "0.1",
    "expected_rate": "0.2",
    "variants-TOTAL_FORMS": "2",
    "variants-INITIAL_FORMS": "0",
    "variants-0-name": "Control",
    "variants-0-is_control": "on",
    "variants-1-name": "Ranked by taste",
    "variants-1-algorithm": "content_based",
}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    return client


def add(admin: Client, **changes: str) -> Any:
    layer = text(admin.get(f"{LIST}add/")).split('name="layer"')[1].split('value="')[2].split('"')[0]
    return admin.post(f"{LIST}add/", LEAST | {"layer": layer} | changes, follow=True)


def test_it_begins_with_a_control_a_treatment_and_the_ordinary_layer(admin: Client) -> None:
    body = text(admin.get(f"{LIST}add/"))
    for part in ('value="control"', 'value="treatment"', "The ordinary one (hybrid)", 'value="0.1"'):
        assert part in body
    assert body.index("What you test") < body.index("The variants:") < body.index("Who takes part")


def test_what_is_left_open_is_filled_in(admin: Client) -> None:
    add(admin)
    experiment = Experiment.objects.get()
    assert experiment.key == "does_taste_beat_popularity"
    assert [(one.key, one.weight) for one in experiment.variants.all()] == [
        ("control", 0.5),
        ("ranked-by-taste", 0.5),
    ]
    assert experiment.planned_users == 14_322  # 6,510 a variant for one look (Fleiss), and a tenth more
    assert experiment.planned_days == 28
    assert "Everything is there" in text(admin.get(page_of(experiment)))


def test_the_presets_are_saved_even_when_nobody_touches_them(admin: Client) -> None:
    untouched = {"variants-0-key": "control", "variants-1-key": "treatment", "variants-1-name": "Treatment"}
    add(admin, **untouched, **{"variants-1-algorithm": ""})
    assert [one.key for one in Experiment.objects.get().variants.all()] == ["control", "treatment"]


def test_a_third_variant_makes_thirds_that_sum_to_one(admin: Client) -> None:
    third = {"variants-2-name": "Third", "variants-2-algorithm": "user_knn"}
    add(admin, **third, **{"variants-TOTAL_FORMS": "3"})
    weights = [one.weight for one in Experiment.objects.get().variants.all()]
    assert weights == [0.333334, 0.333333, 0.333333]


def test_an_open_weight_takes_what_the_others_leave(admin: Client) -> None:
    add(admin, **{"variants-0-weight": "0.8"})
    assert [one.weight for one in Experiment.objects.get().variants.all()] == [0.8, 0.2]


def test_cities_and_surfaces_are_words_between_commas(admin: Client) -> None:
    add(admin, cities=" Dublin, Cork,,Dublin ", surfaces="home")
    experiment = Experiment.objects.get()
    assert (experiment.cities, experiment.surfaces) == (["Dublin", "Cork"], ["home"])
    assert 'value="Dublin, Cork"' in text(admin.get(page_of(experiment)))


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"variants-1-weight": "0.4", "variants-0-weight": "0.5"}, "variants-1-weight", "sum to 0.9"),
        ({"variants-1-is_control": "on"}, "variants-1-is_control", "Only one variant can be the control"),
        ({"variants-1-parameters": '{"colour": 1}'}, "variants-1-parameters", "no parameter colour"),
        ({"name": "?!", "key": ""}, "key", "none can be made from this name"),
    ],
)
def test_an_error_stands_by_its_field(admin: Client, changes: dict[str, str], field: str, told: str) -> None:
    body = text(add(admin, **changes))
    assert not Experiment.objects.exists()
    assert told in body.split(f'id="id_{field}_error"')[1][:300]


def test_a_plan_that_cannot_be_worked_out_keeps_the_draft_and_says_why(admin: Client) -> None:
    body = text(add(admin, expected_rate=""))
    assert Experiment.objects.get().planned_users is None
    assert "The plan is still open. Nobody did this in the last two weeks" in body
    assert "Plan how many people and days it needs" in body


def test_the_plan_button_replaces_an_earlier_plan_and_a_plain_save_does_not(admin: Client) -> None:
    experiment = draft()
    ids = {f"variants-{n}-id": str(row.pk) for n, row in enumerate(experiment.variants.all())}
    sent = form(**ids, **{"variants-INITIAL_FORMS": "2", "planned_users": "100", "planned_days": "7"})
    admin.post(page_of(experiment), sent)
    experiment.refresh_from_db()
    assert (experiment.planned_users, experiment.planned_days) == (100, 7)
    admin.post(page_of(experiment), sent | {"_plan": "1"})
    experiment.refresh_from_db()
    assert (experiment.planned_users, experiment.planned_days) == (14_322, 28)


def test_the_calculator_answers_to_the_form_as_it_stands(admin: Client) -> None:
    now = timezone.now()
    for number in range(140):
        serve(f"person-{number}", now)
        if number % 5 == 0:
            act(f"person-{number}", "save", now)
    asked = {
        "primary_metric": "save_rate",
        "minimum_effect": "0.5",
        "layer_percentage": "100",
        "traffic_percentage": "50",
        "variants-TOTAL_FORMS": "2",
        "variants-0-name": "Control",
        "variants-0-is_control": "on",
        "variants-1-name": "New",
    }
    body = text(admin.get(f"{LIST}plan/", asked))
    assert "The rate of control is the one measured: 0.2" in body
    assert "About 5 people a day" in body
    wider = text(admin.get(f"{LIST}plan/", asked | {"minimum_effect": "1"}))
    assert people(wider) < people(body) / 3
    assert days(body) % 7 == 0
    asked["minimum_effect"] = "x"
    assert "Minimum effect: Enter a number" in text(admin.get(f"{LIST}plan/", asked))


def people(body: str) -> int:
    return int(body.split('data-people="')[1].split('"')[0])


def days(body: str) -> int:
    return int(body.split('data-days="')[1].split('"')[0])


def test_a_version_can_be_pinned_and_another_pinned_later(admin: Client) -> None:
    first, second = version(), version()
    add(admin, **{"variants-1-model_version": str(first.pk), "variants-1-algorithm": "popularity"})
    experiment = Experiment.objects.get()
    admin.post(page_of(experiment, "start/"), {"reason": "Go"})
    page = page_of(experiment, "repin/")
    assert page in text(admin.get(page_of(experiment)))
    treatment = experiment.variants.get(is_control=False)
    admin.post(page, {"variant": str(treatment.pk), "model_version": str(second.pk), "reason": "Newer"})
    treatment.refresh_from_db()
    assert treatment.model_version == second
    assert experiment.phases.count() == 2


def test_traffic_is_changed_with_a_reason(admin: Client) -> None:
    experiment = started(traffic_percentage=10)
    admin.post(page_of(experiment, "traffic/"), {"traffic_percentage": "60", "reason": "All is well"})
    experiment.refresh_from_db()
    assert experiment.traffic_percentage == 60
    refused = admin.post(page_of(experiment, "traffic/"), {"traffic_percentage": "0", "reason": "Stop"})
    assert "above 0" in text(refused)


@pytest.mark.parametrize(
    ("sent", "decision", "variant"),
    [("ship:treatment", "ship", "treatment"), ("keep_control", "keep_control", None), ("none", "none", None)],
)
def test_a_decision_is_recorded_with_its_reason(
    admin: Client, sent: str, decision: str, variant: str | None
) -> None:
    experiment = started()
    admin.post(page_of(experiment, "complete/"), {"decision": sent, "reason": "Four weeks passed"})
    experiment.refresh_from_db()
    decided = experiment.decided_variant
    assert (experiment.status, experiment.decision, decided.key if decided else None) == (
        "completed",
        decision,
        variant,
    )
    assert "Four weeks passed" in text(admin.get(page_of(experiment)))


def test_a_refused_start_says_so_on_its_own_page_and_in_the_checklist(admin: Client) -> None:
    experiment = draft()
    Experiment.objects.update(hypothesis="")
    told = "Write down what you expect and why"
    assert told in text(admin.get(page_of(experiment)))
    assert text(admin.post(page_of(experiment, "start/"), {"reason": "Go"})).count(told) == 2
