"""Small versions with real artefacts, and threads that start at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from django.core.files.storage import storages
from django.db import connection

from modelregistry.artefacts import Array, WrittenArtefact, artefact_path_new, artefact_write
from modelregistry.models import ModelVersion
from modelregistry.versions import version_promote, version_register

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)

R = TypeVar("R")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def artefact(value: float = 1.0, **arrays: Array) -> WrittenArtefact:
    """One algorithm, `popularity`, with an array `scores` of three times `value`."""
    return artefact_write(
        path=artefact_path_new(now=NOW),
        arrays_by_algorithm={"popularity": {"scores": np.full(3, value), **arrays}},
        parameters={"half_life_days": 14},
        data_fingerprint="f00d",
        now=NOW,
    )


def version(value: float = 1.0, *, metrics: dict[str, Any] | None = None) -> ModelVersion:
    return version_register(
        run=None,
        algorithms=["popularity"],
        artefact=artefact(value),
        training_samples=120,
        data_cutoff=NOW - timedelta(days=1),
        data_fingerprint="f00d",
        metrics=metrics or {},
        now=NOW,
    )


def champion(value: float = 1.0) -> ModelVersion:
    """A new version, promoted."""
    row = version(value)
    version_promote(version=row, actor="test", reason="Tested", now=NOW)
    row.refresh_from_db()
    return row


def folder(row: ModelVersion) -> Path:
    return Path(storages["artefacts"].path(row.artefact_path))


def corrupt(row: ModelVersion) -> None:
    """Change one byte of its array, as a failing disk would; the size stays."""
    file = folder(row) / "popularity" / "scores.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 0xFF
    file.write_bytes(content)


def race(*functions: Callable[[], R]) -> Sequence[R | Exception]:
    """Call each in a thread with its own database connection, at the same moment; results or exceptions."""
    start = threading.Barrier(len(functions))

    def run(function: Callable[[], R]) -> R | Exception:
        try:
            start.wait(timeout=30)
            return function()
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))
