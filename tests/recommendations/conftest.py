import pytest
from django.test import Client

from tests.recommendations.client import RecommendationClient
from tests.recommendations.factories import model_restore, world_add


@pytest.fixture
def ask(api: Client) -> RecommendationClient:
    return RecommendationClient(api)


@pytest.fixture
def world(db: None) -> None:
    """Two scenes, no model yet."""
    world_add()


@pytest.fixture
def trained_world(world: None) -> None:
    """Two scenes, and a model trained on them and promoted."""
    model_restore()
