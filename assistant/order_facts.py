"""What the shop's own records say about an order, as the facts that tables read and the words that replies show.

Pure: order, product and profile in, facts and values out. A fact that is known to be absent (an unshipped order has no
`shipped_at`) is given as None; a fact nobody can know yet is left out, so that a table asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from assistant.catalogue import Catalogue
from assistant.clock import Clock
from assistant.conversation import Card, Lang
from assistant.flows import FlowBook
from assistant.goods_facts import goods_facts
from assistant.orders import SETTLED_TICKETS
from assistant.profile import ShopProfile
from assistant.promotions import BasketLine, reduction_of
from assistant.service_orders import booked_visit, service_facts
from assistant.shop import Order, OrderLine, Product, Text, Ticket, TicketStep
from assistant.tickets import moves_of, next_party
from assistant.visits import words_of
from assistant.wording import day, fill, instant, money
from knowledge.clauses import Place
from knowledge.decision import Facts
from knowledge.text import han_characters

_SCANNED = frozenset(
    {"SHIPPED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "AT_PICKUP_POINT", "REFUSED", "INTERCEPTING", "LOST"}
)
_STEP = {"CREATED": 1, "PAID": 2, "SIGNED": 4, "COMPLETED": 4, "CLOSED": 0}

_TOLD_BEFORE = Text(zh="见同事的说明", en="as our colleague explained")
_ANY_EVIDENCE = Text(zh="您觉得有用的照片或凭证", en="any photos or papers that may help")


class ShopWords(Protocol):
    """What puts an order into words, as of now: the engine has all four."""

    @property
    def profile(self) -> ShopProfile: ...

    @property
    def flows(self) -> FlowBook: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def clock(self) -> Clock: ...


def place_of(order: Order, product: Product | None) -> Place:
    return Place(platform=order.platform, region=order.region, category=product.category if product else None)


def ship_by(order: Order, profile: ShopProfile) -> datetime | None:
    """The promised latest shipping instant, None while unpaid."""
    if order.paid_at is None:
        return None
    return order.paid_at + timedelta(hours=order.ship_promise_h or profile.ship_promise_h)


def order_facts(
    order: Order, lines: Sequence[OrderLine], catalogue: Catalogue, profile: ShopProfile, now: datetime
) -> Facts:
    """Facts about `lines` of `order` at `now`. `lines` is what the request is about: all lines, or the one chosen."""
    line = lines[0]
    product = catalogue.product(line.product_id)
    return {
        **_state_facts(order, now),
        **_goods_facts(order, lines, product, profile),
        **_price_facts(order, lines, catalogue, profile),
        **_protection_facts(order, line, catalogue, now),
        **service_facts(order, lines, profile, now),
        **goods_facts(order, lines, product, now),
    }


def _state_facts(order: Order, now: datetime) -> Facts:
    scanned = order.shipped_at is not None or order.state in _SCANNED
    cancel = next((t for t in order.tickets if t.kind in {"cancel_order", "refund_only_unshipped"}), None)
    return {
        "now": now,
        "notice_at": now,
        "order_at": order.created_at,
        "platform": order.platform,
        "region": order.region,
        "order_state": order.state,
        "signed": order.signed_at is not None,
        "signed_at": order.signed_at,
        "paid_at": order.paid_at,
        "shipped_at": order.shipped_at,
        "ship_clicked_at": order.ship_clicked_at,
        "presale_ship_at": None,
        "scanned": scanned,
        "interceptable": order.state in {"SHIPPED", "IN_TRANSIT"},
        "out_for_delivery": order.state in {"OUT_FOR_DELIVERY", "AT_PICKUP_POINT"},
        "shipped_after_request": bool(cancel and order.shipped_at and cancel.opened_at < order.shipped_at),
        "refused_at_door": order.state in {"REFUSED", "RETURNED_TO_SELLER"},
        "refusal_without_cause": order.state in {"REFUSED", "RETURNED_TO_SELLER"},
        "lost": order.state == "LOST",
        "received": order.signed_at is not None,
        "shipped": scanned,
        "refunded": order.refunded > 0,
        "order_closed": order.state == "CLOSED" or (order.refunded > 0 and order.refunded >= order.paid),
        "production_started": order.production_started,
        "presale_deposit": order.presale_deposit,
        "late_excuse": "none",
        "no_stock": False,
        "logged_in": True,
        "owns_order": True,
    }


def _goods_facts(order: Order, lines: Sequence[OrderLine], product: Product | None, profile: ShopProfile) -> Facts:
    line = lines[0]
    promised = [p.value for p in product.promises if p.kind == "no_reason_days"] if product else []
    item_class = line.item_class if line.item_class != "normal" or product is None else product.item_class
    return {
        "item_class": item_class,
        "intact_class": product.intact_class if product else "others",
        "category": product.category if product else None,
        "confirmed_at_purchase": line.confirmed_at_purchase,
        "promised_days": max((int(v) for v in promised), default=0),
        "promises_free_return": bool(product and any(p.kind == "free_return" for p in product.promises)),
        "freight_free": order.freight_free,
        "freight_paid": order.freight_paid,
        "freight_waived": 0,
        "freight_cover": order.freight_cover,
        "freight_cover_cap": profile.freight_cover_cap,
        "below_free_shipping": False,
        "whole_order": not _kept(order, lines),
        "gift_missing": False,
        "customised": item_class == "customised",
        "invoice_state": order.invoice,
    }


def _price_facts(order: Order, lines: Sequence[OrderLine], catalogue: Catalogue, profile: ShopProfile) -> Facts:
    product = catalogue.product(lines[0].product_id)
    kept = _kept(order, lines)
    return {
        "paid": order.paid,
        "lines_paid": _share_paid(order, lines),
        "kept_value": _listed(kept),
        "deal_broken": _breaks_deal(order, kept, catalogue),
        "late_scale": profile.late_scale,
        "promise_h": order.ship_promise_h or profile.ship_promise_h,
        "price_protected": bool(product and product.price_protected),
        "price_protect_days": profile.price_protect_days,
        "compares_other_shop": False,
        "campaign_end": None,
    }


def _kept(order: Order, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """What stays with the customer when `lines` (with the pieces they name) go back."""
    back = {line.line_id: line.qty for line in lines}
    left = [(line, line.qty - back.get(line.line_id, 0)) for line in order.lines]
    return [line.model_copy(update={"qty": qty}) for line, qty in left if qty > 0]


def _listed(lines: Sequence[OrderLine]) -> int:
    """What the lines cost on their own at purchase time, before any reduction of the order."""
    return sum(line.unit_paid * line.qty for line in lines)


def _share_paid(order: Order, lines: Sequence[OrderLine]) -> int:
    """What was paid for these lines: reductions of the order fall on all lines by price, half a fen up."""
    goods, listed = order.paid - order.freight_paid, _listed(order.lines)
    return (goods * _listed(lines) * 2 + listed) // (listed * 2) if listed else 0


def _breaks_deal(order: Order, kept: Sequence[OrderLine], catalogue: Catalogue) -> bool:
    """Whether what is kept would no longer earn the reductions the order was bought with (DT-05 R3)."""
    deals = [promotion for promotion in catalogue.promotions if promotion.id in order.coupons]
    if not kept or not deals:
        return False
    basket = []
    for line in kept:
        product = catalogue.product(line.product_id)
        category = product.category if product else ""
        basket.append(BasketLine(line.sku, line.product_id, category, line.unit_paid, line.qty))
    return any(reduction_of(promotion, basket) == 0 for promotion in deals)


def _protection_facts(order: Order, line: OrderLine, catalogue: Catalogue, now: datetime) -> Facts:
    current = catalogue.price_against(line.sku, line.unit_paid, now)
    granted = [t.amount or 0 for t in order.tickets if t.kind == "price_protection" and t.state == "REFUNDED"]
    return {
        "unit_paid": line.unit_paid,
        "current_unit": current.price if current else line.unit_paid,
        "price_condition": current.condition if current else "anyone",
        "already_granted": sum(granted),
        "qty": line.qty,
        "best_price_promise": False,
    }


def newest_ticket(order: Order) -> Ticket | None:
    """The ticket a question about progress means: an open one first, else the newest."""
    return newest_of(order.tickets)


def newest_of(tickets: Sequence[Ticket]) -> Ticket | None:
    """An open one first, else the newest."""
    return max(tickets, key=lambda t: (t.state not in SETTLED_TICKETS, t.updated_at), default=None)


def order_values(order: Order, lines: Sequence[OrderLine], words: ShopWords, lang: Lang) -> dict[str, str]:
    """The words a reply may show of an order. A value that does not exist is left out, so that a template cannot show
    a hole.
    """
    state = words.flows.phrase("order_state", order.state, lang) or order.state
    values = {
        "order": f"（尾号{order.order_id[-4:]}）" if lang == "zh" else f"…{order.order_id[-4:]}",
        "items": items(lines, words.catalogue, lang),
        "paid": money(order.paid),
        "state": state,
        "carrier": _carrier(order, words.catalogue, lang),
        "waybill": order.parcel.waybill if order.parcel else "—",
        "last_scan": state,
        "last_scan_at": instant(order.created_at, lang),
    }
    if order.parcel and order.parcel.scans:
        scan = max(order.parcel.scans, key=lambda s: s.at)
        values |= {"last_scan": scan.text.in_(lang), "last_scan_at": instant(scan.at, lang)}
    if order.signed_at:
        values["signed_on"] = day(order.signed_at, lang)
    if latest := ship_by(order, words.profile):
        values["ship_by"] = instant(latest, lang)
    values["address_on_file"] = order.address or "—"
    visit = booked_visit(order)
    if visit is not None and (window := words_of(visit.detail.get("window"), lang)):
        values["visit"] = window
    values["cover_phrase"] = words.flows.phrase("DT-04-cover", order.freight_cover, lang) or ""
    return values | ticket_values(newest_ticket(order), words.flows, lang)


def _carrier(order: Order, catalogue: Catalogue, lang: Lang) -> str:
    if order.parcel is None:
        return "快递" if lang == "zh" else "the carrier"
    name = order.parcel.carrier
    return catalogue.delivery.carrier(name).in_(lang) if catalogue.delivery else name


def ticket_values(ticket: Ticket | None, flows: FlowBook, lang: Lang) -> dict[str, str]:
    if ticket is None:
        return {}
    values = {
        "ticket_kind": flows.phrase("ticket_kind", ticket.kind, lang) or ticket.kind,
        "ticket_state": flows.phrase("ticket_state", ticket.state, lang) or ticket.state,
        "ticket_next": "",
        "ticket": ticket.ticket_id,
    }
    missing = flows.evidence.missing(ticket, lang)
    values["ticket_evidence"] = ("、" if lang == "zh" else "; ").join(missing)
    words = flows.phrase("ticket_step", ticket.state, lang)
    if ticket.deadline:
        values["ticket_deadline"] = instant(ticket.deadline, lang)
        zh, en = f"最晚 {values['ticket_deadline']} 前有结果。", f"You will hear by {values['ticket_deadline']}."
        values["ticket_next"] = zh if lang == "zh" else en
    if words is not None and (ticket.deadline or "{deadline}" not in words):
        shown = {
            "deadline": values.get("ticket_deadline", ""),
            "evidence": values["ticket_evidence"] or _ANY_EVIDENCE.in_(lang),
            "offer": _offer(ticket, lang),
        }
        values["ticket_next"] = fill(words, shown)
    elif ticket.amount and not ticket.deadline:
        zh, en = f"金额 {money(ticket.amount)}，原路退回。", f"Amount {money(ticket.amount)}, original payment method."
        values["ticket_next"] = zh if lang == "zh" else en
    if ticket.state == "REJECTED" and (appeal := ticket.detail.get("appeal")):
        path = fill(flows.text("approval_appeal", lang), {"appeal": str(appeal)})
        values["ticket_next"] = f"{values['ticket_next']}{'' if lang == 'zh' else ' '}{path}".strip()
    return values


def _offer(ticket: Ticket, lang: Lang) -> str:
    """What was offered, in the words of who made the offer; those are not put before readers of another language."""
    told = [step.why for step in ticket.history if step.event == "make_offer" and step.why]
    words = str(ticket.detail.get("offer") or (told[-1] if told else "")).rstrip("。.")
    return words if words and (lang == "zh" or not han_characters(words)) else _TOLD_BEFORE.in_(lang)


def items(lines: Sequence[OrderLine], catalogue: Catalogue, lang: Lang) -> str:
    """`羊毛衫 灰/M ×1`, joined."""
    parts = [
        " ".join([line.name.in_(lang), catalogue.options_in(line.options, lang)]).strip() + f" ×{line.qty}"
        for line in lines
    ]
    return "、".join(parts) if lang == "zh" else ", ".join(parts)


def order_card(order: Order, words: ShopWords, lang: Lang) -> Card:
    """The order at a glance, with its place on the four-step line paid · shipped · on its way · delivered."""
    last = max(order.parcel.scans, key=lambda s: s.at).text.in_(lang) if order.parcel and order.parcel.scans else None
    return Card(
        kind="order",
        title=items(order.lines, words.catalogue, lang),
        data={
            "order_id": order.order_id,
            "state": order.state,
            "state_label": words.flows.phrase("order_state", order.state, lang) or order.state,
            "step": _STEP.get(order.state, 3),
            "lines": [
                {
                    "name": line.name.in_(lang),
                    "options": words.catalogue.options_in(line.options, lang),
                    "qty": line.qty,
                    "unit_paid": line.unit_paid,
                    "product_id": line.product_id,
                }
                for line in order.lines
            ],
            "paid": order.paid,
            "paid_at": _iso(order.paid_at),
            "shipped_at": _iso(order.shipped_at),
            "signed_at": _iso(order.signed_at),
            "parcel": {
                "carrier": _carrier(order, words.catalogue, lang),
                "waybill": order.parcel.waybill,
                "last_scan": last,
            }
            if order.parcel
            else None,
            "tickets": [ticket_data(ticket, words, lang) for ticket in order.tickets],
        },
    )


def ticket_data(ticket: Ticket, shop: ShopWords, lang: Lang) -> dict[str, object]:
    flows = shop.flows
    words = ticket_values(ticket, flows, lang)
    return {
        "ticket_id": ticket.ticket_id,
        "order_id": ticket.order_id,
        "kind": ticket.kind,
        "kind_label": words["ticket_kind"],
        "state": ticket.state,
        "state_label": words["ticket_state"],
        "deadline": _iso(ticket.deadline),
        "by_when": _iso(ticket.deadline),
        "next_step": words["ticket_next"],
        "amount": ticket.amount,
        "party": flows.phrase("ticket_party", next_party(ticket), lang) or next_party(ticket),
        "history": [{"at": _iso(step.at), "label": step_label(step, flows, lang)} for step in ticket.history],
        "can": customer_moves(ticket, shop.clock.now()),
        "missing": flows.evidence.missing(ticket, lang),
    }


CUSTOMER_MOVES = {
    "withdraw": "withdraw", "ask_platform": "platform_dispute", "ship_return": "ship_return",
    "accept_offer": "accept_offer", "decline_offer": "decline_offer", "give_evidence": "give_evidence",
    "reopen": "reopen", "appeal": "appeal",
}  # fmt: skip
"""What a customer may ask for on a ticket: the event, and the action that proposes it."""


def customer_moves(ticket: Ticket, at: datetime) -> list[str]:
    """The events the ticket's customer may send at `at`, in the order they are offered in."""
    allowed = {move.event for move in moves_of(ticket, "customer", at)}
    return [event for event in CUSTOMER_MOVES if event in allowed]


