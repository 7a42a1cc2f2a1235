"""What a clause holds of what is asked about, and how it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from knowledge.clauses import SHANGHAI, Place, Policy
from knowledge.search import ClauseIndex
from knowledge.text import subject_of

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)


def policy(name: str, heading: str) -> Policy:
    text = f"---\n---\n## {heading} {{#it}}\n退货请在订单里申请。\n"
    return Policy(id=f"shop/{name}", version="1", title="退货", lang="zh", text=text)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("怎么退货", "how"),
        ("退货政策是什么", "rules"),
        ("哪些不能退货", "which"),
    ],
)
def test_of_clauses_about_the_same_the_one_put_as_the_question_is_comes_first(question: str, first: str) -> None:
    others = [policy(f"other{number}", f"退货之{number}") for number in range(60)]
    wanted = [policy("how", "怎么退货"), policy("rules", "退货政策"), policy("which", "哪些不能退货")]
    index = ClauseIndex.build([*others, *wanted], None)
    hits = index.search(question, as_of=NOW, place=Place(), k=1)
    assert hits[0].clause.policy.id == f"shop/{first}"


def test_a_clause_answers_the_very_question_it_is_written_down_to_be_asked_for() -> None:
    others = [policy(f"other{number}", f"退货之{number}") for number in range(60)]
    wanted = replace(policy("wanted", "到店"), asked={"it": ("你们店开在哪儿啊", "where are you")})
    index = ClauseIndex.build([*others, wanted], None)
    for question in ("你们店开在哪儿", "你们店，开在哪儿呀？", "Where are you?"):
        hits = index.search(question, as_of=NOW, place=Place(), k=1)
        assert hits[0].clause.policy.id == "shop/wanted"
        assert hits[0].score > 0.9
    assert all(hit.score < 0.9 for hit in index.search("你们店几点开门", as_of=NOW, place=Place(), k=3))


def test_how_it_is_asked_is_no_subject() -> None:
    subject = subject_of("怎么退货")
    assert subject.words == ("退货",)
    assert subject.manner == ("怎么",)
    assert subject_of("怎么样").manner == ()
