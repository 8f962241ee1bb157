from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _as_in_service(settings: Any) -> None:
    """Held in memory for a second, and predictions written by nobody's thread: as the command runs."""
    settings.REFRESH_SECONDS = 1.0
    settings.PREDICTION_FLUSH_SECONDS = 0.5
