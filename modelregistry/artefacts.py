"""Write and read a version's arrays: `.npy` files without pickle, and a manifest with their SHA-256."""

import hashlib
import mmap
import os
import platform
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pydantic
from numpy.lib import format as npy

from modelregistry import artefact_storage
from modelregistry.manifests import (
    MANIFEST_NAME,
    ArtefactRefused,
    FileEntry,
    Manifest,
    file_name_check,
    manifest_parse,
)

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

# Numbers, text of a fixed width and times; never objects, which only pickle can store, nor records.
_PLAIN_KINDS = frozenset("biufcSUmM")


@dataclass(frozen=True, slots=True)
class WrittenArtefact:
    """What `version_register` needs to know of an artefact in storage."""

    path: str
    manifest_sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Artefact:
    """A verified artefact. The arrays are read-only and mapped from disk, shared between processes."""

    manifest: Manifest
    arrays_by_algorithm: Mapping[str, Arrays]


def artefact_path_new(*, now: datetime) -> str:
    """A folder name that no other artefact has; sorts by time."""
    return f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"


def artefact_write(
    *,
    path: str,
    arrays_by_algorithm: Mapping[str, Arrays],
    parameters: Mapping[str, object],
    data_fingerprint: str,
    now: datetime,
) -> WrittenArtefact:
    """Store the arrays and their manifest under `path`, or leave nothing there.

    Raises `ArtefactRefused` for an array or a name that cannot be stored, `Conflict` when `path` is taken,
    OSError when the storage fails (a full disk).
    """
    with artefact_storage.folder_publishing(path=path) as folder:
        files, algorithms = _write_arrays(folder, arrays_by_algorithm)
        try:
            manifest = Manifest(
                created=now,
                files=files,
                algorithms=algorithms,
                libraries=_libraries(),
                parameters=dict(parameters),
                data_fingerprint=data_fingerprint,
            )
            content = manifest.as_bytes()
        except (pydantic.ValidationError, ValueError) as error:
            raise ArtefactRefused(f"The manifest cannot be written: {error}") from error
        (folder / MANIFEST_NAME).write_bytes(content)
    size = len(content) + sum(entry.bytes for entry in files.values())
    return WrittenArtefact(path=path, manifest_sha256=hashlib.sha256(content).hexdigest(), bytes=size)


def artefact_read(*, path: str, manifest_sha256: str) -> Artefact:
    """Verify everything, then map the arrays. Raises `ArtefactRefused` naming what is wrong."""
    try:
        content = artefact_storage.manifest_bytes(path=path)
    except OSError as error:
        raise ArtefactRefused(f"{MANIFEST_NAME} of {path} cannot be read: {_why(error)}.") from error
    manifest = manifest_parse(content=content, sha256=manifest_sha256)
    arrays = {name: _read_array(path, name, entry) for name, entry in manifest.files.items()}
    return Artefact(
        manifest=manifest,
        arrays_by_algorithm={
            algorithm: {array: arrays[file] for array, file in names.items()}
            for algorithm, names in manifest.algorithms.items()
        },
    )


def artefact_delete(*, path: str) -> None:
    """Remove an artefact that was written but never registered, or is no longer wanted."""
    artefact_storage.folder_delete(path=path)


def _write_arrays(
    folder: Path, arrays_by_algorithm: Mapping[str, Arrays]
) -> tuple[dict[str, FileEntry], dict[str, dict[str, str]]]:
    files: dict[str, FileEntry] = {}
    algorithms: dict[str, dict[str, str]] = {}
    for algorithm, arrays in arrays_by_algorithm.items():
        algorithms[algorithm] = {name: f"{algorithm}/{name}.npy" for name in arrays}
        for name, array in arrays.items():
            file_name = algorithms[algorithm][name]
            file_name_check(file_name)
            files[file_name] = _write_array(folder / file_name, np.asanyarray(array))
    return files, algorithms


def _write_array(target: Path, array: Array) -> FileEntry:
    if array.dtype.kind not in _PLAIN_KINDS:
        raise ArtefactRefused(
            f"{target.parent.name}/{target.stem} has dtype {array.dtype}, "
            "which cannot be stored without pickle; store numbers or fixed-width text."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w+b") as file:
        npy.write_array(file, array, allow_pickle=False)
        size = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileEntry(sha256=digest, bytes=size, dtype=array.dtype.str, shape=array.shape)


def _read_array(path: str, name: str, entry: FileEntry) -> Array:
    try:
        return _read_copy(path, name, entry)
    except ArtefactRefused:
        if not artefact_storage.is_remote():
            raise
        # The cached copy may be what is broken; the store's own decides.
        return _read_copy(path, name, entry, again=True)


def _read_copy(path: str, name: str, entry: FileEntry, *, again: bool = False) -> Array:
    try:
        local = artefact_storage.local_file(path=path, name=name, entry=entry, again=again)
        with local.open("rb") as file:
            _verify_bytes(file, name, entry)
            return _map_array(file, name, entry)
    except OSError as error:
        raise ArtefactRefused(f"{name} cannot be read: {_why(error)}.") from error


def _verify_bytes(file: BufferedReader, name: str, entry: FileEntry) -> None:
    size = os.fstat(file.fileno()).st_size
    if size != entry.bytes:
        raise ArtefactRefused(f"{name} has {size} bytes where {entry.bytes} were registered.")
    if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
        raise ArtefactRefused(f"{name} is not the file that was registered: its SHA-256 differs.")
    file.seek(0)


def _map_array(file: BufferedReader, name: str, entry: FileEntry) -> Array:
    """Map the very file that was verified: were its name given to another meanwhile, this one stays."""
    try:
        version = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran_order, dtype = read_header(file)
    except ValueError as error:
        raise ArtefactRefused(f"{name} is not an array file: {error}") from error
    if dtype.kind not in _PLAIN_KINDS or dtype.str != entry.dtype or shape != entry.shape:
        raise ArtefactRefused(
            f"{name} holds {dtype} {shape} where {entry.dtype} {entry.shape} was registered."
        )
    order: Literal["C", "F"] = "F" if fortran_order else "C"
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.ndarray(shape, dtype, buffer=mapping, offset=file.tell(), order=order)


def _libraries() -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: metadata.version(name) for name in ("numpy", "scipy")
    }


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
