from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.running import Service, Started, running_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path) as running:
        yield running


@pytest.fixture
def small_world(service: Service) -> Service:
    """Thirty coming events of two promoters, and enough saves to train on."""
    now = datetime.now(UTC)
    events = [
        {
            "event_id": f"{promoter}-{number}",
            "title": f"{promoter} {number}",
            "starts_at": (now + timedelta(days=2 + number)).isoformat(),
            "announced_at": (now - timedelta(days=60)).isoformat(),
            "promoter": promoter,
            "genres": [promoter],
        }
        for promoter in ("techno", "trad")
        for number in range(15)
    ]
    assert service.call("POST", "/v1/events/bulk", {"events": events})[0] == 200
    items = [
        {
            "user_id": f"{promoter}-{person}",
            "event_id": f"{promoter}-{(person + step) % 15}",
            "action": "save",
            "occurred_at": (now - timedelta(days=1 + step)).isoformat(),
        }
        for promoter in ("techno", "trad")
        for person in range(20)
        for step in range(3)
    ]
    assert service.call("POST", "/v1/feedback", {"items": items})[0] == 200
    return service


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """What `make run` leaves running; shared, since it takes a while."""
    running = Started(tmp_path_factory.mktemp("up"))
    yield running
    running.stop()