def step_label(step: TicketStep, flows: FlowBook, lang: Lang) -> str:
    """A step of the history in words: what it led to, or what it was where nothing changed."""
    state = flows.phrase("ticket_state", step.to_state, lang) or step.to_state
    event = flows.phrase("ticket_event", step.event, lang)
    if event is None or step.from_state != step.to_state:
        return state if event is None else f"{state}（{event}）" if lang == "zh" else f"{state} ({event})"
    return event


def card_of(ticket: Ticket, words: ShopWords, lang: Lang) -> Card:
    """The ticket at a glance, named by its kind."""
    data = ticket_data(ticket, words, lang)
    kind = str(data["kind_label"])
    return Card(kind="case", title=kind[:1].upper() + kind[1:], data=data)


def parcel_card(order: Order, catalogue: Catalogue, lang: Lang) -> Card | None:
    if order.parcel is None:
        return None
    scans = sorted(order.parcel.scans, key=lambda s: s.at, reverse=True)
    return Card(
        kind="parcel",
        title=_carrier(order, catalogue, lang),
        data={
            "carrier": _carrier(order, catalogue, lang),
            "waybill": order.parcel.waybill,
            "scans": [{"at": _iso(s.at), "place": s.place, "text": s.text.in_(lang)} for s in scans],
        },
    )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
