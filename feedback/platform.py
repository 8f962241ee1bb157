"""What people saved and hid on the platform, as feedback, and the order in which its tables are read.

Its tables hold what is saved now; feedback holds what was done. So a row becomes feedback only when it is
news: when the last that is known here about this person and this event, from wherever it came, is something
else.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter

from django.db import transaction

from catalogue import platform as catalogue
from catalogue.platform import PlatformReading, TableReport
from catalogue.platform_database import HIDES, SAVES, PlatformRow, Table, as_utc
from common.keyset import keyset_pages
from common.row_import.engine import CHUNK_ROWS, Written
from feedback.imports import feedback_add, feedback_parse
from feedback.models import Action, Feedback
from feedback.services import NewFeedback

SOURCE = "platform"
_Pair = tuple[str, str]  # person, event


def platform_read(reading: PlatformReading, *, dry_run: bool = False) -> Iterator[TableReport]:
    """Read every table, venues before the events placed by them. Raises PlatformUnreadable."""
    steps: list[Callable[[PlatformReading], TableReport]] = [
        catalogue.venues_read,
        catalogue.events_read,
        catalogue.preferences_read,
        catalogue.spotify_read,
        saves_read,
        hides_read,
    ]
    if reading.full:
        steps.append(removed_saves_read)
    if not dry_run:
        yield from (step(reading) for step in steps)
        return
    with transaction.atomic():
        reports = [step(reading) for step in steps]
        transaction.set_rollback(True)
    yield from reports


def saves_read(reading: PlatformReading) -> TableReport:
    def write(items: Sequence[NewFeedback]) -> Written:
        latest = _latest(_pairs(items), (Action.SAVE, Action.UNSAVE))
        return _news_add(items, latest, reading.now)

    return catalogue.table_read(reading, SAVES, parse=_parser(SAVES, Action.SAVE, reading.now), write=write)


def hides_read(reading: PlatformReading) -> TableReport:
    def write(items: Sequence[NewFeedback]) -> Written:
        return _news_add(items, _latest(_pairs(items), (Action.HIDE,)), reading.now)

    return catalogue.table_read(reading, HIDES, parse=_parser(HIDES, Action.HIDE, reading.now), write=write)


def removed_saves_read(reading: PlatformReading) -> TableReport:
    """Saves that came from the platform and are no longer there become an unsave, now."""
    report = TableReport(f"{SAVES.name} (removed)")
    for pairs in _pairs_saved_on_platform():
        report.read += len(pairs)
        gone = set(pairs) - reading.platform.pairs_present(SAVES, pairs)
        latest = _latest(gone, (Action.SAVE, Action.UNSAVE))
        unsaved = [
            _feedback(pair, Action.UNSAVE, reading.now, reading.now)
            for pair in sorted(gone)
            if pair in latest and latest[pair][1] == Action.SAVE
        ]
        report.written += feedback_add(items=unsaved, now=reading.now)
    return report


def _parser(table: Table, action: Action, now: datetime) -> Callable[[PlatformRow], NewFeedback]:
    def parse(row: PlatformRow) -> NewFeedback:
        pair = (row["user_id"], row["event_id"])
        return _feedback(pair, action, as_utc(row[str(table.moment)]), now)

    return parse


def _feedback(pair: _Pair, action: Action, occurred_at: datetime, now: datetime) -> NewFeedback:
    user_id, event_id = pair
    values = {"user_id": user_id, "event_id": event_id, "action": action, "occurred_at": occurred_at}
    return feedback_parse(values, source=SOURCE, now=now)


def _pairs(items: Sequence[NewFeedback]) -> set[_Pair]:
    return {(item.user_id, item.event_id) for item in items}


def _latest(pairs: set[_Pair], actions: Sequence[Action]) -> dict[_Pair, tuple[datetime, str]]:
    """The last of these actions of each pair that has one: when, and which."""
    found = Feedback.objects.filter(
        user_id__in={user_id for user_id, _ in pairs},
        event_id__in={event_id for _, event_id in pairs},
        action__in=actions,
    )
    rows = found.order_by("occurred_at", "pk").values_list("user_id", "event_id", "occurred_at", "action")
    return {(user, event): (when, action) for user, event, when, action in rows if (user, event) in pairs}


def _news_add(
    items: Sequence[NewFeedback], latest: dict[_Pair, tuple[datetime, str]], now: datetime
) -> Written:
    news = [item for item in items if _is_news(item, latest.get((item.user_id, item.event_id)))]
    return feedback_add(items=news, now=now) + Written(unchanged=len(items) - len(news))


def _is_news(item: NewFeedback, known: tuple[datetime, str] | None) -> bool:
    if known is None or item.occurred_at is None:
        return True
    when, action = known
    return action != item.action and item.occurred_at > when


def _pairs_saved_on_platform() -> Iterator[list[_Pair]]:
    saves = Feedback.objects.filter(action=Action.SAVE, idempotency_key__startswith=f"{SOURCE}:")
    rows = saves.values_list("pk", "user_id", "event_id")
    for page in keyset_pages(rows, size=CHUNK_ROWS, key_of=itemgetter(0)):
        yield list({(user_id, event_id) for _, user_id, event_id in page})
