"""Where artefact files lie: a folder of this machine, or a remote store with a local cache before it."""

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from common import errors
from modelregistry.manifests import MANIFEST_NAME, FileEntry, folder_name_check

ALIAS = "artefacts"
_PARTIAL = ".partial"
_ABANDONED_AFTER_SECONDS = 24 * 3600
_CACHE_UNUSED_AFTER_SECONDS = 48 * 3600


@contextmanager
def folder_publishing(*, path: str) -> Iterator[Path]:
    """Yield an empty local folder to fill; it becomes `path` in the storage, or nothing at all.

    A local storage gets it by one rename. A remote one gets the files first and the manifest last.
    """
    folder_name_check(path)
    storage, root = storages[ALIAS], _local_root()
    workshop = (root or Path(settings.DATA_DIR)) / _PARTIAL
    _sweep(workshop, older_than=_ABANDONED_AFTER_SECONDS)
    partial = workshop / uuid.uuid4().hex
    partial.mkdir(parents=True)
    try:
        yield partial
        if root is None:
            _upload(storage, partial, path)
        else:
            _rename_durably(partial, root / path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def manifest_bytes(*, path: str) -> bytes:
    """Raises OSError (FileNotFoundError when it is not there)."""
    folder_name_check(path)
    with storages[ALIAS].open(f"{path}/{MANIFEST_NAME}", "rb") as file:
        content: bytes = file.read()
        return content


def local_file(*, path: str, name: str, entry: FileEntry, again: bool = False) -> Path:
    """A local copy of one array file, not verified yet. `again` downloads it anew over the cached one."""
    folder_name_check(path)
    root = _local_root()
    if root is not None:
        return root / path / name
    cache = Path(settings.DATA_DIR) / "artefact-cache"
    cached = cache / f"{entry.sha256}.npy"
    if again or not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _sweep(cache, older_than=_CACHE_UNUSED_AFTER_SECONDS)
        _download(storages[ALIAS], f"{path}/{name}", cached)
    os.utime(cached)
    return cached


def is_remote() -> bool:
    return _local_root() is None


def folder_delete(*, path: str) -> None:
    """Remove an artefact. Processes that have mapped its arrays keep them until they let go."""
    folder_name_check(path)
    storage, root = storages[ALIAS], _local_root()
    if root is not None:
        shutil.rmtree(root / path, ignore_errors=True)
        return
    storage.delete(f"{path}/{MANIFEST_NAME}")
    for algorithm in storage.listdir(path)[0]:
        for name in storage.listdir(f"{path}/{algorithm}")[1]:
            storage.delete(f"{path}/{algorithm}/{name}")


def _local_root() -> Path | None:
    storage = storages[ALIAS]
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


def _rename_durably(partial: Path, target: Path) -> None:
    """Flush everything, then rename: after a power cut the folder is whole or absent."""
    if target.exists():
        raise errors.Conflict(f"There is an artefact at {target.name} already.")
    for file in partial.rglob("*"):
        _flush(file)
    _flush(partial)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(target)
    _flush(target.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _upload(storage: Storage, partial: Path, path: str) -> None:
    if storage.exists(f"{path}/{MANIFEST_NAME}"):
        raise errors.Conflict(f"There is an artefact at {path} already.")
    files = [file for file in partial.rglob("*") if file.is_file()]
    stored: list[str] = []
    try:
        for file in sorted(files, key=lambda file: file.name == MANIFEST_NAME):
            name = f"{path}/{file.relative_to(partial).as_posix()}"
            with file.open("rb") as content:
                stored.append(storage.save(name, File(content)))
            if stored[-1] != name:
                raise errors.Conflict(f"There is a file at {name} already.")
    except BaseException:
        for name in reversed(stored):
            storage.delete(name)
        raise


def _download(storage: Storage, name: str, target: Path) -> None:
    partial = target.with_suffix(f".{uuid.uuid4().hex}")
    try:
        with storage.open(name, "rb") as source, partial.open("wb") as copy:
            for chunk in source.chunks():
                copy.write(chunk)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _sweep(folder: Path, *, older_than: float) -> None:
    """Remove what a killed process left in `folder`, or what nobody has used for long."""
    for entry in folder.iterdir() if folder.exists() else ():
        try:
            if time.time() - entry.stat().st_mtime < older_than:
                continue
        except FileNotFoundError:  # another process sweeps too
            continue
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
