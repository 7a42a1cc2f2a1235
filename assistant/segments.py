# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""One message, several issues: where a customer turns to something else, and what is only said to be left aside.

Cut at sentence ends and at words that announce a further matter (另外, 还有, 顺便, and also). Commas cut only where
both sides can stand alone, which the classifier decides. A clause that declines something (不是要退货, no need for an
agent) is not what the customer wants, as long as anything else is said.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[。!?;\n…~]+|[.](?=\s|$)")
_TURN = re.compile(
    r"(?:另外(?!加|收|付|算|要钱|补|花|买)|还有(?=[,，\s]|个?(?:问题|事|一件|就是|我|上次|之前|那个|你们))|顺便|顺带|对了|除此之外|再问(?:一下|下)|还想问|还要问|再(?:帮我|给我)|以及|同时"
    r"|\b(?:and also|also|besides|by the way|btw|another thing|one more thing|secondly|plus,)\b)"
)
_COMMA = re.compile(r"[,，、:]|(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])|(?<=[^干]吗)(?=[\u4e00-\u9fff]{3})")
"""What parts clauses; who types Chinese fast puts a space for a comma, or nothing at all after a question's 吗."""
_MIN = 4
MAX_SEGMENTS = 12
_TAIL = 4
_STANDS = re.compile(
    r"^(?:多少钱|什么价|包邮[吗么不]?|有货[吗么没不]?|转人工|找人工|人工|有券[吗么没]|开票[吗么不]?|保真[吗么不]|我?[想要](?:报修|维修|返修))$"
)
"""Short, and yet an issue of its own."""
_REASON = re.compile(
    r"^(?:我|就|也|又|现在|突然|实在|那|这|了|已经)*(?:不想要|不要|不喜欢|不需要|不合适|用不上|用不着|后悔|买错|拍错|下错|买重|拍重|太[慢大小长短紧松肥贵]|偏[大小]|等不及|来不及|不合身)了?(?:的)?$"
    r"|^.{1,8}(?:太|偏|有点)[大小长短紧松肥]了?$|^.{0,12}(?:买|拍|下单|订)的.{0,6}$|^.{0,8}那(?:个|单|笔|件|双|套)$|^.{1,8}的(?:订单|单子)$"
    r"|^(?:这?都|已经?|这)+(?:过了?|等了)?(?:好?几|[一二三四五六七八九十两]+|\d+)个?(?:天|小时|星期|月|周)了$"
    r"|^(?:my|the|these|those) [\w-]+$|^(?:my|the|this|that)(?: \w+){0,2} (?!broke)\w+(?<!ed)(?<!s)$"
)
"""A clause that only says why or which: it belongs to the wish that follows (不想要了，取消订单吧)."""
_DEPENDENT = re.compile(
    r"^(?:那|就|请|麻烦|帮我|给我|帮忙|你们?|能不能|可以|直接)*(?:改|换|弄|处理|查|看|办|退|取消|拦截|解决|怎么办|怎么处理|咋办)(?:一下|下|了|掉)?(?:它)?(?:吧|呗|吗|么|谢谢|啊|呢)*$"
    r"|^(?:please |can you |could you |so )*(?:change|fix|sort|cancel|check|return|update|handle|do|swap|replace) (?:it|this|that|them)(?: for me| out)?(?: please)?$"
)
"""A clause whose object stands before it (the address is wrong, please change it): it goes with what it follows."""
_DECLINED = re.compile(
    r"^(?:别误会|不要误会|[,，]|我|也|倒|可|真|这|其实|就|先|那|你们?|请|暂时|并|又|都|了)*"
    r"(?:不是(?:来|要|想|说|在|催|质量|为了|因为|问|投诉|退|换)|没(?:有)?.{0,6}的意思|没(?:有)?(?:说)?(?:要|想|说)(?!收到)|无意"
    r"|(?:不想|不打算|不准备|不要|不用|不必|不需要|无需|不会|别|先别|先不)(?:再|给我|帮我|急着|去|跟我|你们?)*(?:退(?!款不)|换|转|补|开|取消|投诉|修|找|叫|打|举报|起诉|催|人工|发票|差评)"
    r"|不(?:退|换|取消|投诉)了|[^,，]{1,10}(?:留着|留下|保留|自己(?:用|吃|穿|留))(?:吧|了|就好|就行)?$"
    r"|(?:but |and )?(?:i'?ll |i will |we |we'?ll )?keep(?:ing)? (?:the|my|one|it)\b"
    r"|(?:i'?m|i am|it'?s|this is)? ?not (?:asking|after|here|looking|complaining|trying|about|a complaint|going to)\b"
    r"|(?:there(?:'?s| is) )?no need (?:for|to)\b|(?:i )?(?:don'?t|do not) (?:want|need) (?:to|an?|any|another)\b(?! more| longer)"
    r"|(?:i )?(?:won'?t|will not|am not going to)\b|(?:please )?(?:don'?t|do not) (?:transfer|escalate|connect|cancel|refund|return)\b)"
)
_NOT_DECLINED = re.compile(r"吗|么|\?|为什么|怎么|就(?!是|想|问|好|行)|的话|if\b|unless|否则|不然")
_FOR_IT = re.compile(r"补|赔|便宜|返|优惠|折|compensat|discount|money|refund \d|keep")
"""不退了，补我20: here the declined half is one half of a bargain."""


