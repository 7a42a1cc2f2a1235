"""The reader of untrusted files lives in a process with limits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from knowledge.ingest import Limits, ingest

GIGABYTE = 1024**3


def read(path: Path, *, most: int = 10**7, memory: int = 2 * GIGABYTE, seconds: int = 20) -> tuple[int, dict[str, str]]:
    limits = [str(most), str(memory), str(seconds), str(10**7)]
    command = [sys.executable, "-m", "knowledge.ingest_worker", str(path), *limits]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def test_a_document_is_given_back_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("签收后七天内可以退货。".encode("gbk"))
    assert read(tmp_path / "a.txt") == (
        0,
        {"text": "签收后七天内可以退货。", "encoding": "gb18030", "title": "", "cut": {}},
    )


def test_a_refusal_is_given_back_as_json(tmp_path: Path) -> None:
    status, result = read(tmp_path / "none.txt")
    assert status == 1
    assert "none.txt" in result["error"]
    assert result["mend"]


def test_a_reader_that_needs_too_much_memory_dies_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("退货".encode("gbk") * 3_000_000)
    result = ingest([tmp_path / "a.txt"], limits=Limits(bytes=10**8, memory=96 * 1024 * 1024))
    assert result.policies == ()
    assert result.refused[0].error
