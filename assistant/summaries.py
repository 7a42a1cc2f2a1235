"""Summaries of a conversation from its events: for the next colleague within seconds, and for the file afterwards.

Nothing is invented: each statement points to the turn it comes from, what a customer claims is worded as a claim, and
every figure stands in an event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from assistant.conversation import (
    Acted,
    AgentSaid,
    Asked,
    Conversation,
    Decided,
    Frozen,
    HandedOff,
    Lang,
    Logged,
    Mood,
    Proposed,
    Risk,
    Said,
    Understood,
)
from assistant.shop import Order
from assistant.wording import instant, money

Kind = Literal["handover", "after"]
Code = Literal["resolved", "partly", "pending_seller", "pending_buyer", "escalated", "abandoned", "refused"]

_MOODS: tuple[Mood, ...] = ("calm", "worried", "annoyed", "angry", "very_angry")
_LENGTH: dict[Kind, int] = {"handover": 120, "after": 250}
_WORDS = 30
_PRIVATE = re.compile(r"\d{7,}|[\w.+-]+@[\w-]+\.[\w.]+")

WRAP_UP: Mapping[str, str] = {
    "product_spec": "PRE_PRODUCT", "product_usage": "PRE_PRODUCT", "compatibility": "PRE_PRODUCT",
    "product_recommend": "PRE_PRODUCT", "outfit_match": "PRE_PRODUCT", "product_compare": "PRE_COMPARE",
    "size_recommend": "PRE_SIZE", "stock_query": "PRE_STOCK", "price_query": "PRE_PROMO", "promo_query": "PRE_PROMO",
    "coupon_issue": "PRE_PROMO", "shipping_time_query": "PRE_DELIVERY", "shipping_fee_query": "PRE_DELIVERY",
    "authenticity": "PRE_AUTH", "cancel_order": "ORD_CANCEL", "change_address": "ORD_ADDRESS",
    "change_order_item": "ORD_ADDRESS", "payment_issue": "ORD_PAY", "urge_shipping": "LOG_URGE",
    "late_ship_compensation": "LOG_URGE", "order_status": "LOG_TRACK", "track_parcel": "LOG_TRACK",
    "delivery_exception": "LOG_LOST", "damage_in_transit": "LOG_DAMAGE", "return_no_reason": "AS_NOREASON",
    "return_quality": "AS_QUALITY", "fresh_spoiled": "AS_QUALITY", "return_mismatch": "AS_MISMATCH",
    "resend_missing": "AS_MISSING", "exchange": "AS_EXCHANGE", "repair": "AS_REPAIR", "warranty_claim": "AS_REPAIR",
    "price_protection": "AS_PRICEPROT", "urge_refund_progress": "AS_REFUND_PROGRESS", "invoice_request": "INV",
    "invoice_pre_query": "INV", "service_complaint": "CMP_SERVICE", "threat_regulator": "CMP_12315",
    "safety_incident": "RISK_SAFETY", "abuse_or_injection": "RISK_ABUSE",
}  # fmt: skip
"""Wrap-up code of the main intent; others are `OTHER`, a talk without content `NO_CONTENT`."""


class Issue(Frozen):
    intents: tuple[str, ...]
    labels: tuple[str, ...]
    customer_words: str
    """At most 30 characters of the customer's own words, private figures masked."""


Phrase: TypeAlias = Callable[[str, str, Lang], str | None]
"""The shop's words for a code: by sort (intent, order_state, code, hand_off), code and language; None without any."""
Named: TypeAlias = Callable[[str, str], str]


class OrderFacts(Frozen):
    order_id_masked: str
    state: str
    paid: int
    signed_at: datetime | None
    tickets: tuple[str, ...] = ()


class Fact(Frozen):
    text: str
    source: Literal["customer", "agent", "tool", "document"]
    turn: int
    verified: bool


class Commitment(Frozen):
    """Who does what by when. A promise without a time has `due_at` None, which quality scoring points out."""

    who: Literal["assistant", "agent", "shop"]
    what: str
    amount: int | None
    due_at: datetime | None
    turn: int
    kept: bool | None = None


class Emotion(Frozen):
    start: Mood
    peak: Mood
    end: Mood
    turning_turn: int | None


class Summary(Frozen):
    """A summary in the shop's working language; quotes stay in the customer's."""

    conversation_id: str
    kind: Kind
    lang: Lang
    started_at: datetime
    ended_at: datetime
    text: str
    issue: Issue
    order: OrderFacts | None
    facts: tuple[Fact, ...]
    rules_cited: tuple[str, ...]
    commitments: tuple[Commitment, ...]
    resolution: Code
    todos: tuple[str, ...]
    emotion: Emotion
    risk_flags: tuple[Risk, ...]
    wrap_up: str
    missing: tuple[str, ...] = ()


