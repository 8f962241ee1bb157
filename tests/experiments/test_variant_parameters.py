"""A variant's parameters: set in the admin, checked before the start, fixed after it, and on record."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from common.errors import InvalidInput
from experiments.models import Experiment
from experiments.services import VariantPlan, experiment_create, experiment_start
from experiments.start_checks import start_problems
from tests.experiments.factories import NOON, draft
from tests.experiments.test_admin import LIST, form, page_of, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    return client


def parameters_of(experiment: Experiment) -> list[dict[str, Any]]:
    return [variant.parameters for variant in experiment.variants.all()]


def test_the_form_names_every_parameter_and_its_default(admin: Client) -> None:
    page = text(admin.get(f"{LIST}add/"))
    for part in ("collapse_repeats (true)", "most_per_venue (null)", "exploration_share (0.0)"):
        assert part in page


def test_they_are_set_in_the_form_and_on_record(admin: Client) -> None:
    admin.post(f"{LIST}add/", form(**{"variants-1-parameters": '{"most_per_venue": 3}'}))
    experiment = Experiment.objects.get()
    assert parameters_of(experiment) == [{}, {"most_per_venue": 3}]
    newest = experiment.events.first()
    assert newest is not None
    assert (newest.what, newest.reason) == ("Created", 'Parameters of content: {"most_per_venue": 3}')


def test_an_edit_that_changes_them_says_so(admin: Client) -> None:
    experiment = draft()
    ids = {f"variants-{n}-id": str(row.pk) for n, row in enumerate(experiment.variants.all())}
    edited = form(
        **ids, **{"variants-INITIAL_FORMS": "2", "variants-0-parameters": '{"exploration_share": 0.1}'}
    )
    assert admin.post(page_of(experiment), edited).status_code == 302
    assert parameters_of(experiment) == [{"exploration_share": 0.1}, {}]
    newest = experiment.events.first()
    assert newest is not None
    assert (newest.what, newest.reason) == ("Edited", 'Parameters of control: {"exploration_share": 0.1}')


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{", "Enter a valid JSON."),
        ("[1]", "Input should be an object"),
        ('{"most_per_vnue": 3}', "There is no parameter most_per_vnue; known are collapse_repeats,"),
        ('{"most_per_venue": "three"}', "most_per_venue: Give a whole number."),
        ('{"most_per_venue": 0}', "most_per_venue must be 1 or more, not 0."),
        ('{"exploration_share": 0.5}', "exploration_share must be between 0 and 0.3, not 0.5."),
    ],
)
def test_bad_ones_are_refused_in_clear_words(admin: Client, written: str, told: str) -> None:
    answer = admin.post(f"{LIST}add/", form(**{"variants-1-parameters": written}))
    assert told in text(answer)
    assert not Experiment.objects.exists()


def test_a_service_refuses_bad_ones_too() -> None:
    plan = VariantPlan(key="a", name="A", algorithm="popularity", weight=1.0, parameters={"bogus": 1})
    with pytest.raises(InvalidInput, match="a: There is no parameter bogus"):
        experiment_create(key="bad", name="Bad", variants=[plan], actor="staff:ann", now=NOON)
    assert not Experiment.objects.exists()


def test_an_experiment_with_parameters_nobody_knows_does_not_start() -> None:
    experiment = draft()
    experiment.variants.filter(key="treatment").update(parameters={"of_another_release": 1})
    assert any(
        "treatment: There is no parameter of_another_release" in one for one in start_problems(experiment)
    )
    with pytest.raises(InvalidInput):
        experiment_start(experiment=experiment, actor="staff:ann", reason="Go", now=NOON)


def test_they_are_fixed_once_it_runs_as_the_algorithm_is(admin: Client) -> None:
    experiment = experiment_start(experiment=draft(), actor="staff:ann", reason="Go", now=NOON)
    ids = {f"variants-{n}-id": str(row.pk) for n, row in enumerate(experiment.variants.all())}
    edited = form(
        **ids, **{"variants-INITIAL_FORMS": "2", "variants-0-parameters": '{"exploration_share": 0.1}'}
    )
    assert admin.post(page_of(experiment), edited).status_code == 403
    assert parameters_of(experiment) == [{}, {}]


def test_the_api_tells_them(api: Client) -> None:
    experiment = draft()
    experiment.variants.filter(key="treatment").update(parameters={"most_per_artist": 2})
    experiment_start(experiment=experiment, actor="staff:ann", reason="Go", now=NOON)
    [told] = api.get("/v1/experiments").json()["experiments"]
    assert [variant["parameters"] for variant in told["variants"]] == [{}, {"most_per_artist": 2}]
