"""Models as serving uses them: algorithms ready to score, and the events they were trained on."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelregistry.artefacts import Artefact
from modelregistry.live import LiveChampion
from modelregistry.pinned import PinnedVersions
from recommendations.algorithms.confidence import Confidence, confidence_from_arrays
from recommendations.algorithms.protocol import Algorithm, Arrays
from recommendations.algorithms.registry import ALGORITHMS
from recommendations.fitted_with import FittedWith
from recommendations.trained_events import ARTEFACT_NAME, TrainedEvents

logger = logging.getLogger(__name__)
CONFIDENCE = "confidence"  # in the artefact: one array an algorithm; absent where nothing could be learned


@dataclass(frozen=True, slots=True)
class ServedModel:
    algorithms: Mapping[str, Algorithm]
    trained: TrainedEvents
    confidence: Mapping[str, Confidence] = field(default_factory=dict)  # by algorithm

    @classmethod
    def of(cls, artefact: Artefact) -> "ServedModel":
        """Algorithms that this release cannot read are left out; requests for them fall back."""
        arrays = artefact.arrays_by_algorithm
        fitted_with = FittedWith.of(artefact.manifest)
        return cls(
            algorithms={
                name: read
                for name in arrays
                if name in ALGORITHMS
                and (read := _algorithm_read(name, arrays[name], fitted_with)) is not None
            },
            trained=TrainedEvents.from_arrays(arrays[ARTEFACT_NAME]),
            confidence=confidence_from_arrays(arrays.get(CONFIDENCE, {})),
        )


def _algorithm_read(name: str, arrays: Arrays, fitted_with: FittedWith) -> Algorithm | None:
    """The arrays are whole (their hashes are checked), but another release may have written them."""
    try:
        return ALGORITHMS[name].from_arrays(arrays, parameters=fitted_with.parameters(name))
    except (KeyError, ValueError) as error:
        logger.error("%s cannot be read by this release and is left out: %s", name, error)
        return None


champion: LiveChampion[ServedModel] = LiveChampion(load=ServedModel.of)
pinned: PinnedVersions[ServedModel] = PinnedVersions(load=ServedModel.of)
