import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.lib import format as npy

from common.errors import Conflict
from modelregistry.artefacts import (
    Array,
    WrittenArtefact,
    artefact_delete,
    artefact_path_new,
    artefact_read,
    artefact_write,
)
from modelregistry.manifests import ArtefactRefused
from tests.modelregistry.factories import NOW, artefact


def _write(
    arrays: dict[str, Array], *, algorithm: str = "popularity", path: str | None = None
) -> WrittenArtefact:
    return artefact_write(
        path=path or artefact_path_new(now=NOW),
        arrays_by_algorithm={algorithm: arrays},
        parameters={},
        data_fingerprint="",
        now=NOW,
    )


def _read(written: WrittenArtefact) -> dict[str, Array]:
    found = artefact_read(path=written.path, manifest_sha256=written.manifest_sha256)
    return dict(found.arrays_by_algorithm["popularity"])


_DTYPES = st.sampled_from(["<f4", "<f8", ">i4", "<i8", "|u1", "|b1", "<U7", "|S5", "<c16", "<M8[s]"])


@settings(deadline=None)  # it writes to a disk
@given(
    array=_DTYPES.flatmap(
        lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=5))
    ),
    fortran=st.booleans(),
)
def test_it_reads_back_every_plain_array_as_it_was(array: npt.NDArray[Any], fortran: bool) -> None:
    laid_out = np.asfortranarray(array) if fortran and array.ndim else array
    found = _read(_write({"values": laid_out}))["values"]
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()


def test_it_says_what_it_was_made_from() -> None:
    written = artefact()
    manifest = artefact_read(path=written.path, manifest_sha256=written.manifest_sha256).manifest
    assert manifest.created == NOW
    assert manifest.parameters == {"half_life_days": 14}
    assert manifest.data_fingerprint == "f00d"
    assert manifest.libraries["numpy"] == np.__version__
    assert manifest.algorithms == {"popularity": {"scores": "popularity/scores.npy"}}
    assert manifest.files["popularity/scores.npy"].shape == (3,)


def test_it_counts_every_byte_it_stored(artefact_root: Path) -> None:
    written = artefact()
    stored = [file for file in (artefact_root / written.path).rglob("*") if file.is_file()]
    assert written.bytes == sum(file.stat().st_size for file in stored)


def test_it_keeps_an_algorithm_that_has_no_arrays() -> None:
    assert _read(_write({})) == {}


def test_its_arrays_cannot_be_written_to() -> None:
    found = _read(artefact())["scores"]
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 2.0


def test_its_arrays_outlive_the_folder() -> None:
    written = artefact(4.0)
    found = _read(written)["scores"]
    artefact_delete(path=written.path)
    assert found.tolist() == [4.0, 4.0, 4.0]


@pytest.mark.parametrize(
    "array",
    [
        np.array([{"a": 1}, None], dtype=object),
        np.array([(1, 2.0)], dtype=[("id", "i4"), ("score", "f8")]),
        np.array(["a", "bcd"], dtype=np.dtypes.StringDType()),
    ],
    ids=["objects", "records", "variable-width text"],
)
def test_it_refuses_to_store_what_is_not_plain(array: Array, artefact_root: Path) -> None:
    with pytest.raises(ArtefactRefused, match="without pickle"):
        _write({"good": np.ones(2), "bad": array})
    assert _files(artefact_root) == []


_NO_PLAIN_NAMES = ["../../evil", "/etc/evil", ".hidden", "a/../b", "", "..", "nul\x00", "line\n"]


@pytest.mark.parametrize("name", _NO_PLAIN_NAMES)
@pytest.mark.parametrize("part", ["path", "algorithm", "array"])
def test_it_refuses_a_name_that_could_lead_elsewhere(part: str, name: str, artefact_root: Path) -> None:
    with pytest.raises(ArtefactRefused):
        artefact_write(
            path=name if part == "path" else "folder",
            arrays_by_algorithm={
                name if part == "algorithm" else "popularity": {
                    name if part == "array" else "scores": np.ones(2)
                }
            },
            parameters={},
            data_fingerprint="",
            now=NOW,
        )
    assert _files(artefact_root.parent) == []


