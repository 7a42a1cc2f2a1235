"""Index files on disk: numbered generations with a manifest of SHA-256 sums, switched by one atomic rename.

    folder/CURRENT             the name of the generation in use
    folder/gen-000007/         manifest.json · clauses.json · vectors.npy · lexical/…

A generation is written to a temporary folder, flushed to disk, renamed, and only then named by CURRENT, so a crash at
any point leaves the previous one in use. Nothing here knows what a clause is beyond the hash of its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from knowledge.embedding import Vectors
from knowledge.errors import IndexDamaged

FORMAT = 1
_KEPT_GENERATIONS = 2


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds. `fingerprint` identifies the clauses, their order and how they were tokenised."""

    format: int
    fingerprint: str
    embedder: str
    dim: int
    size: int
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation whose checksums were verified."""

    path: Path
    manifest: Manifest
    vectors: Vectors | None
    hashes: tuple[str, ...]

    @property
    def lexical(self) -> Path:
        return self.path / "lexical"


def write_generation(
    folder: Path,
    *,
    fingerprint: str,
    embedder: str,
    hashes: Sequence[str],
    vectors: Vectors | None,
    fill_lexical: Callable[[Path], object],
) -> Path:
    """Write the next generation and make it current. Returns its path; raises `OSError` when the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        (building / "lexical").mkdir()
        fill_lexical(building / "lexical")
        (building / "clauses.json").write_text(json.dumps(list(hashes)), "utf-8")
        if vectors is not None:
            np.save(building / "vectors.npy", vectors, allow_pickle=False)
        manifest = Manifest(
            FORMAT, fingerprint, embedder, vectors.shape[1] if vectors is not None else 0, len(hashes), _sums(building)
        )
        (building / "manifest.json").write_text(json.dumps(asdict(manifest), sort_keys=True), "utf-8")
        for path in building.rglob("*"):
            _flush(path)
        _flush(building)
        generation = folder / f"gen-{_last_number(folder) + 1:06d}"
        building.rename(generation)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    _point(folder, generation.name)
    _forget_old(folder)
    return generation


def read_generation(folder: Path) -> Generation:
    """The current generation, every file checked against its sum. Raises `IndexDamaged` and says what is wrong."""
    path = _current(folder)
    manifest = _manifest(path)
    sums = _sums(path)
    for name, expected in manifest.files.items():
        if name not in sums:
            raise IndexDamaged(f"{path.name}: {name} is missing.")
        if sums[name] != expected:
            raise IndexDamaged(f"{path.name}: {name} does not match its checksum.")
    return Generation(path, manifest, _vectors(path, manifest), _hashes(path, manifest))


def reusable_vectors(folder: Path, embedder: str) -> dict[str, Vectors]:
    """Vectors of the current generation by content hash, if it was made by `embedder` and those files are whole.

    A damaged lexical part does not cost the embeddings; anything doubtful gives an empty mapping.
    """
    try:
        path = _current(folder)
        manifest = _manifest(path)
        if manifest.embedder != embedder:
            return {}
        for name in ("clauses.json", "vectors.npy"):
            if _sum(path / name) != manifest.files.get(name):
                return {}
        vectors = _vectors(path, manifest)
        return {} if vectors is None else dict(zip(_hashes(path, manifest), vectors, strict=True))
    except (IndexDamaged, OSError):
        return {}


def _current(folder: Path) -> Path:
    try:
        name = (folder / "CURRENT").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamaged("There is no readable CURRENT file.") from error
    path = folder / name
    if not name.startswith("gen-") or path.parent != folder or not path.is_dir():
        raise IndexDamaged(f"CURRENT names {name!r}, which is no generation.")
    return path


def _manifest(path: Path) -> Manifest:
    try:
        manifest = Manifest(**json.loads((path / "manifest.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(f"{path.name}: manifest.json cannot be read.") from error
    if manifest.format != FORMAT or not isinstance(manifest.files, dict):
        raise IndexDamaged(f"{path.name}: the manifest has another format.")
    return manifest


def _vectors(path: Path, manifest: Manifest) -> Vectors | None:
    if "vectors.npy" not in manifest.files:
        return None
    try:
        vectors: Vectors = np.load(path / "vectors.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise IndexDamaged(f"{path.name}: vectors.npy cannot be read.") from error
    if vectors.shape != (manifest.size, manifest.dim) or vectors.dtype != np.float32:
        raise IndexDamaged(f"{path.name}: vectors.npy has shape {vectors.shape}.")
    return vectors


def _hashes(path: Path, manifest: Manifest) -> tuple[str, ...]:
    try:
        hashes = tuple(json.loads((path / "clauses.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(f"{path.name}: clauses.json cannot be read.") from error
    if len(hashes) != manifest.size:
        raise IndexDamaged(f"{path.name}: clauses.json holds {len(hashes)} clauses, not {manifest.size}.")
    return hashes


def _sums(path: Path) -> dict[str, str]:
    """SHA-256 by relative name; lock files come and go, and the manifest cannot hold its own sum."""
    return {
        str(file.relative_to(path)): _sum(file)
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.suffix != ".lock" and file.name != "manifest.json"
    }


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _point(folder: Path, name: str) -> None:
    pointer = folder / ".CURRENT.new"
    pointer.write_text(name + "\n", "utf-8")
    _flush(pointer)
    pointer.replace(folder / "CURRENT")
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbers(folder: Path) -> list[int]:
    return sorted(int(path.name[4:]) for path in folder.glob("gen-*") if path.name[4:].isdigit())


def _last_number(folder: Path) -> int:
    return max(_numbers(folder), default=0)


def _forget_old(folder: Path) -> None:
    for number in _numbers(folder)[:-_KEPT_GENERATIONS]:
        shutil.rmtree(folder / f"gen-{number:06d}", ignore_errors=True)
