"""People worth trying: plainly different tastes in one city, and the lines that show their lists."""

import json
from dataclasses import dataclass

from recommendations.demonstration.people import Person
from recommendations.demonstration.world import World

_FANS = {"techno": "techno-head", "trad": "trad fan", "comedy": "comedy regular", "indie": "indie kid"}


@dataclass(frozen=True, slots=True)
class Showcase:
    """One person and how to see what they are recommended."""

    label: str
    person: Person
    command: str


def showcases(world: World, *, url: str, count: int = 2) -> tuple[Showcase, ...]:
    """The first `count` kinds of fan that live in Dublin, each with the curl line of their list."""
    found = []
    for scene, label in _FANS.items():
        person = world.devotee(scene)
        if person is not None:
            found.append(Showcase(label, person, curl_line(person.id, url=url)))
    return tuple(found[:count])


def curl_line(user_id: str, *, url: str, limit: int = 5) -> str:
    body = json.dumps({"user_id": user_id, "limit": limit})
    return f"curl -s {url}/v1/recommendations -H 'Content-Type: application/json' -d '{body}'"
