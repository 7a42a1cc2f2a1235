from pathlib import Path

import numpy as np
import pytest

from assistant.intent_head import keep_head, kept_head, train_head
from knowledge.embedding import HashEmbedder

TEXTS = ["退货", "我要退货", "退货吧", "查物流", "快递到哪", "物流呢", "hello there", "hello", "hi  hello"]
LABELS = ["return"] * 3 + ["track"] * 3 + ["chat"] * 3


def test_a_head_learns_its_examples_and_says_the_same_every_time():
    first, second = (train_head(TEXTS, LABELS, HashEmbedder()) for _ in range(2))
    scores = first.head.scores(TEXTS)
    assert [first.head.labels[column] for column in scores.argmax(axis=1)] == LABELS
    assert np.array_equal(scores, second.head.scores(TEXTS))


def test_the_quick_reading_of_letters_equals_the_librarys():
    trained = train_head(TEXTS, LABELS, HashEmbedder())
    head = trained.head
    for text in [*TEXTS, "我  想退  货 Hello", "没有见过的字", "", "x"]:
        expected = np.asarray(trained.letters.transform([text]) @ head.letter_weights)[0]
        assert np.allclose(head._spelt(text), expected, atol=1e-5), text


def test_every_third_example_of_a_label_is_held_out():
    trained = train_head(TEXTS, LABELS, HashEmbedder())
    assert trained.rows.tolist() == [2, 5, 8]
    assert trained.held_out.shape == (3, 3)


def kept(folder: Path) -> Path:
    path = folder / "new" / "intents.npz"
    keep_head(train_head(TEXTS, LABELS, HashEmbedder()).head, path, fingerprint="1", figures=(1.5, 2.0))
    return path


def test_a_kept_head_says_what_the_trained_one_said(tmp_path):
    path = kept(tmp_path)
    found = kept_head(path, HashEmbedder(), fingerprint="1")
    assert found is not None
    head, figures = found
    trained = train_head(TEXTS, LABELS, HashEmbedder()).head
    assert np.array_equal(head.scores(TEXTS), trained.scores(TEXTS))
    assert (head.labels, head.places, figures) == (trained.labels, trained.places, (1.5, 2.0))
    assert [file.name for file in path.parent.iterdir()] == ["intents.npz"]


def test_a_head_of_another_training_or_none_is_not_taken(tmp_path):
    assert kept_head(kept(tmp_path), HashEmbedder(), fingerprint="2") is None
    assert kept_head(tmp_path / "absent.npz", HashEmbedder(), fingerprint="1") is None


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.9])
def test_a_damaged_head_is_not_taken(tmp_path, share):
    path = kept(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert kept_head(path, HashEmbedder(), fingerprint="1") is None
    at = int(len(whole) * share) + 60
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
    assert kept_head(path, HashEmbedder(), fingerprint="1") is None


def test_a_head_that_cannot_be_kept_leaves_no_half_of_it(tmp_path):
    (tmp_path / "intents.npz").mkdir()
    with pytest.raises(OSError, match="directory"):
        keep_head(train_head(TEXTS, LABELS, HashEmbedder()).head, tmp_path / "intents.npz", fingerprint="1", figures=())
    assert [file.name for file in tmp_path.iterdir()] == ["intents.npz"]
