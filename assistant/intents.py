"""What the customer wants: every issue of a message as an intent of the shop's taxonomy, with a calibrated confidence.

No language model. A message is cut into parts, each part is scored by `IntentHead`, shifted by cues, by what rules an
intent out and by what is on the table, and turned into probabilities by two figures fitted on held-out examples.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import structlog

from assistant.conversation import DialogueState, IntentGuess
from assistant.goods import without_names
from assistant.intent_head import LETTERS, RIDGE, WIDTH, Indices, IntentHead, Matrix, keep_head, kept_head, train_head
from assistant.segments import clauses, topics, wanted
from assistant.taxonomy import Taxonomy
from knowledge.embedding import Embedder
from knowledge.mending import mend
from knowledge.text import fold

log = structlog.get_logger("assistant")

TRAINING = "2"
UNSURE = 0.22
"""Below this the best guess says too little; the answer is `unclear`."""
SPLIT = 0.55
"""Both sides of a comma must be this sure of different intents to count as two issues."""
RISK_FLOOR = 0.8
"""A cue of a risk intent is never outvoted by likeness: missing a report of harm costs more than a false alarm."""
MAX_GUESSES = 4
_RULED_OUT = -40.0
_OWN, _FLOW = 0.5, 0.8
_SHORT = 8
_WORD = re.compile(r"\w")
_CHAT = frozenset({"greeting_chat", "unclear", "out_of_scope"})


@dataclass(frozen=True)
class Calibration:
    """`softmax(sharpness · score + cue · [a cue matched])`, fitted by log loss on held-out examples."""

    sharpness: float
    cue: float
    log_loss: float
    accuracy: float


@dataclass(frozen=True)
class _Part:
    text: str
    guesses: tuple[IntentGuess, ...]

    @property
    def best(self) -> IntentGuess:
        return self.guesses[0]


class IntentModel:
    """Trained from the taxonomy, or read where it was kept since; then read-only and safe to share between threads."""

    def __init__(self, taxonomy: Taxonomy, head: IntentHead, calibration: Calibration) -> None:
        self.taxonomy = taxonomy
        self.calibration = calibration
        self._head = head
        self._intents = tuple(taxonomy.intents[name] for name in head.labels)
        self._own = np.array([{"own": 1.0, "none": -1.0, "any": 0.0}[i.order] for i in self._intents], dtype=np.float32)

    @classmethod
    def train(cls, taxonomy: Taxonomy, embedder: Embedder) -> IntentModel:
        """Learn from the taxonomy's examples. The same examples and embedder always give the same model."""
        texts, names = zip(*((_plain(text), name) for text, name in taxonomy.examples()), strict=True)
        trained = train_head(texts, names, embedder)
        cued = np.zeros_like(trained.held_out)
        for column, label in enumerate(trained.head.labels):
            intent = taxonomy.intents[label]
            for row, number in enumerate(trained.rows.tolist()):
                cued[row, column] = intent.cued(texts[number]) is not None
        return cls(taxonomy, trained.head, _calibrate(trained.held_out, cued, trained.targets))

    @classmethod
    def kept_or_trained(cls, taxonomy: Taxonomy, embedder: Embedder, path: Path) -> IntentModel:
        """The model kept at `path` if it was trained from just this, else a new one, kept there for the next start."""
        fingerprint = _fingerprint(taxonomy, embedder)
        if (kept := kept_head(path, embedder, fingerprint=fingerprint)) is not None:
            head, figures = kept
            return cls(taxonomy, head, Calibration(*figures))
        model = cls.train(taxonomy, embedder)
        try:
            keep_head(model._head, path, fingerprint=fingerprint, figures=astuple(model.calibration))
        except OSError as error:
            log.warning("intents_not_kept", path=str(path), reason=error.strerror)
        return model

    def understand(self, text: str, state: DialogueState | None = None) -> list[IntentGuess]:
        """The issues of a message, at least one: risks first by priority, then the customer's latest wish first.

        `state` says what is on the table: with an order, "可以退吗" asks about that order; without, about the policy.
        """
        folded = mend(fold(text)).strip()
        if not _WORD.search(folded):
            return [IntentGuess(name="unclear", confidence=0.9, words=folded[:40])]
        parts = topics(folded)
        kept = set(wanted([part for topic in parts for part in topic]))
        read = [
            [guess for part in topic if part in kept for read in self._parts(part, state) for guess in read.guesses]
            for topic in parts
        ]
        guesses = self._merge([topic for topic in read if topic])
        if guesses[0].name == "unclear" and sum(map(len, parts)) > 1:
            guesses = self._merge([guesses, list(self._read([folded], state)[0].guesses)])
        return guesses[:MAX_GUESSES]

    def probabilities(self, texts: Sequence[str], state: DialogueState | None = None) -> tuple[tuple[str, ...], Matrix]:
        """Labels and `(n, labels)` calibrated probabilities of texts taken whole, for evaluation."""
        return self._head.labels, self._weigh([_plain(text) for text in texts], state)

    def _parts(self, segment: str, state: DialogueState | None) -> list[_Part]:
        """One segment as one issue, unless both sides of a comma are sure of different ones."""
        told = clauses(segment)
        sides = wanted(told)
        if len(sides) < 2:
            return self._read([segment if len(sides) == len(told) else sides[0]], state)
        segment = segment if len(sides) == len(told) else ",".join(sides)
        whole, *read = self._read([segment, *sides], state)
        sure = [part for part in read if part.best.confidence >= SPLIT and part.best.name not in _CHAT]
        risky = [part for part in read if self.taxonomy.intents[part.best.name].risk]
        if len({part.best.name for part in sure}) > 1 and len(sides) <= MAX_GUESSES:
            return sure
        if whole.best.name in _CHAT and sure:
            return sure
        return [whole, *risky]

    def _read(self, texts: Sequence[str], state: DialogueState | None) -> list[_Part]:
        plain = [without_names(text) for text in texts]
        rows = self._weigh(plain, state)
        return [self._part(*read) for read in zip(texts, plain, rows, strict=True)]

    def _part(self, text: str, plain: str, row: Matrix) -> _Part:
        """`text` as written, `plain` as it is read: without misleading names of goods."""
        order = np.argsort(-row, kind="stable")
        best = int(order[0])
        found = [IntentGuess(name=self._intents[best].name, confidence=round(float(row[best]), 4), words=text[:120])]
        if row[best] < UNSURE:
            found = [IntentGuess(name="unclear", confidence=round(1 - float(row[best]), 4), words=text[:120])]
        for column, intent in enumerate(self._intents):
            urgent = intent.risk or intent.priority < 10
            if not urgent or intent.name == found[0].name or intent.ruled_out(plain):
                continue
            if (words := intent.cued(plain)) is not None:
                sure = max(RISK_FLOOR, float(row[column]))
                found.append(IntentGuess(name=intent.name, confidence=round(sure, 4), words=words[:120]))
        return _Part(text, tuple(found))

    def _weigh(self, texts: Sequence[str], state: DialogueState | None) -> Matrix:
        logits = self.calibration.sharpness * self._head.scores(texts)
        for row, text in enumerate(texts):
            for column, intent in enumerate(self._intents):
                if intent.ruled_out(text):
                    logits[row, column] += _RULED_OUT
                elif intent.cued(text) is not None:
                    logits[row, column] += self.calibration.cue
            if state is not None:
                logits[row] += self._on_the_table(text, state)
        return _softmax(logits)

    def _on_the_table(self, text: str, state: DialogueState) -> Matrix:
        shift = np.zeros(len(self._intents), dtype=np.float32)
        if state.order_id is not None:
            shift += _OWN * self._own
        elif state.sku is not None:
            shift -= _OWN * self._own
        if state.flow in self._head.labels and len(text) <= _SHORT:
            shift[self._head.labels.index(state.flow)] += _FLOW
        return shift

    def _merge(self, read: Sequence[Sequence[IntentGuess]]) -> list[IntentGuess]:
        """Each intent of the topics once with its best confidence, in order of service.

        Within a topic a generic intent is absorbed by a specific one (a fault that is to be returned); a topic opened
        by "and also" speaks for itself, except that a risk absorbs wherever it stands.
        """
        best: dict[str, tuple[int, IntentGuess]] = {}
        for place, guess in enumerate(guess for topic in read for guess in self._unabsorbed(topic)):
            known = best.get(guess.name)
            best[guess.name] = (place, guess if known is None or guess.confidence > known[1].confidence else known[1])
        risks = [guess for _, guess in best.values() if self.taxonomy.intents[guess.name].risk]
        absorbed = {name for guess in risks for name in self.taxonomy.intents[guess.name].absorbs}
        serious = [name for name in best if name not in _CHAT]
        kept = [name for name in serious if name not in absorbed] or serious or _least_idle(best)
        return [best[name][1] for name in sorted(kept, key=lambda name: self._rank(name, best[name][0]))]

    def _unabsorbed(self, topic: Sequence[IntentGuess]) -> list[IntentGuess]:
        names = {guess.name for guess in topic}
        absorbed = {other for name in names for other in self.taxonomy.intents[name].absorbs if other != name}
        return [guess for guess in topic if guess.name not in absorbed]

    def _rank(self, name: str, place: int) -> tuple[int, int]:
        return self.taxonomy.intents[name].priority, -place


