"""How sure a hit is."""

from __future__ import annotations

import numpy as np

from knowledge.calibration import RELEVANT, calibration_for

USEM3 = calibration_for("usem3")


def confidence(coverage: float, lexical: float, dense: float | None) -> float:
    cosine = None if dense is None else np.array([dense])
    return float(USEM3.confidence(np.array([coverage]), np.array([lexical]), cosine)[0])


def test_neither_words_nor_meaning_is_not_relevant() -> None:
    assert confidence(0, 0, 0.15) < 0.05
    assert confidence(0, 0, None) < 0.05


def test_words_and_meaning_together_are_relevant() -> None:
    assert confidence(0.8, 0.5, 0.55) > 0.85
    assert confidence(1, 0.6, None) > 0.9


def test_confidence_rises_with_each_signal() -> None:
    assert confidence(0.2, 0.3, 0.4) < confidence(0.4, 0.3, 0.4) < confidence(0.4, 0.5, 0.4) < confidence(0.4, 0.5, 0.5)


def test_the_threshold_lies_between_half_covered_and_unrelated() -> None:
    assert confidence(0.5, 0.3, 0.2) < RELEVANT < confidence(0.6, 0.4, 0.5)


def test_each_embedder_has_its_own_constants() -> None:
    assert calibration_for("hash-256") != USEM3
