"""Confidence is the chance that the hold-out taught, where there were people enough to teach it."""

import pytest

from recommendations.live_model import champion
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import feedback_add, model_train, world_add

pytestmark = pytest.mark.django_db


def test_it_is_what_training_learned(ask: RecommendationClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommendations.evaluation.calibration.FEWEST_PEOPLE", 2)
    world_add()
    run = model_train()
    assert 0 <= run.metrics["validation_metrics"]["confidence"]["expected_calibration_error"] <= 1
    model = champion.current()
    assert model is not None
    for user_id, known, algorithm in (("techno-1", 5, "hybrid"), ("a-stranger", 0, "popularity")):
        items = ask.answer(user_id)["recommendations"]
        assert {item["algorithm"] for item in items} == {algorithm}
        learned = model.payload.confidence[algorithm].of([item["score"] for item in items], known)
        assert [item["confidence"] for item in items] == pytest.approx(learned, abs=1e-4)


@pytest.mark.usefixtures("trained_world")
def test_without_people_enough_it_is_a_rule_of_thumb(ask: RecommendationClient) -> None:
    first, *_, last = ask.answer("techno-1", limit=100)["recommendations"]
    assert first["confidence"] > last["confidence"] > 0
    assert {item["confidence"] for item in ask.answer("a-stranger")["recommendations"]} == {0.0}


def test_what_the_champion_learned_stays_when_too_few_people_could_teach_its_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else confidence would be a chance one night and a rule of thumb the next."""
    world_add()
    with monkeypatch.context() as patched:
        patched.setattr("recommendations.evaluation.calibration.FEWEST_PEOPLE", 2)
        model_train()
    taught = champion.current()
    feedback_add("techno-1", "techno-next-9")
    run = model_train()
    champion.forget()
    successor = champion.current()
    assert taught is not None
    assert successor is not None
    assert (taught.version, successor.version) == ("v1", "v2")
    assert "hybrid" in taught.payload.confidence
    for name, learned in taught.payload.confidence.items():
        assert successor.payload.confidence[name].weights == pytest.approx(learned.weights)
    assert "learned for the champion" in run.metrics["validation_metrics"]["confidence"]["not_learned"]
    assert "what was learned for the champion is served" in run.log
