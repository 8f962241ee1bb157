"""The API as its clients call it."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.test import Client


@dataclass(frozen=True)
class RecommendationClient:
    api: Client

    def response(self, user_id: Any, **body: Any) -> Any:
        content = orjson.dumps({"user_id": user_id, **body})
        return self.api.post("/v1/recommendations", content, content_type="application/json")

    def answer(self, user_id: Any, **body: Any) -> dict[str, Any]:
        response = self.response(user_id, **body)
        assert response.status_code == 200, response.content
        found: dict[str, Any] = orjson.loads(response.content)
        return found

    def ids(self, user_id: Any, **body: Any) -> list[str]:
        return [item["event_id"] for item in self.answer(user_id, **body)["recommendations"]]

    def act(self, user_id: Any, event_id: Any, action: str) -> None:
        content = orjson.dumps({"user_id": user_id, "event_id": event_id, "action": action})
        response = self.api.post("/v1/feedback", content, content_type="application/json")
        assert response.status_code == 200, response.content
