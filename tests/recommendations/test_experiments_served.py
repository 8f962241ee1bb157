"""Who takes part in what, as POST /v1/recommendations serves it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from experiments.definitions import Visitor, definitions_forget
from experiments.models import Experiment, Exposure, Layer
from experiments.services import (
    Plan,
    VariantPlan,
    experiment_create,
    experiment_pause,
    experiment_ramp,
    experiment_start,
    layer_default,
    layer_hold_out,
)
from experiments.serving import assign
from tests.recommendations.client import RecommendationClient

pytestmark = pytest.mark.django_db
WHY: dict[str, Any] = {"actor": "staff:ann", "reason": "It was agreed"}


def started(
    key: str, *, layer: Layer | None = None, parameters: Sequence[dict[str, Any]] = (), **facts: Any
) -> Experiment:
    """Two halves; by default `popularity` against `hybrid`."""
    ways: Sequence[dict[str, Any]] = [{"parameters": one} for one in parameters]
    ways = ways or ({"algorithm": "popularity"}, {"algorithm": "hybrid"})
    draft = experiment_create(
        key=key,
        name=key,
        variants=[
            VariantPlan(key=name, name=name, weight=0.5, is_control=name == "control", **way)
            for name, way in zip(("control", "treatment"), ways, strict=True)
        ],
        actor="staff:ann",
        now=timezone.now(),
        hypothesis="It is better.",
        plan=Plan(minimum_effect=0.1, users=2000, days=14),
        layer=layer,
        layer_percentage=facts.pop("layer_percentage", 100.0),
        traffic_percentage=facts.pop("traffic_percentage", 100.0),
    )
    Experiment.objects.filter(pk=draft.pk).update(**facts)
    draft.refresh_from_db()
    return experiment_start(experiment=draft, now=timezone.now(), **WHY)


def layer(key: str, holdout: float = 0.0) -> Layer:
    return Layer.objects.create(key=key, name=key, holdout_percentage=holdout)


def taking_part(people: Iterable[int]) -> dict[str, dict[int, str]]:
    """By experiment, the variant of each of these people."""
    found: dict[str, dict[int, str]] = {}
    for number in people:
        for one in assign(visitor=Visitor(str(number))).assignments:
            found.setdefault(one.experiment_key, {})[number] = one.variant_key
    return found


def cramers_v(one: dict[int, str], other: dict[int, str]) -> float:
    both = one.keys() & other.keys()
    cells = Counter((one[number], other[number]) for number in both)
    rows, columns = (Counter(some[number] for number in both) for some in (one, other))
    chi2 = sum(
        (cells[row, column] - rows[row] * columns[column] / len(both)) ** 2
        / (rows[row] * columns[column] / len(both))
        for row in rows
        for column in columns
    )
    return float((chi2 / len(both) / (min(len(rows), len(columns)) - 1)) ** 0.5)


def test_two_experiments_of_one_layer_never_share_a_person(settings: Any) -> None:
    settings.REFRESH_SECONDS = 60
    started("first", layer_percentage=60)
    started("second", layer_percentage=40)
    found = taking_part(range(3000))
    assert not found["first"].keys() & found["second"].keys()
    assert len(found["first"]) + len(found["second"]) == 3000
    assert 1650 < len(found["first"]) < 1950


def test_two_layers_are_independent(settings: Any) -> None:
    settings.REFRESH_SECONDS = 60
    started("first")
    started("second", layer=layer("lists"), parameters=({}, {"most_per_venue": 2}))
    found = taking_part(range(20_000))
    assert len(found["first"]) == len(found["second"]) == 20_000
    assert cramers_v(found["first"], found["second"]) <= 0.02


def test_a_person_of_two_layers_is_exposed_to_both_by_one_read_and_one_write(
    ask: RecommendationClient, settings: Any
) -> None:
    settings.REFRESH_SECONDS = 60
    started("first")
    started("second", layer=layer("lists"), parameters=({}, {"most_per_venue": 2}))
    definitions_forget()
    ask.ids("before")
    for expected in (["SELECT", "INSERT"], ["SELECT"]):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ask.ids("1")
        of_experiments = [one["sql"] for one in captured if "experiments_" in one["sql"]]
        assert [sql.split()[0] for sql in of_experiments] == expected
        assert all("experiments_exposure" in sql for sql in of_experiments)
    assert Exposure.objects.filter(user_id="1").count() == 2


def test_people_held_out_are_never_exposed(ask: RecommendationClient, settings: Any) -> None:
    settings.REFRESH_SECONDS = 60
    default = layer_hold_out(layer=layer_default(), percentage=20)
    started("first", layer=default, layer_percentage=40)
    started("second", layer=default, layer_percentage=40)
    found = taking_part(range(2000))
    held_out = set(range(2000)) - found["first"].keys() - found["second"].keys()
    assert 320 < len(held_out) < 480
    for number in list(held_out)[:10]:
        answer = ask.answer(str(number))
        assert (answer["ab_experiment"], answer["variant"]) == (None, None)
    assert not Exposure.objects.exists()


def test_more_than_the_layer_has_left_beside_the_holdout_is_refused() -> None:
    held = layer("held", holdout=20)
    with pytest.raises(Exception, match="80% is left, 100% is wanted"):
        started("whole", layer=held)


def test_ramping_from_10_to_50_moves_nobody_between_variants(
    ask: RecommendationClient, settings: Any
) -> None:
    settings.REFRESH_SECONDS = 60
    experiment = started("ramped", traffic_percentage=10)
    before = taking_part(range(3000))["ramped"]
    assert 240 < len(before) < 360
    experiment_ramp(experiment=experiment, traffic_percentage=50, now=timezone.now(), **WHY)
    definitions_forget()
    after = taking_part(range(3000))["ramped"]
    assert 1380 < len(after) < 1620
    assert before.items() <= after.items()
    assert experiment.phases.count() == 1
    some = next(iter(before))
    assert ask.answer(str(some))["variant"] == before[some]


def test_people_exposed_stay_when_the_traffic_is_taken_back(
    ask: RecommendationClient,
) -> None:
    experiment = started("ramped", traffic_percentage=100)
    variants = {str(number): ask.answer(str(number))["variant"] for number in range(12)}
    experiment_ramp(experiment=experiment, traffic_percentage=0.001, now=timezone.now(), **WHY)
    assert {user: ask.answer(user)["variant"] for user in variants} == variants
    assert ask.answer("a newcomer")["variant"] is None


def test_a_paused_experiment_serves_control_to_the_exposed_and_nothing_to_others(
    ask: RecommendationClient,
) -> None:
    experiment = started("paused")
    exposed = {str(number): ask.answer(str(number))["variant"] for number in range(12)}
    assert set(exposed.values()) == {"control", "treatment"}
    experiment_pause(experiment=experiment, now=timezone.now(), **WHY)
    assert {ask.answer(user)["variant"] for user in exposed} == {"control"}
    assert ask.answer("a newcomer")["ab_experiment"] is None
    assert Exposure.objects.count() == 12


def test_only_its_cities_and_surfaces_take_part(ask: RecommendationClient) -> None:
    started("local", cities=["Cork"], surfaces=["home"])
    assert ask.answer("1", city="cork", surface="home")["ab_experiment"] == "local"
    assert ask.answer("2", city="Dublin", surface="home")["ab_experiment"] is None
    assert ask.answer("3", city="Cork", surface="digest")["ab_experiment"] is None
    assert ask.answer("4", surface="home")["ab_experiment"] is None
    assert [row.user_id for row in Exposure.objects.all()] == ["1"]


@pytest.mark.parametrize(("audience", "inside"), [("newcomers", "new"), ("returning", "known")])
def test_newcomers_and_returning_people_are_told_apart_when_they_first_come(
    ask: RecommendationClient, audience: str, inside: str
) -> None:
    started("audience", audience=audience)
    ask.act("known", "gig", "save")
    served = {user: ask.answer(user)["ab_experiment"] for user in ("new", "known")}
    assert [user for user, key in served.items() if key] == [inside]
    ask.act("new", "gig", "save")
    assert (ask.answer("new")["ab_experiment"] is not None) == (inside == "new" or audience == "returning")
