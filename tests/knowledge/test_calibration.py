"""How sure a hit is."""

from __future__ import annotations

import numpy as np

from knowledge.calibration import RELEVANT, Signals, calibration_for

USEM3 = calibration_for("usem3")


def confidence(
    share: float, dense: float | None, *, heading: float = 0, inherited: float = 0, news: float = 0, asked: float = 0
) -> float:
    each = np.array
    cosine = None if dense is None else each([dense])
    signals = Signals(
        each([share]),
        each([heading]),
        each([share]),
        each([0.3]),
        cosine,
        each([inherited]),
        each([news]),
        each([asked]),
    )
    return float(USEM3.confidence(signals)[0])


def test_neither_words_nor_meaning_is_not_relevant() -> None:
    assert confidence(0, 0.15) < 0.05
    assert confidence(0, None) < 0.05


def test_words_and_meaning_together_are_relevant() -> None:
    assert confidence(1, 0.55, heading=0.5) > 0.75
    assert confidence(1, None, heading=1) > 0.9


def test_confidence_rises_with_each_signal() -> None:
    assert confidence(0.2, 0.4) < confidence(0.4, 0.4) < confidence(0.4, 0.5) < confidence(0.4, 0.5, heading=0.4)


def test_the_threshold_lies_between_half_covered_and_unrelated() -> None:
    assert confidence(0.5, 0.2) < RELEVANT < confidence(0.8, 0.5, heading=0.5)


def test_what_is_inherited_or_news_is_less_sure_than_the_shops_own_rule() -> None:
    assert confidence(0.8, 0.5, news=1) < confidence(0.8, 0.5, inherited=1) < confidence(0.8, 0.5)


def test_each_embedder_has_its_own_constants() -> None:
    assert calibration_for("hash-256") != USEM3


def test_what_is_written_down_as_asked_for_in_these_very_words_is_sure() -> None:
    assert confidence(0.5, 0.3) < RELEVANT
    assert confidence(0.5, 0.3, asked=1) > 0.9
