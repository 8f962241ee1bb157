"""Every metric of an experiment, for everybody exposed and for matured people, and by segment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from experiments.activity import Kind
from experiments.comparisons import adjusted, metric_table
from experiments.counting import NO_COUNTS, Counts, PeopleCounted, counts_of
from experiments.frame import Frame
from experiments.metrics import METRICS, MetricRole
from experiments.reports import MetricTable, Segment
from experiments.samples import sample_of
from experiments.statistics.multiple_testing import benjamini_hochberg, holm
from experiments.statistics.values import Proportion

People = Mapping[str, PeopleCounted]


@dataclass(frozen=True, slots=True)
class Measures:
    """`everyone` and `matured` by variant key; each tuple of tables begins with the primary metric."""

    counts: Counts
    everyone: People
    matured: People
    tables: tuple[MetricTable, ...]
    matured_tables: tuple[MetricTable, ...]
    segments: tuple[Segment, ...]

    @property
    def participants(self) -> int:
        return sum(one.users for one in self.everyone.values())

    @property
    def matured_participants(self) -> int:
        return sum(one.users for one in self.matured.values())


def measure(frame: Frame) -> Measures:
    counts = counts_of(frame.experiment, frame.phase, frame.as_of) if frame.phase else NO_COUNTS
    everyone = _people(frame, counts, lambda kind: True)
    matured = _people(frame, counts, lambda kind: kind.is_matured)
    return Measures(
        counts=counts,
        everyone=everyone,
        matured=matured,
        tables=_tables(frame, everyone),
        matured_tables=_tables(frame, matured),
        segments=_segments(frame, counts),
    )


def proportions(frame: Frame, people: People) -> dict[str, Proportion]:
    """The primary metric of the variants compared. What may decide is a share of people."""
    samples = {key: sample_of(frame.metric, people[key]) for key in frame.compared}
    return {key: sample for key, sample in samples.items() if isinstance(sample, Proportion)}


def _people(frame: Frame, counts: Counts, wanted: Callable[[Kind], bool]) -> dict[str, PeopleCounted]:
    return {one.key: counts.of_variant(one.pk, wanted) for one in frame.variants}


def _tables(frame: Frame, people: People) -> tuple[MetricTable, ...]:
    """The primary metric by Holm, all other outcomes together by Benjamini and Hochberg."""
    others = [one for one in METRICS if one.role is MetricRole.OUTCOME and one != frame.metric]
    guarded = [one for one in METRICS if one.role is MetricRole.GUARDRAIL]
    return (
        *adjusted([metric_table(frame.metric, people, frame.control, is_exact=True)], holm),
        *adjusted([metric_table(one, people, frame.control) for one in others], benjamini_hochberg),
        *(metric_table(one, people, frame.control) for one in guarded),
    )


def _segments(frame: Frame, counts: Counts) -> tuple[Segment, ...]:
    """The primary metric by city, and of newcomers and returning people, where there is more than one."""
    parts: list[tuple[str, str, Callable[[Kind], bool]]] = [
        ("City", city.title(), lambda kind, city=city: kind.city == city)  # type: ignore[misc]
        for city in counts.cities
    ]
    parts += [
        ("New or returning", "New", lambda kind: kind.is_new),
        ("New or returning", "Returning", lambda kind: not kind.is_new),
    ]
    tables = [
        metric_table(frame.metric, _people(frame, counts, wanted), frame.control) for *_, wanted in parts
    ]
    shown = adjusted(tables, benjamini_hochberg)
    return tuple(
        Segment(dimension, value, table)
        for (dimension, value, _), table in zip(parts, shown, strict=True)
        if any(row.users for row in table.variants)
    )
