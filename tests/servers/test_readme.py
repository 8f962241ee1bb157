"""What the README says, done as it is written: `up` is what `make run` calls after installing."""

import re
import shlex
import subprocess
from typing import Any

import orjson
import pytest

from tests.servers.running import ROOT, Started

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("started")]

README = (ROOT / "README.md").read_text()
CURLS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


def run_curl(line: str, port: int) -> Any:
    command = shlex.split(line.replace(":4004", f":{port}"))
    assert command[0] == "curl"
    done = subprocess.run([*command, "--fail-with-body"], capture_output=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout.decode()}"
    return orjson.loads(done.stdout)


def test_every_curl_line_works_and_tastes_differ(started: Started) -> None:
    assert len(CURLS) >= 10
    answers = [run_curl(line, started.service.port) for line in CURLS]
    lists = [[item["event_id"] for item in answer["recommendations"]] for answer in answers[:2]]
    assert all(len(one) == 3 for one in lists)
    assert not set(lists[0]) & set(lists[1]), "two people with different tastes see the same"
    before, after = answers[2], answers[5]
    assert before["recommendations"] != after["recommendations"]


def test_it_trained_a_model_started_the_experiment_and_says_what_to_try(started: Started) -> None:
    port = started.service.port
    assert run_curl("curl -s http://127.0.0.1:4004/ready", port)["status"] == "ready"
    [experiment] = run_curl("curl -s http://127.0.0.1:4004/v1/experiments", port)["experiments"]
    assert experiment["id"] == "rec_algorithm_v1"
    assert {one["variant_id"]: one["algorithm"] for one in experiment["variants"]} == {
        "control": "popularity",
        "collaborative_filtering": "collaborative_filtering",
        "content_based": "content_based",
        "hybrid": "hybrid",
    }
    said = started.log.read_text()
    assert "password" in said
    assert said.count("curl -s ") >= 3
    assert f"http://127.0.0.1:{port}/admin/" in said


def test_the_demonstrations_people_can_use_it(started: Started) -> None:
    played = started.service.manage(
        "simulate", "--url", started.service.base, "--requests", "30", "--rate", "20"
    )
    assert played.returncode == 0, played.stdout + played.stderr
    results = started.service.call("GET", "/v1/experiments/rec_algorithm_v1/results")[1]
    assert results["participants"] > 0


def test_a_second_start_keeps_what_is_there(started: Started) -> None:
    again = started.service.manage("demo")
    assert again.returncode == 0
    assert "exists" in again.stdout
    assert "Everything was there already." in again.stdout
