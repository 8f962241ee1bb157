"""The parameters a version was fitted with, as its manifest keeps them, to fit it the same again.

`algorithms` holds all of them, to read the arrays by. `tuned` holds only what tuning set otherwise than by
default: the next run takes that over, and a default that a release improves is improved for it too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelregistry.manifests import Manifest
from recommendations.algorithms.parameters import Parameters
from recommendations.algorithms.registry import ALGORITHMS


@dataclass(frozen=True, slots=True)
class FittedWith:
    algorithms: Mapping[str, Mapping[str, Any]]
    tuned: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, manifest: Manifest) -> "FittedWith":
        """A version of an earlier release, which kept none, was fitted with the defaults."""
        stored = manifest.parameters
        return cls(stored.get("algorithms", {}), stored.get("tuned", {}))

    @classmethod
    def defaults(cls) -> "FittedWith":
        return cls({}, {})

    def parameters(self, name: str) -> Parameters:
        """All that the arrays of algorithm `name` were made with. ValueError: this release cannot tell."""
        return ALGORITHMS[name].settings.of(self.algorithms.get(name, {}))

    def tuned_parameters(self, name: str) -> Parameters:
        """What a new fit takes over. ValueError where this release has no such parameter."""
        return ALGORITHMS[name].settings.of(self.tuned.get(name, {}))


def as_manifest(
    parameters: Mapping[str, Parameters], before: FittedWith
) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The inverse of `FittedWith.of`.

    What was tuned `before`, for the champion, stays with the algorithms that this run leaves out, for the run
    that fits them again.
    """
    left_out = {name: values for name, values in before.tuned.items() if name not in parameters}
    changed = {name: each.changed() for name, each in parameters.items()}
    return {
        "algorithms": {name: each.as_json() for name, each in parameters.items()},
        "tuned": {**left_out, **{name: values for name, values in changed.items() if values}},
    }
