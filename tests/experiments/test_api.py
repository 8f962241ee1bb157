import json
import math
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from experiments.looks import look_take
from experiments.models import Experiment
from experiments.services import experiment_complete, experiment_pause
from tests.experiments.factories import act, draft, expose, expose_many, started

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def results(api: Client, key: str = "rec_v1") -> Any:
    answer = api.get(f"/v1/experiments/{key}/results")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def running() -> Experiment:
    """Started a week ago; 40 people in each variant, 4 of control's and 20 of the treatment's saved."""
    start = timezone.now() - WEEK
    experiment = started(now=start)
    for key, saved in (("control", 4), ("treatment", 20)):
        for number in range(40):
            expose(experiment, key, f"{key}-{number}", start)
            if number < saved:
                act(f"{key}-{number}", "save", start + timedelta(hours=1))
    return experiment


def test_an_experiment_has_the_fields_that_clients_read(api: Client) -> None:
    start = timezone.now()
    started(now=start, weights={"control": 0.25, "hybrid": 0.75}, traffic_percentage=50)
    body = api.get("/v1/experiments").json()
    assert body["count"] == 1
    [experiment] = body["experiments"]
    assert experiment["experiment_id"] == experiment["id"] == "rec_v1"
    assert experiment["name"] == "Experiment rec_v1"
    assert experiment["status"] == "active"
    assert experiment["start_date"] is not None
    assert experiment["end_date"] is None
    assert experiment["metrics_tracked"][0] == "conversion_rate"
    assert experiment["variants"][0] == {
        "variant_id": "control",
        "name": "Control",
        "description": "",
        "algorithm": "popularity",
        "parameters": {},
        "weight": 0.25,
        "traffic_percentage": 12.5,
    }


def test_it_lists_the_active_ones_and_others_when_asked(api: Client) -> None:
    why: dict[str, Any] = {"actor": "staff:ann", "reason": "Done", "now": timezone.now()}
    experiment_complete(experiment=started("done"), **why)
    experiment_pause(experiment=started("waiting"), **why)
    draft("planned")

    def listed(query: str) -> set[str]:
        body = api.get(f"/v1/experiments{query}").json()
        assert body["count"] == len(body["experiments"])
        return {one["id"] for one in body["experiments"]}

    assert listed("") == listed("?status=active") == set()
    assert listed("?status=paused") == {"waiting"}
    assert listed("?status=completed") == {"done"}
    assert listed("?status=draft") == {"planned"}
    assert listed("?status=all") == {"done", "waiting", "planned"}


@pytest.mark.parametrize("status", ["running", "", "ACTIVE"])
def test_a_status_that_does_not_exist_is_a_clear_error(api: Client, status: str) -> None:
    answer = api.get("/v1/experiments", {"status": status})
    assert answer.status_code == 400
    assert "active" in answer.json()["errors"]["status"][0]


def test_results_have_the_fields_that_clients_read_under_every_name(api: Client, running: Experiment) -> None:
    body = results(api)
    assert body["experiment_id"] == "rec_v1"
    assert body["status"] == "active"
    assert body["participants"] == body["total_users"] == 80
    assert body["start_date"] < body["as_of"]
    assert body["sample_ratio"]["p_value"] == 1.0
    assert body["sample_ratio"]["state"] == "ok"
    assert body["sample_ratio"]["early_warning"] == "ok"
    assert body["verdict"]["state"] == "keep_running"
    assert body["verdict"]["rule"]
    assert body["verdict"]["explanation"]
    assert body["history"] == []
    control = body["variants"][0]
    assert control["variant_id"] == control["variant"] == "control"
    assert control["name"] == control["variant_name"] == "Control"
    assert control["participants"] == control["user_count"] == control["users"] == 40
    assert control["conversions"] == 4
    assert control["conversion_rate"] == control["metrics"]["save_rate"] == 0.1
    assert control["interval"][0] < 0.1 < control["interval"][1]
    assert control["metrics"]["click_through_rate"] == control["metrics"]["hide_rate"] == 0
    assert "p_value" not in control


def test_treatments_are_compared_with_control(api: Client, running: Experiment) -> None:
    treatment = results(api)["variants"][1]
    assert treatment["p_value"] == treatment["adjusted_p_value"] < 0.001
    assert math.isclose(treatment["relative_lift"], 4.0)
    lower, upper = treatment["relative_lift_interval"]
    assert 0 < lower < 4 < upper
    assert treatment["chance_to_beat_control"] > 0.999
    # Not before a daily look found it, however small the p-value is.
    assert treatment["statistical_significance"] == {
        "vs_control": {"p_value": treatment["p_value"], "is_significant": False, "confidence_level": 0.95}
    }


def test_what_a_look_found_is_significant_and_in_the_history(api: Client, running: Experiment) -> None:
    for key in ("control", "treatment"):
        expose_many(running, key, 60, 10 if key == "control" else 50, running.started_at or timezone.now())
    look_take(experiment=running, now=timezone.now())
    body = results(api)
    treatment = body["variants"][1]
    assert treatment["statistical_significance"]["vs_control"]["is_significant"] is True
    assert treatment["finding"] == "better"
    assert body["verdict"]["state"] == "ship"
    assert body["since_last_look"]["users"] == 0
    [day] = body["history"]
    assert day["date"] == timezone.now().date().isoformat()
    assert [point["users"] for point in day["variants"]] == [100, 100]
    assert day["tests"][0]["method"] == "group_sequential"
    assert day["tests"][0]["statistic"] > day["tests"][0]["critical_value"]


def test_an_extreme_experiment_is_still_strict_json(api: Client) -> None:
    start = timezone.now() - WEEK
    experiment = started(now=start)
    for key in ("control", "treatment"):
        expose_many(experiment, key, 60, 60 if key == "treatment" else 0, start)
    look_take(experiment=experiment, now=timezone.now())
    content = api.get("/v1/experiments/rec_v1/results").content
    json.loads(content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_a_number_that_cannot_be_given_is_null_and_says_why(api: Client) -> None:
    start = timezone.now() - WEEK
    experiment = started(now=start)
    expose(experiment, "control", "1", start)
    expose(experiment, "treatment", "2", start)
    act("2", "save", start)
    treatment = results(api)["variants"][1]
    assert treatment["relative_lift"] is None
    assert treatment["relative_lift_interval"][1] is None
    assert treatment["missing_because"] == ["Nobody in control converted, so a ratio to it has no meaning."]


@pytest.mark.parametrize("status", ["draft", "active"])
def test_an_experiment_that_nobody_saw_has_results_too(api: Client, status: str) -> None:
    (draft if status == "draft" else started)()
    body = results(api)
    assert (body["participants"], body["history"]) == (0, [])
    assert body["variants"][0]["conversion_rate"] is None


def test_an_unknown_experiment_is_not_found(api: Client) -> None:
    answer = api.get("/v1/experiments/nothing/results")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/v1/experiments", "/v1/experiments/rec_v1/results"])
def test_only_readers_may_read(path: str, client: Client) -> None:
    started()
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"authorization": f"Bearer {token()}"}).status_code == 403
    assert client.get(path, headers={"authorization": f"Bearer {token(role='admin')}"}).status_code == 200


def token(**claims: str) -> str:
    expiry = timezone.now() + timedelta(hours=1)
    return jwt.encode({"user_id": 7, "exp": expiry, **claims}, django_settings.JWT_SECRET, algorithm="HS256")
