"""The bandit deals once a day by what it has seen, logs every chance, and decides at its planned end only."""

import io
from collections.abc import Mapping
from datetime import datetime
from unittest import mock

import numpy as np
import orjson
import pytest
from django.core.management import call_command
from django.test import Client

from experiments.bandit import ACTOR, bandit_deal, bandit_floor
from experiments.daily import experiment_daily
from experiments.looks import look_take
from experiments.models import Experiment, ExperimentKind, Exposure
from experiments.results import experiment_report
from experiments.services import (
    VariantPlan,
    experiment_create,
    experiment_pause,
    experiment_reweigh,
    experiment_start,
)
from experiments.statistics.off_policy import OffPolicyEstimate, off_policy_estimate
from experiments.statistics.sample_ratio import sample_ratio_test
from experiments.statistics.thompson import thompson_allocation
from experiments.statistics.values import Proportion
from experiments.verdicts import VerdictState
from tests.experiments.factories import DAY, HOUR, NOON, PLAN, expose_many, exposed

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY
THIRDS = {"control": 0.4, "treatment": 0.3, "third": 0.3}


def bandit(weights: Mapping[str, float] = THIRDS) -> Experiment:
    algorithms = ("popularity", "hybrid", "user_knn", "content_based")
    draft = experiment_create(
        key="bandit",
        name="Bandit",
        kind=ExperimentKind.BANDIT,
        variants=[
            VariantPlan(
                key=key, name=key.title(), weight=weight, algorithm=algorithm, is_control=key == "control"
            )
            for (key, weight), algorithm in zip(weights.items(), algorithms, strict=False)
        ],
        actor="staff:ann",
        now=NOON,
        hypothesis="One of them is best.",
        plan=PLAN,
    )
    return experiment_start(experiment=draft, actor="staff:ann", reason="Ready", now=NOON)


def came(experiment: Experiment, counts: Mapping[str, tuple[int, int]], at: datetime = NOON) -> None:
    """By variant, people and those of them who converted, with the chance that their phase gave them."""
    weights = experiment.phases.filter(started_at__lte=at).last()
    assert weights is not None
    for key, (users, converted) in counts.items():
        names = expose_many(experiment, key, users, converted, at)
        Exposure.objects.filter(user_id__in=names).update(propensity=weights.weights[key])


def dealt(experiment: Experiment) -> dict[str, float]:
    return {one.key: one.weight for one in experiment.variants.all()}


SEEN = {"control": (40, 6), "treatment": (30, 15), "third": (30, 4)}


def test_a_deal_is_thompsons_with_a_floor_for_each() -> None:
    experiment = bandit()
    came(experiment, SEEN)
    bandit_deal(experiment=experiment, now=NOON + DAY)
    samples = [Proportion(converted, users) for users, converted in SEEN.values()]
    expected = thompson_allocation(samples, bandit_floor(3))
    assert list(dealt(experiment).values()) == pytest.approx(expected, abs=1e-4)
    assert min(dealt(experiment).values()) == pytest.approx(0.1, abs=1e-3)
    assert sum(dealt(experiment).values()) == pytest.approx(1)


def test_it_deals_once_a_day_and_opens_a_phase_in_its_own_name() -> None:
    experiment = bandit()
    came(experiment, SEEN)
    bandit_deal(experiment=experiment, now=NOON + DAY)
    came(experiment, {"third": (50, 50)}, NOON + DAY)
    assert bandit_deal(experiment=experiment, now=NOON + DAY + HOUR) is None
    assert experiment.phases.count() == 2
    event = experiment.events.first()
    assert event is not None
    assert (event.actor, event.at) == (ACTOR, NOON + DAY)
    assert "treatment 15 of 30" in event.reason
    assert bandit_deal(experiment=experiment, now=NOON + 2 * DAY) is not None


