"""What a data scientist may set of an algorithm: frozen dataclasses of numbers, each with its range."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


def number(default: float, *, least: float, most: float) -> Any:
    """A field of `Parameters` from `least` to `most`, both included."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, slots=True)
class Parameters:
    """The base of them all. Every field is made by `number`; a field typed int takes whole numbers only."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value, least, most = getattr(self, each.name), each.metadata["least"], each.metadata["most"]
            is_number = isinstance(value, int if each.type is int else int | float)
            if not is_number or isinstance(value, bool) or not least <= value <= most:
                kind = "a whole number" if each.type is int else "a number"
                raise ValueError(
                    f"{type(self).__name__}.{each.name} is {value!r}: choose {kind} from {least} to {most}"
                )

    @classmethod
    def search_space(cls) -> Sequence[Self]:
        """The settings worth trying beside the defaults: few, because each costs a fit."""
        return ()

    def as_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`. What is not stored keeps its default; ValueError for what is unknown."""
        unknown = sorted(set(stored) - {each.name for each in fields(cls)})
        if unknown:
            raise ValueError(f"{cls.__name__} has no {', '.join(unknown)}: leave it out, or train again")
        return cls(**stored)

    def changed(self) -> dict[str, float]:
        """What is set otherwise than by default."""
        usual = type(self)().as_json()
        return {name: value for name, value in self.as_json().items() if value != usual[name]}

    def __str__(self) -> str:
        changed = self.changed()
        return ", ".join(f"{name} {value:g}" for name, value in changed.items()) or "the defaults"
