"""Documentation that fails when it is wrong.

A fenced block ```` ```sh run ```` is run, offline, in a fresh folder with `xiaoer` on the PATH; the blocks of one
document share that folder and one shell. A block ```` ```text output ```` right behind it is what it prints, where
`…` stands for what differs from run to run (a line of `…` alone: any lines). `http.md` and `operations.md` run
against a real server; the address in their text is replaced by that server's, and the port of `connect.md`'s other
system by a free one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from assistant.flows import Flow, Reply
from assistant.profile import ShopProfile
from assistant.settings import Settings
from evals.case import Expect, Step
from knowledge.clauses import Level, Status
from knowledge.expressions import FUNCTIONS
from knowledge.facts import FactSource, FactType
from server.app import create_app
from server.cli import app as command_line
from server.metrics import Metrics
from server.problems import BY_STATUS, INVALID, KINDS, UNEXPECTED
from server.stream import Hub

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
ADDRESS = "http://127.0.0.1:8080"
BACKEND_PORT = "9090"
SERVED = ("docs/http.md", "docs/operations.md")
"""Run one after the other in the folder of one server: the second looks at what the first left behind."""
LONGEST_RUN_S = 300

_FENCE = re.compile(r"^(?P<mark>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=mark)[ \t]*$", re.S | re.M)
_LINK = re.compile(r"(?<!\\)!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HTML_LINK = re.compile(r"(?:href|src|srcset)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.M)
_HOSTS = {"cel.dev", "chat.your-shop.example", "www.your-shop.example", "shop.example"}
_PLACES = {"/srv/shop", "/var/lib/xiaoer"}
"""Hosts and absolute folders that the documents may name: the reader's own, and where a standard is described."""


def documents() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass
class Block:
    """A runnable block: its shell lines, the output shown, and the line it stands in."""

    line: int
    code: str
    shown: str | None = None
    printed: str = ""


@dataclass
class Ran:
    """What became of a document's blocks."""

    blocks: list[Block] = field(default_factory=list)
    status: int = 0
    errors: str = ""


def blocks_of(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    found: list[Block] = []
    for fence in _FENCE.finditer(text):
        info, line = fence["info"].split(), text.count("\n", 0, fence.start()) + 1
        if info == ["sh", "run"]:
            found.append(Block(line, fence["body"]))
        elif info == ["text", "output"]:
            assert found, f"{name_of(path)}:{line}: an output without a block that prints it"
            assert found[-1].shown is None, f"{name_of(path)}:{line}: the block has an output already"
            found[-1].shown = fence["body"]
    return found


def environment() -> dict[str, str]:
    """Offline, without settings of the machine, and with this installation's commands first."""
    bare = {name: value for name, value in os.environ.items() if not name.upper().startswith(("XIAOER_", "HTTP"))}
    nowhere = "http://127.0.0.1:9"
    return {
        **bare, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "96", "NO_COLOR": "1",
        "TERM": "dumb", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere,
        "ALL_PROXY": nowhere, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
    }  # fmt: skip


def run(path: Path, folder: Path, address: str = ADDRESS) -> Ran:
    """Run a document's blocks in one shell; each prints a mark first, so that outputs can be told apart."""
    blocks = blocks_of(path)
    script = "set -euo pipefail\n" + "".join(f"printf '\\n@@@{i}\\n'\n{block.code}" for i, block in enumerate(blocks))
    script = script.replace(ADDRESS, address).replace(BACKEND_PORT, str(free_port()))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=LONGEST_RUN_S, check=False,
    )  # fmt: skip
    printed = re.split(r"^@@@\d+\n", done.stdout, flags=re.M)[1:]
    for block, output in zip(blocks, printed, strict=False):
        block.printed = output.replace(address, ADDRESS)
    return Ran(blocks, done.returncode, done.stderr)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The demo shop as `xiaoer serve` runs it, on a free port, at the standing instant that the documents name."""
    folder = tmp_path_factory.mktemp("served")
    command = ["xiaoer", "serve", "--port", "0", "--now", "2026-11-22T10:00", "--json"]
    with (folder / "log").open("w") as log:
        with subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            try:
                yield _address(process), folder
            finally:
                process.send_signal(signal.SIGTERM)
                status = process.wait(timeout=30)
        assert status == 0, (folder / "log").read_text()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return str(json.loads(text)["shop"]).rstrip("/")
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def ran(server: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[Any]]:
    """Every document's run, two at a time: most of a run is the start of a command."""
    address, folder = server
    pool = ThreadPoolExecutor(2)

    def served() -> dict[str, Ran]:
        return {name: run(ROOT / name, folder, address) for name in SERVED}

    together = pool.submit(served)
    alone = {
        name_of(path): pool.submit(run, path, tmp_path_factory.mktemp(path.stem.replace(".", "-")))
        for path in documents()
        if name_of(path) not in SERVED and blocks_of(path)
    }
    pool.shutdown(wait=False)
    return {**alone, **dict.fromkeys(SERVED, together)}