def summarize(
    conversation: Conversation,
    log: Sequence[Logged],
    *,
    kind: Kind,
    phrase: Phrase,
    order: Order | None = None,
    lang: Lang = "zh",
) -> Summary:
    """Summarise a log. `phrase` has the shop's words; `order` is the one the talk is about, as the shop holds it."""

    def named(sort: str, value: str) -> str:
        return phrase(sort, value, lang) or value

    issue = _issue(log, named, lang)
    facts = _facts(log, named, lang)
    commitments = _commitments(log, lang)
    resolution = _resolution(conversation, log)
    todos = _todos(log, resolution, named, lang)
    emotion = _emotion(log)
    risks = tuple(dict.fromkeys(r for e in log if isinstance(e.entry, Understood) for r in e.entry.risks))
    parts = _parts(issue, facts, commitments, todos, lang) | {"order": _order_line(order, named, lang)}
    text = _text(parts, lang)
    return Summary(
        conversation_id=conversation.id,
        kind=kind,
        lang=lang,
        started_at=conversation.opened_at,
        ended_at=log[-1].at if log else conversation.opened_at,
        text=_shorten(text, _LENGTH[kind]),
        issue=issue,
        order=_order(order),
        facts=facts,
        rules_cited=tuple(
            dict.fromkeys(
                f"{e.entry.policy} {e.entry.table} {e.entry.row}" for e in log if isinstance(e.entry, Decided)
            )
        ),
        commitments=commitments,
        resolution=resolution,
        todos=todos,
        emotion=emotion,
        risk_flags=risks,
        wrap_up=WRAP_UP.get(issue.intents[0], "OTHER") if issue.intents else "NO_CONTENT",
        missing=() if issue.intents else ("issue",),
    )


def mask(text: str) -> str:
    """Long numbers and addresses of mail do not enter a summary: only their last four characters do."""
    return _PRIVATE.sub(lambda m: "…" + m.group()[-4:], text)


def _issue(log: Sequence[Logged], named: Named, lang: Lang) -> Issue:
    """The customer's issues, the last wish first: a change of mind keeps only the final one in front."""
    seen: dict[str, None] = {}
    words = ""
    injected = False
    for logged in log:
        entry = logged.entry
        if isinstance(entry, Understood):
            injected = "injection" in entry.risks
            for guess in entry.intents:
                if guess.name not in {"greeting_chat", "unclear"}:
                    seen.pop(guess.name, None)
                    seen[guess.name] = None
        elif isinstance(entry, Asked) and len(entry.text) > 1:
            words = words or entry.text
    names = tuple(reversed(seen))
    shown = tuple(named("intent", name) for name in names)
    if injected:
        words = "（发送了一段要求改规则的文字）" if lang == "zh" else "(sent a text that asks to change the rules)"
    return Issue(intents=names, labels=shown, customer_words=_shorten(mask(words), _WORDS))


def _facts(log: Sequence[Logged], named: Named, lang: Lang) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    for logged in log:
        entry = logged.entry
        if isinstance(entry, Understood):
            claims = {k: v for k, v in entry.slots.items() if v not in (None, [], (), False, "")}
            for name, value in claims.items():
                prefix = "买家称" if lang == "zh" else "customer says"
                facts.append(Fact(text=mask(f"{prefix} {name}: {value}"), source="customer", turn=logged.turn,
                                  verified=False))  # fmt: skip
        elif isinstance(entry, Decided) and entry.order_id:
            amount = f" {money(entry.amount)}" if entry.amount is not None else ""
            facts.append(Fact(text=f"{entry.table} {named('code', entry.code)}{amount}", source="document",
                              turn=logged.turn, verified=True))  # fmt: skip
        elif isinstance(entry, Acted):
            amount = f" {money(entry.amount)}" if entry.amount is not None else ""
            facts.append(Fact(text=f"{entry.action} {entry.state}{amount}", source="tool", turn=logged.turn,
                              verified=entry.state != "unknown"))  # fmt: skip
    return tuple(facts)


def _commitments(log: Sequence[Logged], lang: Lang) -> tuple[Commitment, ...]:
    """Effects that promise something later, and what agents promised in words."""
    promised: list[Commitment] = []
    titles = {e.entry.proposal_id: e.entry.title for e in log if isinstance(e.entry, Proposed)}
    for logged in log:
        entry = logged.entry
        if isinstance(entry, Acted) and entry.state == "done":
            what = titles.get(entry.proposal_id, entry.action)
            paid = entry.amount is not None and entry.action not in {"return_refund", "intercept"}
            promised.append(Commitment(who="shop", what=what, amount=entry.amount, due_at=None, turn=logged.turn,
                                       kept=True if paid else None))  # fmt: skip
        elif isinstance(entry, AgentSaid) and (found := _PROMISE.search(entry.text)):
            promised.append(Commitment(who="agent", what=_shorten(mask(found.group()), 40), amount=None, due_at=None,
                                       turn=logged.turn))  # fmt: skip
    return tuple(promised)


