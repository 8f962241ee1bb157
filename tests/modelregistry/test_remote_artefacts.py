"""A storage without local paths, as S3 is: Django's in-memory storage stands in for it."""

import errno
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import InMemoryStorage, storages
from pytest_django import Settings

from common.errors import Conflict
from modelregistry.artefacts import WrittenArtefact, artefact_delete, artefact_read, artefact_write
from modelregistry.manifests import ArtefactRefused
from tests.modelregistry.factories import NOW, artefact


@pytest.fixture(autouse=True)
def remote(settings: Settings) -> InMemoryStorage:
    backend = "django.core.files.storage.InMemoryStorage"
    settings.STORAGES = settings.STORAGES | {"artefacts": {"BACKEND": backend}}
    storage = storages["artefacts"]
    assert isinstance(storage, InMemoryStorage)
    return storage


def _scores(written: WrittenArtefact) -> list[float]:
    found = artefact_read(path=written.path, manifest_sha256=written.manifest_sha256)
    scores: list[float] = found.arrays_by_algorithm["popularity"]["scores"].tolist()
    return scores


def _cached(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "artefact-cache").iterdir())


def _overwrite(storage: InMemoryStorage, name: str, change: bytes) -> None:
    with storage.open(name, "r+b") as file:
        file.seek(-len(change), os.SEEK_END)
        file.write(change)


def test_it_reads_back_what_it_stored() -> None:
    assert _scores(artefact(3.0)) == [3.0, 3.0, 3.0]


def test_it_downloads_each_file_once(remote: InMemoryStorage, tmp_path: Path) -> None:
    written = artefact(3.0)
    _scores(written)
    remote.delete(f"{written.path}/popularity/scores.npy")
    assert _scores(written) == [3.0, 3.0, 3.0]
    assert len(_cached(tmp_path)) == 1


def test_it_refuses_what_is_damaged_in_the_store(remote: InMemoryStorage) -> None:
    written = artefact()
    _overwrite(remote, f"{written.path}/popularity/scores.npy", b"!")
    with pytest.raises(ArtefactRefused, match=r"scores\.npy is not the file that was registered"):
        _scores(written)


def test_it_refuses_what_is_missing_in_the_store(remote: InMemoryStorage) -> None:
    written = artefact()
    remote.delete(f"{written.path}/popularity/scores.npy")
    with pytest.raises(ArtefactRefused, match=r"scores\.npy cannot be read"):
        _scores(written)


def test_a_damaged_local_copy_is_downloaded_again(tmp_path: Path) -> None:
    written = artefact(3.0)
    _scores(written)
    [copy] = _cached(tmp_path)
    copy.write_bytes(b"torn")
    assert _scores(written) == [3.0, 3.0, 3.0]


def test_local_copies_that_nobody_used_for_days_go(tmp_path: Path) -> None:
    _scores(artefact(1.0))
    [old] = _cached(tmp_path)
    last_week = time.time() - 7 * 24 * 3600
    os.utime(old, (last_week, last_week))
    _scores(artefact(2.0))
    assert old not in _cached(tmp_path)
    assert len(_cached(tmp_path)) == 1


def test_an_upload_that_fails_leaves_nothing(
    remote: InMemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = remote.save

    def save_no_manifest(name: str, content: Any) -> str:
        if name.endswith("manifest.json"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(name, content)

    monkeypatch.setattr(remote, "save", save_no_manifest)
    with pytest.raises(OSError, match="No space left"):
        artefact_write(
            path="folder",
            arrays_by_algorithm={"popularity": {"scores": np.ones(2)}},
            parameters={},
            data_fingerprint="",
            now=NOW,
        )
    assert not remote.exists("folder/popularity/scores.npy")


def test_it_never_writes_over_another_artefact() -> None:
    written = artefact(1.0)
    with pytest.raises(Conflict):
        artefact_write(path=written.path, arrays_by_algorithm={}, parameters={}, data_fingerprint="", now=NOW)
    assert _scores(written) == [1.0, 1.0, 1.0]


def test_a_deleted_artefact_is_gone(remote: InMemoryStorage) -> None:
    written = artefact()
    artefact_delete(path=written.path)
    assert not remote.exists(f"{written.path}/manifest.json")
    assert not remote.exists(f"{written.path}/popularity/scores.npy")
