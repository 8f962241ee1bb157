import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from experiments.looks import look_take
from experiments.metrics import SAVE_RATE
from experiments.models import Experiment, Exposure
from experiments.reports import Arrivals, ExperimentReport, VariantResult
from experiments.results import experiment_report
from experiments.services import experiment_reweigh
from experiments.statistics.values import SampleRatioState
from experiments.verdicts import VerdictState
from tests.experiments.factories import DAY, HOUR, NOON, act, expose, expose_many, serve, started

QUERIES = 10
LATER = NOON + 30 * DAY


def report(experiment: Experiment, as_of: datetime = LATER) -> ExperimentReport:
    experiment = Experiment.objects.get(pk=experiment.pk)
    return experiment_report(experiment=experiment, as_of=as_of)


def variant(found: ExperimentReport, key: str) -> VariantResult:
    return next(one for one in found.variants if one.key == key)


def conversions(experiment: Experiment, as_of: datetime = LATER) -> int:
    return variant(report(experiment, as_of), "treatment").conversions


def test_a_person_counts_once_however_often_they_convert(experiment: Experiment) -> None:
    expose(experiment, "treatment", "1")
    for action in ("save", "save", "purchase", "attend", "thumbs_up"):
        act("1", action, NOON + HOUR)
    treatment = variant(report(experiment), "treatment")
    assert (treatment.users, treatment.conversions, treatment.rate) == (1, 1, 1.0)


@pytest.mark.parametrize("action", ["save", "purchase", "attend", "thumbs_up"])
def test_each_of_these_is_a_conversion(experiment: Experiment, action: str) -> None:
    expose(experiment, "treatment", "1")
    act("1", action, NOON + HOUR)
    assert conversions(experiment) == 1


@pytest.mark.parametrize("action", ["click", "impression", "hide", "skip", "unsave", "share", "thumbs_down"])
def test_none_of_these_is_a_conversion(experiment: Experiment, action: str) -> None:
    expose(experiment, "treatment", "1")
    act("1", action, NOON + HOUR)
    assert conversions(experiment) == 0


@pytest.mark.parametrize(
    ("after_exposure", "counts"),
    [
        (-timedelta(microseconds=1), 0),
        (timedelta(), 1),
        (168 * HOUR - timedelta(microseconds=1), 1),
        (168 * HOUR, 0),
    ],
)
def test_a_conversion_counts_from_the_exposure_to_the_end_of_the_window(
    experiment: Experiment, after_exposure: timedelta, counts: int
) -> None:
    exposed_at = NOON + timedelta(minutes=7, microseconds=123456)
    expose(experiment, "treatment", "1", exposed_at)
    act("1", "save", exposed_at + after_exposure)
    assert conversions(experiment) == counts


def test_what_other_people_do_and_what_is_yet_to_come_does_not_count(experiment: Experiment) -> None:
    expose(experiment, "treatment", "1")
    expose(experiment, "treatment", "not yet", NOON + 2 * DAY)
    act("somebody else", "save", NOON + HOUR)
    act("1", "save", NOON + 3 * HOUR)
    before, after = report(experiment, NOON + 2 * HOUR), report(experiment, NOON + 3 * HOUR)
    assert (before.participants, variant(before, "treatment").conversions) == (1, 0)
    assert (after.participants, variant(after, "treatment").conversions) == (1, 1)


def test_people_whose_whole_window_has_passed_are_matured(experiment: Experiment) -> None:
    expose(experiment, "control", "1", NOON)
    expose(experiment, "control", "2", NOON + DAY)
    assert variant(report(experiment, NOON + 168 * HOUR), "control").matured == 1


def test_the_metrics_are_shares_of_people(experiment: Experiment) -> None:
    for number in range(4):
        expose(experiment, "control", str(number))
    act("0", "save", NOON + HOUR)
    act("0", "click", NOON + HOUR)
    act("1", "click", NOON + HOUR)
    act("1", "click", NOON + 2 * HOUR)
    act("2", "attend", NOON + HOUR)
    act("3", "hide", NOON + HOUR)
    assert variant(report(experiment), "control").metrics == {
        "conversion_rate": 0.5,
        "save_rate": 0.25,
        "click_through_rate": 0.5,
        "saves_per_user": 0.25,
        "hide_rate": 0.25,
        "clicks_per_recommendation": None,
        "latency_ms": None,
        "empty_share": None,
        "fallback_share": None,
    }


def test_the_primary_metric_decides_what_a_conversion_is(experiment: Experiment) -> None:
    Experiment.objects.update(primary_metric="save_rate")
    expose(experiment, "treatment", "1")
    expose(experiment, "treatment", "2")
    act("1", "purchase", NOON + HOUR)
    act("2", "save", NOON + HOUR)
    found = report(experiment)
    assert found.metric == SAVE_RATE
    assert variant(found, "treatment").conversions == 1


