"""An open index follows the shop's documents: at once where they go, soon where they come, without anybody waiting."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Hit, Place, Policy
from knowledge.documents import Documents
from knowledge.embedding import HashEmbedder, Vectors
from knowledge.errors import UnknownClause
from knowledge.front_matter import parse_policy
from knowledge.live_index import Clauses, LiveIndex
from knowledge.register import REGISTER
from knowledge.search import ClauseIndex

NOW = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
WORDS = ("玉镯", "车厘子", "猫粮", "婴儿车", "显示器", "净水器", "羽绒服", "面霜", "沙发", "跑鞋", "耳机", "茶叶")


class Counting:
    """The double, with how many texts it was asked for."""

    def __init__(self) -> None:
        self._inside = HashEmbedder(64)
        self.name, self.dim = self._inside.name, self._inside.dim
        self.texts = 0

    def embed(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        self.texts += len(texts)
        return self._inside.embed(texts)


def policy(name: str, words: str, *, version: str = "1", head: str = "", sections: int = 3) -> Policy:
    body = "".join(f"## 第{n}条 {{#a{n}}}\n{words}，第{n}种情况，{n + 7}天内办理。\n\n" for n in range(sections))
    text = f'---\nid: shop/{name}\nversion: "{version}"\ntitle: {words}\nlang: zh\n{head}---\n{body}'
    return parse_policy(text, f"{name}.md")


PACK = [policy(f"pack-{n}", f"{word}的规定") for n, word in enumerate(WORDS[:4])]


def opened(folder: Path, embedder: Counting | HashEmbedder | None = None) -> LiveIndex:
    held = embedder or HashEmbedder(64)
    return LiveIndex.open(PACK, Documents(folder), lambda policies: ClauseIndex.build(policies, held))


def ask(index: Clauses, words: str, *, at: datetime = NOW, k: int = 5) -> list[Hit]:
    return index.search(words, as_of=at, place=Place(), k=k)


def ids(hits: list[Hit]) -> set[str]:
    return {hit.clause.policy.id for hit in hits}


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(tmp_path / "documents")


def test_a_withdrawn_document_is_gone_at_the_next_question(documents: Documents) -> None:
    documents.keep([policy("jade", "和田玉镯的鉴定")], at=NOW)
    index = opened(documents.folder)
    ref = ask(index, "和田玉镯怎么鉴定")[0].clause.ref
    assert ref.startswith("shop/jade")
    Documents(documents.folder).withdraw("shop/jade", at=NOW)
    assert "shop/jade" not in ids(ask(index, "和田玉镯怎么鉴定", k=50))
    with pytest.raises(UnknownClause):
        index.clause(ref)
    assert not any(clause.policy.id == "shop/jade" for clause in index.clauses)
    index.settle()
    assert "shop/jade" not in ids(ask(index, "和田玉镯怎么鉴定", k=50))


def test_a_published_document_answers_as_soon_as_it_is_taken_over(documents: Documents) -> None:
    index = opened(documents.folder)
    documents.keep([policy("tea", "茶叶受潮的处理")], at=NOW)
    index.settle()
    assert ask(index, "茶叶受潮怎么处理")[0].clause.policy.id == "shop/tea"


def test_a_watched_index_takes_changes_over_without_being_asked(documents: Documents) -> None:
    index = opened(documents.folder).watch(0.01)
    documents.keep([policy("tea", "茶叶受潮的处理")], at=NOW)
    for _ in range(500):
        if any(each.id == "shop/tea" for each in index._index.policies):
            break
        time.sleep(0.01)
    index.close()
    assert any(each.id == "shop/tea" for each in index._index.policies)


def test_only_what_is_new_is_embedded_and_the_result_equals_one_built_anew(documents: Documents) -> None:
    draw = random.Random(3)
    held = [policy(f"d{n}", f"{draw.choice(WORDS)}{n}的售后说明") for n in range(12)]
    documents.keep(held, at=NOW)
    embedder = Counting()
    index = opened(documents.folder, embedder)
    before = embedder.texts
    documents.withdraw("shop/d3", at=NOW)
    documents.keep([policy("d5", "面霜过敏的处理", version="2")], at=NOW)
    index.settle()
    assert embedder.texts - before == 3
    anew = ClauseIndex.build([*PACK, *documents.policies()], HashEmbedder(64))
    for question in [f"{word}怎么退" for word in WORDS]:
        ours, theirs = ask(index, question, k=8), ask(anew, question, k=8)
        assert [(hit.clause.id, round(hit.score, 9), round(hit.lexical, 5)) for hit in ours] == [
            (hit.clause.id, round(hit.score, 9), round(hit.lexical, 5)) for hit in theirs
        ]


def test_a_search_as_of_any_instant_finds_the_version_that_held_then(documents: Documents) -> None:
    index = opened(documents.folder)
    starts = [datetime(2024 + n, 1, 1, tzinfo=SHANGHAI) for n in range(3)]
    for number, start in enumerate(starts, start=1):
        head = f"effective: [{start:%Y-%m-%d}, null]\n"
        documents.keep([policy("fee", f"安装费第{number}版", version=str(number), head=head)], at=NOW)
    index.settle()
    for number, start in enumerate(starts, start=1):
        for at in (start, start + timedelta(days=364)):
            found = {hit.clause.policy.version for hit in ask(index, "安装费", at=at) if "fee" in hit.clause.policy.id}
            assert found == {str(number)}
    assert "shop/fee" not in ids(ask(index, "安装费", at=starts[0] - timedelta(seconds=1)))
    assert index.clause("shop/fee@1#a0").policy.version == "1"


def test_a_file_broken_by_hand_stops_answering_alone_until_it_is_taken_in_again(documents: Documents) -> None:
    jade = policy("jade", "和田玉镯的鉴定")
    (kept,) = documents.keep([jade], at=NOW)
    index = opened(documents.folder)
    Path(kept.path).write_text("---\nid: [\n---\n", encoding="utf-8")
    documents.keep([policy("tea", "茶叶受潮的处理")], at=NOW)
    index.settle()
    assert "shop/jade" not in ids(ask(index, "和田玉镯怎么鉴定"))
    assert ask(index, "茶叶受潮怎么处理")[0].clause.policy.id == "shop/tea"
    assert [each.what for each in documents.keep([jade], at=NOW)] == ["mended"]
    index.settle()
    assert ask(index, "和田玉镯怎么鉴定")[0].clause.policy.id == "shop/jade"


def test_a_register_broken_by_hand_leaves_the_index_as_it_was(documents: Documents) -> None:
    documents.keep([policy("jade", "和田玉镯的鉴定")], at=NOW)
    index = opened(documents.folder)
    (documents.folder / REGISTER).write_bytes(b"{")
    assert ask(index, "和田玉镯怎么鉴定")[0].clause.policy.id == "shop/jade"
    index.settle()
    assert index.fault is not None


def test_questions_are_answered_while_the_index_is_brought_up_to_date(documents: Documents) -> None:
    class Slow(HashEmbedder):
        held = threading.Event()

        def embed(self, texts: list[str]) -> Vectors:  # type: ignore[override]
            if len(texts) > 1 and threading.current_thread().name == "documents-index":
                assert self.held.wait(20)
            return super().embed(texts)

    index = opened(documents.folder, Slow(64))
    documents.keep([policy("tea", "茶叶受潮的处理")], at=NOW)
    for _ in range(20):
        assert "shop/tea" not in ids(ask(index, "茶叶受潮怎么处理"))
    Slow.held.set()
    index.settle()
    assert "shop/tea" in ids(ask(index, "茶叶受潮怎么处理"))


READER = """
import sys
from datetime import datetime
from pathlib import Path
from tests.knowledge.test_live_index import NOW, ask, ids, opened
index = opened(Path(sys.argv[1])).watch(0.01)
print("open", flush=True)
wrong = asked = 0
for line in sys.stdin:
    word, there = line.split()
    index.settle()
    hits = ask(index, "茶叶" + word, k=50)
    asked += 1
    wrong += any(h.clause.policy.id == "shop/" + word for h in hits) != (there == "True")
    wrong += any(h.clause.policy.text[h.clause.start:h.clause.end] != h.clause.text for h in hits)
    print(wrong, flush=True)
"""


def test_two_processes_read_while_one_writes(documents: Documents) -> None:
    command = [sys.executable, "-c", READER, str(documents.folder)]
    readers = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        for _ in range(2)
    ]
    try:
        assert all(reader.stdout is not None and reader.stdout.readline() == "open\n" for reader in readers)
        for number in range(12):
            name, there = f"d{number % 4}", number % 8 < 4
            if there:
                documents.keep([policy(name, f"茶叶{name}的说明", version=str(number))], at=NOW)
            else:
                documents.withdraw(f"shop/{name}", at=NOW)
            for reader in readers:
                assert reader.stdin is not None
                assert reader.stdout is not None
                reader.stdin.write(f"{name} {there}\n")
                reader.stdin.flush()
            assert [int(reader.stdout.readline()) for reader in readers if reader.stdout] == [0, 0]
    finally:
        for reader in readers:
            reader.communicate(timeout=20)
