"""One connection to the running API, kept open."""

import http.client
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson


class NoAnswer(Exception):
    """Nobody answered: refused, reset, or silent for too long."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any  # decoded JSON; None when it is not JSON
    seconds: float

    @property
    def failure(self) -> str:
        """'429 throttled', '502', and so on."""
        code = self.body.get("code", "") if isinstance(self.body, dict) else ""
        return f"{self.status} {code}".strip()


class ApiClient:
    """Not for sharing between threads."""

    def __init__(self, url: str, *, api_key: str = "", timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"'{url}' is not an address such as http://127.0.0.1:4004")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Api-Key {api_key}"

    def post(self, path: str, body: object) -> Answer:
        """Raises NoAnswer. A connection the server closed meanwhile is opened again, once."""
        data = orjson.dumps(body)
        reused = self._connection.sock is not None
        started = time.perf_counter()
        try:
            status, content = self._exchange(path, data)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if not reused or isinstance(error, TimeoutError):
                raise NoAnswer(str(error) or type(error).__name__) from error
            return self.post(path, body)
        return Answer(status, _decoded(content), time.perf_counter() - started)

    def close(self) -> None:
        self._connection.close()

    def _exchange(self, path: str, data: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", f"{self._prefix}{path}", body=data, headers=self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def _decoded(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