def test_it_never_writes_over_another_artefact() -> None:
    written = artefact(1.0)
    with pytest.raises(Conflict):
        _write({"scores": np.zeros(3)}, path=written.path)
    assert _read(written)["scores"].tolist() == [1.0, 1.0, 1.0]


def test_a_full_disk_leaves_nothing_behind(artefact_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_array = npy.write_array

    def write_one_then_fail(file: Any, array: Array, **options: Any) -> None:
        if array.size > 1:
            file.write(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        write_array(file, array, **options)

    monkeypatch.setattr(npy, "write_array", write_one_then_fail)
    with pytest.raises(OSError, match="No space left"):
        _write({"first": np.ones(1), "second": np.ones(2)})
    assert _files(artefact_root) == []
    assert [entry.name for entry in artefact_root.iterdir()] == [".partial"]


def _flip_last_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-8])


@pytest.mark.parametrize(
    ("name", "damage", "complaint"),
    [
        ("popularity/scores.npy", _flip_last_byte, "scores.npy is not the file that was registered"),
        ("popularity/scores.npy", _truncate, "scores.npy has 144 bytes where 152 were registered"),
        ("popularity/scores.npy", Path.unlink, "scores.npy cannot be read: No such file"),
        ("manifest.json", _flip_last_byte, "manifest.json is not the one that was registered"),
        ("manifest.json", _truncate, "manifest.json is not the one that was registered"),
        ("manifest.json", Path.unlink, "manifest.json of .* cannot be read: No such file"),
    ],
)
def test_it_refuses_what_is_damaged_and_names_it(
    name: str, damage: Callable[[Path], None], complaint: str, artefact_root: Path
) -> None:
    written = artefact()
    damage(artefact_root / written.path / name)
    with pytest.raises(ArtefactRefused, match=complaint):
        artefact_read(path=written.path, manifest_sha256=written.manifest_sha256)


def _tampered(written: WrittenArtefact, root: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """Change the manifest; return its new hash, as if the version's row had been changed to match."""
    file = root / written.path / "manifest.json"
    manifest = json.loads(file.read_bytes())
    change(manifest)
    file.write_bytes(json.dumps(manifest).encode())
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _point_outside(manifest: dict[str, Any]) -> None:
    entry = manifest["files"].pop("popularity/scores.npy")
    manifest["files"]["../secret/scores.npy"] = entry
    manifest["algorithms"]["popularity"]["scores"] = "../secret/scores.npy"


def _name_no_file(manifest: dict[str, Any]) -> None:
    manifest["algorithms"]["popularity"]["scores"] = "popularity/other.npy"


def _another_shape(manifest: dict[str, Any]) -> None:
    manifest["files"]["popularity/scores.npy"]["shape"] = [3, 1]


def _another_dtype(manifest: dict[str, Any]) -> None:
    manifest["files"]["popularity/scores.npy"]["dtype"] = "<i8"


def _another_format(manifest: dict[str, Any]) -> None:
    manifest["format_version"] = 2


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_point_outside, "manifest.json is not valid"),
        (_name_no_file, "no entry for popularity/other.npy"),
        (_another_shape, r"holds float64 \(3,\) where <f8 \(3, 1\) was registered"),
        (_another_dtype, "where <i8"),
        (_another_format, "format_version"),
    ],
)
def test_it_refuses_a_manifest_that_does_not_fit_even_under_the_right_hash(
    change: Callable[[dict[str, Any]], None], complaint: str, artefact_root: Path
) -> None:
    written = artefact()
    sha256 = _tampered(written, artefact_root, change)
    with pytest.raises(ArtefactRefused, match=complaint):
        artefact_read(path=written.path, manifest_sha256=sha256)


def test_it_refuses_a_pickle_that_poses_as_an_array(artefact_root: Path) -> None:
    written = artefact()
    file = artefact_root / written.path / "popularity" / "scores.npy"
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    content = file.read_bytes()

    def register_the_pickle(manifest: dict[str, Any]) -> None:
        manifest["files"]["popularity/scores.npy"] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "dtype": "|O",
            "shape": [1],
        }

    sha256 = _tampered(written, artefact_root, register_the_pickle)
    with pytest.raises(ArtefactRefused, match="holds object"):
        artefact_read(path=written.path, manifest_sha256=sha256)


def _files(root: Path) -> list[Path]:
    return [file for file in root.rglob("*") if file.is_file()]
