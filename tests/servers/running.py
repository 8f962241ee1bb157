"""A real gunicorn with two workers, on a database and a data folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import urllib3

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_SECONDS = 60.0
IS_UP_WITHIN_SECONDS = 240.0  # with the demonstration loaded and a model trained


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Service:
    """The service as its operators have it: commands, and a server to talk to."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.pool = urllib3.PoolManager(retries=False, timeout=30.0, maxsize=16)
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "craic_ml.settings",
            "DEBUG": "false",
            "API_AUTH": "open",
            "COOKIES_OVER_TLS_ONLY": "false",
            "DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/service.sqlite3",
            "PORT": str(self.port),
            "REFRESH_SECONDS": "1.0",
            "PREDICTION_FLUSH_SECONDS": "0.2",
            "MIN_TRAINING_SAMPLES": "20",
        }
        self._server: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def process(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "--config", "craic_ml/gunicorn_conf.py", "craic_ml.wsgi"]
        self._server = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, start_new_session=True, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self.answers():
            if time.monotonic() > deadline or self._server.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            return bool(self.pool.request("GET", f"{self.base}/health").status == 200)
        except urllib3.exceptions.HTTPError:
            return False

    def kill(self) -> None:
        """kill -9, master and workers at once."""
        if self._server is not None and self._server.poll() is None:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()

    def call(self, method: str, path: str, body: Any = None, *, fresh: bool = False) -> tuple[int, Any]:
        """Status and parsed body; `fresh` opens a new connection, so that either worker may answer."""
        headers = {"Content-Type": "application/json"} | ({"Connection": "close"} if fresh else {})
        content = None if body is None else orjson.dumps(body)
        answer = self.pool.request(method, f"{self.base}{path}", body=content, headers=headers)
        return answer.status, orjson.loads(answer.data) if answer.data else None

    def recommended(self, user_id: str, **body: Any) -> list[str]:
        status, answer = self.call(
            "POST", "/v1/recommendations", {"user_id": user_id, "limit": 100, **body}, fresh=True
        )
        assert status == 200, answer
        return [item["event_id"] for item in answer["recommendations"]]


@contextmanager
def running_service(folder: Path) -> Iterator[Service]:
    service = Service(folder)
    migrated = service.manage("migrate", "-v0")
    assert migrated.returncode == 0, migrated.stderr
    service.start()
    try:
        yield service
    finally:
        service.kill()
        service.pool.clear()


class Started:
    """`manage.py up`, running."""

    def __init__(self, folder: Path) -> None:
        self.service = Service(folder)
        self.log = folder / "up.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.service.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + IS_UP_WITHIN_SECONDS
        while not self.service.answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        self.service.pool.clear()
