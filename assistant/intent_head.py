"""The classifier under the intents: a kernel ridge over character n-grams and sentence vectors.

The one home of scikit-learn. Kernel of two texts: `w · cosine(TF-IDF of 1- to 3-grams) + (1 − w) · exp(g · (c − 1))`
with c the cosine of their vectors; one ridge per label (targets ±1), solved in closed form, so training is
deterministic and takes about as long as embedding the examples. A trained head can be kept in a file: reading it back
costs a hundredth of training, and scikit-learn, which alone takes two seconds to import, is then not loaded at all.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # ships no types

from knowledge.embedding import Embedder

Matrix = NDArray[np.float32]
Indices = NDArray[np.int64]

LETTERS = 0.3
"""`w`, the share of the n-grams; measured best of 0.2 to 0.5 together with `WIDTH` and `RIDGE`."""
WIDTH = 2.0
RIDGE = 0.2
_BATCH = 256
_SUM = hashlib.sha256().digest_size
_SPACES = re.compile(r"\s\s+")


@dataclass(frozen=True, eq=False)
class IntentHead:
    """A trained classifier. `scores` are about ±1 and uncalibrated; `labels` are sorted as in the columns."""

    labels: tuple[str, ...]
    places: dict[str, int]
    idf: Matrix
    vectors: Matrix
    letter_weights: Matrix
    duals: Matrix
    embedder: Embedder
    threads: Any

    def scores(self, texts: Sequence[str]) -> Matrix:
        """`(n, labels)` float32 for folded texts."""
        vectors = self.embedder.embed(texts)
        with self.threads.limit(limits=1):
            alike = _near(vectors, self.vectors) @ self.duals
        spelt = np.stack([self._spelt(text) for text in texts])
        found: Matrix = LETTERS * spelt + (1 - LETTERS) * alike
        return found

    def _spelt(self, text: str) -> Matrix:
        """What scikit-learn's `transform([text]) @ letter_weights` gives, without a millisecond of checks a call."""
        squeezed = _SPACES.sub(" ", text.lower())
        counts = Counter(squeezed[at : at + n] for n in (1, 2, 3) for at in range(len(squeezed) - n + 1))
        known = [(place, count) for gram, count in counts.items() if (place := self.places.get(gram)) is not None]
        if not known:
            return np.zeros(len(self.labels), dtype=np.float32)
        rows = np.array([place for place, _ in known])
        weights = (1 + np.log([count for _, count in known])) * self.idf[rows]
        spelt: Matrix = ((weights / np.linalg.norm(weights)) @ self.letter_weights[rows]).astype(np.float32)
        return spelt


@dataclass(frozen=True, eq=False)
class Trained:
    """A head, and what a head that had not seen every third example said of those (`rows` of the input).

    `letters` is the fitted vectorizer that the head's reading of letters equals.
    """

    head: IntentHead
    letters: Any
    rows: Indices
    targets: Indices
    held_out: Matrix


def train_head(texts: Sequence[str], labels: Sequence[str], embedder: Embedder) -> Trained:
    """Train on folded texts. Held out is every third example of each label: no randomness."""
    # seconds to import, and not needed where a kept head is read
    from sklearn.feature_extraction.text import TfidfVectorizer

    names = tuple(sorted(set(labels)))
    column = {name: number for number, name in enumerate(names)}
    targets = np.array([column[label] for label in labels], dtype=np.int64)
    letters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32)
    grams = letters.fit_transform(texts)
    vectors = np.concatenate([embedder.embed(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)])
    wanted = np.where(targets[:, None] == np.arange(len(names)), 1.0, -1.0).astype(np.float32)
    out = _every_third(targets)
    threads = ThreadpoolController()
    # More threads gain nothing at this size, and where the cores are busy they wait for one another for seconds.
    with threads.limit(limits=1):
        kernel: Matrix = LETTERS * (grams @ grams.T).toarray() + (1 - LETTERS) * _near(vectors, vectors)
        duals = _solve(kernel, wanted)
        rest = np.setdiff1d(np.arange(len(texts)), out)
        held_out = kernel[np.ix_(out, rest)] @ _solve(kernel[np.ix_(rest, rest)], wanted[rest])
    weights = (grams.T @ duals).astype(np.float32)
    places = {str(gram): int(place) for gram, place in letters.vocabulary_.items()}
    head = IntentHead(names, places, letters.idf_, vectors, weights, duals, embedder, threads)
    return Trained(head, letters, out, targets[out], held_out)


def keep_head(head: IntentHead, path: Path, *, fingerprint: str, figures: Sequence[float]) -> None:
    """Write a head and the figures that go with it, whole or not at all. Raises `OSError` when the disk refuses."""
    content = io.BytesIO()
    np.savez(
        content,
        fingerprint=np.array(fingerprint),
        figures=np.array(figures, dtype=np.float64),
        labels=np.array(head.labels),
        grams=np.array(sorted(head.places, key=head.places.__getitem__)),
        idf=head.idf,
        vectors=head.vectors,
        letter_weights=head.letter_weights,
        duals=head.duals,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".intents-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(hashlib.sha256(content.getbuffer()).digest())
            stream.write(content.getbuffer())
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def kept_head(path: Path, embedder: Embedder, *, fingerprint: str) -> tuple[IntentHead, tuple[float, ...]] | None:
    """The head and figures of `keep_head`; None when the file is absent, damaged, or was made from anything else."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(memoryview(content)[_SUM:]).digest() != content[:_SUM]:
        return None
    # what the sum vouches for is an archive of plain arrays: nothing in it is ever unpickled
    with np.load(io.BytesIO(content[_SUM:]), allow_pickle=False) as arrays:
        if str(arrays["fingerprint"]) != fingerprint:
            return None
        labels, grams = tuple(arrays["labels"].tolist()), arrays["grams"].tolist()
        places = {gram: place for place, gram in enumerate(grams)}
        idf, vectors, duals = arrays["idf"], arrays["vectors"], arrays["duals"]
        head = IntentHead(
            labels, places, idf, vectors, arrays["letter_weights"], duals, embedder, ThreadpoolController()
        )
        return head, tuple(arrays["figures"].tolist())


def _near(one: Matrix, other: Matrix) -> Matrix:
    found: Matrix = np.exp(WIDTH * (one @ other.T - 1)).astype(np.float32)
    return found


def _solve(kernel: Matrix, wanted: Matrix) -> Matrix:
    from sklearn.kernel_ridge import KernelRidge

    ridge = KernelRidge(alpha=RIDGE, kernel="precomputed").fit(kernel, wanted)
    duals: Matrix = np.asarray(ridge.dual_coef_, dtype=np.float32)
    return duals


def _every_third(targets: Indices) -> Indices:
    """The rows of every third example within each label."""
    seen: dict[int, int] = {}
    rows: list[int] = []
    for row, target in enumerate(targets.tolist()):
        seen[target] = seen.get(target, 0) + 1
        if seen[target] % 3 == 0:
            rows.append(row)
    return np.array(rows, dtype=np.int64)
