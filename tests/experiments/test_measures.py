"""The metrics through the real tables: a small example by hand, and random ones recounted in Python."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt

import pytest

from experiments.metrics import ACTIONS_OF, METRICS, Deeds, MetricKind, PersonSum, Served
from experiments.models import Experiment, Exposure
from experiments.reports import Comparison, ExperimentReport, MetricTable
from experiments.results import experiment_report
from feedback.models import Action, Feedback, Prediction
from tests.experiments.factories import DAY, HOUR, NOON, act, draft, expose, serve, started

LATER = NOON + 30 * DAY


def table(found: ExperimentReport, key: str) -> MetricTable:
    return next(one for one in found.everyone if one.metric.key == key)


def compared(found: ExperimentReport, key: str) -> Comparison:
    comparison = table(found, key).of("treatment").comparison
    assert comparison is not None
    return comparison


@pytest.fixture
def small(experiment: Experiment) -> Experiment:
    """Clicks of shown: control 1 of 4, 0 of 2, 2 of 2; treatment 2 of 3, 2 of 4, 3 of 3."""
    for key, people in (("control", [(1, 4), (0, 2), (2, 2)]), ("treatment", [(2, 3), (2, 4), (3, 3)])):
        for number, (clicks, shown) in enumerate(people):
            person = f"{key}-{number}"
            expose(experiment, key, person)
            serve(person, NOON, [f"gig-{n}" for n in range(shown)], latency_ms=10.0 + number)
            for _ in range(clicks):
                act(person, "click", NOON + HOUR)
                act(person, "save", NOON + HOUR)
    return experiment


def test_a_ratio_is_of_sums_and_its_test_has_the_person_as_its_unit(small: Experiment) -> None:
    found = experiment_report(experiment=small, as_of=LATER)
    control, treatment = table(found, "clicks_per_recommendation").variants
    assert (control.value, treatment.value) == (3 / 8, 7 / 10)
    # Each person's x - r * y: control -0.5, -0.75, 1.25; treatment -0.1, -0.8, 0.9.
    error = sqrt(
        (0.25 + 0.5625 + 1.5625) / 2 / 3 / (8 / 3) ** 2 + (0.01 + 0.64 + 0.81) / 2 / 3 / (10 / 3) ** 2
    )
    difference = compared(found, "clicks_per_recommendation")
    assert difference.difference == pytest.approx(7 / 10 - 3 / 8, abs=1e-12)
    assert difference.difference_interval is not None
    half = 1.959963984540054 * error
    assert difference.difference_interval.lower == pytest.approx(7 / 10 - 3 / 8 - half, abs=1e-9)


def test_a_mean_counts_people_who_did_nothing_and_is_tested_by_welch(small: Experiment) -> None:
    found = experiment_report(experiment=small, as_of=LATER)
    control, treatment = table(found, "saves_per_user").variants
    assert (control.value, treatment.value) == (1.0, 7 / 3)
    # From scipy: ttest_ind of 2, 2, 3 against 1, 0, 2 with equal_var=False.
    assert compared(found, "saves_per_user").p_value == pytest.approx(0.13358324311803696, abs=1e-9)


def test_lists_are_measured_by_how_long_they_took_how_empty_they_were_and_whether_they_failed(
    experiment: Experiment,
) -> None:
    expose(experiment, "control", "1")
    for events, latency, reason in ((["a"], 4.0, ""), ([], 6.0, "error"), (["a", "b"], 11.0, "cold_start")):
        serve("1", NOON + HOUR, events, latency, reason)
    serve("1", NOON - HOUR, [], 900.0, "error")  # before the exposure
    serve("1", NOON + 168 * HOUR, [], 900.0, "error")  # after the window
    found = experiment_report(experiment=experiment, as_of=LATER)
    control = {key: table(found, key).of("control").value for key in ("latency_ms", "empty_share")}
    assert control == {"latency_ms": 7.0, "empty_share": 1 / 3}
    # Somebody new gets what is popular by design: no failure.
    assert table(found, "fallback_share").of("control").value == 1 / 3


def test_p_values_of_other_outcomes_are_adjusted_together_and_guardrails_not(small: Experiment) -> None:
    found = experiment_report(experiment=small, as_of=LATER)
    for one in found.everyone:
        comparison = one.of("treatment").comparison
        assert comparison is not None
        if one.metric.role == "guardrail":
            assert comparison.adjusted_p_value is None
        elif comparison.p_value is not None:
            assert comparison.adjusted_p_value is not None
            assert comparison.adjusted_p_value >= comparison.p_value


def test_variety_is_of_one_list_a_person_and_as_many_in_each_variant(experiment: Experiment) -> None:
    for person, key, events in (
        ("1", "control", ["a", "b"]),
        ("2", "control", ["a", "c"]),
        ("3", "treatment", ["a", "b", "c"]),
    ):
        expose(experiment, key, person)
        serve(person, NOON, events)
        serve(person, NOON + HOUR, ["later"])
    found = experiment_report(experiment=experiment, as_of=LATER)
    assert [(one.variant, one.lists, one.distinct_events) for one in found.variety] == [
        ("control", 1, 2),  # the last who came
        ("treatment", 1, 3),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_the_database_counts_what_a_slow_recount_counts(seed: int) -> None:
    """Random people, times, actions and lists, counted again person by person in Python."""
    dice = random.Random(seed)
    weights = {"control": 0.4, "a": 0.3, "b": 0.3}
    experiment = started(weights=weights)
    other = draft("other", weights)
    people = [f"person-{number}" for number in range(40)]
    for name in people:
        expose(experiment, dice.choice(list(weights)), name, NOON + dice.random() * 10 * DAY)
        if dice.random() < 0.3:
            expose(other, dice.choice(list(weights)), name, NOON + dice.random() * 10 * DAY)
    for _ in range(200):
        at = NOON + dice.random() * 20 * DAY
        act(dice.choice([*people, "stranger"]), dice.choice(Action.values), at)
        events = ["gig"] * dice.randrange(4)
        serve(dice.choice([*people, "stranger"]), at, events, dice.random() * 9, dice.choice(["", "error"]))
    as_of = NOON + dice.random() * 20 * DAY
    found = experiment_report(experiment=experiment, as_of=as_of)
    for tables, at_most in ((found.everyone, as_of), (found.matured, as_of - 168 * HOUR)):
        for one in tables:
            for row in one.variants:
                exposures = list(experiment.exposures.filter(variant__key=row.variant, first_at__lte=at_most))
                assert row.users == len(exposures)
                assert row.value == pytest.approx(recounted(one, exposures, as_of))


def recounted(one: MetricTable, exposures: Sequence[Exposure], as_of: datetime) -> float | None:
    metric = one.metric
    x = [sum_of(metric.numerator, row, as_of) for row in exposures]
    if metric.kind is MetricKind.RATIO:
        assert metric.denominator is not None
        whole = sum(sum_of(metric.denominator, row, as_of) for row in exposures)
        return sum(x) / whole if whole else None
    if metric.kind is MetricKind.PROPORTION:
        x = [float(value > 0) for value in x]
    return sum(x) / len(x) if x else None


def sum_of(what: PersonSum, row: Exposure, as_of: datetime) -> float:
    if isinstance(what, Deeds):
        deeds = Feedback.objects.filter(user_id=row.user_id, action__in=ACTIONS_OF[what])
        return sum(is_counted(deed.occurred_at, row, as_of) for deed in deeds)
    lists = [
        one for one in Prediction.objects.filter(user_id=row.user_id) if is_counted(one.served_at, row, as_of)
    ]
    return {
        Served.LISTS: float(len(lists)),
        Served.SHOWN: float(sum(len(one.items) for one in lists)),
        Served.LATENCY: sum(one.latency_ms for one in lists),
        Served.EMPTY: float(sum(not one.items for one in lists)),
        Served.FALLBACKS: float(sum(one.fallback_reason == "error" for one in lists)),
    }[what]


def is_counted(moment: datetime, row: Exposure, as_of: datetime) -> bool:
    return row.first_at <= moment < row.first_at + timedelta(hours=168) and moment <= as_of


def test_every_metric_says_what_it_is() -> None:
    assert len({one.key for one in METRICS}) == len(METRICS)
    assert all(one.label and one.description for one in METRICS)
