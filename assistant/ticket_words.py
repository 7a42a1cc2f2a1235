# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""What a customer says of a case that is already open: take it back, here is the parcel's number, I accept your offer.

These are no intents of the taxonomy: the same words mean something else, or nothing, to a customer whose records show no
case that allows the step. So they count only beside such a case; what comes of them is a proposal like any other.
"""

from __future__ import annotations

import re

from assistant.context import TurnContext
from assistant.naming import kinds_named, named_orders, with_case
from assistant.order_facts import customer_moves, newest_of
from assistant.orders import open_tickets
from assistant.shop import Order, Ticket, TicketKind
from assistant.ticket_moves import ALL_KINDS, GOODS_BACK, REFUNDS
from knowledge.text import fold

_KIND = r"退货|换货|售后|维修|返修|补发|价保|投诉|纠纷|介入"
_CASE = rf"(?:(?:{_KIND}|退款|仅退款)(?:的)?(?:申请|单子?|服务)?)"
_NAMED = rf"(?:(?:{_KIND})(?:的)?(?:申请|单子?|服务)?|(?:仅?退款)(?:的)?(?:申请|单子?))"
"""Calling off a `退款` says nothing by itself: `取消退款` is how people cancel an order to be refunded."""
_AFTERWARDS = r"(?!.{0,4}(?:后|之后|以后|还能|的话))"
_BETWEEN = r"(?:(?!并|给|然后|和|后)[^，,。；;单]){0,6}"
_TAKEN_BACK = re.compile(
    rf"(?<!不要)(?<!别)(?<!没)(?:(?:撤销|撤回|撤掉|撤了|作废)(?:一下)?{_BETWEEN}{_CASE}|取消(?:一下|掉)?{_BETWEEN}{_NAMED}){_AFTERWARDS}"
    rf"|(?:{_CASE}[^，,。；;]{{0,6}}(?:撤销|撤回|撤掉|撤了|作废)|{_NAMED}[^，,。；;]{{0,6}}(?:取消|不(?:要|用|办|申请|退|换|修)了)){_AFTERWARDS}"
    r"|(?<!n't )(?<!not )\b(?:withdraw|cancel|call off|drop|take back|revoke)\b(?:(?!\b(?:order|and|with|for|full)\b)[\w' ]){0,24}\b(?:return|exchange|refund|repair|request|claim|case|complaint|dispute)\b"
)
_KEPT_AFTER_ALL = re.compile(
    r"(?:^|[，,。；;]|我|就|还是)(?:先)?不(?:想|要|用|打算)?(?:再)?(?:退|换|修|投诉)(?:货|款)?了?(?:[吧。!！，,]|怎么(?:弄|办|撤)|$)"
    r"|(?:还是|决定|打算)(?:自己)?留(?:着|下)"
    r"|\bkeep (?:it|them)\b(?: after all| instead|[.!]?$)|\b(?:don'?t|do not|no longer) want to (?:return|exchange)\b"
)
"""The same without naming the case: it counts while nothing else is being arranged, and nothing wished for instead."""
_INSTEAD = re.compile(r"[退换修赔补]|取消|\b(?:return|refund|exchange|replac|repair|cancel|compensat)")
_DROPPED: tuple[tuple[re.Pattern[str], frozenset[TicketKind]], ...] = (
    (re.compile(r"不\w{0,3}换|\bto exchange\b"), frozenset({"exchange"})),
    (re.compile(r"不\w{0,3}修"), frozenset({"repair"})),
    (re.compile(r"不\w{0,3}投诉"), frozenset({"complaint", "platform_dispute"})),
    (re.compile(r"不\w{0,3}退|\bto return\b"), REFUNDS),
)
"""Which cases such words can be about; words for keeping the goods are about all that takes them back."""
_SENT = re.compile(
    r"(?:寄|发|退)(?:回|出|走)(?:去|来)?(?:给你们?|给商家)?了(?![吗么没])|(?:已经?|刚刚?|都)寄了|(?:填|登记|录|补).{0,4}(?:运?单号|快递号)|(?:退货|寄回|运)(?:的)?(?:快递)?单号(?:是|为|[:：])"
    r"|\bi(?:'ve| have|'ve just| just)? (?:already |just )?(?:sent|posted|shipped|mailed) (?:it|them|the \w+|this)(?: back| off)?\b|^(?:just |already )?(?:sent|posted|shipped|mailed) (?:it|them)\b|\btracking (?:number|no\.?) (?:is|:)"
)
_NOT_SENT = re.compile(r"还没|没有?寄|怎么|哪里|在哪|如何|[吗么?？]|\bhow\b|\bwhere\b|\bnot yet\b|\bhaven'?t\b")
_ACCEPTED = re.compile(
    r"^(?:我|那就)?(?:接受|同意)(?:吧|了)?[。.!]?$|^(?:i )?(?:accept|agree)(?: it)?[.!]?$|(?<!不)(?:接受|同意|认可).{0,6}(?:方案|补偿|这个处理|提议)|就(?:按|照)(?:这个|你们).{0,4}(?:方案|办|来)"
    r"|(?<!n't )(?<!not )\b(?:accept|agree to|take)\b.{0,16}\b(?:offer|proposal|solution|deal)\b"
)
_DECLINED = re.compile(
    r"^(?:我)?不(?:接受|同意)(?:了)?[。.!]?$|^(?:i )?(?:decline|do not accept|don't accept)(?: it)?[.!]?$|(?:不(?:接受|同意|认可)|拒绝).{0,8}(?:方案|补偿|处理|提议)"
    r"|\b(?:decline|reject|refuse|(?:do not|don'?t|not) (?:accept|want))\b.{0,16}\b(?:offer|proposal|solution|deal)\b"
)
_APPEALED = re.compile(
    r"(?<!不)(?<!不想)(?<!不用)申诉(?!.{0,4}(?:要多久|多久|期限))|不服|\bappeal\b|\bdisagree with the (?:ruling|judge?ment|decision|rejection)\b"
)
_GROUNDS = re.compile(r"因为|明明|但是?|其实|根本|理由|\bbecause\b|\bsince\b|\bbut\b|\balthough\b")
_ASKED_AFTER = re.compile(
    r"(?:售后|申请|补发|换货|维修|返修|投诉|工单|纠纷)(?:单|申请)?的?(?:现在|目前|处理)?(?:的|是|到)?(?:什么)?(?:进度|进展|状态|情况|结果|怎么样|到哪|有(?:结果|消息|进展)|好了(?:吗|没))"
    r"|(?:商家|店家|你们)?(?:的|给的)?方案(?:是什么|是啥|呢|怎么说|内容)|\bwhat(?: is|'s) (?:the|your) offer\b"
    r"|\b(?:status|progress|update|news)\b[\w' ]{0,12}\b(?:case|request|exchange|complaint|ticket|claim|repair|dispute)\b"
    r"|\b(?:case|request|exchange|complaint|ticket|claim|repair|dispute)(?:'s)?\b[\w' ]{0,8}\b(?:status|progress|going|coming along)\b"
)
_ASKED_WHEN = re.compile(
    r"退货?的?(?:包裹|快递|件)?(?:现在|目前|寄)?(?:到哪|到了没|收到)|^(?:那|请问)?(?:你们|商家|仓库)(?:那边)?(?:收到|签收)(?:我的)?(?:退货|货)?了?(?:没有?|吗|么)[?？]?$"
    r"|\bwhere(?: is|'s) my return\b|\bdid you (?:get|receive) (?:my|the) (?:return|parcel)\b"
    r"|(?:换货|补发|维修|返修)的?[^，,。；;]{0,6}(?:什么时候|多久|几天|何时)(?:才)?(?:能)?(?:寄|发|到|好|回|修好)"
    r"|^(?:那|请问)?(?:我的)?(?:现在|目前)?(?:到哪一?步了?|处理到哪(?:一?步)?了?|进展如何|办得怎么样了?|进度(?:怎么样|如何)?了?)[?？吗呢]?$"
    r"|\bwhen (?:will|do) (?:i get|you send) (?:my|the) (?:replacement|exchange|resend)\b"
)
"""What asks after a case only where there is one: else it asks for the rule, or after the parcel."""
_WAYBILL = re.compile(r"(?<![\da-z])((?:[a-z]{2,4}-?)?\d{10,18})(?![\da-z])", re.I)

FLOWS: dict[str, str | None] = {
    "ticket_withdraw": "withdraw",
    "ticket_ship_return": "ship_return",
    "ticket_accept_offer": "accept_offer",
    "ticket_decline_offer": "decline_offer",
    "ticket_appeal": "appeal",
    "ticket_status": None,
}
"""The flows that such words lead to, each with the event it proposes, if any."""


NONE_OPEN = "ticket_none_open"
"""The flow for who speaks of a request by its name and has none."""


def waybill_in(text: str) -> str | None:
    """The number of a parcel, as carriers print it: letters of the carrier, if any, and at least ten digits."""
    found = _WAYBILL.search(text)
    return found[1].upper() if found else None


def tells_grounds(text: str) -> bool:
    """Whether a message that appeals says why, so that nothing more has to be asked."""
    said = fold(text)
    return _APPEALED.search(said) is not None and _GROUNDS.search(said) is not None


def step_in(text: str) -> str | None:
    """The flow that `text` asks for, were there a case that allows it; None when it is about no case."""
    said = fold(text)
    if _DECLINED.search(said):
        return "ticket_decline_offer"
    if _ACCEPTED.search(said):
        return "ticket_accept_offer"
    if _APPEALED.search(said):
        return "ticket_appeal"
    if _TAKEN_BACK.search(said) or _KEPT_AFTER_ALL.search(said):
        return "ticket_withdraw"
    number = waybill_in(said)
    if _SENT.search(said) and (number or not _NOT_SENT.search(said)):
        return "ticket_ship_return"
    return "ticket_status" if _ASKED_AFTER.search(said) or _ASKED_WHEN.search(said) else None


def step_wanted(turn: TurnContext) -> str | None:
    """The issue a message raises about an open case (`flow@order` where it is plain which); None when it raises none.

    Reads the orders this turn knows: a customer without a case that allows the step has said something else, unless
    the case is called by its name.
    """
    flow = step_in(turn.heard.text)
    if flow is None or turn.heard.risks or (flow != "ticket_status" and _bare(turn) and _arranging(turn)):
        return None
    kinds = _dropped(turn) if flow == "ticket_withdraw" and _bare(turn) else ALL_KINDS
    allowing = [order for order in turn.known_orders if _allows(order, FLOWS[flow], kinds, turn)]
    if not allowing and flow == "ticket_appeal":
        # no judgement to appeal against: a rejection of the shop's own goes before the platform
        flow = "platform_intervention"
        allowing = [o for o in turn.known_orders if any(ticket.state == "REJECTED" for ticket in o.tickets)]
        return f"{flow}@{meant.order_id}" if allowing and (meant := _meant(allowing, turn)) else None
    if not allowing:
        named = {"ticket_withdraw": _TAKEN_BACK, "ticket_status": _ASKED_AFTER}.get(flow)
        called = named is not None and named.search(fold(turn.heard.text)) is not None
        return NONE_OPEN if called and turn.customer is not None else None
    meant = _meant(allowing, turn)
    return flow if meant is None else f"{flow}@{meant.order_id}"


def case_meant(order: Order, intent: str, turn: TurnContext) -> Ticket | None:
    """The case of `order` that a message means: of those that take the step `intent` is, the one it names, else the
    newest. None when there is none.
    """
    event = FLOWS.get(intent)
    cases = [each for each in order.tickets if event is None or event in customer_moves(each, turn.now)]
    words = turn.words_for(intent)
    named = kinds_named(words) or (_dropped(turn) if intent == "ticket_withdraw" else frozenset())
    return newest_of([each for each in cases if each.kind in named] or cases)


def _bare(turn: TurnContext) -> bool:
    """Whether the message calls no case by its name."""
    return _TAKEN_BACK.search(fold(turn.heard.text)) is None


def _dropped(turn: TurnContext) -> frozenset[TicketKind]:
    """The kinds of case that words without a case's name may take back; none where something else is wished for."""
    said = fold(turn.heard.text)
    if _INSTEAD.search(_KEPT_AFTER_ALL.sub(" ", said)):
        return frozenset()
    return next((kinds for pattern, kinds in _DROPPED if pattern.search(said)), REFUNDS | GOODS_BACK)


def _arranging(turn: TurnContext) -> bool:
    """Whether something is being asked or proposed right now: that is what such words are then about."""
    return turn.open_proposal is not None or turn.conversation.state.waiting_for is not None


def _allows(order: Order, event: str | None, kinds: frozenset[TicketKind], turn: TurnContext) -> bool:
    """Whether one of the order's cases of `kinds` takes this step; without a step, whether it has a case at all."""
    cases = [ticket for ticket in order.tickets if ticket.kind in kinds]
    return any(event is None or event in customer_moves(ticket, turn.now) for ticket in cases)


def _meant(allowing: list[Order], turn: TurnContext) -> Order | None:
    words, at_hand = turn.heard.text, turn.state.order_id
    for few in (
        named_orders(words, allowing, turn.engine.catalogue),
        [order for order in allowing if order.order_id == at_hand],
        with_case(words, allowing),
        [order for order in allowing if open_tickets(order)],
        allowing,
    ):
        if len(few) == 1:
            return few[0]
    return None
