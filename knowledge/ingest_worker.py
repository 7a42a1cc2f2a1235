"""Read one untrusted document in a process of its own, under limits of memory, time and output.

    python -m knowledge.ingest_worker PATH MAX_BYTES MAX_MEMORY MAX_SECONDS MAX_OUTPUT [ENCODING]

Writes one JSON object to standard output: {"text", "encoding", "title", "cut"} or {"error", "mend"}. A parser that
crashes, loops or swells kills this process only. `read_apart` starts it and says what its end means.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import DocumentError
from knowledge.loaders import MAX_BYTES, MAX_CHARACTERS, Loaded


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost. Memory counts the whole address space of the reader, output its JSON in bytes."""

    bytes: int = MAX_BYTES
    memory: int = 1536 * 1024 * 1024
    seconds: int = 20
    output: int = 8 * MAX_CHARACTERS


DEFAULT_LIMITS = Limits()


def read_apart(path: Path, limits: Limits = DEFAULT_LIMITS, *, encoding: str = "") -> Loaded:
    """Read `path` in a process of its own. Raises `DocumentError` for what cannot be read within the limits."""
    command = [sys.executable, "-m", "knowledge.ingest_worker", str(path)]
    command += [str(limits.bytes), str(limits.memory), str(limits.seconds), str(limits.output)]
    command += [encoding] if encoding else []
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=limits.seconds + 10,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DocumentError(f"{path.name}: took longer than {limits.seconds} s.", mend="Split it.") from error
        output.seek(0)
        written = output.read(limits.output + 1)
    try:
        result = json.loads(written)
    except ValueError as error:
        raise _stopped(path, done.returncode, limits) from error
    if "error" in result:
        raise DocumentError(result["error"], mend=result["mend"])
    return Loaded(result["text"], result["encoding"], result["title"], result["cut"])


def _stopped(path: Path, status: int, limits: Limits) -> DocumentError:
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return DocumentError(f"{path.name}: took longer than {limits.seconds} s.", mend="Split it.")
    if status == -signal.SIGXFSZ:
        return DocumentError(f"{path.name}: it gives more text than is allowed.", mend="Split it.")
    return DocumentError(
        f"{path.name}: its reader stopped (exit {status}).", mend="The file may be damaged or need too much memory."
    )


def main(arguments: list[str]) -> int:
    """Set the limits, read, write the result. Returns 0 when the document was read, 1 when it was refused."""
    path, max_bytes, max_memory, max_seconds, max_output = arguments[:5]
    encoding = arguments[5] if len(arguments) > 5 else ""
    _limit(resource.RLIMIT_AS, int(max_memory))
    _limit(resource.RLIMIT_CPU, int(max_seconds))
    _limit(resource.RLIMIT_FSIZE, int(max_output))
    _limit(resource.RLIMIT_CORE, 0)
    # Python ignores this signal and would go on with a cut-off answer
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    from knowledge.loaders import load_document

    try:
        loaded = load_document(Path(path), max_bytes=int(max_bytes), encoding=encoding)
    except DocumentError as error:
        return _write({"error": error.what, "mend": error.mend}, 1)
    except MemoryError:
        return _write({"error": "The document needs more memory than is allowed.", "mend": "Split it."}, 1)
    return _write({"text": loaded.text, "encoding": loaded.encoding, "title": loaded.title, "cut": dict(loaded.cut)}, 0)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _write(result: Mapping[str, object], status: int) -> int:
    # ASCII: a lone surrogate or an odd locale cannot break the pipe.
    sys.stdout.write(json.dumps(result))
    sys.stdout.flush()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
