"""One message, several issues: where a customer turns to something else.

Cut at sentence ends and at words that announce a further matter (另外, 还有, 顺便, and also). Commas cut only where
both sides can stand alone, which the classifier decides.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[。!?;\n…~]+|[.](?=\s|$)")
_TURN = re.compile(
    r"(?:另外|还有(?=[,，\s]|个?(?:问题|事|一件|就是|我|上次|之前|那个|你们))|顺便|顺带|对了|除此之外|再问(?:一下|下)|还想问|还要问|再(?:帮我|给我)|以及|同时"
    r"|\b(?:and also|also|besides|by the way|btw|another thing|one more thing|secondly|plus,)\b)"
)
_COMMA = re.compile(r"[,，、:]")
_MIN = 4
MAX_SEGMENTS = 12


def segments(folded: str) -> list[str]:
    """The parts of a folded message that may be issues of their own, in order; at most 12, the rest in the last."""
    parts: list[str] = []
    for sentence in _SENTENCE.split(folded):
        start = 0
        for turn in _TURN.finditer(sentence):
            parts.append(sentence[start : turn.start()])
            start = turn.end()
        parts.append(sentence[start:])
    found = [part.strip(" ,，、") for part in parts]
    found = _join_short([part for part in found if part])
    if len(found) > MAX_SEGMENTS:
        found = [*found[: MAX_SEGMENTS - 1], ",".join(found[MAX_SEGMENTS - 1 :])]
    return found or [folded.strip()]


def clauses(segment: str) -> list[str]:
    """The comma-separated parts of one segment, short ones joined to what follows."""
    return _join_short([part.strip() for part in _COMMA.split(segment) if part.strip()])


def _join_short(parts: list[str]) -> list[str]:
    """Fewer than four characters say too little to be an issue: they go with the part after them, the last before."""
    joined: list[str] = []
    held = ""
    for part in parts:
        whole = f"{held},{part}" if held else part
        if len(whole) < _MIN:
            held = whole
            continue
        joined.append(whole)
        held = ""
    if held:
        if joined:
            joined[-1] = f"{joined[-1]},{held}"
        else:
            joined.append(held)
    return joined
