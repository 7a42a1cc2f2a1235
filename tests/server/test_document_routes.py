"""The shop's documents over a real socket: who may do what, what becomes of a file, and what customers are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.build import open_assistant
from knowledge.errors import DocumentError
from server.refusal_words import reason_of
from server.shield import MAX_DOCUMENT
from tests.knowledge import made_files
from tests.server.conftest import new_client, serving, settings_for

RULE = (
    "刻字服务说明\n本店自2026年11月1日起提供刻字服务，每件收取 {fee} 元，发货时间延长 2 天。\n"
    "刻字商品不支持七天无理由退货。\n"
)
NOW = "2026-11-22T12:00:00+08:00"
AGENT = "/v1/desk/documents"
_NAMES = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[str]:
    """A server that answers by its documents: the real planner, the real index."""
    with serving(settings_for(folder, now=NOW, embedder="hash"), open_assistant) as url:
        yield url


@dataclass
class Desk:
    http: httpx.Client

    def get(self, path: str = "", **params: Any) -> httpx.Response:
        return self.http.get(AGENT + path, params=params)

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return self.http.post(AGENT + path, json=body or {})

    def send(self, name: str, content: bytes | str, **fields: str) -> httpx.Response:
        data = content.encode() if isinstance(content, str) else content
        return self.http.post(f"{AGENT}/files", files={"file": (name, data)}, data=fields)


Sitting = Callable[..., Desk]


@pytest.fixture
def sit(base: str) -> Iterator[Sitting]:
    opened: list[httpx.Client] = []

    def at(role: str = "supervisor", lang: str = "zh", name: str = "老王") -> Desk:
        http = httpx.Client(base_url=base, trust_env=False, timeout=30, headers={"Accept-Language": lang})
        opened.append(http)
        assert http.post("/desk/sign-in", json={"name": name, "role": role}).status_code == 200
        return Desk(http)

    yield at
    for http in opened:
        http.close()


def told(base: str, question: str) -> str:
    """What a new guest is told, with the quotations."""
    client = new_client(base)
    try:
        client.say(question, "m-1")
        events = client.events("done")
    finally:
        client.http.close()
    said = [event["data"]["text"] for event in events if event["event"] == "said"]
    cited = [event["data"]["citation"]["text"] for event in events if event["event"] == "cited"]
    return "\n".join([*said, *cited])


def fresh(fee: int = 28) -> tuple[str, str]:
    """A file of its own name and words."""
    number = next(_NAMES)
    return f"rule-{number}.txt", RULE.format(fee=fee).replace("刻字", f"礼盒{'甲乙丙丁戊己庚辛壬癸'[number]}款")


def test_a_file_waits_until_it_is_confirmed_answers_then_and_not_any_more_once_withdrawn(
    base: str, sit: Sitting
) -> None:
    desk = sit()
    sent = desk.send("engraving.txt", RULE.format(fee=28))
    assert sent.status_code == 201, sent.text
    report = sent.json()
    assert (report["name"], report["what"]) == ("engraving.txt", "waiting")
    (version,) = report["versions"]
    assert (version["key"], version["state"], version["confirmed"]) == ("doc/engraving@2026-11-01", "draft", False)
    start = next(point for point in report["proposed"] if point["field"] == "effective from")
    assert start["quote"] == "自2026年11月1日起"
    assert "28 元" not in told(base, "刻字服务收多少钱？")

    confirmed = desk.post("/confirm/doc/engraving@2026-11-01", {"platforms": ["taobao"]}).json()
    assert confirmed["searchable"]
    assert confirmed["versions"][0]["state"] == "published"
    assert confirmed["versions"][0]["in_force_from"].startswith("2026-11-01")
    cited = httpx.get(f"{base}/v1/clauses/doc/engraving@2026-11-01%23p1", trust_env=False).json()
    assert (cited["source"], cited["status"]) == ("engraving.txt", "in_force")
    answer = told(base, "刻字服务收多少钱？")
    assert "每件收取 28 元" in answer

    assert desk.post("/withdraw/doc/engraving").json()["versions"][0]["state"] == "withdrawn"
    assert "28 元" not in told(base, "刻字服务收多少钱？")
    assert desk.post("/withdraw/doc/engraving").json()["code"] == "nothing_to_do"


def test_a_changed_file_is_the_next_version_which_can_be_compared_and_rolled_back(sit: Sitting) -> None:
    desk = sit()
    name, words = fresh()
    first = desk.send(name, words, draft="false").json()["versions"][0]
    desk.post(f"/confirm/{first['key']}")
    second = desk.send(name, words.replace("28", "38")).json()
    assert second["what"] == "waiting"
    key = second["versions"][0]["key"]
    found = desk.get(f"/diff/{key}").json()
    assert (found["before"], found["after"]) == (first["key"], key)
    assert [("28 元" in change["before"], "38 元" in change["after"]) for change in found["changes"]] == [(True, True)]
    assert desk.post(f"/publish/{key}").json()["versions"][0]["holds"]
    back = desk.post(f"/rollback/{first['id']}").json()["versions"]
    assert [(each["key"], each["holds"]) for each in back] == [(first["key"], True)]
    whole = desk.get(f"/versions/{key}").json()
    assert [change["what"] for change in whole["changes"]] == ["draft", "published", "withdrawn"]
    assert [each["key"] for each in whole["family"]] == [key, first["key"]]
    assert {change["who"] for change in whole["changes"]} == {"老王"}
    assert desk.send(name, words).json()["what"] in {"restored", "unchanged"}


FAQ = [["问题", "答案"], ["上传几天能退", "十一天内。"], ["谁付运费", "买家。"]]
OWN_HEAD = """---
id: shop/gift
version: "1"
title: 礼盒
lang: zh
level: shop
effective: [2026-01-01, null]
status: in_force
source: 本店
---
# 礼盒 {#box}
礼盒每只十六元。
"""


@pytest.mark.parametrize(
    ("name", "content", "clauses"),
    [
        ("guide.docx", made_files.docx(), 1),
        ("faq.xlsx", made_files.xlsx({"a": FAQ}), 2),
        ("rules.pdf", made_files.pdf(["本店规则：自2026年3月1日起，满一百零九元包邮。"]), 1),
        ("page.html", "<html><body><nav>首页</nav><p>礼盒包装每件八元。</p></body></html>".encode(), 1),
        ("more.csv", "问题,答案\n礼盒能写卡片吗,可以，四十个字以内。\n".encode(), 1),
        ("own.md", OWN_HEAD.encode(), 1),
    ],
)
def test_each_kind_of_file_is_taken_and_reported(sit: Sitting, name: str, content: bytes, clauses: int) -> None:
    report = sit().send(name, content)
    assert report.status_code == 201, report.text
    assert report.json()["clauses"] >= clauses
    assert report.json()["versions"][0]["origin"] == name


def test_an_agent_looks_and_tries_but_changes_nothing(sit: Sitting) -> None:
    name, words = fresh()
    key = sit().send(name, words, draft="false").json()["versions"][0]["key"]
    for role in ("agent", "legal"):
        desk = sit(role)
        assert desk.get().status_code == 200
        assert desk.get(f"/versions/{key}").json()["clauses"]
        assert desk.get("/search", q="七天无理由").status_code == 200
        assert desk.get("/conflicts").status_code == 200
        refused = [
            desk.send("x.txt", "x"),
            *(desk.post(f"/{verb}/{key}") for verb in ("confirm", "publish", "draft", "withdraw", "rollback")),
        ]
        assert {answer.status_code for answer in refused} == {403}
    assert sit("agent").get(f"/versions/{key}").json()["state"] == "published"


def test_nobody_outside_the_desk_sees_a_document(base: str, sit: Sitting) -> None:
    customer = new_client(base)
    assert customer.http.get(AGENT).status_code == 401
    assert httpx.get(base + AGENT, trust_env=False).status_code == 401
    elsewhere = sit().http
    elsewhere.headers["Origin"] = "https://evil.example"
    assert elsewhere.post(f"{AGENT}/withdraw/doc/x").status_code == 403
    customer.http.close()


def test_the_desk_of_one_shop_does_not_reach_the_documents_of_another(sit: Sitting, tmp_path: Path, base: str) -> None:
    name, words = fresh()
    key = sit().send(name, words).json()["versions"][0]["key"]
    with serving(settings_for(tmp_path, now=NOW)) as other:
        with httpx.Client(base_url=other, trust_env=False, timeout=30) as http:
            http.post("/desk/sign-in", json={"name": "老李", "role": "supervisor"})
            assert http.get(AGENT).json() == {"total": 0, "documents": []}
            assert http.post(f"{AGENT}/withdraw/{key}").status_code == 404
            cookie = http.cookies["desk"]
        assert httpx.get(base + AGENT, cookies={"desk": cookie}, trust_env=False).status_code == 401


@pytest.mark.parametrize(
    ("name", "content", "zh", "en"),
    [
        ("run.exe", b"MZ", "不支持这种文件", "not read"),
        ("not.pdf", b"hello", "后缀", "suffix"),
        ("empty.txt", b" \n", "没有读得到的文字", "no text"),
        ("bomb.docx", made_files.zipped({"word/document.xml": b"a" * 60_000_000}), "太大", "too large"),
        ("broken.md", b"---\nid: A B\n---\nx\n", "文件头第", "head of the file"),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_readers_language_and_nothing_is_kept(
    sit: Sitting, name: str, content: bytes, zh: str, en: str
) -> None:
    before = sit().get().json()["total"]
    for lang, words in (("zh", zh), ("en", en)):
        answer = sit(lang=lang).send(name, content)
        assert (answer.status_code, answer.json()["code"]) == (422, "document_refused")
        assert words in answer.json()["detail"]
        assert "/tmp" not in answer.text
    assert sit().get().json()["total"] == before


def test_names_cannot_lead_out_of_the_folder(sit: Sitting, folder: Path) -> None:
    report = sit().send("../../../evil/../rule-out.txt", "寄存服务每天收取 3 元，最多寄存三十天。")
    assert report.json()["versions"][0]["key"].startswith("doc/rule-out@")
    assert not list(folder.parent.glob("**/evil"))
    for name in ("../x", "doc/../../x", "doc/x@../y", "%2e%2e/x"):
        assert sit().get(f"/versions/{name}").status_code in {404, 422}


def test_a_file_above_the_limit_is_not_read(sit: Sitting) -> None:
    answer = sit().send("large.txt", b"a" * (MAX_DOCUMENT + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_files_are_limited_in_number(tmp_path: Path) -> None:
    with serving(settings_for(tmp_path, messages_per_minute=1)) as url, httpx.Client(base_url=url) as http:
        http.post("/desk/sign-in", json={"name": "老王", "role": "supervisor"})
        codes = [http.post(f"{AGENT}/files", files={"file": ("x.exe", b"x")}).status_code for _ in range(2)]
    assert codes == [422, 429]


def test_a_search_is_tried_as_of_a_day_and_in_a_place_with_both_scores(sit: Sitting) -> None:
    desk = sit()
    name, words = fresh()
    key = desk.send(name, words).json()["versions"][0]["key"]
    desk.post(f"/confirm/{key}", {"platforms": ["taobao"], "in_force_to": "2026-12-01"})

    def refs(**more: str) -> list[str]:
        found = desk.get("/search", q=words.splitlines()[1], lang="zh", **more).json()
        assert all({"score", "lexical", "dense", "sure"} <= hit.keys() for hit in found["hits"])
        return [hit["clause"]["ref"].partition("#")[0] for hit in found["hits"]]

    assert refs(platform="taobao")[0] == key
    assert key not in refs(platform="jd")
    assert key not in refs(platform="taobao", as_of="2026-10-31")
    assert key not in refs(platform="taobao", as_of="2026-12-01")
    assert desk.get("/search", q="x", as_of="someday").status_code == 422


def test_what_a_person_does_not_name_stays_as_it_is_proposed(sit: Sitting) -> None:
    desk = sit()
    name, words = fresh()
    key = desk.send(name, words).json()["versions"][0]["key"]
    (version,) = desk.post(f"/confirm/{key}", {"in_force_to": "2027-01-01", "title": "刻字"}).json()["versions"]
    assert version["in_force_from"].startswith("2026-11-01")
    assert version["in_force_to"].startswith("2027-01-01")
    assert version["title"] == "刻字"
    answer = desk.post(f"/confirm/{key}", {"in_force_from": "2027-02-01"})
    assert (answer.status_code, answer.json()["code"]) == (422, "document_refused")
    assert desk.post(f"/confirm/{key}", {"level": "divine"}).json()["fields"] == ["body.level"]


def test_clauses_that_give_different_figures_are_listed(sit: Sitting) -> None:
    desk = sit()
    words = "延保服务的报修时限：买家须在收货后 {} 天内联系延保客服报修。"
    for number in (5, 9):
        sent = desk.send(f"warranty-{number}.txt", words.format(number), draft="false").json()
        desk.post(f"/confirm/{sent['versions'][0]['key']}")
    found = desk.get("/conflicts").json()
    values = [
        {each["first"]["value"], each["second"]["value"]} for each in found if "延保" in each["first"]["sentence"]
    ]
    assert values == [{5 * 24.0, 9 * 24.0}]


def test_documents_are_listed_with_the_newest_version_first_and_can_be_sought(sit: Sitting) -> None:
    desk = sit()
    name, words = fresh()
    desk.send(name, words, draft="false")
    desk.send(name, words.replace("28", "48"), draft="false")
    found = desk.get("", q=name).json()
    assert found["total"] == 1
    (document,) = found["documents"]
    assert [each["holds"] for each in document["versions"]] == [True, False]
    assert desk.get("", q="no such document").json() == {"total": 0, "documents": []}
    assert desk.get("", limit=1).json()["documents"][0]["id"] == document["id"]


def test_a_file_broken_by_hand_is_listed_as_broken(sit: Sitting, folder: Path) -> None:
    desk = sit()
    name, words = fresh()
    version = desk.send(name, words).json()["versions"][0]
    file = folder / "documents" / f"{version['key']}.md"
    kept = file.read_bytes()
    file.write_text("---\nid: [\n---\n", encoding="utf-8")
    listed = {each["key"]: each for document in desk.get().json()["documents"] for each in document["versions"]}
    assert listed[version["key"]]["broken"]
    assert desk.get(f"/versions/{version['key']}").status_code == 422
    file.write_bytes(kept)
    assert not desk.get(f"/versions/{version['key']}").json()["broken"]


def test_a_refusal_without_a_sentence_of_its_own_still_says_something() -> None:
    assert reason_of(DocumentError("quite new")).zh
    assert reason_of(DocumentError("x", mend="Save it without a password.")).en.startswith("The file is locked")


def test_another_process_stops_and_starts_answering_within_a_second(sit: Sitting, folder: Path) -> None:
    desk = sit()
    sent = desk.send("engraving.txt", RULE.format(fee=58)).json()
    key = sent["versions"][0]["key"]
    environment = {**os.environ, "XIAOER_DATA_DIR": str(folder), "XIAOER_EMBEDDER": "hash", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "server.cli", "serve", "--port", "0", "--now", "2026-11-22T12:00", "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as other:
        try:
            url = _address(other)
            question = "刻字服务收多少钱？"
            assert "58 元" not in told(url, question)
            desk.post(f"/confirm/{key}")
            time.sleep(1)
            assert "58 元" in told(url, question)
            desk.post(f"/withdraw/{key}")
            assert "58 元" not in told(url, question)  # at once: it is hidden before the next question
            with httpx.Client(base_url=url, trust_env=False) as http:
                http.post("/desk/sign-in", json={"name": "老王", "role": "supervisor"})
                assert http.get(f"{AGENT}/versions/{key}").json()["state"] == "withdrawn"
        finally:
            other.terminate()
            other.wait(timeout=30)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return str(json.loads(text)["shop"]).rstrip("/")
    raise AssertionError("the server did not start")