def test_whoever_comes_next_carries_the_chance_they_had_and_nobody_moves() -> None:
    experiment = bandit()
    for number in range(60):
        exposed(f"before-{number}")
    before = dict(Exposure.objects.values_list("user_id", "variant_id"))
    came(experiment, SEEN)
    bandit_deal(experiment=experiment, now=NOON + DAY)
    for number in range(60):
        exposed(f"before-{number}", NOON + DAY)
        exposed(f"after-{number}", NOON + DAY)
    weights = dealt(experiment)
    for row in Exposure.objects.filter(user_id__startswith="after").select_related("variant"):
        assert row.variant is not None
        assert row.phase == 2
        assert row.propensity == pytest.approx(weights[row.variant.key], abs=1e-6)
    now = Exposure.objects.filter(user_id__startswith="before")
    assert dict(now.values_list("user_id", "variant_id")) == before


def test_a_variant_taken_out_by_hand_stays_out() -> None:
    experiment = bandit()
    weights = {"control": 0.5, "treatment": 0.5, "third": 0.0}
    experiment_reweigh(experiment=experiment, weights=weights, actor="staff:ann", reason="Bad", now=NOON)
    came(experiment, {"control": (40, 4), "treatment": (40, 20)})
    bandit_deal(experiment=experiment, now=NOON + DAY)
    assert dealt(experiment)["third"] == 0


def test_only_a_running_bandit_deals(experiment: Experiment) -> None:
    expose_many(experiment, "treatment", 50, 50)
    assert bandit_deal(experiment=experiment, now=NOON + DAY) is None
    Experiment.objects.update(kind=ExperimentKind.BANDIT)
    experiment_pause(experiment=experiment, actor="staff:ann", reason="Odd", now=NOON)
    experiment.refresh_from_db()
    assert bandit_deal(experiment=experiment, now=NOON + DAY) is None


def test_the_daily_command_looks_and_deals_and_says_nothing_twice() -> None:
    experiment = bandit()
    came(experiment, SEEN)
    with mock.patch("django.utils.timezone.now", return_value=NOON + DAY):
        call_command("snapshot_experiments", stdout=io.StringIO())
        call_command("snapshot_experiments", stdout=io.StringIO())
    assert (experiment.looks.count(), experiment.phases.count()) == (1, 2)
    look = experiment.looks.get()
    assert (look.phase, look.verdict) == (1, VerdictState.KEEP_RUNNING)


def test_the_results_hold_every_deal_and_no_plain_p_value(api: Client) -> None:
    experiment = bandit()
    came(experiment, SEEN)
    experiment_daily(experiment=experiment, now=NOON + DAY)
    came(experiment, {"control": (10, 1), "treatment": (80, 40), "third": (10, 1)}, NOON + DAY)
    report = experiment_report(experiment=experiment, as_of=NOON + 2 * DAY)
    assert report.bandit is not None
    assert [one.users for one in report.bandit.phases] == [
        {"control": 40, "treatment": 30, "third": 30},
        {"control": 10, "treatment": 80, "third": 10},
    ]
    assert report.participants == 200
    assert [sum(one.users.values()) for one in report.arrivals] == [100, 100]
    assert {row.comparison for table in report.everyone for row in table.variants} == {None}
    assert sum(arm.chance_to_be_best for arm in report.bandit.arms) == pytest.approx(1)
    body = orjson.loads(api.get("/v1/experiments/bandit/results").content)
    assert "p_value" not in body["variants"][1]
    assert len(body["bandit"]["phases"]) == 2


def test_rates_are_compared_phase_by_phase_and_by_propensity() -> None:
    """Weekdays and weekends pooled (Simpson): more of the treatment came on the bad day."""
    experiment = bandit({"control": 0.5, "treatment": 0.5})
    came(experiment, {"control": (50, 30), "treatment": (50, 31)})
    weights = {"control": 0.1, "treatment": 0.9}
    experiment_reweigh(experiment=experiment, weights=weights, actor=ACTOR, reason="Dealt", now=NOON + DAY)
    came(experiment, {"control": (10, 1), "treatment": (90, 10)}, NOON + DAY)
    report = experiment_report(experiment=experiment, as_of=NOON + 3 * WEEK)
    assert report.bandit is not None
    control, treatment = report.bandit.arms
    assert control.stratified_rate == pytest.approx((0.6 + 0.1) / 2)
    assert treatment.stratified_rate == pytest.approx((0.62 + 10 / 90) / 2)
    assert control.matured_conversions / control.matured > treatment.matured_conversions / treatment.matured
    rewards = np.repeat([1, 0, 1, 0, 1, 0, 1, 0], [30, 20, 31, 19, 1, 9, 10, 80])
    logged = np.repeat([0.5, 0.5, 0.1, 0.9], [50, 50, 10, 90])
    target = np.repeat([0.0, 1.0, 0.0, 1.0], [50, 50, 10, 90])
    expected = off_policy_estimate(rewards, logged, target)
    assert isinstance(expected, OffPolicyEstimate)
    assert treatment.off_policy is not None
    assert treatment.off_policy.value == pytest.approx(expected.value)
    assert treatment.off_policy.interval == expected.interval
    assert treatment.off_policy.effective_sample_size == pytest.approx(expected.effective_sample_size)


