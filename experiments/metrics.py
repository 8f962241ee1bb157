"""What an experiment measures: shares of people who did something, once or often, after their exposure."""

from dataclasses import dataclass

from feedback.models import Action


@dataclass(frozen=True, slots=True)
class Metric:
    key: str
    label: str
    actions: tuple[str, ...]
    higher_is_better: bool = True


CONVERSION_RATE = Metric(
    "conversion_rate",
    "People who saved, bought, attended or gave a thumbs up",
    (Action.SAVE, Action.PURCHASE, Action.ATTEND, Action.THUMBS_UP),
)
SAVE_RATE = Metric("save_rate", "People who saved", (Action.SAVE,))
CLICK_THROUGH_RATE = Metric("click_through_rate", "People who clicked", (Action.CLICK,))
HIDE_RATE = Metric("hide_rate", "People who hid something", (Action.HIDE,), higher_is_better=False)

METRICS = (CONVERSION_RATE, SAVE_RATE, CLICK_THROUGH_RATE, HIDE_RATE)
PRIMARY_METRICS = (CONVERSION_RATE, SAVE_RATE, CLICK_THROUGH_RATE)


def metric_named(key: str) -> Metric:
    return next(metric for metric in METRICS if metric.key == key)
