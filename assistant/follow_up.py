# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""Follow-ups: a message that only changes a detail of the wish before it (`那大衣呢`, `300以内的`, `and two of them?`).

Such a message holds no wish of its own: take out the goods, figures, sizes, colours, places and people it names, and
nothing but small words is left. It is then the last wish again, about something else.
"""

from __future__ import annotations

import re

from assistant.context import TurnContext
from assistant.flow_subject import OTHER, ordinal
from assistant.naming import goods_in
from assistant.slot_words import COLOUR, COLOUR_EN, NEEDS, RECIPIENTS, SIZE
from knowledge.mending import mend
from knowledge.numerals import NUMBER
from knowledge.text import fold

LAST = "last"
"""The slot that keeps the intent served last."""

_WHAT_ABOUT = re.compile(
    r"^(?:那|那么|还有)[^，,。？?]{1,12}呢[？?]?$|^(?:and|what about|how about) (?!(?:where|when|how|why|who|what|which|can|could|may|is|are|do|does|did|will|would|i|please)\b)(?:the |a |an )?[\w' -]{2,30}\?*$"
)
_LONGEST = 40
_UNIT = r"(?:元|块钱?|rmb|yuan|cny|个|件|双|套|盒|箱|只|瓶|包|条|袋|台|本|份|斤|公斤|米|厘米|公分|cm|kg|lbs?|码|号|pairs?|pieces?|pcs|sets?|boxes|bags?|packs?)"
_FIGURES = re.compile(rf"(?:¥|rmb|\$)?\s*{NUMBER}\s*{_UNIT}?")
_SMALL = re.compile(
    r"预算|左右|上下|以内|以下|以上|之内|之间|大概|差不多|不超过|最多|如果|要是|假如|换成|改成|喜欢|偏好|寄到|发到|送到|身高|体重|一点|有点|一些|点儿|哪个|这个|那个|那么|那|呢|的|吧|要|想|我|您|你|买|来|就|有|么|吗|点|些|到|给|送|用|穿|戴|是|呀|啊|哦|噢|嗯|也|还|再|只|款|种|订单|单|笔|色|高|重|长|宽|或者|或|和|跟|与|、|寄|发|一"
    r"|\b(?:and|what|about|how|if|i|it|is|the|a|an|under|below|within|up|to|for|of|them|then|or|say|maybe|around|roughly|yuan|in|size|order|like|want|would|buy|take|get|one|two|three|four|five|pairs?|pieces?|my|bit|little|please|with|budget|more|than|less|at|most|only|each|some|someone|person|who|likes?|tall|weigh(?:s|ing)?|foot|feet)\b"
)
_IS_THERE = re.compile(r"有.{0,6}[吗么没不?]|[码号].{0,2}有[吗么没不]?|\b(?:is|are) there\b|\bdo you have\b")
"""What asks whether there is one (`42码有吗`) is about the goods at hand, not another wish."""
_ASKED = re.compile(r"[吗么?]|\b(?:is|are|does|do|can) (?:it|they|this|that)\b")
_LETTER = re.compile(r"[^\W\d_]")


def continued(turn: TurnContext) -> str | None:
    """The intent this message goes on with, changing a detail of it; None when it is a message of its own."""
    last = turn.state.slots.get(LAST)
    flow = turn.engine.flows.flows.get(last) if isinstance(last, str) else None
    heard = turn.heard
    if flow is None or not (flow.skill or flow.subject == "order") or heard.yes is not None or heard.risks:
        return None
    said = mend(fold(heard.text)).strip()
    if _WHAT_ABOUT.match(said) and (flow.skill or _names_another(said, turn)):
        return last
    if len(said) > _LONGEST or _IS_THERE.search(said) or not _only_details(said, turn):
        return None
    if heard.slots.budget_max is not None and flow.skill != "recommend":
        return "product_recommend" if flow.skill else None
    return last if flow.skill or goods_in(said, turn.engine.catalogue) else None


def _names_another(said: str, turn: TurnContext) -> bool:
    """Whether goods or an order are named that the wish before may be meant for as well."""
    slots = turn.heard.slots
    numbered = slots.order_id or slots.order_tail or ordinal(said) is not None
    return bool(numbered or OTHER.search(said) or goods_in(said, turn.engine.catalogue))


def _only_details(said: str, turn: TurnContext) -> bool:
    """Whether nothing is left of the message without what may change from one question to the next."""
    catalogue, slots = turn.engine.catalogue, turn.heard.slots
    goods = goods_in(said, catalogue)
    rest = "".join(" " if place in goods else letter for place, letter in enumerate(said))
    place = (slots.city or "", slots.region or "")
    for word in place:
        rest = rest.replace(word.lower(), " ") if word else rest
    # a need that is asked about (`is it waterproof?`) is a question of its own
    needs = () if _ASKED.search(said) else NEEDS
    for pattern in (*(pattern for _, pattern in (*RECIPIENTS, *needs)), SIZE, COLOUR, COLOUR_EN, _FIGURES, _SMALL):
        rest = pattern.sub(" ", rest)
    named = rest != said and said.strip("?？。!！ ") != ""
    return named and not _LETTER.search(rest) and ordinal(said) is None