def pattern_of(shown: str) -> re.Pattern[str]:
    """The shown output as a pattern: `…` is anything within a line, a line of `…` alone is any number of lines."""
    lines = [line.rstrip() for line in shown.strip("\n").split("\n")]
    parts = [
        r"(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"[ \t]*\n"
        for line in lines
    ]
    return re.compile("".join(parts))


def test_an_ellipsis_stands_for_what_differs_and_for_nothing_else() -> None:
    assert pattern_of("a … c\n").fullmatch("a b c  \n")
    assert pattern_of("…\nend\n").fullmatch("one\ntwo\nend\n")
    assert pattern_of("…\nend\n").fullmatch("end\n")
    assert not pattern_of("a … c\n").fullmatch("a b\nc\n")
    assert not pattern_of("¥299.00\n").fullmatch("¥299x00\n")


@pytest.mark.parametrize("name", [name_of(path) for path in documents() if blocks_of(path)])
def test_a_document_runs_and_prints_what_it_shows(name: str, ran: dict[str, Future[Any]]) -> None:
    if name in SERVED and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    result = ran[name].result()
    found: Ran = result[name] if isinstance(result, dict) else result
    last = next((block for block in reversed(found.blocks) if block.printed), found.blocks[0])
    assert found.status == 0, f"{name}:{last.line} or after it ended with {found.status}\n{last.printed}{found.errors}"
    for block in found.blocks:
        if block.shown is not None:
            printed = "".join(f"{line.rstrip()}\n" for line in block.printed.strip("\n").split("\n"))
            assert pattern_of(block.shown).fullmatch(printed), f"{name}:{block.line} prints:\n{printed}"


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def prose(path: Path) -> str:
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors that the usual renderers give to a document's headings."""
    found: list[str] = []
    for heading in _HEADING.findall(prose(path)):
        bare = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda match: match[1] or "", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")
        found.append(slug if slug not in found else f"{slug}-{found.count(slug)}")
    return frozenset(found)


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_every_relative_link_and_anchor_resolves(path: Path) -> None:
    text = prose(path)
    for target in [*_LINK.findall(text), *_HTML_LINK.findall(text)]:
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{name_of(path)} links {target}, which is not there"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{name_of(path)} links {target}: no such heading"


def test_every_picture_is_shown_somewhere_and_light() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in documents())
    for picture in sorted((DOCS / "images").iterdir()):
        assert picture.name in shown, f"{picture.name} is shown nowhere"
        assert picture.stat().st_size <= 200_000, f"{picture.name} is over 200 kB"


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_no_document_leans_on_a_place_that_the_reader_does_not_have(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    hosts = {host for host in re.findall(r"https?://([^/\s\"')`|]+)", text) if not host.startswith("127.0.0.1")}
    # models.md names the addresses of providers, which are its subject
    assert hosts <= _HOSTS or path.name == "models.md"
    folders = re.findall(r"(?<=[\s`'\"=(])/[a-z]+(?:/[a-z]+)+", text)
    ours = ("/v1/", "/demo/", "/desk/", "/my/", "/dev/null")
    assert {folder for folder in folders if not folder.startswith(ours)} <= _PLACES
    assert not re.findall(r"\b(?:TODO|FIXME|XXX)\b", text)


# ── commands, settings, routes: what exists is documented, and what is documented exists ─────────────────────────────


def read(*names: str) -> str:
    return "".join((ROOT / name).read_text(encoding="utf-8") for name in names)


def everything() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in documents())


@cache
def commands() -> dict[str, frozenset[str]]:
    """Each command of `xiaoer` with its options; of a group of commands, those of all its commands."""
    group: Any = typer.main.get_command(command_line)
    return {name: options_of(command) for name, command in group.commands.items()}


def options_of(command: Any) -> frozenset[str]:
    own = frozenset({"--help", "-h"}.union(*(parameter.opts for parameter in command.params)))
    return own.union(*(options_of(each) for each in getattr(command, "commands", {}).values()))


