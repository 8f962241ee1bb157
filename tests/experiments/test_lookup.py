"""Where one person is, and why: the same answer as serving gives, with its reason in words."""

from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.definitions import Visitor
from experiments.lookup import ExperimentPlace, person_places
from experiments.models import Audience, Experiment
from experiments.services import experiment_complete, experiment_pause
from tests.experiments.factories import NOON, assignment_of, expose, started
from tests.experiments.test_admin import text

pytestmark = pytest.mark.django_db


def place_of(user_id: str = "ann", city: str = "", is_new: bool = False) -> ExperimentPlace:
    return person_places(visitor=Visitor(user_id, city, is_new=is_new)).experiments[0]


def test_somebody_new_is_where_the_hash_puts_them() -> None:
    started()
    assigned = assignment_of("ann")
    place = place_of()
    assert assigned is not None
    assert (place.served, place.hashed, place.exposure) == (assigned.variant_key, assigned.variant_key, None)
    assert "the hash of their id decides" in place.why


def test_somebody_exposed_keeps_their_variant() -> None:
    experiment = started()
    hashed = place_of().hashed
    other = "treatment" if hashed == "control" else "control"
    expose(experiment, other, "ann")
    place = place_of()
    assert (place.served, place.hashed) == (other, hashed)
    assert "Served first on 4 May 2026" in place.why


def test_while_it_is_paused_whoever_was_exposed_gets_control() -> None:
    experiment = started()
    expose(experiment, "treatment", "ann")
    experiment_pause(experiment=experiment, actor="staff:ann", reason="Odd", now=NOON)
    assert (place_of().served, place_of("ben").served) == ("control", "–")
    assert "gets control" in place_of().why
    assert "nobody new comes in" in place_of("ben").why


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"layer_buckets": []}, "belongs to another experiment, the holdout or nobody"),
        ({"traffic_percentage": 0.0001}, "Outside the traffic: 0.0001 % takes the buckets below 1."),
        ({"cities": ["Cork"]}, "only for the cities cork"),
        ({"surfaces": ["home"]}, "only for the surfaces home"),
        ({"audience": Audience.NEWCOMERS}, "only for people who had done nothing yet"),
    ],
)
def test_whoever_is_not_served_by_it_is_told_why(fields: dict[str, object], told: str) -> None:
    experiment = started()
    Experiment.objects.filter(pk=experiment.pk).update(**fields)
    place = place_of()
    assert place.served == "–"
    assert told in place.why


def test_an_ended_experiment_is_shown_to_whom_it_served_only() -> None:
    experiment = started()
    expose(experiment, "treatment", "ann")
    experiment_complete(experiment=experiment, actor="staff:ann", reason="Done", now=NOON)
    assert "completed: everybody gets the ordinary list" in place_of().why
    assert person_places(visitor=Visitor("ben")).experiments == ()


def test_the_page_takes_any_id_and_links_lead_to_it(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    experiment = started()
    odd = "o'brien & <co>"
    expose(experiment, "treatment", odd)
    page = f"/admin/experiments/experiment/person/?{urlencode({'user_id': odd})}"
    body = text(client.get(page))
    assert "treatment, 4 May 2026, 12:00 UTC" in body
    assert "<co>" not in body
    assert page.replace("&", "&amp;") in text(client.get("/admin/experiments/exposure/"))
    assert "/person/" in text(client.get("/admin/experiments/experiment/"))


def test_without_permission_nobody_is_looked_up(client: Client) -> None:
    client.force_login(User.objects.create_user("ben", is_staff=True))
    assert client.get("/admin/experiments/experiment/person/?user_id=ann").status_code == 403
