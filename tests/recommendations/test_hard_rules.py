"""Nothing started, cancelled, withdrawn or hidden is ever served, on any path, fallback included."""

from dataclasses import dataclass
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.models import Event
from catalogue.services import event_delete
from feedback.models import Feedback
from recommendations.algorithms.content_based import ContentBased
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.user_knn import UserKNN
from recommendations.rules import Filters, Near
from recommendations.serving import RecommendationRequest, recommend
from tests.recommendations.factories import event_add, feedback_add

CITIES = ("Dublin", "Cork")
PLACES = {"Dublin": (53.35, -6.26), "Cork": (51.90, -8.47)}
PATHS = ("hybrid", "user_knn", "content_based", "popularity", "broken", "unknown_algorithm", "no_model")


@dataclass(frozen=True)
class Drawn:
    hours: float
    status: str
    withdrawn: bool
    city: str
    hidden: bool


events = st.builds(
    Drawn,
    hours=st.sampled_from([-500.0, -2.0, -0.01, 0.1, 3.0, 200.0]),
    status=st.sampled_from(["scheduled", "cancelled", "sold_out"]),
    withdrawn=st.booleans(),
    city=st.sampled_from(CITIES),
    hidden=st.booleans(),
)


@pytest.mark.usefixtures("trained_world")
@given(
    drawn=st.lists(events, min_size=1, max_size=8),
    path=st.sampled_from(PATHS),
    person=st.sampled_from(["techno-1", "a stranger"]),
    city=st.sampled_from([None, *CITIES]),
    near=st.sampled_from([None, *CITIES]),
    limit=st.sampled_from([1, 5, 100]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_never_serves_what_the_rules_forbid(
    drawn: list[Drawn], path: str, person: str, city: str | None, near: str | None, limit: int
) -> None:
    now = timezone.now()
    user_id = f"{person}-{timezone.now().timestamp()}" if person == "a stranger" else person
    Event.objects.filter(id__startswith="drawn-").delete()
    Feedback.objects.filter(event_id__startswith="drawn-").delete()
    for number, one in enumerate(drawn):
        latitude, longitude = PLACES[one.city]
        event_id = f"drawn-{number}"
        event_add(
            event_id, days=one.hours / 24, now=now, status=one.status, city=one.city,
            latitude=latitude, longitude=longitude, genres=["techno"], promoter="District",
        )  # fmt: skip
        if one.withdrawn:
            event_delete(event_id=event_id, now=now)
        if one.hidden:
            feedback_add(user_id, event_id, "hide", now=now)
    filters = Filters(city=city, near=Near(*PLACES[near], 30) if near else None)
    served = _served(path, RecommendationRequest(user_id, limit, filters))
    _check(served, limit, user_id, filters)
    if limit == 100:
        assert _allowed(drawn, city, near) <= set(served), "an event that may be served was left out"


def _allowed(drawn: list[Drawn], city: str | None, near: str | None) -> set[str]:
    """The drawn events that break no rule, said independently of the rules' code."""
    return {
        f"drawn-{number}"
        for number, one in enumerate(drawn)
        if one.hours > 0 and one.status != "cancelled" and not one.withdrawn and not one.hidden
        if city in (None, one.city) and near in (None, one.city)
    }


def _served(path: str, request: RecommendationRequest) -> list[str]:
    broken = mock.Mock(side_effect=RuntimeError("broken"))
    with mock.patch("recommendations.ranking.settings") as fake, mock.patch("recommendations.ranking.logger"):
        fake.DEFAULT_ALGORITHM = "hybrid" if path in ("broken", "no_model") else path
        if path == "no_model":
            with mock.patch("recommendations.pinned_models.champion.current", return_value=None):
                answer = recommend(request, now=timezone.now())
        elif path == "broken":
            with (
                mock.patch.object(Hybrid, "score", broken),
                mock.patch.object(UserKNN, "score", broken),
                mock.patch.object(ContentBased, "score", broken),
            ):
                answer = recommend(request, now=timezone.now())
        else:
            answer = recommend(request, now=timezone.now())
    return [item.event_id for item in answer.recommendations]


def _check(served: list[str], limit: int, user_id: str, filters: Filters) -> None:
    assert len(served) == len(set(served)) <= limit
    hidden = set(Feedback.objects.filter(user_id=user_id, action="hide").values_list("event_id", flat=True))
    assert not hidden & set(served)
    for event in Event.objects.filter(id__in=served):
        assert event.starts_at > timezone.now() - timedelta(seconds=5)
        assert event.status != "cancelled"
        assert event.deleted_at is None
        if filters.city:
            assert event.city == filters.city
        if filters.near and event.latitude is not None:
            assert abs(event.latitude - filters.near.latitude) < 0.5


@pytest.mark.usefixtures("trained_world")
def test_it_remembers_a_hide_beyond_the_last_500_actions() -> None:
    feedback_add("busy", "techno-next-3", "hide", days_ago=40)
    for number in range(505):
        feedback_add("busy", f"old-{number}", "click", days_ago=1)
    answer = recommend(RecommendationRequest("busy", 100, Filters()), now=timezone.now())
    assert answer.recommendations
    assert "techno-next-3" not in [item.event_id for item in answer.recommendations]