def test_the_sample_ratio_is_tested_against_each_phases_own_weights() -> None:
    experiment = bandit({"control": 0.5, "treatment": 0.5})
    came(experiment, {"control": (100, 10), "treatment": (100, 10)})
    experiment_reweigh(
        experiment=experiment,
        weights={"control": 0.1, "treatment": 0.9},
        actor=ACTOR,
        reason="Dealt",
        now=NOON + DAY,
    )
    came(experiment, {"control": (20, 2), "treatment": (180, 18)}, NOON + DAY)
    even = experiment_report(experiment=experiment, as_of=NOON + 2 * DAY)
    assert even.sample_ratio.p_value == pytest.approx(1)
    came(experiment, {"control": (60, 0)}, NOON + DAY + HOUR)
    odd = experiment_report(experiment=experiment, as_of=NOON + 2 * DAY)
    assert odd.verdict.rule == "Sample-ratio mismatch"
    assert odd.bandit is not None
    assert odd.bandit.phases[1].sample_ratio == sample_ratio_test([80, 180], [0.1, 0.9])


def test_before_the_planned_end_it_never_ships_however_well_something_does() -> None:
    experiment = bandit()
    came(experiment, {"control": (160, 8), "treatment": (120, 110), "third": (120, 6)})
    look = look_take(experiment=experiment, now=NOON + 8 * DAY).look
    assert (look.verdict, look.rule) == (VerdictState.KEEP_RUNNING, "The bandit's plan is not reached")
    assert "Treatment leads" in look.report["verdict"]["explanation"]


def at_the_end(experiment: Experiment, counts: Mapping[str, tuple[int, int]]) -> tuple[str, str]:
    came(experiment, counts)
    Experiment.objects.update(planned_users=sum(users for users, _ in counts.values()))
    experiment.refresh_from_db()
    look = look_take(experiment=experiment, now=NOON + WEEK + DAY).look
    return look.verdict, look.rule


def test_at_the_planned_end_it_ships_what_is_almost_certainly_best_and_names_its_rule() -> None:
    verdict, rule = at_the_end(bandit(), {"control": (400, 40), "treatment": (300, 90), "third": (300, 30)})
    assert verdict == VerdictState.SHIP
    assert rule.startswith("Bandit at its planned end: chance to be best at least 95%")


def test_at_the_planned_end_it_keeps_control_where_that_is_best() -> None:
    verdict, rule = at_the_end(bandit(), {"control": (400, 120), "treatment": (300, 30), "third": (300, 30)})
    assert (verdict, rule[:29]) == (VerdictState.NO_EFFECT_FOUND, "Bandit at its planned end: ch")


def test_at_the_planned_end_nothing_stands_out_where_all_do_alike() -> None:
    verdict, rule = at_the_end(bandit(), {"control": (400, 40), "treatment": (300, 31), "third": (300, 30)})
    assert (verdict, rule) == (
        VerdictState.NO_EFFECT_FOUND,
        "The bandit's plan is reached and nothing stands out",
    )


def test_the_page_says_what_the_last_look_said_also_after_the_deal() -> None:
    experiment = bandit()
    came(experiment, SEEN)
    taken = experiment_daily(experiment=experiment, now=NOON + DAY)
    report = experiment_report(experiment=experiment, as_of=NOON + DAY + HOUR)
    assert report.phase == 2
    assert report.verdict.rule == taken.look.rule
