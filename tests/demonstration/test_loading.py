"""`manage.py demo`: everything in through the services, once."""

import io
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalogue.models import CatalogueState, Event, TasteProfile, Venue
from catalogue.services import events_delete
from experiments.definitions import Visitor
from experiments.models import Experiment, ExperimentStatus
from experiments.serving import assign
from feedback.models import Feedback
from recommendations.demonstration.loading import Loaded, experiment_ensure, world_load
from recommendations.demonstration.showcase import showcases
from recommendations.demonstration.world import World
from tests.experiments.factories import started

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOTHING = Loaded(venues=0, events=0, people_with_taste=0, feedback=0)


def a_world(*, seed: int = 1, today: date = TODAY, people: int = 20) -> World:
    return World(seed=seed, today=today, people_count=people)


def demo(**options: object) -> str:
    out = io.StringIO()
    call_command("demo", people=12, stdout=out, **options)
    return out.getvalue()


def test_it_loads_all_of_the_world() -> None:
    world = a_world()
    loaded = world_load(world=world, now=NOW)
    assert loaded.venues == Venue.objects.count() > 50
    assert loaded.events == Event.objects.count() == len(world.events)
    assert loaded.feedback == Feedback.objects.count() == len(world.deeds) > 0
    assert loaded.people_with_taste == TasteProfile.objects.count() > 0


def test_what_is_stored_is_what_the_world_says() -> None:
    world = a_world()
    world_load(world=world, now=NOW)
    event = world.events[-1]
    stored = Event.objects.get(pk=event.id)
    assert (stored.title, stored.starts_at, stored.announced_at) == (
        event.title,
        event.starts_at,
        event.announced_at,
    )
    assert (stored.city, stored.venue_name, stored.promoter) == (
        event.venue.city,
        event.venue.name,
        event.promoter.name,
    )
    assert (float(stored.price_min or 0), stored.currency) == (event.price_min, "EUR")
    stored_deeds = Counter(Feedback.objects.values_list("user_id", "event_id", "action", "occurred_at"))
    assert stored_deeds == Counter((d.user_id, d.event_id, d.action, d.occurred_at) for d in world.deeds)


def test_a_second_run_adds_nothing_and_does_not_move_the_revision() -> None:
    world_load(world=a_world(), now=NOW)
    revision = CatalogueState.objects.get().revision
    assert world_load(world=a_world(), now=NOW + timedelta(hours=1)) == NOTHING
    assert CatalogueState.objects.get().revision == revision


def test_a_week_later_it_keeps_everything_and_adds_only_what_is_new() -> None:
    world_load(world=a_world(), now=NOW)
    events = {event.pk: event.revision for event in Event.objects.all()}
    feedback = set(Feedback.objects.values_list("pk", flat=True))
    loaded = world_load(world=a_world(today=TODAY + timedelta(weeks=1)), now=NOW + timedelta(weeks=1))
    assert {event.pk: event.revision for event in Event.objects.filter(pk__in=events)} == events
    assert Event.objects.count() == len(events) + loaded.events
    assert 20 < loaded.events < 200
    added = Feedback.objects.exclude(pk__in=feedback)
    assert added.count() == loaded.feedback > 0
    assert all(moment >= a_world().until for moment in added.values_list("occurred_at", flat=True))


def test_more_people_are_added_to_those_there() -> None:
    before = world_load(world=a_world(people=10), now=NOW).feedback
    added = world_load(world=a_world(people=20), now=NOW).feedback
    assert before + added == Feedback.objects.count() == len(a_world(people=20).deeds)


def test_two_seeds_live_side_by_side() -> None:
    first = world_load(world=a_world(people=5), now=NOW)
    second = world_load(world=a_world(seed=2, people=5), now=NOW)
    assert Event.objects.count() == first.events + second.events
    assert second.venues == 0
    assert Feedback.objects.filter(user_id__startswith="demo2-").count() == second.feedback > 0


def test_what_staff_changed_stays_changed() -> None:
    world_load(world=a_world(people=5), now=NOW)
    [changed, withdrawn] = Event.objects.order_by("pk")[:2]
    Event.objects.filter(pk=changed.pk).update(title="Moved to the big room")
    events_delete(event_ids=[withdrawn.pk], now=NOW)
    profile = TasteProfile.objects.first()
    if profile:
        TasteProfile.objects.filter(pk=profile.pk).update(preferred_genres=["silence"])
    assert world_load(world=a_world(people=5), now=NOW) == NOTHING
    assert Event.objects.get(pk=changed.pk).title == "Moved to the big room"
    assert Event.objects.get(pk=withdrawn.pk).deleted_at == NOW


def test_it_starts_the_four_variant_experiment_once() -> None:
    assert experiment_ensure(now=NOW)
    assert not experiment_ensure(now=NOW)
    experiment = Experiment.objects.get(key="rec_algorithm_v1")
    assert experiment.status == ExperimentStatus.ACTIVE
    assert {variant.key: (variant.algorithm, variant.weight) for variant in experiment.variants.all()} == {
        "control": ("popularity", 0.25),
        "collaborative_filtering": ("collaborative_filtering", 0.25),
        "content_based": ("content_based", 0.25),
        "hybrid": ("hybrid", 0.25),
    }
    assert [variant.key for variant in experiment.variants.filter(is_control=True)] == ["control"]


def test_it_says_so_when_another_experiment_runs_and_leaves_no_draft() -> None:
    started("other")
    [said] = [line for line in demo().splitlines() if "Experiment" in line]
    assert "rec_algorithm_v1 was not started: " in said
    assert "other" in said
    assert not Experiment.objects.filter(key="rec_algorithm_v1").exists()


def test_the_command_prints_a_password_that_works_and_only_once() -> None:
    first = demo()
    found = re.search(r"password (\S+) \(shown only now\)", first)
    assert found
    account = authenticate(username="admin", password=found[1])
    assert account is not None
    assert account.is_superuser
    second = demo()
    assert "shown only now" not in second
    assert "changepassword admin" in second
    assert "Everything was there already." in second


def test_the_command_names_people_to_try_with_their_curl_lines() -> None:
    out = io.StringIO()
    call_command("demo", people=60, url="http://127.0.0.1:9999/", stdout=out)
    lines = [line.strip() for line in out.getvalue().splitlines() if "curl" in line]
    assert len(lines) == 2
    users = set()
    for line in lines:
        assert line.startswith("curl -s http://127.0.0.1:9999/v1/recommendations -H ")
        found = re.search(r'"user_id": "(demo-\d+)"', line)
        assert found
        users.add(found[1])
    assert len(users) == 2


@pytest.mark.parametrize("today", ["2026-13-01", "yesterday"])
def test_a_day_that_is_none_is_refused(today: str) -> None:
    with pytest.raises(CommandError, match="give a day as"):
        call_command("demo", f"--today={today}")


def test_a_day_in_the_future_is_refused_and_changes_nothing() -> None:
    tomorrow = timezone.now().date() + timedelta(days=2)
    with pytest.raises(CommandError, match="in the future") as refusal:
        call_command("demo", f"--today={tomorrow}")
    assert refusal.value.returncode == 2
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_people_of_the_readme_are_in_a_personal_variant_on_every_machine() -> None:
    experiment_ensure(now=timezone.now())
    people = [showcase.person.id for showcase in showcases(World(1, date(2026, 11, 23), 300), url="")]
    for user_id in (*people, "new-in-town"):
        assignment = assign(visitor=Visitor(user_id)).leading
        assert assignment is not None
        assert assignment.ranker.algorithm == "hybrid"
