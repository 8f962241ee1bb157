from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from benchmarks.planted import planted_counts, planted_crossings
from catalogue.models import CatalogueState, Event
from common import errors
from experiments.models import Experiment, ExperimentEvent, Exposure, Layer, Look, Phase
from experiments.verdicts import VerdictState
from feedback.models import Feedback, Prediction
from recommendations.planted.isolation import kept_remove
from recommendations.planted.outcomes import Outcome
from recommendations.planted.trial import trial_run
from recommendations.planted.truth import Truth
from recommendations.prediction_log import prediction_log
from recommendations.training_data import training_data_load
from tests.concurrency import together
from tests.experiments.factories import started
from tests.recommendations.factories import event_add, feedback_add

pytestmark = pytest.mark.django_db
SMALL = Truth(users=30, days=3, variants=2, baseline=0.4, lift=0.0, seed=1)
TABLES: tuple[type[Model], ...] = (
    *(Experiment, ExperimentEvent, Exposure, Layer, Look, Phase),
    *(Feedback, Prediction, Event, CatalogueState),
)
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def everything() -> dict[str, list[dict[str, Any]]]:
    return {table.__name__: list(table._default_manager.order_by("pk").values()) for table in TABLES}


def run(truth: Truth = SMALL, **options: Any) -> Outcome:
    return trial_run(truth=truth, repetition=1, now=NOW, **options)


def test_nothing_remains() -> None:
    event_add("gig")
    feedback_add("ann", "gig")
    before = everything()
    outcome = run()
    assert everything() == before
    assert outcome.lists >= SMALL.users
    assert len(outcome.days) == 9


@pytest.mark.django_db(transaction=True)
def test_nobody_else_ever_sees_it() -> None:
    """A web process would serve it, and a training run learn from it."""
    seen = [everything()]
    run(
        Truth(users=10, days=1, variants=2, baseline=0.4, lift=0.0, seed=1),
        on_day=lambda: together(lambda: seen.append(everything())),
    )
    assert len(seen) == 1 + 9
    assert all(one == seen[0] for one in [*seen, everything()])


def test_nothing_remains_of_an_interrupted_one() -> None:
    before = everything()
    days = iter(range(2))

    def on_day() -> None:
        if next(days, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(on_day=on_day)
    prediction_log.flush()
    assert everything() == before


def test_the_platform_counts_what_was_planted() -> None:
    outcome = run()
    users, conversions = planted_counts(SMALL, 1)
    counted = [[list(day.users.values()), list(day.conversions.values())] for day in outcome.days]
    assert counted == [[users[:, day].tolist(), conversions[:, day].tolist()] for day in range(SMALL.looks)]
    assert sum(outcome.days[-1].users.values()) == SMALL.users


def test_a_seed_gives_the_same_answer_again() -> None:
    first = run()
    assert run().days == first.days


@pytest.mark.parametrize("lift", [0.0, 0.9, -0.9])
def test_service_and_plain_statistics_find_the_same_on_the_same_day(lift: float) -> None:
    truth = Truth(users=140, days=7, variants=2, baseline=0.45, lift=lift, seed=3)
    outcome = run(truth)
    plain = planted_crossings(truth, 1)
    found = [day.day for day in outcome.days if day.better or day.worse]
    assert tuple(found[:1]) == plain.days
    assert bool(outcome.days[-1].better) == plain.good
    assert bool(plain.days) == (lift != 0)
    if lift == 0:
        assert outcome.concluded.verdict is VerdictState.NO_EFFECT_FOUND


def test_four_variants_are_told_apart() -> None:
    outcome = run(Truth(users=40, days=2, variants=4, baseline=0.4, lift=1.0, seed=1))
    assert [one.variant for one in outcome.estimates] == ["treatment", "treatment_2", "treatment_3"]
    assert [one.planted for one in outcome.estimates] == [1.0, 0.0, 0.0]
    assert all(count > 0 for count in outcome.days[-1].users.values())


def test_a_kept_one_stays_completed_and_teaches_no_model() -> None:
    event_add("gig", now=NOW)
    outcome = run(is_kept=True)
    kept = Experiment.objects.get()
    assert (kept.key, kept.status, kept.ended_at) == (outcome.key, "completed", NOW.replace(hour=0))
    assert kept.looks.count() == len(outcome.days)
    assert Exposure.objects.count() == SMALL.users
    assert Prediction.objects.count() == outcome.lists
    assert list(Event.objects.values_list("pk", flat=True)) == ["gig"]
    saves = Feedback.objects.all()
    served = {row.recommendation_id: row for row in Prediction.objects.all()}
    assert len(saves) == sum(outcome.days[-1].conversions.values()) > 0
    for save in saves:
        list_shown = served[save.recommendation_id]  # type: ignore[index]
        assert (list_shown.user_id, list_shown.items[0][0]) == (save.user_id, save.event_id)
    learned = training_data_load(cutoff=timezone.now())
    assert (learned.interactions.n_users, learned.unknown_event_rows) == (0, len(saves))


def test_what_was_kept_can_be_removed() -> None:
    event_add("gig")
    feedback_add("ann", "gig")
    before = everything()
    run(is_kept=True)
    assert (kept_remove(), kept_remove()) == (1, 0)
    assert everything() == before


def test_it_is_refused_while_another_experiment_runs() -> None:
    started("rec_v1")
    before = everything()
    with pytest.raises(errors.Conflict, match=r"rec_v1 has not ended.*Complete it in the admin"):
        run()
    assert everything() == before