@pytest.mark.django_db
def test_treatments_are_compared_with_control_and_their_p_values_adjusted() -> None:
    weights = {"control": 0.25, "cf": 0.25, "content": 0.25, "hybrid": 0.25}
    experiment = started(weights=weights)
    for key, users, converted in (
        ("control", 250, 25),
        ("cf", 248, 29),
        ("content", 251, 26),
        ("hybrid", 250, 55),
    ):
        expose_many(experiment, key, users, converted)
    found = report(experiment)
    assert variant(found, "control").comparison is None
    compared = [one.comparison for one in found.variants if one.comparison is not None]
    raw = [one.p_value for one in compared if one.p_value is not None]
    adjusted = [one.adjusted_p_value for one in compared]
    assert len(raw) == 3
    assert adjusted[2] == pytest.approx(3 * min(raw))
    assert compared[2].relative_lift == pytest.approx(1.2)
    assert compared[2].chance_to_beat_control == pytest.approx(1, abs=1e-3)
    assert [one.finding for one in found.variants] == [None] * 4  # no look was taken


@pytest.mark.django_db
def test_before_anybody_came_there_are_no_numbers_and_no_verdict() -> None:
    found = report(started())
    treatment = variant(found, "treatment")
    assert (found.participants, treatment.rate, treatment.interval, found.history) == (0, None, None, ())
    assert treatment.comparison is not None
    assert treatment.comparison.p_value is None
    assert treatment.comparison.reasons == ("Nobody was exposed yet.",)
    assert (found.verdict.state, found.verdict.rule) == (VerdictState.KEEP_RUNNING, "Nobody exposed yet")


def test_a_draft_has_a_report_that_says_so(experiment_draft: Experiment) -> None:
    assert report(experiment_draft).verdict.rule == "Not started"


def test_people_in_the_wrong_shares_make_it_invalid(experiment: Experiment) -> None:
    expose_many(experiment, "control", 200, 20)
    expose_many(experiment, "treatment", 100, 50)
    found = report(experiment)
    assert found.sample_ratio.state is SampleRatioState.FAIL
    assert found.verdict.state is VerdictState.INVALID
    assert found.verdict.rule == "Sample-ratio mismatch"


def test_after_new_weights_only_people_who_came_since_are_compared(experiment: Experiment) -> None:
    expose_many(experiment, "control", 50, 5)
    expose_many(experiment, "treatment", 50, 5)
    changed_at = NOON + DAY
    experiment_reweigh(
        experiment=experiment,
        weights={"control": 0.2, "treatment": 0.8},
        actor="staff:ann",
        reason="More of it",
        now=changed_at,
    )
    expose_many(experiment, "control", 20, 3, changed_at + HOUR)
    expose_many(experiment, "treatment", 80, 9, changed_at + HOUR)
    found = report(experiment)
    assert (found.participants, found.earlier_participants) == (100, 100)
    assert [(one.users, one.conversions) for one in found.variants] == [(20, 3), (80, 9)]
    assert found.sample_ratio.state is SampleRatioState.OK


def test_people_are_counted_by_the_utc_day_they_came(experiment: Experiment) -> None:
    expose(experiment, "control", "1", NOON)
    expose(experiment, "treatment", "2", NOON + 11 * HOUR + timedelta(minutes=59))  # 23:59
    expose(experiment, "control", "3", NOON + 12 * HOUR)  # midnight
    expose(experiment, "control", "4", NOON + 3 * DAY)
    assert report(experiment, NOON + 4 * DAY).arrivals == (
        Arrivals(date(2026, 5, 4), {"control": 1, "treatment": 1}),
        Arrivals(date(2026, 5, 5), {"control": 1, "treatment": 0}),
        Arrivals(date(2026, 5, 7), {"control": 1, "treatment": 0}),
    )


def test_more_people_cost_no_more_queries(experiment: Experiment, django_assert_num_queries: Any) -> None:
    expose_many(experiment, "control", 5, 1)
    expose_many(experiment, "treatment", 5, 1)
    fresh = Experiment.objects.prefetch_related("variants").get()
    with django_assert_num_queries(QUERIES):
        experiment_report(experiment=fresh, as_of=LATER)
    expose_many(experiment, "control", 100, 50, NOON + DAY)
    with django_assert_num_queries(QUERIES):
        experiment_report(experiment=fresh, as_of=LATER)


def test_who_saw_two_variants_is_counted_and_left_out(experiment: Experiment) -> None:
    expose_many(experiment, "control", 100, 0)
    expose_many(experiment, "treatment", 100, 0)
    expose(experiment, "control", "both")
    act("both", "save", NOON + HOUR)
    Exposure.objects.filter(user_id="both").update(is_mixed=True)
    found = report(experiment)
    assert (found.participants, found.mixed_participants) == (200, 1)
    assert variant(found, "control").conversions == 0
    assert found.verdict.state is VerdictState.KEEP_RUNNING  # 1 of 201 is below one in a hundred
    Exposure.objects.filter(user_id__startswith="control").filter(user_id__endswith="-7").update(
        is_mixed=True
    )
    Exposure.objects.filter(user_id__startswith="control").filter(user_id__endswith="-8").update(
        is_mixed=True
    )
    assert report(experiment).verdict.rule == "More than 1% of people saw two variants"


