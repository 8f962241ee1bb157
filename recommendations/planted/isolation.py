"""Where a simulated experiment happens: in a transaction that is taken back, so that nobody else sees it.

No web process serves it, no training run learns from it, and nothing is left behind however it ends. Only one
that is to be looked at is committed: completed, and without the events its people acted on, so that no model
can learn from them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from catalogue.models import Event
from common import errors
from experiments.definitions import definitions_forget
from experiments.models import Experiment, Exposure, Layer
from experiments.querysets import RUNNING
from feedback.models import Feedback, Prediction
from recommendations.interest import interest
from recommendations.prediction_log import prediction_log
from recommendations.slates import slates
from recommendations.snapshot import candidates

ACTOR = "command:simulate_experiment"
LAYER_KEY = "simulated"
EVENT_PREFIX = "simulated-event-"
_PEOPLE_AT_ONCE = 500


@contextmanager
def taken_back(*, is_kept: bool) -> Iterator[None]:
    """All that is written within is taken back at the end, unless `is_kept`.

    Raises Conflict when another experiment runs or is paused: simulated people could come into it, and real
    people's first exposures in it would wait for us.
    """
    _process_forget()
    try:
        with prediction_log.written_by_hand(), transaction.atomic():
            _require_nothing_running()
            yield
            prediction_log.flush()
            Event.objects.filter(pk__startswith=EVENT_PREFIX).delete()
            if not is_kept:
                transaction.set_rollback(True)
    finally:
        _process_forget()


@transaction.atomic
def kept_remove() -> int:
    """Remove the simulated experiments kept before, with all that their people did; how many there were."""
    kept = Experiment.objects.filter(created_by=ACTOR)
    removed = kept.count()
    people = list(Exposure.objects.filter(experiment__in=kept).order_by().values_list("user_id", flat=True))
    for start in range(0, len(people), _PEOPLE_AT_ONCE):
        some = people[start : start + _PEOPLE_AT_ONCE]
        Feedback.objects.filter(user_id__in=some).delete()
        Prediction.objects.filter(user_id__in=some).delete()
    Exposure.objects.filter(experiment__in=kept).delete()
    kept.update(decided_variant=None)
    kept.delete()
    Layer.objects.filter(key=LAYER_KEY).delete()
    return removed


def _require_nothing_running() -> None:
    running = list(
        Experiment.objects.filter(status__in=RUNNING).order_by("key").values_list("key", flat=True)
    )
    if running:
        they = f"{', '.join(running)} {'has' if len(running) == 1 else 'have'} not ended"
        raise errors.Conflict(
            f"{they}, and simulated people could come into it. Complete it in the admin first, or simulate "
            "in a database of its own; an empty one will do."
        )


def _process_forget() -> None:
    """What this process holds in memory of events, interest and experiments may be of another time."""
    for held in (candidates, interest, slates):
        held.forget()
    definitions_forget()
