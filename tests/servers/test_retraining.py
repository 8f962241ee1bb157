"""Retraining as cron, the API and the worker process do it."""

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.servers.running import Service

pytestmark = pytest.mark.servers


@pytest.fixture
def worker(small_world: Service) -> Iterator["subprocess.Popen[str]"]:
    process = small_world.process("db_worker", "--interval", "0.2", "--no-startup-delay")
    yield process
    process.terminate()
    process.communicate()


def test_it_trains_in_the_worker_when_the_api_asks(
    small_world: Service, worker: "subprocess.Popen[str]"
) -> None:
    status, answer = small_world.call("POST", "/v1/model/retrain")
    assert status == 200, answer
    assert (answer["status"], answer["promoted"], answer["model_version"]) == ("success", True, "v1")
    assert answer["metrics"]["training_samples"] == 120
    status, run = small_world.call("GET", f"/v1/model/retrain/{answer['run_id']}")
    assert (status, run["state"], run["progress"]) == (200, "promoted", 1.0)


def test_it_says_202_while_nobody_has_trained_yet_and_409_to_a_second_request(small_world: Service) -> None:
    answer = small_world.pool.request(
        "POST", f"{small_world.base}/v1/model/retrain", headers={"Prefer": "wait=0"}
    )
    body = answer.json()
    assert (answer.status, body["status"]) == (202, "running")
    assert answer.headers["Location"] == f"/v1/model/retrain/{body['run_id']}"
    status, second = small_world.call("POST", "/v1/model/retrain")
    assert (status, second["code"], second["run_id"]) == (409, "run_in_progress", body["run_id"])


def test_it_tells_a_second_retrain_that_one_is_active(small_world: Service) -> None:
    """The first one waits for a worker that is not there, so it is surely active."""
    assert (
        small_world.pool.request(
            "POST", f"{small_world.base}/v1/model/retrain", headers={"Prefer": "wait=0"}
        ).status
        == 202
    )
    second = small_world.manage("retrain")
    assert second.returncode == 3
    assert "Training run 1 is queued already" in second.stderr


def test_it_ends_a_run_as_failed_when_it_is_told_to_stop_and_frees_the_lock(small_world: Service) -> None:
    run = _retrain_held_in_the_middle(small_world)
    run.send_signal(signal.SIGTERM)
    run.send_signal(signal.SIGCONT)
    run.communicate()
    assert run.returncode == 1
    state = small_world.call("GET", "/v1/model/retrain/1")[1]
    assert state["state"] == "failed"
    assert "SIGTERM" in state["error"]
    assert small_world.manage("retrain").returncode == 0


def _retrain_held_in_the_middle(service: Service) -> "subprocess.Popen[str]":
    process = service.process("retrain")
    while True:
        status, run = service.call("GET", "/v1/model/retrain/1")
        if status == 200 and run["state"] == "running" and run["progress"] >= 0.15:
            process.send_signal(signal.SIGSTOP)
            return process
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
