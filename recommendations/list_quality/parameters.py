"""What a variant can set of a list's quality."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

LARGEST_SHARE = 0.3  # a list that is mostly experiment serves nobody
MOST_SHOWINGS = 1_000  # what so many people were shown is not new


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListParameters:
    """Raises ValueError, in words for the person who set them, when a value is out of its range."""

    # For whoever reads it from JSON: no other names, and no words for numbers.
    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True}

    collapse_repeats: bool = _setting(True, "show one session of a show that has several")
    most_per_venue: int | None = _setting(None, "events at one venue in a list, at most; null is no bound")
    most_per_artist: int | None = _setting(None, "events of one artist in a list, at most; null is no bound")
    most_per_promoter: int | None = _setting(
        None, "events by one promoter in a list, at most; null is no bound"
    )
    surface_windows: bool = _setting(
        True, "the surfaces tonight, weekend and digest list what is on then, unless the request names a time"
    )
    exploration_share: float = _setting(
        0.0, f"share of the places, 0 to {LARGEST_SHARE}, given to events that few people were shown yet"
    )
    exploration_showings: int = _setting(
        50, f"an event shown to people fewer times than this, 1 to {MOST_SHOWINGS}, counts as new"
    )

    def __post_init__(self) -> None:
        for name in ("most_per_venue", "most_per_artist", "most_per_promoter", "exploration_showings"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value}.")
        if self.exploration_showings > MOST_SHOWINGS:
            raise ValueError(
                f"exploration_showings must be {MOST_SHOWINGS} or less, not {self.exploration_showings}."
            )
        if not 0 <= self.exploration_share <= LARGEST_SHARE:
            raise ValueError(
                f"exploration_share must be between 0 and {LARGEST_SHARE}, not {self.exploration_share}."
            )
