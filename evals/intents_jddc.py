"""Intents on real utterances of JD.com customers (jddc): what our taxonomy makes of them, and how good the head is.

Two questions. (1) Which of our intents does each gold label become, so that a person can read where a label scatters.
(2) How well does our classifier learn their labels: 5-fold accuracy and macro-F1, its features and head unchanged.
Tune on `dev` only. The texts are other people's: read them, never copy them into a pack.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.intent_head import train_head
from assistant.intents import IntentModel
from knowledge.embedding import Embedder
from knowledge.mending import mend
from knowledge.text import fold

FOLDS = 5


@dataclass(frozen=True)
class Utterance:
    text: str
    label: str


@dataclass(frozen=True)
class Guessed:
    """One utterance, its gold label, and our first guess."""

    text: str
    label: str
    intent: str
    confidence: float


@dataclass(frozen=True)
class HeadScore:
    """The head on another label set: shares of 1, over `n` utterances, each scored once while held out."""

    n: int
    labels: int
    accuracy: float
    macro_f1: float
    confusions: tuple[tuple[str, str, int], ...]
    pairs: tuple[tuple[str, str], ...] = ()
    """(gold, said) of each utterance, for intervals."""


@dataclass(frozen=True)
class Group:
    """A gold label and how our intents divide it; `purity` is the share of the commonest one."""

    label: str
    n: int
    purity: float
    intents: tuple[tuple[str, int], ...]
    examples: tuple[Guessed, ...]


@dataclass(frozen=True)
class Report:
    head: HeadScore
    groups: tuple[Group, ...]
    unclear: float


def read(data_dir: Path, split: str = "dev") -> list[Utterance]:
    """The utterances of `<data_dir>/jddc/<split>.jsonl`. Raises `FileNotFoundError` where the set is absent."""
    with (data_dir / "jddc" / f"{split}.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Utterance(row["text"], row["intent"]) for row in rows]


def run(data_dir: Path, *, model: IntentModel, embedder: Embedder, split: str = "dev", examples: int = 8) -> Report:
    """Both questions on one split."""
    utterances = read(data_dir, split)
    guesses = [_guess(utterance, model) for utterance in utterances]
    unclear = sum(guess.intent == "unclear" for guess in guesses) / max(1, len(guesses))
    return Report(score_head(utterances, embedder), group(guesses, examples), unclear)


def score_head(utterances: Sequence[Utterance], embedder: Embedder) -> HeadScore:
    """`FOLDS`-fold cross-validation of `assistant.intent_head` on the utterances' own labels."""
    folds = _folds([utterance.label for utterance in utterances])
    texts = [mend(fold(utterance.text)) for utterance in utterances]
    gold: list[str] = []
    said: list[str] = []
    for fold_number in range(FOLDS):
        inside = [row for row, number in enumerate(folds) if number != fold_number]
        outside = [row for row, number in enumerate(folds) if number == fold_number]
        head = train_head([texts[row] for row in inside], [utterances[row].label for row in inside], embedder).head
        columns = head.scores([texts[row] for row in outside]).argmax(axis=1).tolist()
        said += [head.labels[column] for column in columns]
        gold += [utterances[row].label for row in outside]
    wrong = Counter((truth, guess) for truth, guess in zip(gold, said, strict=True) if truth != guess)
    accuracy = 1 - sum(wrong.values()) / max(1, len(gold))
    ranked = tuple((truth, guess, n) for (truth, guess), n in wrong.most_common(15))
    return HeadScore(
        len(gold), len(set(gold)), accuracy, macro_f1(gold, said), ranked, tuple(zip(gold, said, strict=True))
    )


def macro_f1(gold: Sequence[str], said: Sequence[str]) -> float:
    """The plain mean over gold labels of F1 = 2·tp / (gold + said)."""
    truth, guessed = Counter(gold), Counter(said)
    right = Counter(one for one, other in zip(gold, said, strict=True) if one == other)
    return sum(2 * right[label] / (truth[label] + guessed[label]) for label in truth) / max(1, len(truth))


def group(guesses: Sequence[Guessed], examples: int) -> tuple[Group, ...]:
    """Gold labels, the most scattered first, with examples of everything but the commonest intent, surest first."""
    by_label: dict[str, list[Guessed]] = defaultdict(list)
    for guess in guesses:
        by_label[guess.label].append(guess)
    groups = []
    for label, members in by_label.items():
        counts = Counter(member.intent for member in members).most_common()
        odd = sorted((m for m in members if m.intent != counts[0][0]), key=lambda member: -member.confidence)
        groups.append(Group(label, len(members), counts[0][1] / len(members), tuple(counts), tuple(odd[:examples])))
    return tuple(sorted(groups, key=lambda one: (one.purity, one.label)))


def _guess(utterance: Utterance, model: IntentModel) -> Guessed:
    first = model.understand(utterance.text)[0]
    return Guessed(utterance.text, utterance.label, first.name, first.confidence)


def _folds(labels: Sequence[str]) -> list[int]:
    seen: Counter[str] = Counter()
    folds = []
    for label in labels:
        folds.append(seen[label] % FOLDS)
        seen[label] += 1
    return folds
