"""Finding what a flow is about: which of the customer's own orders, and which lines of it.

The customer's words only choose among orders the shop's records show as theirs; they never make one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.context import Question, TurnContext
from assistant.conversation import Card, QuickReply
from assistant.flows import Flow
from assistant.naming import (
    further_orders,
    goods_in,
    goods_of_others,
    named_lines,
    named_orders,
    standing_where,
    with_case,
)
from assistant.order_facts import items, order_card
from assistant.orders import open_tickets
from assistant.shop import Order, OrderLine
from assistant.wording import fill, shortened
from knowledge.text import fold

_SHOWN = 5
_OVER = frozenset({"COMPLETED", "CLOSED"})
"""Of two orders of the same goods the one that is not over is meant, unless the customer says otherwise."""
OFFERED = "offered_orders"
"""The slot that keeps which orders were shown to choose from, so that "the second one" means something."""
ASKED_WITH = "asked_with"
"""The slot that keeps the words after which they were shown: they may name the goods that are meant in the order."""

_ORDINALS = (
    re.compile(r"第\s*[一1]|^[一1]$|上面|最新|最近|\bfirst\b|\blatest\b|\bnewest\b"),
    re.compile(r"第\s*[二2]|^[二2]$|\bsecond\b"),
    re.compile(r"第\s*[三3]|^[三3]$|\bthird\b"),
    re.compile(r"第\s*[四4]|^[四4]$|\bfourth\b"),
    re.compile(r"第\s*[五5]|^[五5]$|\bfifth\b"),
)
EVERY = re.compile(r"都|全部|一起|两(?:个|单|笔)|和|\bboth\b|\ball\b|\band\b")
"""Words that may want the same for more than one thing."""
OTHER = re.compile(
    r"另(?:外)?(?:一|那)?(?:个|单|笔|件)|(?:其他|别)的(?:订单|单|包裹|快递)"
    r"|\b(?:the|my) other (?:one|order|parcel|package)\b"
)
"""What turns from the order that was talked about to the rest."""
_LAST = re.compile(r"最后|最下面|\blast\b|\bbottom\b")


def ordinal(text: str) -> int | None:
    """Which of the things shown `text` means, counted from 0; -1 is the last one; None when it names none."""
    said = text.strip().lower()
    if _LAST.search(said):
        return -1
    return next((place for place, pattern in enumerate(_ORDINALS) if pattern.search(said)), None)


@dataclass(frozen=True, slots=True)
class NoSubject:
    """Why there is nothing to work on yet: words for the customer, perhaps with a question and orders to pick from."""

    text: str
    question: Question | None = None
    cards: tuple[Card, ...] = ()
    narrowed: bool = False
    """Whether fewer orders are left to choose from than were shown the turn before."""
    table: str | None = None
    """DT-23 when the reason is that the order may not be shown."""


def chosen_order(turn: TurnContext) -> str | None:
    """The id of the order the customer picks from those shown, by its place ("the second one")."""
    offered, place = turn.state.slots.get(OFFERED, []), ordinal(turn.heard.text)
    return offered[place] if place is not None and -len(offered) <= place < len(offered) else None


async def find_order(turn: TurnContext, flow: Flow, words: str) -> Order | NoSubject:
    """The order the flow is about, or why there is none. `words` is the part of the message that speaks of it.

    An order that is named is taken in whatever state it is: that its state does not fit is for the flow to say.
    """
    if turn.customer is None:
        return NoSubject(turn.say("sign_in"), table="DT-23")
    own = await turn.orders()
    named = _named(turn, own)
    if named is not None:
        return named
    if turn.only_order is None and _names_some_order(turn):
        return NoSubject(turn.say("not_your_order"), table="DT-23")
    kept = next((o for o in own if o.order_id == turn.state.order_id), None)
    if kept is not None and OTHER.search(fold(turn.heard.text)):
        own, kept = [order for order in own if order is not kept], None
    candidates = [o for o in own if not flow.states or o.state in flow.states]
    by_words = _by_words(words, own, candidates, turn) or _by_words(turn.heard.text, own, candidates, turn)
    if len(by_words) > 1:
        by_words = named_orders(turn.heard.text, by_words, turn.engine.catalogue) or by_words
        live = [order for order in by_words if order.state not in _OVER]
        by_words = live if len(live) == 1 and kept is None else by_words
    done_with = kept is not None and kept.state == "CLOSED" and flow.by != "ticket_state"  # its refund may be asked for
    settled = done_with and bool(candidates) and turn.state.flow is None
    if kept is not None and (kept in by_words if by_words else not settled):
        return kept
    if len(by_words) == 1:
        if EVERY.search(turn.heard.text):
            further = further_orders(words, by_words[0], candidates, turn.engine.catalogue)
            turn.more_orders.extend(order.order_id for order in further)
        return by_words[0]
    shown = [o for o in own if o.order_id in turn.state.slots.get(OFFERED, [])] if _asked(turn) else []
    candidates = by_words or shown or candidates or [o for o in own if o.state in flow.elsewhere]
    if own and not by_words and (missing := goods_of_others(words, own, turn.engine.catalogue)):
        return _pick(turn, candidates or own, fill(turn.say("no_such_goods"), {"goods": missing}))
    if not candidates and len(own) == 1:
        return own[0]
    return _choose(turn, flow, candidates, words)


def _asked(turn: TurnContext) -> bool:
    """Whether the turn before asked which order is meant."""
    return turn.conversation.state.waiting_for == "order_id"


def _by_words(words: str, own: Sequence[Order], candidates: Sequence[Order], turn: TurnContext) -> list[Order]:
    """The orders that `words` name best; of equal ones those whose state fits the flow."""
    named = named_orders(words, own, turn.engine.catalogue)
    return [order for order in named if order in candidates] or named


def _choose(turn: TurnContext, flow: Flow, candidates: Sequence[Order], words: str) -> Order | NoSubject:
    if not candidates:
        return NoSubject(turn.say("no_orders"))
    if len(candidates) == 1:
        return candidates[0]
    likely = [o for o in candidates if o.state in flow.prefer]
    asked_about = with_case(words, candidates) if flow.by == "ticket_state" or flow.about else []
    for few in (asked_about, standing_where(words, candidates), likely):
        if len(few) == 1:
            return few[0]
    for kind in flow.about:
        open_for = [o for o in candidates if any(ticket.kind == kind for ticket in open_tickets(o))]
        if len(open_for) == 1:
            return open_for[0]
    if flow.by == "ticket_state":
        busy = [o for o in candidates if open_tickets(o)]
        if len(busy) == 1:
            return busy[0]
    return _pick(turn, candidates, turn.say("pick_order"))


def _pick(turn: TurnContext, candidates: Sequence[Order], text: str) -> NoSubject:
    """Ask which of `candidates` is meant, in the words of `text`."""
    shown = candidates[:_SHOWN]
    before = turn.state.slots.get(OFFERED, [])
    words = turn.state.slots[ASKED_WITH] if _asked(turn) and ASKED_WITH in turn.state.slots else turn.heard.text
    turn.remember(slots={**turn.state.slots, OFFERED: [o.order_id for o in shown], ASKED_WITH: words})
    names = [items(o.lines, turn.engine.catalogue, turn.lang) for o in shown]
    replies = tuple(
        QuickReply(label=shortened(name, 24), text=o.order_id) for name, o in zip(names, shown, strict=True)
    )
    cards = Card(
        kind="orders",
        title=turn.say("pick_order"),
        data={"items": [order_card(o, turn.engine, turn.lang).data for o in shown]},
    )
    return NoSubject(
        text,
        question=Question("order_id", text, replies),
        cards=(cards,),
        narrowed=len(shown) < len(before),
    )


def _named(turn: TurnContext, own: Sequence[Order]) -> Order | None:
    wanted = turn.only_order or turn.heard.slots.order_id or turn.asked.order_id
    tail = turn.heard.slots.order_tail
    if wanted:
        return next((o for o in own if o.order_id == wanted), None)
    if tail:
        matches = [o for o in own if o.order_id.endswith(tail)]
        return matches[0] if len(matches) == 1 else None
    return None


def _names_some_order(turn: TurnContext) -> bool:
    return bool(turn.heard.slots.order_id or turn.asked.order_id or turn.heard.slots.order_tail)


def other_goods(turn: TurnContext, order_id: str | None) -> bool:
    """Whether the message names goods that are not in this order."""
    named = {order.order_id for order in named_orders(turn.heard.text, turn.known_orders, turn.engine.catalogue)}
    return order_id not in named and bool(named or goods_in(fold(turn.heard.text), turn.engine.catalogue))


def find_lines(turn: TurnContext, order: Order) -> Sequence[OrderLine] | Question:
    """The lines the request is about: the only one, the one named, all on request; else a question. Of one line with
    several pieces, only as many as were asked for."""
    lines = _named_lines(turn, order)
    if isinstance(lines, Question) or len(lines) != 1:
        return lines
    pieces = turn.heard.slots.quantity or turn.state.slots.get("quantity")
    if isinstance(pieces, int) and 0 < pieces < lines[0].qty and not turn.heard.slots.everything:
        turn.remember(slots={**turn.state.slots, "quantity": pieces})
        return (lines[0].model_copy(update={"qty": pieces}),)
    return lines


def _named_lines(turn: TurnContext, order: Order) -> Sequence[OrderLine] | Question:
    if len(order.lines) == 1:
        return order.lines
    kept = turn.state.slots.get("line")
    if kept == "all" or turn.heard.slots.everything:
        turn.remember(slots={**turn.state.slots, "line": "all"})
        return order.lines
    told = named_lines(turn.heard.text, order, turn.engine.catalogue)
    if not told and _asked(turn):
        told = named_lines(turn.state.slots.get(ASKED_WITH, ""), order, turn.engine.catalogue)
    if told:
        turn.remember(slots={**turn.state.slots, "line": "all" if len(told) == len(order.lines) else told[0].line_id})
        return order.lines if len(told) == len(order.lines) else told[:1]
    chosen = next((line for line in order.lines if line.line_id == kept), None)
    if chosen:
        return (chosen,)
    replies = [QuickReply(label=line.name.in_(turn.lang), text=line.name.in_(turn.lang)) for line in order.lines]
    whole = turn.engine.flows.choices["all_items"][0].in_(turn.lang)
    text = turn.engine.flows.questions["line"].in_(turn.lang)
    return Question("line", text, (*replies, QuickReply(label=whole, text=whole)))
