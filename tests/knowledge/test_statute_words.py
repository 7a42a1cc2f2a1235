"""What articles of law are asked for in everyday words."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from knowledge.clauses import SHANGHAI, Place
from knowledge.documents import Documents
from knowledge.embedding import HashEmbedder
from knowledge.ingest import ingest
from knowledge.search import ClauseIndex
from knowledge.splitting import split
from knowledge.statute_words import asked_of_law, plain_title
from knowledge.statutes import load_statutes
from knowledge.text import word_list

NOW = datetime(2026, 11, 22, tzinfo=SHANGHAI)


def a_law(folder: Path) -> tuple[Path, str, str]:
    """A law of the list in words of our own, and a question of the list with the anchor of its article."""
    name, article, phrases = (part.strip() for part in word_list("statutes")[0].split("|", 2))
    rows = [
        {
            "law": f"中华人民共和国{name}",
            "article": f"第{n}条",
            "text": f"第{n}种情形的规定。",
            "effective_from": "2020-01-01",
        }
        for n in (int(article), int(article) + 500)
    ]
    path = folder / "law.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path, phrases.split("；")[0], f"a{article}"


def test_a_law_is_known_however_its_title_is_written() -> None:
    assert plain_title("《中华人民共和国电子商务法（2018年）》") == "电子商务法"
    assert asked_of_law("中华人民共和国电子商务法") == asked_of_law("《电子商务法》") != {}
    assert asked_of_law("某某办法") == {}


def test_no_question_leads_to_two_articles() -> None:
    said = [each for line in word_list("statutes") for each in line.split("|", 2)[2].strip().split("；")]
    assert len(said) == len(set(said))
    assert all(2 <= len(each) <= 80 for each in said)


def test_an_article_is_found_by_what_people_ask_and_never_shows_it(tmp_path: Path) -> None:
    path, question, anchor = a_law(tmp_path)
    index = ClauseIndex.build(load_statutes(path, max_bytes=10_000), HashEmbedder(64))
    (hit, *_) = index.search(question, as_of=NOW, place=Place(), lang="zh", k=2)
    assert hit.clause.anchor == anchor
    assert question not in hit.clause.shown
    assert question not in hit.clause.text


def test_a_law_that_a_shop_took_in_is_found_so_too(tmp_path: Path) -> None:
    path, question, anchor = a_law(tmp_path)
    documents = Documents(tmp_path / "documents")
    documents.keep(ingest([path]).policies, at=NOW)
    (law,) = documents.policies()
    searched = {clause.anchor: clause.search_text for clause in split(law)}
    assert any(question[:4] in text for text in (searched[anchor],))
    assert question not in law.text
