"""Every database tells a moment to the microsecond, as Python does."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from common.unix_time import MICROSECONDS, UnixMicroseconds
from feedback.models import Feedback
from tests.recommendations.factories import feedback_add

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 5, 1, 19, 30, tzinfo=UTC),
        datetime(2026, 5, 1, 19, 30, 0, 1, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, 5, 120_000, tzinfo=timezone(timedelta(hours=1))),
        datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC),
    ],
    ids=str,
)
def test_a_moment_is_its_timestamp(moment: datetime) -> None:
    feedback_add("ann", "e", days_ago=0)
    Feedback.objects.update(occurred_at=moment)
    found = Feedback.objects.values_list(UnixMicroseconds("occurred_at"), flat=True).get()
    assert isinstance(found, int)
    assert found / MICROSECONDS == moment.timestamp()
