# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""What customers say is wrong, as claimed facts: how fresh food is spoiled and how much of it, how a fault came about.

Only clear words count. What is not said is left out, so that a table asks for it or a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from knowledge.decision import Facts
from knowledge.numerals import NUMBER, number
from knowledge.text import fold

FRESH: Mapping[str, re.Pattern[str]] = {
    "rot": re.compile(r"烂|腐|发?霉|坏(了|的|掉|果)|黑心|\brot|\bmou?ld|\bspoil|\bwent bad|\bbad (?:ones|fruit)|\bbruis"),
    "smell": re.compile(r"臭|异味|变味|馊|酸了|发酸|变质|\bsmell|\bstank|\bstink|\bsour\b|\boff\b(?= when| on)"),
    "thawed": re.compile(r"化冻|解冻|化完|化了|\bthaw|\bmelted"),
    "blown_pack": re.compile(r"胀[包袋]|\bbloated|\bblown"),
    "unripe": re.compile(r"没熟|不熟|生的|太生|\bunripe|\bnot ripe"),
    "weight": re.compile(r"缺斤|少了?.{0,3}[斤两克]|重量不(?:够|足)|斤两不足|\bunderweight|\bshort weight"),
    "size": re.compile(r"个头?太?小|果子?小|规格不符|\btoo small|\bundersized"),
    "taste": re.compile(r"不好吃|不甜|口味|味道(?:一般|不行|不喜欢)|\bdon'?t like the taste|\btasteless|\bnot sweet"),
}  # fmt: skip

CAUSES: Mapping[str, re.Pattern[str]] = {
    "washing": re.compile(r"洗(?:了|过|完|一次|一遍|后)|机洗|水洗|\bwash"),
    "own_alteration": re.compile(r"自己(?:拆|改|修)|拆(?:开|过)修|改(?:过|短|小)了|\b(?:took it apart|altered it|opened it up myself)"),
    "misuse": re.compile(r"摔(?:了|坏|到)|掉(?:地|进水)|进水|泡水|磕(?:了|到)|\bdropped it|\bfell into|\bwater got in"),
    "production": re.compile(r"一?到手就|收到(?:时|的?时候)?就|刚?拆开就|打开就|开箱就|\bout of the box|\bon arrival|\barrived (?:broken|faulty|torn|cracked)"),
}  # fmt: skip

_HALF = re.compile(r"一半|半数|\bhalf\b")
_THIRDS = re.compile(rf"({NUMBER})分之({NUMBER})")
_ENGLISH_PARTS = {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
_PART = re.compile(r"\b(a|one|two|three) (third|quarter|fifth|tenth)s?\b")
_TENTHS = re.compile(rf"({NUMBER})成")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%|百分之([0-9一二三四五六七八九十百]+)")
_OF_WHOLE = re.compile(rf"({NUMBER}) ?(?:out of|of the|of|/) ?(?:the )?({NUMBER})")
_WHOLE_THEN_BAD = re.compile(
    rf"({NUMBER}) ?[个斤颗只盒箱枚]\D{{0,6}}?(?:坏|烂|臭|霉|黑|少)[了的]?({NUMBER}) ?[个斤颗只盒枚]"
)
_ALL = re.compile(
    r"全(?:都|部)?(?:烂|坏|臭|化|是坏)|没有?一个好|\ball (?:of (?:it|them) )?(?:are |is |was |were )?(?:rotten|bad|spoil)"
)


def trouble_facts(intent: str, words: str) -> Facts:
    """The facts that `words`, said about `intent`, claim."""
    said = fold(words)
    if intent == "fresh_spoiled":
        return _fresh(said)
    if intent in {"return_quality", "repair", "warranty_claim", "refund_only"}:
        return _fault(said)
    return {}


def _fresh(said: str) -> Facts:
    found = [name for name, pattern in FRESH.items() if pattern.search(said)]
    share = bad_share(said)
    known: Facts = {"fresh_problem": found} if found else {}
    return known if share is None else {**known, "bad_share_bp": share}


def _fault(said: str) -> Facts:
    causes = [name for name, pattern in CAUSES.items() if pattern.search(said)]
    return {"defect_cause": causes[0]} if len(causes) == 1 else {}


def bad_share(said: str) -> int | None:
    """The share that is bad, in basis points, from folded words; None when they name none: `三分之一` is 3333."""
    if _ALL.search(said):
        return 10_000
    for part, whole in _shares(said):
        if whole > 0 and 0 < part <= whole:
            return round(part / whole * 10_000)
    return None


def _shares(said: str) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for match in _PERCENT.finditer(said):
        found += _pair(match[1] or match[2], "100")
    for match in _THIRDS.finditer(said):
        found += _pair(match[2], match[1])
    for match in _TENTHS.finditer(said):
        found += _pair(match[1], "10")
    for match in _PART.finditer(said):
        found += _pair(match[1], str(_ENGLISH_PARTS[match[2]]))
    for match in _WHOLE_THEN_BAD.finditer(said):
        found += _pair(match[2], match[1])
    for match in _OF_WHOLE.finditer(said):
        found += _pair(match[1], match[2])
    return [*found, *([(1, 2)] if _HALF.search(said) else [])]


def _pair(part: str, whole: str) -> list[tuple[float, float]]:
    one, other = number(part), number(whole)
    return [] if one is None or other is None else [(one, other)]
