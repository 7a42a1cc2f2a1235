"""Packs as they were: what decisions rest on, kept under its content hash so that an old decision can be made again.

One archive holds the policies, facts and shop figures of a pack and its parents. Its name is the SHA-256 over the names
and contents of these files, so it can be checked by itself, and a pack that has not changed is not kept twice.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from knowledge.errors import XiaoerError
from knowledge.pack import Pack, load_pack, read_policies

SUFFIX = ".tar.gz"
DECIDING = ("shop", "facts")
"""The YAML files that a decision depends on, beside the policies."""


class ArchiveDamaged(XiaoerError):
    """An archived pack is not what its name says."""


class NotArchived(XiaoerError):
    """No archived pack has that hash."""


def pack_hash(files: Mapping[str, bytes]) -> str:
    """The SHA-256 over the names and contents of a pack's files, in hex. The order of `files` does not matter."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    spelled = json.dumps(digests, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()


def deciding_files(chain: tuple[Path, ...]) -> dict[str, bytes]:
    """What decisions of a pack depend on: `0/shop.yaml`, `0/policies/…` of the child, `1/…` of its parent …"""
    return {f"{number}/{name}": path.read_bytes() for number, name, path in _deciding(chain)}


def _deciding(chain: tuple[Path, ...]) -> Iterator[tuple[int, str, Path]]:
    for number, folder in enumerate(chain):
        for stem in DECIDING:
            if (path := folder / f"{stem}.yaml").is_file():
                yield number, path.name, path
        for path in sorted((folder / "policies").rglob("*.md")):
            yield number, path.relative_to(folder).as_posix(), path


def archive_pack(pack: Pack, folder: Path) -> str:
    """Keep `pack` under `folder`, once; its hash. Written atomically, so that a crash leaves no half archive."""
    files = deciding_files(pack.chain)
    digest = pack_hash(files)
    path = folder / f"{digest}{SUFFIX}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, _packed(files))
    return digest


def open_archived(folder: Path, digest: str) -> Pack:
    """The pack kept under `digest`, checked against it.

    Raises `NotArchived`, `ArchiveDamaged`, or `PackError` when this version of the program cannot read it any more.
    """
    path = folder / f"{digest}{SUFFIX}"
    try:
        files = _unpacked(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise NotArchived(f"There is no archived pack {digest[:16]}… in {folder}.") from None
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ArchiveDamaged(f"{path.name} cannot be read: {error}") from error
    if pack_hash(files) != digest:
        raise ArchiveDamaged(f"{path.name} does not hold the pack it is named after.")
    with tempfile.TemporaryDirectory(prefix="xiaoer-pack-") as place:
        return _read(Path(place), digest, files)


def open_pack_or_archived(name: str, folder: Path | None) -> Pack:
    """A pack by its folder or name, or an archived one by its hash (or its first 8 or more digits).

    Raises `PackError` when there is neither, and as `open_archived` does.
    """
    digests = [digest for digest in archived(folder) if digest.startswith(name)] if folder and len(name) >= 8 else []
    if folder and len(digests) == 1:
        return open_archived(folder, digests[0])
    return load_pack(name)


def archived(folder: Path) -> list[str]:
    """The hashes of the packs kept in `folder`."""
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))


def _read(place: Path, digest: str, files: Mapping[str, bytes]) -> Pack:
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    numbers = sorted({int(name.partition("/")[0]) for name in files})
    chain = tuple(place / str(number) for number in numbers)
    pack = Pack(f"archived-{digest[:8]}", chain[0], chain, tuple(read_policies(chain)))
    for stem in DECIDING:  # read while the files are there
        pack.files(stem)
    return pack


def _packed(files: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files: no times, no owners."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _unpacked(packed: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isfile() else None
            # names are used as paths: nothing may lead out of the folder they are unpacked in
            if content is None or not _inside(entry.name):
                raise ArchiveDamaged(f"The archive holds `{entry.name}`, which no pack has.")
            files[entry.name] = content.read()
    return files


def _inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) > 1 and parts[0].isdigit() and ".." not in parts


def _write(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".archiving-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
