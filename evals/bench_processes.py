"""Processes for benchmarks: a fresh interpreter, and a server on a free port, with what they cost in CPU and memory.

Processor time and memory of another process are read from `/proc`, so these figures exist on Linux only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.settings import environment_with

PROC = Path("/proc")
WAIT_S = 120.0
_TIMING = "import time; t = time.process_time(); import {0}; print(time.process_time() - t)"


def import_s(module: str, *, runs: int = 3) -> float:
    """CPU seconds of `import module` in a fresh interpreter, the best of `runs`."""
    return min(float(_output(_TIMING.format(module))) for _ in range(runs))


def _output(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our interpreter


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its address, and what it took to answer `/readyz`."""

    pid: int
    base: str
    wall_s: float

    @property
    def cpu_s(self) -> float:
        """CPU seconds so far."""
        fields = (PROC / str(self.pid) / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_kb(self) -> int:
        """Resident memory in KiB."""
        status = (PROC / str(self.pid) / "status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


@contextmanager
def served(data_dir: Path, pack: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """`xiaoer serve` on a free port of the loopback address, ready; told to stop at the end.

    Raises `TimeoutError` when it is not ready within `WAIT_S`, `RuntimeError` when it ends before.
    """
    command = [sys.executable, "-m", "server.cli", "serve", "--pack", pack, "--port", "0", "--json"]
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our interpreter and module
        [*command, "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment_with(environment or {}),
    )  # fmt: skip
    try:
        base = _base(process)
        _ready(base, started + WAIT_S)
        yield Served(process.pid, base, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _base(process: subprocess.Popen[str]) -> str:
    """The address from the JSON the server prints once it listens."""
    printed = ""
    for line in process.stdout or ():
        printed += line
        if line.startswith("}"):
            return str(json.loads(printed)["api"]).rsplit("/", 1)[0]
    raise RuntimeError(f"the server ended with {process.wait()} before it was ready")


def _ready(base: str, until: float) -> None:
    while time.perf_counter() < until:
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=10) as response:  # noqa: S310 - our own server
                if response.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.05)
    raise TimeoutError(f"{base} was not ready within {WAIT_S:.0f} s")
