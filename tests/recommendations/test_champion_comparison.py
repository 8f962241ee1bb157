"""The hold-out that champion and challenger are measured on is one that neither has learned from."""

import pytest
from django.utils import timezone

from modelregistry.models import ModelVersion
from recommendations.holdout_metrics import FEWEST_USERS
from tests.recommendations.factories import COMING, PEOPLE, feedback_add, model_train, world_add

pytestmark = pytest.mark.django_db

METRICS = {
    "precision_at_10", "recall_at_10", "ndcg_at_10", "map", "mrr", "coverage", "novelty", "diversity",
}  # fmt: skip


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
    assert "interval" in second.outcome


def test_the_report_breaks_every_metric_down_and_compares_with_popularity() -> None:
    world_add()
    facts = model_train().metrics["validation_metrics"]
    low, high = facts["intervals"]["ndcg_at_10"]
    assert low <= facts["ndcg_at_10"] <= high
    assert set(facts["popularity"]) == {*METRICS, "intervals"}
    over = facts["difference_from_popularity"]
    assert over["low"] <= over["ndcg_at_10"] <= over["high"]
    assert over["ndcg_at_10"] == pytest.approx(
        facts["ndcg_at_10"] - facts["popularity"]["ndcg_at_10"], abs=2e-6
    )
    assert list(facts["by_city"]) == ["Dublin"]
    assert facts["same_as_popularity"] == facts["empty_lists"] == 0
    assert "rule of thumb" in facts["confidence"]["not_learned"]
    for parts in (facts["by_history"], facts["by_city"]):
        assert sum(part["users"] for part in parts.values()) == facts["users"]
        for metric in METRICS - {"coverage"}:
            total = sum(part["users"] * part[metric] for part in parts.values())
            assert total / facts["users"] == pytest.approx(facts[metric], abs=2e-6)


def test_strangers_are_part_of_the_hold_out() -> None:
    world_add()
    model_train()
    for person in range(FEWEST_USERS):
        feedback_add(f"newcomer-{person}", f"techno-next-{person % COMING}")
        feedback_add(f"techno-{person % PEOPLE}", f"techno-next-{(person + 5) % COMING}")
    facts = model_train().metrics["validation_metrics"]
    strangers = facts["by_history"]["0"]
    assert strangers["users"] == FEWEST_USERS
    assert strangers["precision_at_10"] > 0


def test_it_leaves_the_champion_out_when_too_little_happened_since() -> None:
    world_add()
    model_train()
    feedback_add("techno-1", "techno-next-9", now=timezone.now())
    second = model_train()
    assert "champion" not in second.metrics["validation_metrics"]
    assert second.state == "promoted"
