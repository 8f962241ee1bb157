"""The algorithms a variant may name.

Experiments cannot import the algorithms: those live in the app above. That app registers their names when
it starts (`AppConfig.ready`), so a variant naming an algorithm nobody has is refused at the start of the
experiment, not while serving.
"""

from collections.abc import Iterable

_registered: tuple[str, ...] = ()


def algorithm_names_register(names: Iterable[str]) -> None:
    """Replace the known algorithm names. Called once per process, by the app that has the algorithms."""
    global _registered  # noqa: PLW0603  process-wide by nature, written once at start
    _registered = tuple(dict.fromkeys(names))


def algorithm_names() -> tuple[str, ...]:
    return _registered
