"""What an artefact's `manifest.json` says: every array file with its SHA-256, and what it was made from."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import Field

from common import errors
from common.shapes import Shape

MANIFEST_NAME = "manifest.json"

# One folder, one file; no component may begin with a dot, so ".." and hidden files cannot be named.
_WORD = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"
Name = Annotated[str, Field(pattern=f"^{_WORD}$")]
FileName = Annotated[str, Field(pattern=rf"^{_WORD}/{_WORD}\.npy$")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Folder = Annotated[str, Field(pattern=f"^{_WORD}(/{_WORD})*$", max_length=255)]
_folder: pydantic.TypeAdapter[str] = pydantic.TypeAdapter(Folder)
_file: pydantic.TypeAdapter[str] = pydantic.TypeAdapter(FileName)


class ArtefactRefused(errors.Unprocessable):
    """The artefact is not what was registered, or may not be registered: it must not be used."""

    code = "artefact_refused"


class FileEntry(Shape):
    """One array file."""

    sha256: Sha256
    bytes: int = Field(ge=0)
    dtype: str
    shape: tuple[Annotated[int, Field(ge=0)], ...]


class Manifest(Shape):
    """`algorithms` maps each algorithm's array names to file names, which are keys of `files`."""

    format_version: Literal[1] = 1
    created: datetime
    files: dict[FileName, FileEntry]
    algorithms: dict[Name, dict[Name, FileName]]
    libraries: dict[str, str]
    parameters: dict[str, Any]
    data_fingerprint: str

    @pydantic.model_validator(mode="after")
    def _every_array_has_its_file(self) -> Self:
        named = {file for arrays in self.algorithms.values() for file in arrays.values()}
        if missing := sorted(named - set(self.files)):
            raise ValueError(f"no entry for {', '.join(missing)}")
        return self

    def as_bytes(self) -> bytes:
        body = self.model_dump(mode="json")
        return json.dumps(body, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"


def manifest_parse(*, content: bytes, sha256: str) -> Manifest:
    """The manifest, once its own hash is the one that was registered with the version."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArtefactRefused(f"{MANIFEST_NAME} is not the one that was registered: its SHA-256 differs.")
    try:
        return Manifest.model_validate_json(content)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ArtefactRefused(f"{MANIFEST_NAME} is not valid: {where}: {first['msg']}.") from error


def folder_name_check(path: str) -> None:
    """Raise unless `path` is a plain relative folder name inside the storage."""
    _check(_folder, path)


def file_name_check(name: str) -> None:
    """Raise unless `name` is `algorithm/array.npy`, both plain words."""
    _check(_file, name)


def _check(names: pydantic.TypeAdapter[str], name: str) -> None:
    try:
        names.validate_python(name)
    except pydantic.ValidationError as error:
        raise ArtefactRefused(
            f"{name!r} is not a plain name of letters, digits, '_', '.' and '-'."
        ) from error
