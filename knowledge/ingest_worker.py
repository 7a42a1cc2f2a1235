"""Read one untrusted document in a process of its own, under limits of memory, time and output.

    python -m knowledge.ingest_worker PATH MAX_BYTES MAX_MEMORY MAX_SECONDS

Writes one JSON object to standard output: {"text", "encoding", "title"} or {"error", "mend"}. A parser that crashes,
loops or swells kills this process only.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from knowledge.errors import DocumentError


def main(arguments: list[str]) -> int:
    """Set the limits, read, write the result. Returns 0 when the document was read, 1 when it was refused."""
    path, max_bytes, max_memory, max_seconds = arguments
    _limit(resource.RLIMIT_AS, int(max_memory))
    _limit(resource.RLIMIT_CPU, int(max_seconds))
    _limit(resource.RLIMIT_FSIZE, 0)
    from knowledge.loaders import load_document

    try:
        loaded = load_document(Path(path), max_bytes=int(max_bytes))
    except DocumentError as error:
        return _write({"error": error.what, "mend": error.mend}, 1)
    except MemoryError:
        return _write({"error": "The document needs more memory than is allowed.", "mend": "Split it."}, 1)
    return _write({"text": loaded.text, "encoding": loaded.encoding, "title": loaded.title}, 0)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _write(result: dict[str, str], status: int) -> int:
    # ASCII: a lone surrogate or an odd locale cannot break the pipe.
    sys.stdout.write(json.dumps(result))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
