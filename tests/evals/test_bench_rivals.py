"""The side-by-side measures what it says, and says what it leaves out. No wall-clock figure is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals import bench
from evals.bench_rivals import Accuracy, accuracy, run
from evals.rival_clauses import Labelled, Question, labelled
from evals.rival_process import Answer, NotReady, read_corpus, rival, write_corpus
from evals.rival_retrievers import BUILDS, FLOOR, INSTALL, OURS, missing, versions
from knowledge.embedding import HashEmbedder

RIVALS = [name for name in BUILDS if name not in {OURS, FLOOR}]
EMBEDDER = HashEmbedder(64)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Labelled]:
    """A folder of eighty clauses, and twenty questions about them."""
    folder, drawn = tmp_path_factory.mktemp("rivals"), labelled(80, questions=20)
    texts = [question.text for question in drawn.questions]
    asked = dict(zip(texts, EMBEDDER.embed(texts), strict=True))
    write_corpus(folder, 80, 20, EMBEDDER.embed([clause.search_text for clause in drawn.clauses]), asked)
    return folder, drawn


def test_a_corpus_is_read_as_it_was_written(tiny: tuple[Path, Labelled]) -> None:
    folder, drawn = tiny
    corpus = read_corpus(folder)
    assert corpus.labelled == drawn
    assert corpus.vectors.shape == (80, 64)
    assert (corpus.embed([drawn.questions[3].text]) == EMBEDDER.embed([drawn.questions[3].text])).all()


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_answers_with_numbers_of_clauses_or_says_what_to_install(
    name: str, tiny: tuple[Path, Labelled]
) -> None:
    if reason := missing(name):
        assert INSTALL in reason
        pytest.skip(reason)
    folder, drawn = tiny
    with rival(name, folder, within_s=120) as process:
        answers = process.ask([question.text for question in drawn.questions[:3]])
        assert process.peak_mb >= 0
    assert len(answers) == 3
    for answer in answers:
        assert 0 < len(answer.found) <= 10
        assert len(set(answer.found)) == len(answer.found)
        assert set(answer.found) <= set(range(80))
    assert versions(name)


def test_the_figures_are_those_of_all_that_ran() -> None:
    outcome = run((80,), names=[OURS, FLOOR], embedder=EMBEDDER, questions=20)
    figures = {figure.name: figure for figure in outcome.figures}
    assert [name for name in figures if "MRR" in name] == ["80 ours: MRR@10", "80 floor: MRR@10"]
    assert figures["80 ours: first out of scope"].value == 0
    assert figures["80 ours: first out of scope"].holds
    assert figures["80 floor: first out of scope"].budget is None
    assert figures["80 ours: MRR@10"].value > 0.3
    assert outcome.skipped == ()


def test_a_retriever_that_does_not_come_up_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="ours was not ready"), rival(OURS, tmp_path, within_s=60):
        pass


def test_one_that_takes_too_long_is_ended(tiny: tuple[Path, Labelled]) -> None:
    with pytest.raises(NotReady, match="within 0 s"), rival(OURS, tiny[0], within_s=0.01):
        pass


def test_accuracy_counts_ranks_versions_and_scope() -> None:
    drawn = labelled(60, questions=20)
    first, second = drawn.questions[0], drawn.questions[1]
    answers = [_answer(first.right, 5), _answer(*sorted(second.elsewhere), second.right)]
    assert accuracy(drawn, answers) == Accuracy(mrr=(1 + 1 / 3) / 2, hit=1.0, rule=1.0, wrong=0.5, asked=2)


def test_an_answer_with_another_version_alone_is_no_hit() -> None:
    drawn = labelled(60, questions=20)
    question: Question = drawn.questions[0]
    judged = accuracy(drawn, [_answer(*question.elsewhere)])
    assert (judged.mrr, judged.hit, judged.rule, judged.wrong) == (0.0, 0.0, 1.0, 1.0)


def test_no_answer_is_neither_right_nor_out_of_scope() -> None:
    judged = accuracy(labelled(60, questions=20), [_answer()])
    assert (judged.mrr, judged.hit, judged.wrong) == (0.0, 0.0, 0.0)


def test_accuracy_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no answers"):
        accuracy(labelled(60, questions=20), [])


def test_it_runs_only_when_it_is_named() -> None:
    assert "rivals" in bench.NAMES
    assert "rivals" in bench.ALONE


def _answer(*found: int) -> Answer:
    return Answer(1.0, found)