def test_without_a_plan_nothing_can_be_judged(experiment: Experiment) -> None:
    Experiment.objects.update(planned_users=None)
    expose(experiment, "control", "1")
    found = report(experiment)
    assert (found.verdict.state, found.verdict.rule) == (VerdictState.INVALID, "No plan")
    assert found.progress.information is None


@pytest.mark.django_db
def test_few_people_in_odd_shares_are_no_mismatch_yet() -> None:
    """One of two in a variant of one per cent: chi-square's p is far below 0.001, yet it is one in fifty."""
    experiment = started(weights={"control": 0.99, "treatment": 0.01})
    expose(experiment, "control", "1")
    expose(experiment, "treatment", "2")
    found = report(experiment)
    assert (found.sample_ratio.state, found.sample_ratio.p_value) == (SampleRatioState.OK, None)
    assert found.sample_ratio.reason


def test_segments_are_by_city_whatever_its_capitals_and_by_newness(experiment: Experiment) -> None:
    for number, (city, is_new, key) in enumerate(
        [
            ("Cork", True, "control"),
            ("cork", False, "control"),
            ("Cork", False, "treatment"),
            ("", True, "control"),
        ]
    ):
        expose(experiment, key, str(number))
        Exposure.objects.filter(user_id=str(number)).update(city=city, is_new=is_new)
    act("1", "save", NOON + HOUR)
    found = {
        (one.dimension, one.value): [(row.users, row.total) for row in one.table.variants]
        for one in report(experiment).segments
    }
    assert found == {
        ("City", "Cork"): [(2, 1), (1, 0)],
        ("New or returning", "New"): [(2, 0), (0, 0)],
        ("New or returning", "Returning"): [(1, 1), (1, 0)],
    }


def test_a_city_spelt_in_several_ways_loses_nobody(experiment: Experiment) -> None:
    """Databases differ in which words are the same; what people did stays with them on each."""
    for number, city in enumerate(["Dún Laoghaire", "Dun Laoghaire", "DÚN LAOGHAIRE"]):
        expose(experiment, "control", str(number))
        Exposure.objects.filter(user_id=str(number)).update(city=city)
        act(str(number), "save", NOON + HOUR)
    found = report(experiment)
    assert variant(found, "control").conversions == 3
    cities = [one.table.of("control") for one in found.segments if one.dimension == "City"]
    assert sum(row.users for row in cities) == sum(row.total for row in cities) == 3


def test_a_report_as_of_an_earlier_moment_knows_nothing_of_what_came_later(experiment: Experiment) -> None:
    expose_many(experiment, "control", 60, 20)
    expose_many(experiment, "treatment", 60, 40)
    look_take(experiment=experiment, now=NOON + DAY)
    moment = NOON + 2 * DAY
    before = report(experiment, moment)
    expose_many(experiment, "treatment", 30, 30, moment + HOUR)
    act("control-" + NOON.isoformat() + "-59", "hide", moment + HOUR)
    serve("control-" + NOON.isoformat() + "-59", moment + HOUR, ["gig"])
    look_take(experiment=experiment, now=moment + DAY)
    experiment_reweigh(
        experiment=experiment,
        weights={"control": 0.2, "treatment": 0.8},
        actor="staff:ann",
        reason="More of it",
        now=moment + 2 * DAY,
    )
    assert report(experiment, moment) == before


ORACLES = json.loads((Path(__file__).parent / "oracles" / "proportions.json").read_text())["cases"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "case",
    [one for one in ORACLES if one["control"][1] + one["treatment"][1] <= 3000],
    ids=lambda one: one["name"],
)
def test_numbers_that_others_computed_come_out_of_the_report(case: dict[str, Any]) -> None:
    """From people in the tables to the numbers shown."""
    experiment = started()
    for key in ("control", "treatment"):
        converted, users = case[key]
        expose_many(experiment, key, users, converted)
    control, treatment = report(experiment).variants
    compared = treatment.comparison
    assert compared is not None
    assert compared.p_value == pytest.approx(case["p_value"], abs=1e-9)
    assert compared.relative_lift == pytest.approx(case["relative_lift"], abs=1e-9)
    assert compared.chance_to_beat_control == pytest.approx(case["chance_to_beat_control"], abs=1e-7)
    for row, expected in ((control, case["wilson_control"]), (treatment, case["wilson_treatment"])):
        assert row.interval is not None
        assert [row.interval.lower, row.interval.upper] == pytest.approx(expected, abs=1e-9)
    if case["boschloo"] is not None and compared.is_small:
        assert compared.exact_p_value == pytest.approx(case["boschloo"], rel=1e-4)
