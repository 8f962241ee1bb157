"""Where an event is when only its venue's name is known."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from catalogue.models import Venue
from catalogue.schemas import EventIn

Place = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class VenuePlaces:
    """The located venues that some events name: name to (city, latitude and longitude)."""

    by_name: dict[str, list[tuple[str, Place]]]

    @classmethod
    def of(cls, events: Iterable[EventIn]) -> Self:
        names = {event.venue_name for event in events if event.venue_name and event.latitude is None}
        by_name: dict[str, list[tuple[str, Place]]] = defaultdict(list)
        if names:
            found = Venue.objects.located(names).order_by("id")
            for name, city, *place in found.values_list("name", "city", "latitude", "longitude"):
                by_name[name].append((city, (place[0], place[1])))
        return cls(by_name)

    def find(self, name: str, city: str) -> Place:
        """(latitude, longitude) of the venue of exactly this name in this city.

        A city that only one side knows does not tell venues apart: then the name has to be the only one.
        """
        candidates = self.by_name.get(name, [])
        same_city = [place for known, place in candidates if known == city]
        if same_city and (city or len(candidates) == 1):
            return same_city[0]
        possible = [place for known, place in candidates if not known or not city]
        return possible[0] if len(possible) == 1 else (None, None)
