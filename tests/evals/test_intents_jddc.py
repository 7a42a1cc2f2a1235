import json

import pytest

from evals.intents_jddc import Guessed, Utterance, group, macro_f1, read, score_head
from knowledge.embedding import HashEmbedder


def test_macro_f1_weighs_every_label_the_same():
    assert macro_f1(["a", "a", "b"], ["a", "a", "a"]) == pytest.approx((0.8 + 0) / 2)
    assert macro_f1(["a", "b"], ["a", "b"]) == 1


def test_groups_show_the_most_scattered_label_first_with_its_surest_strays():
    guesses = [
        Guessed("1", "x", "i", 0.5),
        Guessed("2", "x", "j", 0.6),
        Guessed("3", "x", "k", 0.9),
        Guessed("4", "y", "i", 0.9),
    ]
    first, second = group(guesses, 1)
    assert (first.label, first.n, [one.confidence for one in first.examples]) == ("x", 3, [0.9])
    assert (second.label, second.purity, second.examples) == ("y", 1.0, ())


def test_the_head_is_scored_on_every_utterance_once():
    utterances = [Utterance(f"{word}{number}", word) for word in ("退货", "物流") for number in range(10)]
    score = score_head(utterances, HashEmbedder())
    assert (score.n, score.labels, score.accuracy) == (20, 2, 1.0)


def test_a_split_is_read_from_its_folder_and_an_absent_one_is_an_error(tmp_path):
    (tmp_path / "jddc").mkdir()
    row = {"id": 0, "text": "你好", "intent": "问候", "positives": [], "negatives": []}
    (tmp_path / "jddc" / "dev.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    assert read(tmp_path) == [Utterance("你好", "问候")]
    with pytest.raises(FileNotFoundError):
        read(tmp_path, "test")
