"""Worked numbers from other packages, kept beside the tests."""

import json
from pathlib import Path
from typing import Any

import pytest

CLOSED_FORM = 1e-9
QUADRATURE = 1e-7
GROUP_SEQUENTIAL = 1e-3

_FOLDER = Path(__file__).parent / "oracles"
PROPORTIONS: dict[str, Any] = json.loads((_FOLDER / "proportions.json").read_text())
STATISTICS: dict[str, Any] = json.loads((_FOLDER / "statistics.json").read_text())

RATE_CASES = pytest.mark.parametrize("case", PROPORTIONS["cases"], ids=lambda case: case["name"])
