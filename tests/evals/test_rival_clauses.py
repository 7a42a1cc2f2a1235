"""The labelled clauses are what they are said to be: one right answer, two that say the same and do not apply."""

from __future__ import annotations

import pytest

from evals.rival_clauses import applies, labelled


def test_there_are_as_many_clauses_and_questions_as_asked_for() -> None:
    drawn = labelled(120, questions=40)
    assert len(drawn.clauses) == 120
    assert len(drawn.may_answer) == 120
    assert len({question.text for question in drawn.questions}) == 40


def test_the_right_clause_applies_and_its_other_versions_do_not() -> None:
    drawn = labelled(160, questions=40)
    for question in drawn.questions:
        assert drawn.may_answer[question.right]
        assert len(question.elsewhere) == 2
        assert not any(drawn.may_answer[number] for number in question.elsewhere)


def test_clauses_are_numbered_in_the_order_of_their_policies() -> None:
    drawn = labelled(160, questions=20)
    assert [applies(clause.policy) for clause in drawn.clauses] == list(drawn.may_answer)


def test_the_versions_of_a_rule_say_the_same_of_what_is_asked() -> None:
    drawn = labelled(60, questions=20)
    for question in drawn.questions[::2]:
        rule = _first_sentence(drawn.clauses[question.right].text).split("，由")[0]
        for number in question.elsewhere:
            other = drawn.clauses[number].text
            assert other != drawn.clauses[question.right].text
            assert rule.split("，须")[1] in other
            assert rule.split("，")[0] in other


def test_no_other_sentence_is_about_a_rule_that_is_asked_about() -> None:
    drawn = labelled(400, questions=20)
    for question in drawn.questions:
        days, _, rest = _first_sentence(drawn.clauses[question.right].text).partition("，")
        goods = rest[rest.index("就") : rest.index("，由")]
        same = [at for at, clause in enumerate(drawn.clauses) if days in clause.text and goods in clause.text]
        assert set(same) == {question.right, *question.elsewhere}


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    small, large = labelled(80, questions=20), labelled(200, questions=20)
    assert large.questions == small.questions
    assert large.policies[: len(small.policies)] == small.policies


@pytest.mark.parametrize(("clauses", "questions"), [(50, 20), (110, 20), (120, 30)])
def test_what_does_not_fit_is_refused(clauses: int, questions: int) -> None:
    with pytest.raises(ValueError, match="policies of twenty"):
        labelled(clauses, questions=questions)


def _first_sentence(text: str) -> str:
    return next(line for line in text.splitlines() if "，须" in line).partition("。")[0]
