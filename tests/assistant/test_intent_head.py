import numpy as np

from assistant.intent_head import train_head
from knowledge.embedding import HashEmbedder

TEXTS = ["退货", "我要退货", "退货吧", "查物流", "快递到哪", "物流呢", "hello there", "hello", "hi  hello"]
LABELS = ["return"] * 3 + ["track"] * 3 + ["chat"] * 3


def test_a_head_learns_its_examples_and_says_the_same_every_time():
    first, second = (train_head(TEXTS, LABELS, HashEmbedder()) for _ in range(2))
    scores = first.head.scores(TEXTS)
    assert [first.head.labels[column] for column in scores.argmax(axis=1)] == LABELS
    assert np.array_equal(scores, second.head.scores(TEXTS))


def test_the_quick_reading_of_letters_equals_the_librarys():
    head = train_head(TEXTS, LABELS, HashEmbedder()).head
    for text in [*TEXTS, "我  想退  货 Hello", "没有见过的字", "", "x"]:
        expected = np.asarray(head.letters.transform([text]) @ head.letter_weights)[0]
        assert np.allclose(head._spelt(text), expected, atol=1e-5), text


def test_every_third_example_of_a_label_is_held_out():
    trained = train_head(TEXTS, LABELS, HashEmbedder())
    assert trained.rows.tolist() == [2, 5, 8]
    assert trained.held_out.shape == (3, 3)
