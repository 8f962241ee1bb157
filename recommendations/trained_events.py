"""The events a model was trained on, kept inside its artefact: what a person did months ago still counts,
although the event has long left the snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommendations.algorithms.dataset import EventTable, Field, Int64, TokenLists, UInt64

ARTEFACT_NAME = "events"
_COLUMNS = ("keys", "starts_at", "announced_at", "latitude", "longitude", "price")

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class TrainedEvents:
    events: EventTable  # rows sorted by key

    @classmethod
    def of(cls, events: EventTable) -> "TrainedEvents":
        return cls(events.take(np.argsort(events.keys)))

    def rows_of(self, keys: UInt64) -> Int64:
        """The row of each key, -1 where the model never saw the event."""
        if len(self.events) == 0 or len(keys) == 0:
            return np.full(len(keys), -1, dtype=np.int64)
        rows = np.searchsorted(self.events.keys, keys)
        rows[rows == len(self.events)] = 0
        return np.where(self.events.keys[rows] == keys, rows, -1)

    def to_arrays(self) -> Arrays:
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self.events, name) for name in _COLUMNS}
        for field, lists in self.events.words.items():
            arrays[f"{field}_indptr"], arrays[f"{field}_tokens"] = lists.indptr, lists.tokens
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "TrainedEvents":
        words = {field: TokenLists(arrays[f"{field}_indptr"], arrays[f"{field}_tokens"]) for field in Field}
        columns = {name: arrays[name] for name in _COLUMNS}
        return cls(EventTable(**columns, words=words))
