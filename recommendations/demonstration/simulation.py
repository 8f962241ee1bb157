"""Play the people against the running API: visits that ask for a list and send back what was done with it."""

import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommendations.demonstration.api_client import Answer, ApiClient, NoAnswer
from recommendations.demonstration.crowd import Float64
from recommendations.demonstration.tally import Tally, Visit
from recommendations.demonstration.visits import Act, Listed, Opinions, look_through
from recommendations.demonstration.world import World

LIST_LENGTH = 20
_LOST_AFTER = 30  # requests in a row without an answer
_NEWCOMERS_VISITS = 0.2
_PAUSE = 1.0  # seconds, after a request without an answer or one too many
REFUSED = {401, 403}
NO_EXPERIMENT = "(no experiment)"


class ServerAway(Exception):
    """There is nobody to talk to, or they will not talk to us. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When to stop and how fast to go."""

    rate: float  # requests a second
    seconds: float | None = None
    requests: int | None = None

    def over(self, *, elapsed: float, requests: int) -> bool:
        late = self.seconds is not None and elapsed >= self.seconds
        return late or (self.requests is not None and requests >= self.requests)


@dataclass(slots=True)
class Simulation:
    """`run` until the pace says so; `tally` can be read at any time, also after an interruption."""

    world: World
    client: ApiClient
    pace: Pace
    generator: np.random.Generator  # who comes when, and how patient they are
    tally: Tally = field(default_factory=Tally)
    _decided: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _visits_of: Counter[int] = field(default_factory=Counter)
    _unanswered: int = 0

    def run(self, on_visit: Callable[[Tally], object] = lambda _tally: None) -> Tally:
        opinions = Opinions(self.world)
        for deed in self.world.deeds:
            if deed.action in {"save", "hide"}:
                self._decided[deed.user_id].add(deed.event_id)
        how_often = _how_often(self.world)
        started = time.monotonic()
        while not self.pace.over(elapsed=time.monotonic() - started, requests=self.tally.requests):
            self._visit(int(self.generator.choice(len(how_often), p=how_often)), opinions)
            on_visit(self.tally)
            time.sleep(max(0.0, started + self.tally.requests / self.pace.rate - time.monotonic()))
        return self.tally

    def _visit(self, number: int, opinions: Opinions) -> None:
        person = self.world.people[number]
        wish = {"user_id": person.id, "city": person.city.name, "limit": LIST_LENGTH}
        answer = self._post("/v1/recommendations", wish)
        if answer is None:
            return
        listed = [_listed(item) for item in answer.body["recommendations"]]
        chances = [opinions.chance_of_saving(number, line) for line in listed]
        decided = self._decided[person.id]
        fit = opinions.fit(number, chances, decided=decided, now=time.time())
        acts = look_through(
            seed=self.world.seed,
            person=person,
            listed=listed,
            chances=chances,
            decided=decided,
            patience=self.generator,
        )
        saves = sum(act.action == "save" for act in acts) if self._send(person.id, acts, answer) else 0
        self._visits_of[number] += 1
        nth = self._visits_of[number] if number >= self.world.people_count else 0
        variant = answer.body["variant"] or NO_EXPERIMENT
        self.tally.add(Visit(variant, saves=saves, fit=fit, seconds=answer.seconds, nth=nth))

    def _send(self, user_id: str, acts: list[Act], shown: Answer) -> bool:
        """True when the API has stored it."""
        recommendation_id = shown.body["recommendation_id"]
        items = [_item(user_id, act, recommendation_id) for act in acts]
        if not items or self._post("/v1/feedback", {"items": items}) is None:
            return False
        self.tally.stored.update(act.action for act in acts)
        self._decided[user_id].update(act.event_id for act in acts if act.action in {"save", "hide"})
        return True

    def _post(self, path: str, body: object) -> Answer | None:
        """The answer if it is a 200; anything else is counted, and waited out."""
        self.tally.requests += 1
        try:
            answer = self.client.post(path, body)
        except NoAnswer as error:
            self._wait_out(error)
            return None
        self._unanswered = 0
        if answer.status == 200 and isinstance(answer.body, dict):
            return answer
        if answer.status in REFUSED:
            raise ServerAway(
                f"The API refuses us ({answer.failure}). Give --api-key a key with the scopes "
                "recommend and feedback (the admin issues them), or run the API with API_AUTH=open."
            )
        self.tally.failures[answer.failure] += 1
        if answer.status in {429, 503}:
            time.sleep(_PAUSE)
        return None

    def _wait_out(self, error: NoAnswer) -> None:
        if self.tally.visits == 0:
            raise ServerAway(f"The API does not answer ({error}). Start it with: make run") from error
        self.tally.failures["no answer"] += 1
        self._unanswered += 1
        if self._unanswered >= _LOST_AFTER:
            raise ServerAway(f"The API has gone away ({error}).") from error
        time.sleep(_PAUSE)


def _how_often(world: World) -> Float64:
    """(n,) each person's share of the visits: by how active they are; newcomers make a fifth between them."""
    shares: Float64 = world.crowd.activity.copy()
    past, new = shares[: world.people_count], shares[world.people_count :]
    past /= past.sum()
    if len(new):
        past *= 1 - _NEWCOMERS_VISITS
        new[:] = _NEWCOMERS_VISITS / len(new)
    return shares


def _listed(item: dict[str, Any]) -> Listed:
    return Listed(item["event_id"], item["position"], item["genre"] or "", item["city"] or "")


def _item(user_id: str, act: Act, recommendation_id: str) -> dict[str, object]:
    key = uuid.uuid5(uuid.UUID(recommendation_id), f"{act.action}:{act.event_id}")
    return {
        "user_id": user_id,
        "event_id": act.event_id,
        "action": act.action,
        "position": act.position,
        "recommendation_id": recommendation_id,
        "idempotency_key": f"simulate:{key}",
    }
