"""The parameters a variant may set, beside its algorithm.

What they mean is for the app above to say: it registers a reader when it starts, as it does the names of
its algorithms, so that a variant with a parameter nobody knows is refused before its experiment starts.
"""

from collections.abc import Callable
from dataclasses import dataclass

from common import errors


@dataclass(frozen=True, slots=True)
class ParameterSchema:
    check: Callable[[object], object]  # raises InvalidInput, whose errors name each parameter
    help_text: str  # the parameters, their defaults and meanings, for the person who sets them


def _none_known(values: object) -> object:
    if values != {}:
        raise errors.InvalidInput("No parameters are known.")
    return values


_registered = ParameterSchema(_none_known, "There are no parameters.")


def variant_parameters_register(schema: ParameterSchema) -> None:
    """Replace the known parameters. Called once per process, by the app that reads them."""
    global _registered  # noqa: PLW0603  process-wide by nature, written once at start
    _registered = schema


def variant_parameters_help() -> str:
    return _registered.help_text


def variant_parameter_problems(values: object) -> list[str]:
    """What is wrong with `values`, one sentence each; empty when they may be served."""
    try:
        _registered.check(values)
    except errors.InvalidInput as error:
        return [one for found in (error.errors or {}).values() for one in found] or [error.detail]
    return []
