"""Numbers as staff read them: rounded, with their unit, and a dash where there is none."""

from experiments.metrics import Metric, Unit
from experiments.statistics.values import Interval

NOTHING = "–"


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else NOTHING


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1%}"


def signed_percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:+.1%}"


def chance(value: float | None) -> str:
    """Never 0 % or 100 %: no number of people makes it certain."""
    if value is not None and not 0.001 <= value <= 0.999:
        return "above 99.9%" if value > 0.5 else "below 0.1%"
    return percent(value)


def p_value(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def value_of_metric(metric: Metric, value: float | None) -> str:
    if value is None:
        return NOTHING
    if metric.unit is Unit.SHARE:
        return f"{value:.2%}" if value < 0.01 else f"{value:.1%}"
    return f"{value:.1f} ms" if metric.unit is Unit.MILLISECONDS else f"{value:.3f}"


def difference_of_metric(metric: Metric, value: float | None) -> str:
    """Percentage points where the metric is a share."""
    if value is None:
        return NOTHING
    if metric.unit is Unit.SHARE:
        return f"{100 * value:+.2f} points"
    return f"{value:+.1f} ms" if metric.unit is Unit.MILLISECONDS else f"{value:+.3f}"


def interval_of_metric(metric: Metric, interval: Interval | None) -> str:
    if interval is None:
        return ""
    lower = value_of_metric(metric, interval.lower)
    upper = value_of_metric(metric, interval.upper)
    return f"{lower} or more" if interval.upper is None else f"{lower} to {upper}"


def interval_of_difference(metric: Metric, interval: Interval | None) -> str:
    """The unit once, at the end."""
    if interval is None:
        return ""
    lower, _, unit = difference_of_metric(metric, interval.lower).partition(" ")
    if interval.upper is None:
        return f"{lower} {unit} or more"
    return f"{lower} to {difference_of_metric(metric, interval.upper)}"


def interval_of_lift(interval: Interval | None) -> str:
    if interval is None:
        return ""
    if interval.upper is None:
        return f"{interval.lower:+.1%} or more"
    return f"{interval.lower:+.1%} to {interval.upper:+.1%}"
