"""Types that every input shape shares: identifiers, words, moments."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
)


class Shape(BaseModel):
    """Base of every body: unknown keys are ignored, values are immutable."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True, allow_inf_nan=False)


def _storable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("A NUL character cannot be stored.")
    return value


def _identifier(value: Any) -> Any:
    """The platform's ids are integers; ours are strings: a JSON number becomes its decimal string."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) < 10 or value[4:5] != "-":
        raise ValueError("Give a time as ISO 8601 with an offset, such as 2026-05-01T20:00:00Z.")
    return value


def _utc(value: datetime) -> datetime:
    if not 1900 <= value.year <= 2200:
        raise ValueError("Give a year between 1900 and 2200.")
    return value.astimezone(UTC)


def _words(value: Any) -> Any:
    """One comma-separated string is as good as a list; blank words say nothing."""
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, list):
        return [word for word in value if not isinstance(word, str) or word.strip()]
    return value


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _blank(value: Any) -> Any:
    return "" if value is None else value


# Stripped everywhere, also outside a Shape: MariaDB holds 'a' and 'a ' to be the same id.
Identifier = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    BeforeValidator(_identifier),
    AfterValidator(_storable),
]
Word = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_storable)]
# Text that may be missing: null is as good as "".
Text = Annotated[str, BeforeValidator(_blank), AfterValidator(_storable)]
Words = Annotated[list[Word], BeforeValidator(_words), AfterValidator(_distinct), Field(max_length=200)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_utc)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]

IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)  # for ids outside a body


class ErrorShape(BaseModel):
    """The one shape of every error."""

    detail: str = Field(description="One sentence for a person.")
    code: str = Field(description="One word for a machine.")
    errors: dict[str, list[str]] | None = Field(default=None, description="What is wrong, by field.")
