# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""Questions about a rule rather than about an order of one's own: how long, from which day, who pays, is it allowed.

The same words may ask for either (`退款要多久`): a question that names an order, goods the customer has bought or their
own case is about that; what asks in general is answered by the clause.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import partial

from assistant.answers import answer_from_clauses, place_and_time, quote_answer
from assistant.context import TurnContext
from assistant.errors import ShopUnavailable
from assistant.flow_run import shop_place
from assistant.flows import Flow
from assistant.naming import named_orders
from assistant.shop import Order
from knowledge.clauses import Clause, Place
from knowledge.errors import UnknownClause
from knowledge.mending import mend
from knowledge.text import fold

_DEADLINE = re.compile(
    r"(?:多久|几天|多少天|几个?小时|多长时间|什么时间|几号)(?:之)?(?:内|以内|之前|前)|期限|时限|最晚(?:什么时候|几天|多久)"
    r"|\bwithin how|\bhow (?:soon|long|quickly) (?:must|should|do i have|can i)|\bdeadline|\btime limit"
)
"""What asks how long one has is about the rule even where an order is named."""
_TIME = re.compile(
    r"多久|几天|多少天|几个?(?:工作日|小时)|多长时间|什么时候|\b(?:how (?:soon|long|many days|quickly)|when)\b"
)
_SAYS_TIME = re.compile(
    r"\d\s*个?(?:天|日|小时|分钟|工作日|月)|[一两二三四五六七八九十]个?(?:天|小时|工作日|月)|\b(?:hour|day|month|minute)s?\b"
)
_GENERAL = re.compile(
    r"多久|多长时间|几天|几个?(?:工作日|小时|月)|多少天|从(?:哪|什么时候)|什么时候(?:开始)?(?:算|计)|怎么(?:算|赔|规定|界定|判定|计算|收费)"
    r"|算不算|哪(?:几|些|种|个)(?:商品|东西|情况|指标|项|类|种)?|要(?!我).{1,8}吗$|规定|政策|规则|一般|通常|按理|等于|是不是|(?:还|可以|能)(?:.{0,8}[吗么]|.{1,8}不)(?:$|[\s,?])|谁(?:出|付|承担|来付)|支持.{1,8}[吗么不]|分期|免息|收费[吗么]|要(?:不要)?(?:钱|收费|付费)"
    r"|\bhow (?:soon|long|many|much|quickly|is|are)\b|\bfrom which day|\bwhen (?:do|does|is|are)\b|\bwhat (?:is|are|happens|if)\b|\bwho pays\b|\bwhich\b"
    r"|\b(?:can|are|is|do|does|may|will)\b.{2,60}\?|^(?:do|can) (?:you|i|we) (?:take|accept|pay)\b|\b(?:normally|usually|in general|policy|rules?|allowed)\b"
)
_REQUEST = re.compile(
    r"^(?:发票|地址|订单|包裹|差价|价保)?(?:现在|还|也)?(?:能|能不能|可以|可不可以)(?:帮忙|帮我|给我|麻烦)?(?:重新|补|再)?(?:取消|退掉?|换|开|修改|改|拦截|申请|价保|补发|登记)(?:一?下|一?张|一?个)?(?:发票|票|地址|订单|包裹|快递|价保|退款|退货|换货|售后)?(?:吗|么|嘛|不)?[?]?$"
    r"|^(?:can|could|may) (?:i|you) (?:please )?(?:get|have|issue|cancel|change|return|exchange|intercept) (?:it|this|an? (?:invoice|refund|exchange)|the (?:order|address|invoice|parcel))(?: please| for me)?[?]?$"
)
"""`能开发票吗`: put as a question, and meant as a wish; nothing of a rule (since when, how long, opened or not) is in it."""
_PUT_RIGHT = re.compile(
    r"(?:填|写|选|拍|输|弄|搞)错了?[^吗么?]{0,6}(?:能|可以)[^吗么?]{0,4}(?:改|换|重开|重新)[^吗么?]{0,8}[吗么不]?[?]?$"
)
"""`地址填错了，能改吗`: somebody tells of a slip of theirs and wants it put right."""
_OWN = re.compile(
    r"我(?:的|们的|买的?|那|这|刚|昨|上(?:周|次|个)|之前|收到|付|拍)|这(?:单|笔|个订单|件|双|次)|那(?:单|笔|个订单|件|双)|还没|还不|怎么还|都.{1,6}了|帮(?:我|忙)|给我|(?:我)?(?:要|想)(?:退|换|取消|改|申请)"
    r"|\bmy\b|\bi(?:'ve|'d| have| had)? (?:bought|ordered|paid|received|got|returned|want|need|would)\b|\bhasn'?t|\bhaven'?t|\bstill (?:not|waiting|no)\b|\bth(?:is|at) order\b|\bplease\b|\bmine\b"
)
_ASKS = re.compile(
    r"多少|几|哪|什么|怎么|如何|是否|能否|可否|吗|么$|[?]|\b(?:what|which|when|where|who|how|why|is|are|do|does|can)\b"
)
_LEAD = re.compile(
    r"^(?:那么?|请问|想问(?:一下|下)?|问一下|咨询(?:一下|下)?|你好|您好|不对|不是|错了|我(?:是|要|想)?问(?:的是|一下|下)?|我(?:指|说)的是|[,，、\s])+"
    r"|^(?:(?:and|so|no|ok|hi|hello|well|sorry|wait|i mean|i meant|what i mean is|i am asking about|my question is)\b[,:\s]*)+",
)
"""What leads up to a question and says nothing of it."""


