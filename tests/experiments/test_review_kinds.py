"""What the review page and the admin show of interleaving, bandits and A/A tests."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from experiments.bandit import bandit_deal
from experiments.daily import experiment_daily
from experiments.models import Experiment, ExperimentKind, ExperimentStatus
from experiments.services import VariantPlan, experiment_create, experiment_start
from tests.experiments.factories import DAY, PLAN, draft, expose_many, started
from tests.experiments.test_admin import LIST, page_of, text
from tests.experiments.test_interleaving_results import OURS, THEIRS, choose, drafted

pytestmark = pytest.mark.django_db
START = timezone.now().replace(hour=1, minute=0) - 12 * DAY


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ann", password="irrelevant"))
    return client


def running(kind: ExperimentKind, keys: tuple[str, ...]) -> Experiment:
    algorithms = ("popularity", "hybrid", "user_knn")
    weights = {2: (0.5, 0.5), 3: (0.4, 0.3, 0.3)}[len(keys)]
    made = experiment_create(
        key="rec_v1",
        name="Rankers",
        kind=kind,
        variants=[
            VariantPlan(key=key, name=key.title(), weight=weight, algorithm=name, is_control=key == keys[0])
            for key, weight, name in zip(keys, weights, algorithms, strict=False)
        ],
        actor="staff:ann",
        now=START,
        hypothesis="Personal beats popular.",
        plan=PLAN,
    )
    return experiment_start(experiment=made, actor="staff:ann", reason="Ready", now=START)


def review(admin: Client, experiment: Experiment) -> str:
    return text(admin.get(page_of(experiment, "results/")))


def test_a_preference_is_shown_in_place_of_rates(admin: Client) -> None:
    duel = running(ExperimentKind.INTERLEAVING, (OURS, THEIRS))
    for number in range(30):
        drafted(duel, f"p{number}", START)
        choose(f"p{number}", "b" if number < 20 else "a", START + DAY / 24)
    body = review(admin, duel)
    assert "Whom people prefer" in body
    assert "66.7%" in body  # 20 of 30
    assert "Guardrails: what must not get worse" not in body
    assert "Sample ratio</dt>" not in body
    assert page_of(duel, "weights/") not in body


def test_a_bandit_shows_its_deals_and_no_plain_p_value(admin: Client) -> None:
    bandit = running(ExperimentKind.BANDIT, ("control", "left", "right"))
    for key, converted in (("control", 10), ("left", 30), ("right", 5)):
        expose_many(bandit, key, 60, converted, START)
    experiment_daily(experiment=bandit, now=START + DAY)
    bandit_deal(experiment=bandit, now=START + 2 * DAY)
    body = review(admin, bandit)
    assert "How newcomers are dealt" in body
    assert body.count("control 40%</title>") == 1
    assert "Every deal is a phase" in body
    assert "p, adjusted" not in body


def test_an_a_a_test_is_one_press_away_and_shows_its_checks(admin: Client) -> None:
    assert f'action="{LIST}aa/"' in text(admin.get(LIST))
    assert admin.get(f"{LIST}aa/").status_code == 405
    body = text(admin.post(f"{LIST}aa/", follow=True))
    made = Experiment.objects.get()
    assert (made.kind, made.status) == (ExperimentKind.AA, ExperimentStatus.ACTIVE)
    assert "is running" in body
    review_of_it = review(admin, made)
    assert "Does the pipeline work?" in review_of_it or "Nothing to compare yet" in review_of_it
    assert "cannot start now" in text(admin.post(f"{LIST}aa/", follow=True))
    assert Experiment.objects.count() == 1


def test_a_copy_is_a_draft_of_its_own(admin: Client) -> None:
    experiment = started()
    body = text(admin.get(page_of(experiment, "copy/")))
    assert 'value="rec_v1_2"' in body
    answer = admin.post(page_of(experiment, "copy/"), {"key": "rec_v2"}, follow=True)
    copied = Experiment.objects.get(key="rec_v2")
    assert copied.status == ExperimentStatus.DRAFT
    assert answer.request["PATH_INFO"] == page_of(copied)
    assert "already an experiment" in text(admin.post(page_of(experiment, "copy/"), {"key": "rec_v2"}))


def test_people_are_split_anew_with_a_reason(admin: Client) -> None:
    experiment = started()
    salt = experiment.salt
    admin.post(page_of(experiment, "rerandomise/"), {"reason": "The last test left its mark"})
    experiment.refresh_from_db()
    assert experiment.salt != salt
    assert experiment.phases.count() == 2


def test_a_warning_of_the_checklist_stops_nothing(admin: Client) -> None:
    experiment = draft()
    body = text(admin.get(page_of(experiment)))
    assert "⚠" in body
    assert "Everything is there" in body
