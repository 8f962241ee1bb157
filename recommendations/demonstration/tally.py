"""What a simulation saw: a few numbers a visit, and the summary of them."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_STAGES = (("1st visit", 1, 1), ("2nd", 2, 2), ("3rd, 4th", 3, 4), ("5th to 8th", 5, 8), ("later", 9, 65_535))


@dataclass(frozen=True, slots=True)
class Visit:
    variant: str
    saves: int
    fit: float  # 0-1: how good the top ten were beside the best ten there are, by hidden taste
    seconds: float  # the list took
    nth: int = 0  # of a newcomer: 1 is their first visit; 0 for people with a past


@dataclass(slots=True)
class Tally:
    """One entry per visit in each array; millions of visits fit."""

    variants: list[str] = field(default_factory=list)
    variant: "array[int]" = field(default_factory=lambda: array("H"))  # place in `variants`
    saves: "array[int]" = field(default_factory=lambda: array("H"))
    fit: "array[float]" = field(default_factory=lambda: array("f"))
    milliseconds: "array[float]" = field(default_factory=lambda: array("f"))
    nth: "array[int]" = field(default_factory=lambda: array("H"))
    requests: int = 0
    stored: Counter[str] = field(default_factory=Counter)  # actions the API has answered for, by kind
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, visit: Visit) -> None:
        if visit.variant not in self.variants:
            self.variants.append(visit.variant)
        self.variant.append(self.variants.index(visit.variant))
        self.saves.append(visit.saves)
        self.fit.append(visit.fit)
        self.milliseconds.append(visit.seconds * 1000)
        self.nth.append(min(visit.nth, 65_535))

    @property
    def visits(self) -> int:
        return len(self.variant)

    def summary(self) -> Iterator[str]:
        """Lines for a person."""
        stored = self.stored.total()
        yield f"{self.visits:,} visits, {self.requests:,} requests, {stored:,} actions stored"
        yield "  " + (", ".join(f"{count:,} {kind}" for kind, count in self.stored.most_common()) or "none")
        if self.visits:
            p50, p95 = np.percentile(np.array(self.milliseconds), [50, 95])
            yield f"  a list took {p50:.1f} ms (p50), {p95:.1f} ms (p95)"
        failures = ", ".join(f"{count:,} x {what}" for what, count in self.failures.most_common())
        yield f"  errors: {failures or 'none'}"
        if self.visits:
            yield from self._by_time()
        if any(self.nth):
            yield from self._newcomers()

    def _by_time(self) -> Iterator[str]:
        order, third = np.arange(self.visits), self.visits // 3
        thirds = (order >= 0, order < third, order >= self.visits - third)
        yield ""
        yield f"  {'everybody':26}{'visits':>8}{'saves per visit':>24}{'fit':>24}"
        yield f"  {'':34}{'all  first   last third':>24}{'all  first   last third':>24}"
        for name, among in self._groups(np.ones(self.visits, dtype=bool)):
            saves = _means(np.array(self.saves, dtype=float), (among & part for part in thirds))
            fits = _means(np.array(self.fit), (among & part for part in thirds))
            yield f"  {name:26}{int(among.sum()):8,}{saves}{fits}"
        yield "  fit: how good the ten events on top are, beside the best ten there are (1), by hidden taste"

    def _newcomers(self) -> Iterator[str]:
        nth = np.array(self.nth)
        yield ""
        yield f"  {'newcomers, fit on their':26}{''.join(f'{name:>12}' for name, _, _ in _STAGES)}"
        for name, among in self._groups(nth > 0):
            stages = (among & (nth >= first) & (nth <= last) for _, first, last in _STAGES)
            yield f"  {name:26}{_means(np.array(self.fit), stages, width=12)}"

    def _groups(self, among: npt.NDArray[np.bool_]) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        which = np.array(self.variant)
        for index in sorted(range(len(self.variants)), key=lambda place: self.variants[place]):
            yield self.variants[index], among & (which == index)
        if len(self.variants) > 1:
            yield "all", among


def _means(
    values: npt.NDArray[np.floating], groups: Iterable[npt.NDArray[np.bool_]], *, width: int = 8
) -> str:
    return "".join(
        f"{values[among].mean():{width}.2f}" if among.any() else f"{'-':>{width}}" for among in groups
    )
