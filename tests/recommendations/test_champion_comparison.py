"""The hold-out that champion and challenger are measured on is one that neither has learned from."""

import pytest
from django.utils import timezone

from modelregistry.models import ModelVersion
from recommendations.holdout_metrics import FEWEST_USERS
from tests.recommendations.factories import COMING, feedback_add, model_train, world_add

pytestmark = pytest.mark.django_db


def test_it_compares_with_the_champion_on_what_happened_since_its_cutoff() -> None:
    world_add()
    first = model_train()
    champion = ModelVersion.objects.get()
    for scene in ("techno", "trad"):
        for person in range(FEWEST_USERS):
            feedback_add(f"{scene}-{person}", f"{scene}-next-{(person + 5) % COMING}")
    second = model_train()
    facts = second.metrics["validation_metrics"]
    assert "champion" not in first.metrics["validation_metrics"]
    assert facts["hold_out_from"] == champion.data_cutoff.isoformat()
    assert facts["users"] >= FEWEST_USERS
    assert facts["champion"]["ndcg_at_10"] > 0
    assert facts["difference_from_champion"]["low"] <= facts["difference_from_champion"]["high"]


def test_it_leaves_the_champion_out_when_too_little_happened_since() -> None:
    world_add()
    model_train()
    feedback_add("techno-1", "techno-next-9", now=timezone.now())
    second = model_train()
    assert "champion" not in second.metrics["validation_metrics"]
    assert second.state == "promoted"
