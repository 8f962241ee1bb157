"""The champion as serving uses it: algorithms ready to score, and the events they were trained on."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelregistry.artefacts import Artefact
from modelregistry.live import LiveChampion
from recommendations.algorithms.protocol import Algorithm
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.trained_events import ARTEFACT_NAME, TrainedEvents


@dataclass(frozen=True, slots=True)
class ServedModel:
    algorithms: Mapping[str, Algorithm]
    trained: TrainedEvents

    @classmethod
    def of(cls, artefact: Artefact) -> "ServedModel":
        """Algorithms this release does not know are left out; requests for them fall back."""
        arrays = artefact.arrays_by_algorithm
        return cls(
            algorithms={
                name: ALGORITHMS[name].from_arrays(arrays[name]) for name in arrays if name in ALGORITHMS
            },
            trained=TrainedEvents.from_arrays(arrays[ARTEFACT_NAME]),
        )


champion: LiveChampion[ServedModel] = LiveChampion(load=ServedModel.of)
