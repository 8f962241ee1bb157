"""What the demonstration's commands take."""

from argparse import ArgumentTypeError
from datetime import date


def positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 100_000:
        raise ArgumentTypeError("give a whole number from 1 to 100000")
    return int(text)


def whole(text: str) -> int:
    return 0 if text == "0" else positive(text)


def above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ArgumentTypeError("give a number") from error
    if not 0 < value < 1e6:
        raise ArgumentTypeError("give a number above 0")
    return value


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("give a day as 2026-05-01") from error