def topics(folded: str) -> list[list[str]]:
    """The parts of a folded message that may be issues of their own, in order, those of one topic together.

    A word that announces a further matter opens a topic. Of a very long message the first 8 and the last 4 parts are
    read: what somebody wants stands at its beginning or its end.
    """
    found: list[list[str]] = [[]]
    for sentence in _SENTENCE.split(folded):
        start = 0
        for turn in _TURN.finditer(sentence):
            found[-1].append(sentence[start : turn.start()])
            found.append([])
            start = turn.end()
        found[-1].append(sentence[start:])
    found = [[part for part in (part.strip(" ,，、") for part in topic) if part] for topic in found]
    found = [joined for topic in found if (joined := _join_short(topic))]
    return _at_most(found, MAX_SEGMENTS) or [[folded.strip()]]


def segments(folded: str) -> list[str]:
    """All parts of `topics`, flat."""
    return [part for topic in topics(folded) for part in topic]


def clauses(segment: str) -> list[str]:
    """The comma-separated parts of one segment, short ones and bare reasons joined to what follows."""
    parts = _join_short([part.strip() for part in _COMMA.split(segment) if part.strip()])
    return parts if len(parts) <= MAX_SEGMENTS else [*parts[: MAX_SEGMENTS - _TAIL], *parts[-_TAIL:]]


def wanted(parts: list[str]) -> list[str]:
    """`parts` without those that only decline something; all of them when nothing else would be left."""
    kept = [part for part in parts if not (_DECLINED.search(part) and not _NOT_DECLINED.search(part))]
    if len(kept) == len(parts) or any(_FOR_IT.search(part) for part in kept):
        return parts
    return kept or parts


def _at_most(found: list[list[str]], most: int) -> list[list[str]]:
    if sum(map(len, found)) <= most:
        return found
    flat = [part for topic in found for part in topic]
    return [[part] for part in (*flat[: most - _TAIL], *flat[-_TAIL:])]


def _join_short(parts: list[str]) -> list[str]:
    """Fewer than four characters say too little to be an issue, and a reason is none: they go with the part after
    them, the last before; what points back goes with the part before.
    """
    joined: list[str] = []
    held = ""
    for part in parts:
        if joined and not held and _DEPENDENT.search(part):
            joined[-1] = f"{joined[-1]},{part}"
            continue
        whole = f"{held},{part}" if held else part
        short = len(whole) < _MIN and not _STANDS.search(whole) and not _DECLINED.search(whole)
        if (short or _REASON.search(whole)) and not (held and _STANDS.search(part)):
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
