"""A layer's people as a bar: geometry only, the template draws it."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.charts import COLOURS
from experiments.layers import FREE, HOLDOUT, LayerPart
from experiments.statistics.assignment import BUCKETS

WIDTH = 1000
SCALE = WIDTH / BUCKETS
_COLOURS_OF = {FREE: "none", HOLDOUT: COLOURS[0]}


@dataclass(frozen=True, slots=True)
class BarPart:
    """`pieces`: left edge and width of each range of buckets, of `WIDTH`."""

    number: int
    name: str
    share: float
    colour: str
    experiment_id: int | None
    pieces: tuple[tuple[float, float], ...]

    @property
    def percent(self) -> str:
        return f"{self.share:.1%}"


@dataclass(frozen=True, slots=True)
class LayerBar:
    parts: tuple[BarPart, ...]
    width: int = WIDTH


def layer_bar(parts: Sequence[LayerPart]) -> LayerBar:
    """Numbered, so that colour is never alone in saying which is which."""
    return LayerBar(tuple(_part(number, part) for number, part in enumerate(filter(_is_there, parts), 1)))


def _part(number: int, part: LayerPart) -> BarPart:
    own = COLOURS[1 + (number - 1) % (len(COLOURS) - 1)]
    return BarPart(
        number=number,
        name=part.name,
        share=part.share,
        colour=own if part.experiment else _COLOURS_OF[part.name],
        experiment_id=part.experiment.pk if part.experiment else None,
        pieces=tuple((start * SCALE, (end - start) * SCALE) for start, end in part.ranges),
    )


def _is_there(part: LayerPart) -> bool:
    return part.share > 0
