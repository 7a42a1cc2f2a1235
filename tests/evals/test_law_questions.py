"""Questions over rules and law: the labels hold, twins are told apart, and the figures are what they are called."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from evals.law_questions import (
    IN_FORCE_FROM,
    QUESTIONS,
    TWINS,
    Asked,
    Question,
    applies,
    ask,
    corpus,
    figures,
    names_of,
    read,
    run,
)
from knowledge.clauses import SHANGHAI, Clause, Hit, Place, Policy, Scope
from knowledge.errors import XiaoerError
from knowledge.front_matter import parse_policy
from knowledge.search import ClauseIndex

TWIN_POLICIES = [parse_policy(file.read_text("utf-8"), file) for file in sorted(TWINS.glob("*.md"))]
ALL = read(QUESTIONS)


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder with the articles that the questions name, in words of our own."""
    rows = [
        {"law": law, "article": f"第{article}条", "text": f"{law}第{article}条的内容。"}
        for law in IN_FORCE_FROM
        for article in sorted(
            {label.rpartition("》")[2] for question in ALL for label in question.want if label.startswith(f"《{law}》")}
        )
    ]
    folder = tmp_path / "cn_consumer_law"
    folder.mkdir()
    (folder / "articles.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return tmp_path


def found(question: Question, policy: Policy, score: float = 0.9, rank: int | None = 1) -> Asked:
    return Asked(question, (Hit(Clause(policy, "a", ("x",), "", 0, 0), score, 1.0, 0.5),), rank)


def test_there_are_questions_enough_of_each_kind() -> None:
    kinds = Counter((question.group, bool(question.want)) for question in ALL)
    assert sum(count for (_, answerable), count in kinds.items() if answerable) >= 150
    assert kinds["none", False] >= 60
    assert {question.lang for question in ALL} == {"zh", "en"}
    assert 0.3 < sum(question.half == "dev" for question in ALL) / len(ALL) < 0.4
    assert (
        len({question.id for question in ALL})
        == len({question.text + str(question.place) + str(question.as_of) for question in ALL})
        == len(ALL)
    )


def test_every_label_names_a_clause_that_applies_there_and_then(articles: Path) -> None:
    index = ClauseIndex.build(corpus("demo", articles), None)
    named = {name: clause for clause in index.clauses for name in names_of(clause.policy, clause.anchor)}
    for question in ALL:
        for label in question.want:
            assert applies(named[label].policy, question), (question.id, label)


def test_each_twin_has_another_that_holds_elsewhere_or_at_another_time() -> None:
    titles = Counter((policy.title.removesuffix("（内部）"), policy.lang) for policy in TWIN_POLICIES)
    assert min(titles.values()) > 1
    for policy in TWIN_POLICIES:
        assert policy.scope != Scope() or policy.window.start is not None or policy.id == "twin/spare-parts"


def test_of_twins_only_the_one_wanted_applies() -> None:
    question = next(each for each in ALL if each.want == ("twin/mattress-trial@2024#nights",))
    old, new = (
        next(policy for policy in TWIN_POLICIES if policy.key == f"twin/mattress-trial@{version}")
        for version in ("2024", "2026")
    )
    assert applies(old, question)
    assert not applies(new, question)
    assert not applies(old, replace(question, as_of=datetime(2026, 5, 1, tzinfo=SHANGHAI)))
    jd = next(policy for policy in TWIN_POLICIES if policy.id == "twin/gift-wrap-jd")
    assert not applies(jd, question)
    assert applies(jd, replace(question, place=Place(platform="jd")))


def test_a_label_that_names_nothing_is_an_error() -> None:
    index = ClauseIndex.build(TWIN_POLICIES, None)
    with pytest.raises(XiaoerError, match="q: no clause is twin/none#x"):
        ask(index, [Question("q", "twin", "dev", "zh", "问", ("twin/none#x",))])


def test_a_question_that_something_answers_and_one_that_nothing_does_are_judged_apart() -> None:
    policy = TWIN_POLICIES[0]
    some, none = Question("s", "shop", "test", "zh", "问", ("a#b",)), Question("n", "none", "test", "zh", "问")
    place = Place(platform="jd")
    asked = [
        found(replace(some, place=place), policy),
        found(replace(some, place=place), policy, 0.01, None),
        found(replace(none, place=place), policy, 0.02),
        found(replace(none, place=Place(platform="taobao")), policy, 0.6),
    ]
    figure = {name: metric.value for name, metric in figures(asked).items()}
    assert figure == {
        "hit_at_3": 0.5,
        "hit_at_1": 0.5,
        "right_scope": 0.75,
        "nothing_found_where_nothing_answers": 0.5,
        "something_found_where_something_answers": 0.5,
        "told_apart": 0.5,
    }


def test_the_suite_runs_on_articles_of_the_sets_form_and_never_finds_what_does_not_apply(articles: Path) -> None:
    report = run("demo", articles)
    assert report.n == len(ALL)
    assert report.metrics["right_scope"].value == 1
    assert report.groups["by subject, all: hit@3 of twin"].value > 0.9
    assert any(failure.misses for failure in report.failures)
