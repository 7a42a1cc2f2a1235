"""`xiaoer serve`: builds the assistant, says where everything is, serves until it is told to stop."""

from __future__ import annotations

import shutil
import socket
import sys
import webbrowser
from functools import partial
from pathlib import Path
from typing import Any

import typer

from assistant.settings import Settings
from knowledge.documents import DOCUMENTS_FOLDER
from knowledge.errors import XiaoerError
from server.app import create_app
from server.cli_options import settings_from
from server.cli_output import err, out, print_json
from server.logs import configure
from server.serve import server_for

OURS = frozenset({"xiaoer.db", "xiaoer.db-wal", "xiaoer.db-shm", "jwt.key", "ledger.key", "index", "archive"})
"""What a data directory may hold: `--fresh` deletes nothing else."""


def run(given: dict[str, Any], *, fresh: bool, open_page: bool, as_json: bool) -> None:
    from assistant.build import ARCHIVE_FOLDER, INDEX_FOLDER, load_parts, open_assistant, shop_directory

    settings = settings_from(given)
    listening = _listen(settings)
    settings = settings.model_copy(update={"port": listening.getsockname()[1]})
    directory = shop_directory(settings)
    if fresh:
        empty(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with err().status("…", spinner="dots"):
        parts = load_parts(
            settings,
            index_folder=directory / INDEX_FOLDER,
            documents=directory / DOCUMENTS_FOLDER,
            archive=directory / ARCHIVE_FOLDER,
        )
    configure(sys.stderr)

    def on_ready() -> None:
        _announce(settings, directory, as_json=as_json)
        if open_page:
            webbrowser.open(_base(settings))

    server_for(create_app(settings, partial(open_assistant, parts=parts)), settings, on_ready).run(sockets=[listening])


def empty(directory: Path) -> None:
    """Delete what serving wrote into `directory`; the shop's documents stay.

    A folder that holds anything else is left alone.
    """
    if not directory.exists():
        return
    strange = sorted(path.name for path in directory.iterdir() if path.name not in OURS | {DOCUMENTS_FOLDER})
    if strange:
        raise XiaoerError(
            f"{directory} also holds {', '.join(strange[:3])}; nothing was deleted.",
            mend="Name a directory of its own with --data-dir.",
        )
    for path in directory.iterdir():
        if path.name in OURS and path.is_dir():
            shutil.rmtree(path)
        elif path.name in OURS:
            path.unlink()


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything slow is built, so that a taken one is told at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise typer.BadParameter(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); choose another with --port"
        ) from None
    return listening


def _base(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _announce(settings: Settings, directory: Path, *, as_json: bool) -> None:
    base = _base(settings)
    places = {"desk": f"{base}/desk", "api": f"{base}/openapi.json", "data": str(directory)}
    if settings.demo_open:
        places = {"shop": f"{base}/", **places}
    if as_json:
        print_json(places)
        sys.stdout.flush()
        return
    words = {"shop": "店铺 · shop", "desk": "坐席 · desk", "api": "接口 · API", "data": "数据 · data"}
    for name, place in places.items():
        out().print(f"  {words[name]:<12} [bold]{place}[/]", highlight=False, soft_wrap=True)
    if settings.demo and not settings.demo_open:
        err().print("  Demo sign-in is off: it works on a loopback address only.", style="yellow")
