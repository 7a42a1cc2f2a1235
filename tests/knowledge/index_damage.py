"""Ways to damage an index on disk, and what must hold after each. Used by the quick tests and by torture.

Run as a program it is the process that is killed, that writes or that reads; see `crashed`, `Writer` and `Reader`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Hit, Place, Policy
from knowledge.embedding import HashEmbedder, Vectors
from knowledge.errors import IndexDamaged
from knowledge.search import ClauseIndex

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)
DIM = 32
_ROOT = Path(__file__).parents[2]
_GOODS = ("玉镯", "车厘子", "猫粮", "婴儿车", "显示器", "净水器", "羽绒服", "面霜")
QUESTIONS = tuple(f"{goods}几天内可以退" for goods in _GOODS)


def shop(name: str, day: int) -> list[Policy]:
    """The policies of a shop. All shops have the same ids and titles: only what they say differs."""
    return [
        Policy(
            id=f"shop/rule-{number}",
            version="1",
            title=f"{goods}的退货",
            lang="zh",
            text=f"---\n---\n## 期限 {{#days}}\n{goods}签收后{day + number}天内可以退，{name}店承担运费。\n"
            f"## 例外 {{#except}}\n{goods}已经使用的，{name}店不退。\n",
        )
        for number, goods in enumerate(_GOODS)
    ]


OURS, THEIRS, NEWER = shop("甲", 7), shop("乙", 8), shop("甲", 27)


class Gated(HashEmbedder):
    """The double, which embeds no clauses in the background until it is let."""

    def __init__(self) -> None:
        super().__init__(DIM)
        self.opened = threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        if threading.current_thread().name.startswith("index-rebuild"):
            assert self.opened.wait(60)
        return super().embed(texts)


def written(policies: Sequence[Policy], folder: Path) -> Path:
    ClauseIndex.build(policies, HashEmbedder(DIM), folder=folder)
    return folder


def answers(index: ClauseIndex) -> list[Hit]:
    return [hit for question in QUESTIONS for hit in index.search(question, as_of=NOW, place=Place(), k=4)]


def told(index: ClauseIndex) -> list[tuple[str, str, float]]:
    return [(hit.clause.id, hit.clause.text, round(hit.score, 4)) for hit in answers(index)]


def flip(folder: Path, rng: random.Random) -> None:
    """One bit of one file."""
    path = rng.choice([path for path in _files(folder) if path.stat().st_size])
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def cut(folder: Path, rng: random.Random) -> None:
    """One file ends early, anywhere from its first byte to its last but one."""
    path = rng.choice([path for path in _files(folder) if path.stat().st_size])
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def lose(folder: Path, rng: random.Random) -> None:
    """One file or some are not there."""
    files = _files(folder)
    for path in rng.sample(files, rng.choice((1, 1, 1, 2, len(files)))):
        path.unlink()


def swap(folder: Path, rng: random.Random, other: Path) -> None:
    """A file of another shop's index in place of ours, or beside ours, or their whole index."""
    here, there = _current(folder), _current(other)
    if rng.random() < 0.2:
        shutil.rmtree(folder)
        shutil.copytree(other, folder)
        return
    files = [path for path in _files(there) if path.name != "manifest.json" or rng.random() < 0.5]
    for path in rng.sample(files, len(files)):
        place = here / path.relative_to(there)
        if not place.exists() or place.read_bytes() != path.read_bytes():
            shutil.copy(path, place)
            return
    shutil.copy(there / "vectors.npy", here / "vectors.npy")


def heals(folder: Path, expected: list[tuple[str, str, float]]) -> None:
    """The damage is detected; own words answer, by words alone, until the index is rebuilt; then all is as it was."""
    with pytest.raises(IndexDamaged):
        ClauseIndex.open(OURS, HashEmbedder(DIM), folder)
    embedder = Gated()
    index = ClauseIndex.open_or_build(OURS, embedder, folder, background=True)
    own = {clause.text for clause in index.clauses}
    meanwhile = answers(index)
    assert len(meanwhile) >= len(QUESTIONS)
    assert all(hit.clause.text in own and "乙" not in hit.clause.text for hit in meanwhile)
    assert {hit.dense for hit in meanwhile} == {0.0}, "lexical only"
    assert index.rebuild is not None
    assert not index.rebuild.done()
    embedder.opened.set()
    index.rebuild.result(timeout=60)
    assert told(index) == expected
    assert told(ClauseIndex.open(OURS, HashEmbedder(DIM), folder)) == expected


