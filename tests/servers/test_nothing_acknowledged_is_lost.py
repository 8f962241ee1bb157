"""kill -9 right after the answer: what was answered is there."""

import pytest

from tests.servers.running import Service

pytestmark = pytest.mark.servers


def test_it_keeps_feedback_that_was_answered_before_a_kill(service: Service) -> None:
    answered = []
    for number in range(20):
        body = {"user_id": "u", "event_id": f"e{number}", "action": "save", "idempotency_key": f"k{number}"}
        status, answer = service.call("POST", "/v1/feedback", body)
        assert (status, answer["duplicate"]) == (200, False)
        answered.append(answer["feedback_id"])
    service.kill()
    service.start()
    for number, feedback_id in enumerate(answered):
        body = {"user_id": "u", "event_id": f"e{number}", "action": "save", "idempotency_key": f"k{number}"}
        status, answer = service.call("POST", "/v1/feedback", body)
        assert (status, answer["feedback_id"], answer["duplicate"]) == (200, feedback_id, True)
