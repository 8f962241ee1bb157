"""The whole world on one day: who lives in it, what has been announced, what has been done so far."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from recommendations.demonstration.behaviour import Deed, deeds
from recommendations.demonstration.calendar import events_between
from recommendations.demonstration.crowd import Crowd
from recommendations.demonstration.events import DUBLIN_TIME, LONGEST_LEAD, DemoEvent
from recommendations.demonstration.people import Person, people

PAST = timedelta(weeks=13)
DEFAULT_SEED = 1
DEFAULT_PEOPLE = 300
AHEAD = LONGEST_LEAD  # so that everything announced is in: ten weeks, and few events beyond eight


def today_in_dublin(now: datetime) -> date:
    return now.astimezone(DUBLIN_TIME).date()


@dataclass(frozen=True)
class World:
    """`today` begins: everything up to midnight, local time, has happened, and nothing after it."""

    seed: int
    today: date
    people_count: int
    newcomers: int = 0  # people beyond those, who have tastes but have never done anything
    arrival: str = ""  # part of the newcomers' ids, so that another arrival is new again

    @property
    def until(self) -> datetime:
        return datetime.combine(self.today, time(), DUBLIN_TIME).astimezone(UTC)

    @property
    def since(self) -> datetime:
        return datetime.combine(self.today - PAST, time(), DUBLIN_TIME).astimezone(UTC)

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Those with a past first, then the newcomers."""
        everybody = people(seed=self.seed, count=self.people_count + self.newcomers)
        return everybody[: self.people_count] + tuple(
            replace(person, id=f"{person.id}-new-{self.arrival}") for person in everybody[self.people_count :]
        )

    @cached_property
    def crowd(self) -> Crowd:
        return Crowd.of(self.people)

    @cached_property
    def calendar(self) -> tuple[DemoEvent, ...]:
        """From three months ago to ten weeks ahead, announced or not."""
        return events_between(seed=self.seed, first=self.today - PAST, last=self.today + AHEAD)

    @cached_property
    def events(self) -> tuple[DemoEvent, ...]:
        """What has been announced so far."""
        return tuple(event for event in self.calendar if event.announced_at < self.until)

    @cached_property
    def deeds(self) -> list[Deed]:
        """Three months of behaviour, oldest first."""
        return deeds(
            seed=self.seed,
            crowd=Crowd.of(self.people[: self.people_count]),
            events=self.events,
            since=self.since,
            until=self.until,
        )

    def devotee(self, scene: str, city: str = "Dublin") -> Person | None:
        """The person of that city whose first love is this scene and who has saved most: worth a look."""
        fans = {
            person.id: person
            for person in self.people
            if person.favourite_scene == scene and person.city.name == city
        }
        saves = dict.fromkeys(fans, 0)
        for deed in self.deeds:
            if deed.action == "save" and deed.user_id in saves:
                saves[deed.user_id] += 1
        return fans[max(saves, key=lambda user_id: saves[user_id])] if fans else None
