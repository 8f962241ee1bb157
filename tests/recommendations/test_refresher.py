"""Where a thread looks for changes, requests find what it has prepared and never look for themselves."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from catalogue.services import events_cancel
from recommendations.algorithms.hybrid import Hybrid
from recommendations.live_model import champion
from recommendations.refresher import refresh
from recommendations.slates import slates
from recommendations.snapshot import candidates
from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import event_add


@pytest.fixture
def followed(trained_world: None) -> Iterator[None]:
    """As in a web process, with the thread's turns taken by the test."""
    for held in (champion, candidates, slates):
        held.is_followed = True
    refresh()
    yield
    for held in (champion, candidates, slates):
        held.is_followed = False


@pytest.mark.usefixtures("followed")
def test_a_request_asks_only_about_the_person(
    ask: RecommendationClient, django_assert_num_queries: Any
) -> None:
    ask.ids("techno-1")
    event_add("newest", promoter="District", artists=["Kernel"], genres=["techno"])
    # What runs as an experiment, what they did, what they said they like, and the prediction's row.
    with django_assert_num_queries(4):
        assert "newest" not in ask.ids("techno-1", limit=100)
    refresh()
    assert "newest" in ask.ids("techno-1", limit=100)


@pytest.mark.usefixtures("followed")
def test_an_algorithm_that_cannot_read_the_new_candidates_does_not_serve_the_old_ones(
    ask: RecommendationClient,
) -> None:
    assert "techno-next-3" in ask.ids("techno-9", limit=100)
    events_cancel(event_ids=["techno-next-3"], now=timezone.now())
    with (
        mock.patch.object(Hybrid, "prepare", side_effect=ValueError("broken")),
        mock.patch("recommendations.refresher.logger"),
        mock.patch("recommendations.ranking.logger"),
    ):
        refresh()
        answer = ask.answer("techno-9", limit=100)
    served = [item["event_id"] for item in answer["recommendations"]]
    assert "techno-next-3" not in served
    assert "trad-next-3" in served
    assert {item["algorithm"] for item in answer["recommendations"]} == {"popularity"}


@pytest.mark.usefixtures("followed")
def test_it_outlives_a_fault(ask: RecommendationClient) -> None:
    with (
        mock.patch.object(candidates, "look", side_effect=RuntimeError("a fault")),
        mock.patch("recommendations.refresher.logger") as told,
    ):
        refresh()
    assert told.exception.called
    assert ask.ids("techno-1")
