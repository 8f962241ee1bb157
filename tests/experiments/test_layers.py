"""A layer's people: whose they are, and a holdout that stays while anything runs."""

from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.test import Client

from common import errors
from experiments.layers import FREE, HOLDOUT, holder_of, layer_parts, layer_save
from experiments.models import Experiment, Layer
from experiments.services import experiment_start, layer_default
from tests.experiments.factories import NOON, draft, started
from tests.experiments.test_admin import text

pytestmark = pytest.mark.django_db


def two_running() -> Layer:
    layer = layer_default()
    layer.holdout_percentage = 10
    layer_save(layer=layer)
    for key, share in (("first", 30), ("second", 40)):
        experiment = draft(key)
        Experiment.objects.filter(pk=experiment.pk).update(layer_percentage=share)
        experiment_start(experiment=experiment, actor="staff:ann", reason="Go", now=NOON)
    return layer


def test_the_parts_are_the_whole_and_nobody_is_in_two() -> None:
    parts = layer_parts(two_running())
    assert [(part.name, round(part.share, 6)) for part in parts] == [
        ("Experiment first", 0.3),
        ("Experiment second", 0.4),
        (HOLDOUT, 0.1),
        (FREE, 0.2),
    ]
    ranges = sorted(one for part in parts for one in part.ranges)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 1_000_000
    assert all(before[1] == after[0] for before, after in pairwise(ranges))


@pytest.mark.parametrize(("number", "name"), [(0, "Experiment first"), (999_999, HOLDOUT), (800_000, FREE)])
def test_every_bucket_has_a_holder(number: int, name: str) -> None:
    assert holder_of(layer_parts(two_running()), number).name == name


def test_the_holdout_stays_while_an_experiment_runs() -> None:
    started()
    layer = Layer.objects.get()
    layer.holdout_percentage = 5
    with pytest.raises(errors.Conflict, match="Experiment rec_v1"):
        layer_save(layer=layer)
    layer.refresh_from_db()
    assert layer.holdout_percentage == 0
    layer.name = "Order of lists"
    assert layer_save(layer=layer).name == "Order of lists"


def test_the_admin_draws_the_layer_and_says_why_the_holdout_stays(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    layer = two_running()
    body = text(client.get(f"/admin/experiments/layer/{layer.pk}/change/"))
    for part in ("1: Experiment first, 30.0%", "Holdout: 10.0%", "The holdout cannot be changed while"):
        assert part in body
    assert 'name="holdout_percentage"' not in body
    assert "Experiment first (30%)" in text(client.get("/admin/experiments/layer/"))


def test_the_holdout_is_set_in_the_admin_while_nothing_runs(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    layer = layer_default()
    sent = {"name": layer.name, "description": "", "holdout_percentage": "5"}
    client.post(f"/admin/experiments/layer/{layer.pk}/change/", sent)
    layer.refresh_from_db()
    assert layer.holdout_percentage == 5
