"""A variant's parameters, read from what staff wrote."""

import logging
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson
import pydantic

from common import errors
from common.error_responses import field_errors
from experiments.variant_parameters import ParameterSchema
from recommendations.list_quality.parameters import ListParameters

logger = logging.getLogger(__name__)
ORDINARY = ListParameters()  # for people outside every experiment, and variants that say nothing
NAMES = tuple(one.name for one in fields(ListParameters))
_READER = pydantic.TypeAdapter(ListParameters)


def list_parameters_read(values: object) -> ListParameters:
    """`values` as a JSON object gives them; what it leaves out has its default.

    Raises InvalidInput, which says of each parameter what is wrong with it.
    """
    try:
        return _READER.validate_json(orjson.dumps(values))
    except pydantic.ValidationError as error:
        found = {name: [_sentence(name, one) for one in said] for name, said in field_errors(error).items()}
    raise errors.InvalidInput("These parameters cannot be used.", errors=found)


def list_parameters_of(values: Mapping[str, Any]) -> ListParameters:
    """What to make this person's list by. Parameters that this release cannot read are left aside."""
    if not values:
        return ORDINARY
    try:
        return list_parameters_read(values)
    except errors.InvalidInput as error:
        logger.error("A variant's parameters cannot be read and are left aside: %s", error.errors)
        return ORDINARY


def _sentence(name: str, message: str) -> str:
    if name == "body":
        return message
    if name not in NAMES:
        return f"There is no parameter {name}; known are {', '.join(NAMES)}."
    return f"{name}: {message}"


def _help_text() -> str:
    lines = (
        f"{one.name} ({orjson.dumps(one.default).decode()}): {one.metadata['meaning']}."
        for one in fields(ListParameters)
    )
    return "\n".join(
        ('A JSON object of what differs from the defaults, such as {"most_per_venue": 3}.', *lines)
    )


SCHEMA = ParameterSchema(list_parameters_read, _help_text())
