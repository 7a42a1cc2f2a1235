"""A real server on a real socket and a real Chromium, for whole conversations as people have them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Server:
    """`xiaoer serve` as a process of its own, which a journey may kill and start again."""

    port: int
    data: Path
    process: subprocess.Popen[bytes] | None = None
    pack: str = "demo"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.data.parent / f"server-{self.port}.log"

    def launch(self) -> None:
        """Start it, without waiting until it is ready."""
        limits = {f"XIAOER_{what}_PER_MINUTE": "100000" for what in ("MESSAGES", "REQUESTS")}
        environment = {**os.environ, "XIAOER_DATA_DIR": str(self.data), **limits}
        command = [sys.executable, "-m", "server.cli", "serve", "--port", str(self.port), "--pack", self.pack]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def start(self) -> None:
        self.launch()
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=1):
                    return
            except OSError:
                if self.process is None or self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.kill()
        raise AssertionError(f"the server did not become ready: see {self.log}")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(free_port(), tmp_path_factory.mktemp("shop"))
    server.start()
    yield server
    server.kill(signal.SIGTERM)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def trouble() -> list[str]:
    """Errors the page reported; a journey ends without any."""
    return []


def open_page(browser: Browser, url: str, trouble: list[str], *, locale: str = "zh-CN", width: int = 1280) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 860}, locale=locale)
    page = context.new_page()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.goto(url)
    return page
