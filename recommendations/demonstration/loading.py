"""Write the world through the services. Run again, it adds what is new and touches nothing else."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from django.contrib.auth import get_user_model
from django.db import transaction

from catalogue.models import Event, EventStatus, TasteProfile, Venue
from catalogue.schemas import BulkEventIn, Place, UserTasteIn, VenueIn
from catalogue.services import events_upsert, tastes_upsert, venues_upsert
from experiments.models import Experiment
from experiments.services import Plan, VariantPlan, experiment_create, experiment_start
from feedback.models import Action, Feedback
from feedback.services import NewFeedback, feedback_record
from recommendations.demonstration import venues as places
from recommendations.demonstration.behaviour import Deed
from recommendations.demonstration.events import DemoEvent
from recommendations.demonstration.people import LIKED, Person
from recommendations.demonstration.randomness import generator, world_name
from recommendations.demonstration.scenes import SCENE_BY_KEY
from recommendations.demonstration.world import World

EXPERIMENT_KEY = "rec_algorithm_v1"
# Fixed, so that the people whose lists the README shows are in a personal variant on every machine.
EXPERIMENT_SALT = "demonstration-20"
ACTOR = "command:demo"
_BATCH = 500

T = TypeVar("T")
Progress = Callable[[int], object]  # told how many rows were just written


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows were added; what was there already is not counted."""

    venues: int
    events: int
    people_with_taste: int
    feedback: int


def world_load(*, world: World, now: datetime, progress: Progress = lambda _rows: None) -> Loaded:
    return Loaded(
        venues=_venues_load(now),
        events=_events_load(world, now, progress),
        people_with_taste=_tastes_load(world, now),
        feedback=_feedback_load(world, now, progress),
    )


def _venues_load(now: datetime) -> int:
    stored = set(Venue.objects.values_list("pk", flat=True))
    wanted = [_venue_in(venue) for venue in places.VENUES]
    fresh = [venue for venue in wanted if venue.venue_id not in stored]
    return venues_upsert(venues=fresh, now=now).created


def _events_load(world: World, now: datetime, progress: Progress) -> int:
    """An event that staff changed or withdrew since is left as they want it."""
    stored = set(
        Event.objects.filter(pk__startswith=f"{world_name(world.seed)}-").values_list("pk", flat=True)
    )
    fresh = [event_in(event) for event in world.events if event.id not in stored]
    if not fresh:
        return 0
    created = events_upsert(events=fresh, now=now).created
    progress(created)
    return created


def _tastes_load(world: World, now: datetime) -> int:
    stating = {person.id: person for person in world.people if person.states_taste}
    stored = set(TasteProfile.objects.filter(pk__in=stating).values_list("pk", flat=True))
    fresh = [taste_in(person, seed=world.seed) for person in stating.values() if person.id not in stored]
    return tastes_upsert(tastes=fresh, now=now).created


def _feedback_load(world: World, now: datetime, progress: Progress) -> int:
    prefix = f"{world_name(world.seed)}:"
    stored = set(
        Feedback.objects.filter(
            user_id__in=[person.id for person in world.people], idempotency_key__startswith=prefix
        ).values_list("user_id", "idempotency_key")
    )
    fresh = [_feedback(deed, prefix) for deed in world.deeds]
    fresh = [item for item in fresh if (item.user_id, item.idempotency_key) not in stored]
    for batch in _batches(fresh):
        feedback_record(items=batch, now=now)
        progress(len(batch))
    return len(fresh)