def question_in(words: str) -> str:
    """`words` without what only leads up to the question."""
    said = mend(fold(words)).strip()
    return _LEAD.sub("", said).strip() or said


def asks_in_general(words: str) -> bool:
    """Whether `words` ask for a rule, without a case of one's own in them."""
    said = question_in(words)
    return asks_a_rule(words) and (bool(_DEADLINE.search(said)) or not _OWN.search(said))


def asks_a_rule(words: str) -> bool:
    """Whether a rule may answer `words`, be it with a case of one's own in them."""
    said = question_in(words)
    if _REQUEST.search(said) or _PUT_RIGHT.search(said):
        return False
    return bool(_DEADLINE.search(said) or _GENERAL.search(said))


def asks_anything(words: str) -> bool:
    """Whether `words` are a question, of no goods or orders of one's own, and no wish put as one."""
    said = question_in(words)
    return bool(_ASKS.search(said)) and not (_OWN.search(said) or _REQUEST.search(said) or _PUT_RIGHT.search(said))


async def prepare_search(turn: TurnContext) -> None:
    """Have done off the event loop what a search waits for outside, so that no other talk waits for it."""
    if turn.engine.index.takes_time:
        parts = [question_in(guess.words) for guess in turn.heard.intents if guess.words]
        place, as_of = place_and_time(turn)
        ask = partial(turn.engine.index.prepare, as_of=as_of, place=place, lang=turn.lang)
        await asyncio.to_thread(ask, [turn.heard.text, *parts])


async def rule_asked_for(intent: str, flow: Flow, turn: TurnContext) -> str | None:
    """The clause that answers a question about the rule behind an order flow; None when the order itself is meant."""
    words = question_in(turn.words_for(intent))
    if not asks_in_general(words):
        return None
    if not _DEADLINE.search(words):
        own: tuple[Order, ...] = ()
        with suppress(ShopUnavailable):  # a rule is told whether or not the orders can be read
            own = tuple(await turn.orders())
        slots = turn.heard.slots
        if (
            turn.asked.order_id
            or slots.order_id
            or slots.order_tail
            or named_orders(turn.heard.text, own, turn.engine.catalogue)
        ):
            return None
        at_hand = [order for order in own if order.order_id == turn.state.order_id] or own
        if any(_has_state(flow, order) for order in at_hand):
            return None  # where it stands is what they want to know
    return rule_of(flow, turn, words)


def _has_state(flow: Flow, order: Order) -> bool:
    """Whether an order has what a flow tells the state of: itself, or its newest case."""
    if flow.by == "ticket_state":
        return bool(order.tickets)
    return flow.by is not None and (not flow.states or order.state in flow.states)


def rule_of(flow: Flow, turn: TurnContext, words: str) -> str | None:
    """The clause for `words`: what search is sure of, unless the flow names one of the shop's own for this question."""
    named = _named(flow, turn)
    own = next((clause for clause in named if not clause.policy.inherited), None)
    clause = own or (named[0] if named else None)
    when = clause and _TIME.search(words) and _SAYS_TIME.search(clause.text)
    if own is None and not when and (found := answer_from_clauses(turn, words)):
        return found
    return quote_answer(clause, turn, words, as_of=turn.now) if clause else None


def _named(flow: Flow, turn: TurnContext) -> list[Clause]:
    """The clauses a flow names for questions about its rule, as far as they are in force here."""
    here = shop_place(turn)
    place = Place(platform=turn.heard.slots.platform or here.platform, region=here.region)
    found = []
    for ref in flow.rule:
        policy, _, anchor = ref.partition("@*#")
        for version in turn.engine.policies.pack.policies:
            if version.id == policy and version.window.contains(turn.now) and version.scope.covers(place):
                try:
                    found.append(turn.engine.index.clause(f"{version.key}#{anchor}", turn.lang))
                except UnknownClause:
                    continue
                break
    return found
