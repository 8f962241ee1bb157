"""`manage.py simulate`: the people against a live API; what it says it did is what was stored."""

import io
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import orjson
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from feedback.models import Feedback, Prediction
from recommendations.demonstration.api_client import ApiClient
from recommendations.demonstration.loading import experiment_ensure, world_load
from recommendations.demonstration.simulation import Pace, ServerAway, Simulation
from recommendations.demonstration.world import World, today_in_dublin

FAST = 10_000.0


def a_world(people: int = 15, newcomers: int = 0) -> World:
    today = today_in_dublin(timezone.now())
    return World(seed=1, today=today, people_count=people, newcomers=newcomers, arrival="test")


def a_simulation(url: str, world: World, *, requests: int, api_key: str = "") -> Simulation:
    return Simulation(
        world=world,
        client=ApiClient(url, api_key=api_key),
        pace=Pace(FAST, requests=requests),
        generator=np.random.default_rng(7),
    )


# --- Against the real API ------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_what_it_counts_is_what_the_api_stored(open_api: None, live_server: LiveServer) -> None:
    world = a_world(newcomers=5)
    world_load(world=a_world(), now=timezone.now())
    before = Feedback.objects.count()
    simulation = a_simulation(live_server.url, world, requests=60)
    tally = simulation.run()
    simulation.client.close()
    assert tally.failures == {}
    assert tally.visits == 30
    new = Feedback.objects.order_by("pk")[before:]
    assert Counter(row.action for row in new) == tally.stored
    assert sum(tally.saves) == tally.stored["save"]
    assert any(tally.nth)
    served = set(Prediction.objects.values_list("recommendation_id", flat=True))
    for row in new:
        assert row.recommendation_id in served
        assert row.position is not None
        assert row.position < 20


@pytest.mark.django_db(transaction=True)
def test_visits_are_told_apart_by_variant(open_api: None, live_server: LiveServer) -> None:
    world_load(world=a_world(), now=timezone.now())
    experiment_ensure(now=timezone.now())
    out = io.StringIO()
    call_command("simulate", url=live_server.url, requests=60, rate=FAST, people=15, newcomers=3, stdout=out)
    summary = out.getvalue()
    assert "30 visits, 60 requests" in summary
    assert "errors: none" in summary
    variants = {"control", "collaborative_filtering", "content_based", "hybrid"}
    assert len({line.split()[0] for line in summary.splitlines() if line.strip()} & variants) >= 2


@pytest.mark.django_db(transaction=True)
def test_without_the_key_that_the_api_asks_for_it_says_what_to_do(
    settings: Any, live_server: LiveServer
) -> None:
    settings.API_AUTH = "required"
    with pytest.raises(CommandError, match="--api-key") as refusal:
        call_command("simulate", url=live_server.url, requests=2, people=3)
    assert refusal.value.returncode == 1


# --- Against nobody, or somebody in trouble ------------------------------------------------------
def test_a_server_that_is_not_there_is_one_clear_line_and_exit_code_1() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(CommandError, match=r"^The API does not answer .* Start it with: make run$") as away:
        call_command("simulate", url=f"http://127.0.0.1:{port}", people=3)
    assert away.value.returncode == 1


def test_an_address_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(CommandError, match="is not an address") as refusal:
        call_command("simulate", url="localhost", people=3)
    assert refusal.value.returncode == 2


@pytest.mark.parametrize("option", ["--rate=0", "--rate=fast", "--minutes=-1", "--requests=0", "--people=x"])
def test_numbers_that_make_no_sense_are_refused(option: str) -> None:
    with pytest.raises(CommandError, match="give a"):
        call_command("simulate", option)


class StandIn(BaseHTTPRequestHandler):
    """An API that serves one list, refuses every third batch of feedback, and closes connections."""

    protocol_version = "HTTP/1.1"
    headers_seen: list[str | None]
    batches: list[list[dict[str, Any]]]
    event_ids: list[str]

    def do_POST(self) -> None:
        body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.headers_seen.append(self.headers["Authorization"])
        if self.path == "/v1/recommendations":
            self._answer(200, self._list())
            return
        self.batches.append(body["items"])
        if len(self.batches) % 3 == 0:
            self._answer(500, {"detail": "No.", "code": "error"})
        else:
            self._answer(200, {"status": "success"})
        self.close_connection = len(self.batches) % 4 == 0

    def _list(self) -> dict[str, Any]:
        lines = [
            {"event_id": event_id, "position": position, "genre": "trad", "city": "Dublin"}
            for position, event_id in enumerate(self.event_ids)
        ]
        shown = "6f1c3a52-8a43-4f35-9f3e-0a8f9f0e3b11"
        return {"recommendations": lines, "recommendation_id": shown, "variant": "control"}

    def _answer(self, status: int, body: object) -> None:
        content = orjson.dumps(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def stand_in() -> Iterator[tuple[str, type[StandIn]]]:
    events = [event.id for event in a_world().events if event.status == "scheduled"][-12:]

    class Handler(StandIn):
        headers_seen: list[str | None] = []
        batches: list[list[dict[str, Any]]] = []
        event_ids = [*events, "unheard-of"]

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", Handler
        server.shutdown()
        thread.join()


def test_failures_are_counted_and_what_failed_is_not_counted_as_stored(
    stand_in: tuple[str, type[StandIn]],
) -> None:
    url, api = stand_in
    simulation = a_simulation(url, a_world(), requests=40, api_key="secret")
    tally = simulation.run()
    simulation.client.close()
    accepted = [batch for number, batch in enumerate(api.batches, start=1) if number % 3]
    assert tally.visits == len(api.batches) == 20
    assert tally.failures == {"500 error": 6}
    assert tally.stored == Counter(item["action"] for batch in accepted for item in batch)
    assert sum(tally.saves) == tally.stored["save"] > 0
    assert set(api.headers_seen) == {"Api-Key secret"}


def test_people_look_from_the_top_and_save_an_event_once(stand_in: tuple[str, type[StandIn]]) -> None:
    url, api = stand_in
    simulation = a_simulation(url, a_world(), requests=200)
    simulation.run()
    simulation.client.close()
    accepted = [batch for number, batch in enumerate(api.batches, start=1) if number % 3]
    items = [item for batch in accepted for item in batch]
    looks = Counter(item["position"] for item in items if item["action"] == "impression")
    assert looks[0] > looks[5] > looks[12]
    assert [looks[position] for position in range(13)] == sorted(looks.values(), reverse=True)
    saved = Counter((item["user_id"], item["event_id"]) for item in items if item["action"] == "save")
    assert saved.most_common(1)[0][1] == 1
    assert all(item["idempotency_key"] for item in items)


def test_a_server_that_goes_away_ends_the_simulation_with_what_was_seen(
    stand_in: tuple[str, type[StandIn]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _api = stand_in
    monkeypatch.setattr("recommendations.demonstration.simulation._PAUSE", 0.0)
    simulation = a_simulation(url, a_world(), requests=1_000)

    def cut_off(_tally: object) -> None:
        simulation.client.close()
        simulation.client = ApiClient("http://127.0.0.1:9")

    with pytest.raises(ServerAway, match="has gone away"):
        simulation.run(cut_off)
    assert simulation.tally.visits == 1
    assert simulation.tally.failures["no answer"] == 30