# --- The experiment and the account --------------------------------------------------------------
@transaction.atomic
def experiment_ensure(*, now: datetime) -> bool:
    """Create and start the four-variant experiment unless there is one of its name; True when it is new.

    Raises InvalidInput when another experiment has the people.
    """
    if Experiment.objects.filter(key=EXPERIMENT_KEY).exists():
        return False
    experiment = experiment_create(
        key=EXPERIMENT_KEY,
        name="Which algorithm do people save from?",
        description="A quarter of people each: popular events, people like you, own taste, or all of it.",
        hypothesis="A list made of what a person liked before is saved from more than the popular list.",
        variants=[
            VariantPlan(key="control", name="Popular", algorithm="popularity", weight=0.25, is_control=True),
            VariantPlan(
                key="collaborative_filtering",
                name="People like you",
                algorithm="collaborative_filtering",
                weight=0.25,
            ),
            VariantPlan(key="content_based", name="Your taste", algorithm="content_based", weight=0.25),
            VariantPlan(key="hybrid", name="All combined", algorithm="hybrid", weight=0.25),
        ],
        plan=Plan(minimum_effect=0.3, users=2_000, days=14, expected_rate=0.3),
        actor=ACTOR,
        now=now,
        salt=EXPERIMENT_SALT,
    )
    experiment_start(experiment=experiment, actor=ACTOR, reason="Part of the demonstration.", now=now)
    return True


def admin_ensure(*, username: str = "admin") -> str | None:
    """Create the admin account and return its password, the only time it is known; None if it exists."""
    users = get_user_model()._default_manager
    if users.filter(**{users.model.USERNAME_FIELD: username}).exists():
        return None
    password = secrets.token_urlsafe(12)
    account = users.model(**{users.model.USERNAME_FIELD: username, "is_staff": True, "is_superuser": True})
    account.set_password(password)
    account.save()
    return password


# --- The world's things as the services take them ------------------------------------------------
def event_in(event: DemoEvent) -> BulkEventIn:
    return BulkEventIn(
        event_id=event.id,
        title=event.title,
        description=event.description,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        city=event.venue.city,
        latitude=event.venue.latitude,
        longitude=event.venue.longitude,
        venue_name=event.venue.name,
        artists=[artist.name for artist in event.artists],
        promoter=event.promoter.name,
        genres=list(event.genres),
        tags=list(event.tags),
        price_min=Decimal(str(event.price_min)),
        price_max=Decimal(str(event.price_max)),
        currency="EUR",
        status=EventStatus(event.status),
        ticket_url=f"https://tickets.example/{event.id}",
        age_restriction=event.scene.format.age_restriction,
        announced_at=event.announced_at,
    )


def _venue_in(venue: places.Venue) -> VenueIn:
    return VenueIn(
        venue_id=f"demo-{venue.key}",
        name=venue.name,
        address=venue.street,
        city=venue.city,
        capacity=venue.capacity,
        genre_focus=[SCENE_BY_KEY[key].genres[0] for key in venue.scenes],
        latitude=venue.latitude,
        longitude=venue.longitude,
    )


def taste_in(person: Person, *, seed: int) -> UserTasteIn:
    """What this person would state: the truth, but not all of it. Half also link a music service."""
    chance = generator(seed, "stated taste", person.id)
    genres = [SCENE_BY_KEY[key].genres[0] for key, liking in person.scenes.items() if liking > LIKED]
    acts = sorted(person.artists)
    listens = chance.random() < 0.5
    return UserTasteIn(
        user_id=person.id,
        preferred_genres=genres,
        preferred_artists=[name for name in acts if chance.random() < 0.5],
        preferred_cities=[person.city.name],
        preferred_venues=[places.VENUE_BY_KEY[key].name for key in sorted(person.venues)],
        listening_genres=sorted(person.corners) if listens else [],
        listening_artists=[name for name in acts if chance.random() < 0.6] if listens else [],
        budget_max=Decimal(str(person.budget)),
        radius_km=float(chance.choice([5, 10, 15, 25])),
        home=Place(lat=person.latitude, lon=person.longitude),
        night_preferences=list(person.night_names),
    )


def _feedback(deed: Deed, prefix: str) -> NewFeedback:
    return NewFeedback(
        user_id=deed.user_id,
        event_id=deed.event_id,
        action=Action(deed.action),
        occurred_at=deed.occurred_at,
        idempotency_key=f"{prefix}{deed.key}",
    )


def _batches(items: Iterable[T]) -> Iterator[Sequence[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