_PROMISE = re.compile(
    r"[^。！？!?\n]*(?:会|将|马上|尽快|稍后|明天|今天内|小时内|天内)[^。！？!?\n]*(?:给您|为您|帮您|回复|联系|处理|发出|补发|退)[^。！？!?\n]*"
    r"|\b(?:we|i)(?:'ll| will)\b[^.!?\n]*",
    re.IGNORECASE,
)


def _resolution(conversation: Conversation, log: Sequence[Logged]) -> Code:
    acted = [e.entry for e in log if isinstance(e.entry, Acted)]
    handed = any(isinstance(e.entry, HandedOff) for e in log)
    if any(entry.state == "unknown" for entry in acted):
        return "escalated"
    if handed and conversation.owner != "assistant":
        return "escalated"
    if any(entry.state == "done" for entry in acted):
        waits = {"return_refund", "exchange", "intercept"}
        pending = {"quality_return", "resend", "complaint", "invoice"}
        last = [entry.action for entry in acted if entry.state == "done"][-1]
        return "pending_buyer" if last in waits else "pending_seller" if last in pending else "resolved"
    if conversation.state.proposal_id or conversation.state.waiting_for:
        return "pending_buyer"
    return "resolved" if any(isinstance(e.entry, Said) for e in log) else "abandoned"


def _todos(log: Sequence[Logged], resolution: Code, named: Named, lang: Lang) -> tuple[str, ...]:
    reasons = [e.entry for e in log if isinstance(e.entry, HandedOff)]
    todos = []
    for entry in reasons:
        urgent = ("【紧急】" if lang == "zh" else "[urgent] ") if entry.urgent else ""
        verb = "人工处理" if lang == "zh" else "for a person"
        todos.append(f"{urgent}{verb}: {named('hand_off', entry.reason)}{' · ' + entry.note if entry.note else ''}")
    if resolution == "pending_seller" and not todos:
        todos.append("在答复期限前处理售后单" if lang == "zh" else "answer the after-sale request before its deadline")
    return tuple(todos)


def _emotion(log: Sequence[Logged]) -> Emotion:
    moods = [(e.turn, e.entry.mood) for e in log if isinstance(e.entry, Understood)]
    if not moods:
        return Emotion(start="calm", peak="calm", end="calm", turning_turn=None)
    peak_turn, peak = max(moods, key=lambda m: _MOODS.index(m[1]))
    rises = peak != moods[0][1]
    return Emotion(start=moods[0][1], peak=peak, end=moods[-1][1], turning_turn=peak_turn if rises else None)


def _order(order: Order | None) -> OrderFacts | None:
    if order is None:
        return None
    return OrderFacts(
        order_id_masked="…" + order.order_id[-4:],
        state=order.state,
        paid=order.paid,
        signed_at=order.signed_at,
        tickets=tuple(f"{t.kind} {t.state}" for t in order.tickets),
    )


def _text(summary: Mapping[str, str | None], lang: Lang) -> str:
    """`【诉求】…【订单】…`: the parts that there are, in the order a colleague reads them."""
    heads = _HEADS[0] if lang == "zh" else _HEADS[1]
    return "".join(f"【{heads[name]}】{value}" for name, value in summary.items() if value)


_HEADS = (
    {"wants": "诉求", "order": "订单", "basis": "依据", "done": "方案", "todo": "待办"},
    {"wants": "Wants", "order": "Order", "basis": "Basis", "done": "Done", "todo": "To do"},
)


def _parts(
    issue: Issue, facts: Sequence[Fact], commitments: Sequence[Commitment], todos: Sequence[str], lang: Lang
) -> dict[str, str | None]:
    wish = ("、" if lang == "zh" else ", ").join(issue.labels) or "—"
    decided = [fact.text for fact in facts if fact.source == "document"]
    return {
        "wants": f"{wish}（“{issue.customer_words}”）",
        "order": None,
        "basis": decided[-1] if decided else None,
        "done": commitments[-1].what if commitments else None,
        "todo": todos[-1] if todos else None,
    }


def _order_line(order: Order | None, named: Named, lang: Lang) -> str | None:
    if order is None:
        return None
    signed = f" {instant(order.signed_at, lang)}" if order.signed_at else ""
    return f"…{order.order_id[-4:]} {named('order_state', order.state)}{signed} {money(order.paid)}"


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