def test_every_command_of_a_group_in_the_documents_exists_and_is_documented() -> None:
    group: Any = typer.main.get_command(command_line)
    for name, command in group.commands.items():
        inside = set(getattr(command, "commands", {}))
        named = set(re.findall(rf"\bxiaoer {name} ([a-z]+)\b", everything())) if inside else set()
        assert named == inside, name


def test_every_command_is_documented() -> None:
    named = set(re.findall(r"\bxiaoer ([a-z]+)\b", everything()))
    assert set(commands()) <= named


def test_every_command_and_option_in_the_documents_exists() -> None:
    text = everything().replace("\\\n", " ")
    for line in re.findall(r"(?:^|[`$|(/ ])xiaoer ([a-z]+[^\n`]*)", text):
        words = re.sub(r"'[^']*'|\"[^\"]*\"", "", line).split("|")[0].split()
        if words[0] not in commands():
            # prose such as "xiaoer runs": only what stands in code is a command
            assert f"`xiaoer {words[0]}" not in text, f"there is no command `xiaoer {words[0]}`"
            continue
        options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert options <= commands()[words[0]], f"xiaoer {line}"


def test_the_settings_table_holds_every_setting_with_its_default() -> None:
    table = dict(re.findall(r"^\| `XIAOER_([A-Z_]+)` \|([^|]*)\|", read("docs/operations.md"), re.M))
    assert set(table) == {name.upper() for name in Settings.model_fields}
    for name, setting in Settings.model_fields.items():
        default = setting.default
        shown = "" if default in (None, ()) else str(default).lower() if isinstance(default, bool) else str(default)
        assert table[name.upper()].strip(" `") == shown, name


def test_every_setting_in_the_documents_exists() -> None:
    named = set(re.findall(r"\bXIAOER_([A-Z_]+)\b", everything()))
    assert named <= {name.upper() for name in Settings.model_fields}


@cache
def routes() -> frozenset[tuple[str, str]]:
    paths = create_app(Settings()).openapi()["paths"]
    return frozenset((method.upper(), path) for path, methods in paths.items() for method in methods)


def test_the_route_tables_hold_every_route_and_no_other() -> None:
    rows = re.findall(r"^\| `(GET|POST)` \| `([^`]+)` \|", read("docs/http.md"), re.M)
    assert len(rows) == len(set(rows))
    assert set(rows) == set(routes())


def test_every_path_in_the_documents_is_a_route() -> None:
    templates = [
        re.compile(re.sub(r"\\\{(?:ref|name)\\\}", ".+", re.escape(path)).replace(r"\{", "{")) for _, path in routes()
    ]
    known = [re.compile(re.sub(r"\{[^}]*\}", "[^/]+", pattern.pattern.replace(r"\}", "}"))) for pattern in templates]
    for path in set(re.findall(r"(?:127\.0\.0\.1:8080|`)(/(?:v1|demo)/[^\s\"'`?)…]+)", everything())):
        assert any(pattern.fullmatch(path) for pattern in known), path


def test_every_error_code_is_documented() -> None:
    codes = {kind.code for kind in (*KINDS.values(), *BY_STATUS.values(), INVALID, UNEXPECTED)}
    assert set(re.findall(r"^\| `([a-z_]+)` \| \d{3}", read("docs/http.md"), re.M)) == codes


def test_every_counter_is_documented() -> None:
    names = {family.name for family in Metrics(Hub()).registry.collect()}
    documented = set(re.findall(r"`(xiaoer_[a-z_]+?)(?:_total)?`", read("docs/operations.md")))
    assert documented == names


def test_what_a_pack_may_say_is_documented() -> None:
    text = read("docs/packs.md")
    in_code = set(re.findall(r"`([A-Za-z0-9_]+)(?:\([^`]*\))?`", text))
    assert set(FUNCTIONS) <= in_code
    assert set(get_args(FactType)) | set(get_args(FactSource)) <= in_code
    assert set(get_args(Level)) | set(get_args(Status)) <= in_code
    assert set(ShopProfile.model_fields) <= in_code
    assert set(Flow.model_fields) | set(Reply.model_fields) <= in_code


def test_what_a_case_may_expect_is_documented() -> None:
    in_code = set(re.findall(r"`([a-z_]+)`", read("docs/evaluation.md")))
    assert set(Expect.model_fields) | set(Step.model_fields) <= in_code


def test_the_readmes_have_the_same_parts_in_both_languages() -> None:
    zh, en = (re.findall(r"^(#+) ", prose(ROOT / name), re.M) for name in ("README.zh-CN.md", "README.md"))
    assert zh == en
