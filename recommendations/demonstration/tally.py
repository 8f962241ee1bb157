"""What a simulation saw: a few numbers a visit, and the summary of them."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(slots=True)
class Tally:
    """One entry per visit in each array; millions of visits fit."""

    variants: list[str] = field(default_factory=list)
    variant: "array[int]" = field(default_factory=lambda: array("H"))  # place in `variants`
    saves: "array[int]" = field(default_factory=lambda: array("H"))
    match: "array[float]" = field(default_factory=lambda: array("f"))  # see `match_of`
    milliseconds: "array[float]" = field(default_factory=lambda: array("f"))  # of the list
    requests: int = 0
    sent: Counter[str] = field(default_factory=Counter)  # stored actions, by kind
    failures: Counter[str] = field(default_factory=Counter)

    def visit(self, *, variant: str, saves: int, match: float, seconds: float) -> None:
        if variant not in self.variants:
            self.variants.append(variant)
        self.variant.append(self.variants.index(variant))
        self.saves.append(saves)
        self.match.append(match)
        self.milliseconds.append(seconds * 1000)

    @property
    def visits(self) -> int:
        return len(self.variant)

    def summary(self) -> Iterator[str]:
        """Lines for a person."""
        stored = sum(self.sent.values())
        yield f"{self.visits:,} visits, {self.requests:,} requests, {stored:,} actions stored"
        yield "  " + (", ".join(f"{count:,} {kind}" for kind, count in self.sent.most_common()) or "none")
        if self.visits:
            p50, p95 = np.percentile(np.array(self.milliseconds), [50, 95])
            yield f"  a list took {p50:.1f} ms (p50), {p95:.1f} ms (p95)"
            yield from self._table()
        failures = ", ".join(f"{count:,} x {what}" for what, count in self.failures.most_common())
        yield f"  errors: {failures or 'none'}"

    def _table(self) -> Iterator[str]:
        yield ""
        yield f"  {'variant':26}{'visits':>8}   saves per visit          match of the top ten"
        yield f"  {'':26}{'':>8}   all   first   last third   all   first   last third"
        which = np.array(self.variant)
        for index in sorted(range(len(self.variants)), key=lambda place: self.variants[place]):
            yield self._row(self.variants[index], which == index)
        if len(self.variants) > 1:
            yield self._row("all", np.ones(self.visits, dtype=bool))
        yield "  match: the mean chance, by their hidden taste, that people would save what is on top"

    def _row(self, name: str, among: npt.NDArray[np.bool_]) -> str:
        third = self.visits // 3
        order = np.arange(self.visits)
        cells = [f"{int(among.sum()):8,}"]
        for values, form in ((np.array(self.saves, dtype=float), ".2f"), (np.array(self.match), ".3f")):
            for part in (among, among & (order < third), among & (order >= self.visits - third)):
                cells.append(f"{values[part].mean():8{form}}" if part.any() else f"{'-':>8}")
        return f"  {name:26}{''.join(cells)}"


def match_of(chances: list[float]) -> float:
    """How well a list fits the person, 0-1: the mean true chance of saving over its first ten events."""
    return float(np.mean(chances[:10])) if chances else 0.0