def crashed(folder: Path, moment: int) -> int:
    """Kill -9 a process that writes the newer policies when it touches the folder for the `moment`-th time.

    How often it touched the folder, when it lived to the end (a `moment` that never comes).
    """
    ran = _process("crash", folder, moment)
    out, _ = ran.communicate(timeout=120)
    if ran.returncode == 0:
        return int(out)
    assert ran.returncode == -signal.SIGKILL
    return moment


def survives(folder: Path) -> str:
    """After a crash one set of policies answers, old or new, and the next start of the new ones puts all in order."""
    found = []
    for name, policies in (("old", OURS), ("new", NEWER)):
        try:
            index = ClauseIndex.open(policies, HashEmbedder(DIM), folder)
        except IndexDamaged as error:
            if "made from other policies" not in str(error):
                raise
        else:
            assert {hit.clause.text for hit in answers(index)} <= {clause.text for clause in index.clauses}
            found.append(name)
    assert len(found) == 1
    whole = told(ClauseIndex.build(NEWER, HashEmbedder(DIM)))
    assert told(ClauseIndex.open_or_build(NEWER, HashEmbedder(DIM), folder)) == whole
    written(NEWER, folder)
    assert not list(folder.glob(".building-*")), "nothing half written stays"
    return found[0]


def two_read_while_one_writes(folder: Path, generations: int) -> tuple[int, int]:
    """How often the two readers opened the index, and how many questions they had answered; nothing was wrong."""
    written(OURS, folder)
    readers = [_process("read", folder, 0) for _ in range(2)]
    writer = None
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "open\n"
        writer = _process("write", folder, generations)
        assert writer.wait(timeout=600) == 0
        counts = [reader.communicate("stop\n", timeout=60)[0].split() for reader in readers]
        assert [reader.returncode for reader in readers] == [0, 0], counts
        return sum(int(count[0]) for count in counts), sum(int(count[1]) for count in counts)
    finally:
        for process in (*readers, *([writer] if writer else [])):
            process.kill()
            process.communicate()


def _process(what: str, folder: Path, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __name__, what, str(folder), str(number)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT)


def _files(folder: Path) -> list[Path]:
    """What an index consists of, without the empty files that are only locked."""
    current = _current(folder)
    inside = sorted(p for p in current.rglob("*") if p.is_file() and p.suffix != ".lock")
    return [folder / "CURRENT", *inside] if current == folder / current.name else inside


def _current(folder: Path) -> Path:
    name = (folder / "CURRENT").read_text().split()[0] if (folder / "CURRENT").exists() else ""
    return folder / name if name else folder


def _crash(folder: Path, moment: int) -> None:
    touched = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal touched
        if event in ("open", "os.mkdir", "os.rename") and str(folder) in str(arguments[0]):
            touched += 1
            if touched == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    written(NEWER, folder)
    sys.stdout.write(f"{touched}\n")


def _write(folder: Path, generations: int) -> None:
    for number in range(generations):
        written(OURS if number % 2 else NEWER, folder)


def _read(folder: Path) -> None:
    whole = {name: told(ClauseIndex.build(p, HashEmbedder(DIM))) for name, p in (("old", OURS), ("new", NEWER))}
    held = ClauseIndex.open(OURS, HashEmbedder(DIM), folder)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    opened = asked = 0
    sys.stdout.write("open\n")
    sys.stdout.flush()
    while not stop.is_set():
        for name, policies in (("old", OURS), ("new", NEWER)):
            try:
                index = ClauseIndex.open(policies, HashEmbedder(DIM), folder)
            except IndexDamaged as error:
                if "made from other policies" not in str(error):
                    raise
                continue
            assert told(index) == whole[name]
            opened, asked = opened + 1, asked + len(QUESTIONS)
        assert told(held) == whole["old"], "what was opened long ago answers still"
        asked += len(QUESTIONS)
    sys.stdout.write(f"{opened} {asked}\n")


if __name__ == "__main__":
    if sys.argv[1] == "crash":
        _crash(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "write":
        _write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        _read(Path(sys.argv[2]))
