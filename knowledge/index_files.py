"""Index files on disk: numbered generations with a manifest of SHA-256 sums, switched by one atomic rename.

    folder/CURRENT             the name of the generation in use and the sum of its manifest
    folder/gen-000007/         manifest.json · clauses.json · vectors.npy · means.npy · lexical/…
    folder/.writing            locked by the process that writes; the system frees it when that process dies

A generation is written to a temporary folder, flushed to disk, renamed, and only then named by CURRENT, so a crash at
any point leaves the previous one in use; what it left half written goes with the next write. From CURRENT's one line,
which must be as it was written to the byte, each byte of the files is vouched for. Nothing here knows what a clause is
beyond the hash of its content.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from knowledge.embedding import Vectors
from knowledge.errors import IndexDamaged

FORMAT = 2
_KEPT_GENERATIONS = 2
_CURRENT = re.compile(r"(gen-\d{6,12}) ([0-9a-f]{64})\n")
_BUILDING = ".building-"


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
    """As the embedder gave them."""
    means: Vectors | None
    """What they are centred by, where the embedder needs it."""
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
    means: Vectors | None = None,
    fill_lexical: Callable[[Path], object],
) -> Path:
    """Write the next generation and make it current. Returns its path; raises `OSError` when the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True)
    with _only_writer(folder):
        _forget_unfinished(folder)
        building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder))
        try:
            (building / "lexical").mkdir()
            fill_lexical(building / "lexical")
            (building / "clauses.json").write_text(json.dumps(list(hashes)), "utf-8")
            if vectors is not None:
                np.save(building / "vectors.npy", vectors, allow_pickle=False)
            if means is not None:
                np.save(building / "means.npy", means, allow_pickle=False)
            dim = vectors.shape[1] if vectors is not None else 0
            manifest = Manifest(FORMAT, fingerprint, embedder, dim, len(hashes), _sums(building))
            (building / "manifest.json").write_text(json.dumps(asdict(manifest), sort_keys=True), "utf-8")
            for path in building.rglob("*"):
                _flush(path)
            _flush(building)
            generation = folder / f"gen-{_last_number(folder) + 1:06d}"
            building.rename(generation)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        _point(folder, generation)
        _forget_old(folder)
    return generation


def pointer(folder: Path) -> bytes:
    """CURRENT as it stands, to see whether another process has written since; empty when it cannot be read."""
    try:
        return (folder / "CURRENT").read_bytes()
    except OSError:
        return b""


def read_generation(folder: Path) -> Generation:
    """The current generation, every file checked against its sum. Raises `IndexDamaged` and says what is wrong."""
    path, manifest = _current(folder)
    try:
        sums = _sums(path)
    except OSError as error:
        raise IndexDamaged(f"{path.name}: {error.filename} cannot be read.") from error
    for name, expected in manifest.files.items():
        if name not in sums:
            raise IndexDamaged(f"{path.name}: {name} is missing.")
        if sums[name] != expected:
            raise IndexDamaged(f"{path.name}: {name} does not match its checksum.")
    if strange := sums.keys() - manifest.files.keys():
        raise IndexDamaged(f"{path.name}: {min(strange)} does not belong here.")
    vectors = _array(path, manifest, "vectors.npy", rows=manifest.size)
    return Generation(path, manifest, vectors, _array(path, manifest, "means.npy", rows=None), _hashes(path, manifest))


def embedded_by(folder: Path) -> str:
    """The name of the embedder of the current generation; empty when it has none or cannot be read."""
    try:
        return _current(folder)[1].embedder
    except IndexDamaged:
        return ""


def reusable_vectors(folder: Path, embedder: str) -> dict[str, Vectors]:
    """Vectors of the current generation by content hash, if it was made by `embedder` and those files are whole.

    A damaged lexical part does not cost the embeddings; anything doubtful gives an empty mapping.
    """
    try:
        path, manifest = _current(folder)
        if manifest.embedder != embedder:
            return {}
        for name in ("clauses.json", "vectors.npy"):
            if _sum(path / name) != manifest.files.get(name):
                return {}
        vectors = _array(path, manifest, "vectors.npy", rows=manifest.size)
        return {} if vectors is None else dict(zip(_hashes(path, manifest), vectors, strict=True))
    except (IndexDamaged, OSError):
        return {}


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Wait until no other process writes here."""
    descriptor = os.open(folder / ".writing", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _current(folder: Path) -> tuple[Path, Manifest]:
    """The generation that CURRENT names, and its manifest, which has the sum that CURRENT says."""
    try:
        written = (folder / "CURRENT").read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamaged("There is no readable CURRENT file.") from error
    named = _CURRENT.fullmatch(written)
    path = folder / named[1] if named else folder
    if named is None or not path.is_dir():
        raise IndexDamaged(f"CURRENT says {written[:80]!r}, which is no generation.")
    return path, _manifest(path, named[2])


def _manifest(path: Path, expected: str) -> Manifest:
    try:
        written = (path / "manifest.json").read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{path.name}: manifest.json cannot be read.") from error
    if hashlib.sha256(written).hexdigest() != expected:
        raise IndexDamaged(f"{path.name}: manifest.json does not match its checksum.")
    try:
        said = json.loads(written)
        if said["format"] != FORMAT:
            raise IndexDamaged(f"{path.name}: the manifest has another format.")
        return Manifest(**said)
    except (ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(f"{path.name}: manifest.json cannot be read.") from error


def _array(path: Path, manifest: Manifest, name: str, *, rows: int | None) -> Vectors | None:
    if name not in manifest.files:
        return None
    try:
        array: Vectors = np.load(path / name, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise IndexDamaged(f"{path.name}: {name} cannot be read.") from error
    if array.shape != (len(array) if rows is None else rows, manifest.dim) or array.dtype != np.float32:
        raise IndexDamaged(f"{path.name}: {name} has shape {array.shape}.")
    return array


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


def _point(folder: Path, generation: Path) -> None:
    written = folder / ".CURRENT.new"
    written.write_text(f"{generation.name} {_sum(generation / 'manifest.json')}\n", "utf-8")
    _flush(written)
    written.replace(folder / "CURRENT")
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


def _forget_unfinished(folder: Path) -> None:
    """What a killed writer left; called by the only writer there is."""
    for path in folder.glob(f"{_BUILDING}*"):
        shutil.rmtree(path, ignore_errors=True)