def _least_idle(best: dict[str, tuple[int, IntentGuess]]) -> list[str]:
    """Of chat, out of scope and unclear only one is told: the surest, `unclear` last."""
    return [max(best, key=lambda name: (name != "unclear", best[name][1].confidence))]


def _plain(text: str) -> str:
    return without_names(mend(fold(text)))


def _fingerprint(taxonomy: Taxonomy, embedder: Embedder) -> str:
    """What a trained model depends on. `TRAINING` is raised when the way of training changes."""
    parts = [f"{TRAINING} {LETTERS} {WIDTH} {RIDGE} {embedder.name} {embedder.dim}"]
    parts += [intent.model_dump_json() for intent in taxonomy.intents.values()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _softmax(logits: Matrix) -> Matrix:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _calibrate(scores: Matrix, cued: Matrix, targets: Indices) -> Calibration:
    """The sharpness and the weight of a cue with the least held-out log loss, on a fixed grid."""
    rows = np.arange(len(targets))
    tried: list[Calibration] = []
    for sharpness in np.geomspace(3.0, 12.0, 8):
        for cue in (0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0):
            shares = _softmax((sharpness * scores + cue * cued).astype(np.float32))
            loss = float(-np.log(np.maximum(shares[rows, targets], 1e-9)).mean())
            right = float((shares.argmax(axis=1) == targets).mean())
            tried.append(Calibration(float(sharpness), float(cue), loss, right))
    return min(tried, key=lambda one: one.log_loss)
