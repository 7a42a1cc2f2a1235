"""The shop behind the assistant: its products, orders and tickets, and the port through which they are read and
changed.

Money is an integer in fen. Instants are aware. Every read is bound to the customer who asks (DT-23): a port never
returns another customer's order, and never says whether it exists.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import Field

from assistant.conversation import Frozen, Lang

OrderState = Literal[
    "CREATED", "PAID", "SHIPPED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "AT_PICKUP_POINT", "SIGNED", "COMPLETED",
    "CLOSED", "REFUSED", "INTERCEPTING", "RETURNED_TO_SELLER", "LOST",
]  # fmt: skip

TicketKind = Literal[
    "refund_only_unshipped", "refund_only_in_transit", "refund_only_received", "return_refund", "exchange", "repair",
    "resend", "price_protection", "urge_shipping", "change_address", "cancel_order", "invoice", "complaint",
    "platform_dispute", "late_compensation", "goodwill", "door_service", "freight_compensation", "advance_payment",
]  # fmt: skip

TicketState = Literal[
    "DRAFT", "SUBMITTED", "AUTO_APPROVED", "PENDING_SELLER", "EVIDENCE_REQUESTED", "OFFER_MADE", "APPROVED_RETURN",
    "RETURN_IN_TRANSIT", "SELLER_INSPECTING", "INSPECTION_DISPUTE", "REFUNDING", "REFUNDED", "EXCHANGE_SENT",
    "REPAIRING", "RESENT", "REJECTED", "PLATFORM_DISPUTE", "JUDGED", "EXECUTING", "APPEAL", "SUSPENDED", "WITHDRAWN",
    "CLOSED",
]  # fmt: skip


class Text(Frozen):
    """A text in both languages."""

    zh: str
    en: str

    def in_(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


class Variant(Frozen):
    """One buyable form of a product. `price` and `stock` are as of now."""

    sku: str
    options: dict[str, str] = Field(default_factory=dict)
    price: int
    stock: int = 0
    restock_at: datetime | None = None


class PricePoint(Frozen):
    """From `at` on the sku cost `price`; `condition` is who could pay it (`anyone`, `member`, `new_user`,
    `limited_coupon`).
    """

    at: datetime
    sku: str
    price: int
    condition: Literal["anyone", "member", "new_user", "limited_coupon"] = "anyone"


class SizeRow(Frozen):
    """One row of a size chart: a size and the body measures it fits, each an inclusive range in cm or kg."""

    size: str
    ranges: dict[str, tuple[float, float]]


class Promise(Frozen):
    """Something the page promises above the law, e.g. `no_reason_days: 15`; binding by DT-01 R8."""

    kind: str
    value: int | str
    text: Text


class Product(Frozen):
    id: str
    name: Text
    category: str
    keywords: tuple[str, ...] = ()
    attributes: dict[str, Text] = Field(default_factory=dict)
    variants: tuple[Variant, ...]
    size_chart: tuple[SizeRow, ...] = ()
    price_history: tuple[PricePoint, ...] = ()
    promises: tuple[Promise, ...] = ()
    item_class: str = "normal"
    """The class DT-02 asks for: normal, customised, perishable, digital_opened, newspaper,
    hygiene_safety_after_opening, value_drop_after_activation, near_expiry_or_flaw_disclosed.
    """
    goods_kind: str = ""
    """The kind of goods DT-07, DT-08 and DT-10 ask for (portable_3c, appliance, home_textile …); the category's where
    it is one of these.
    """
    fresh_kind: str = "non_live"
    """For fresh food (DT-11): non_live, live, ripening, small_berry."""
    intact_class: str = "others"
    """The category of DT-03: food_cosmetics, electronics, clothing, others."""
    confirm_at_purchase: bool = False
    price_protected: bool = False
    ship_promise_h: int | None = None
    freight_free: bool = True
    qualifications: tuple[Text, ...] = ()
    warranty_days: int = 0
    summary: Text | None = None
    platforms: tuple[str, ...] = ()
    """Where the product is sold; empty means wherever the shop sells."""


class OrderLine(Frozen):
    line_id: str
    sku: str
    product_id: str
    name: Text
    options: dict[str, str] = Field(default_factory=dict)
    qty: int = 1
    unit_paid: int
    item_class: str = "normal"
    confirmed_at_purchase: bool = False
    gift_price: int | None = None


class ParcelScan(Frozen):
    at: datetime
    place: str
    text: Text


class Parcel(Frozen):
    carrier: str
    waybill: str
    scans: tuple[ParcelScan, ...] = ()
    signed_by: str | None = None


class TicketStep(Frozen):
    """One transition of a ticket. `by` is who made it: `customer`, `assistant`, `system`, or `agent:NAME` and their
    like; `clause` the rule it rests on, where it rests on one.
    """

    at: datetime
    event: str
    from_state: TicketState | None
    to_state: TicketState
    by: str
    why: str = ""
    clause: str | None = None


class Held(Frozen):
    """The state a ticket goes back to once an offer is over or a suspension ends, at the latest at `until`."""

    state: TicketState
    since: datetime
    until: datetime


class Ticket(Frozen):
    """An after-sale case. `amount` is what it pays back, in fen. Its state changes only by `assistant.tickets`.

    `owner` is the one who answers for it. `deadline` ends the limit that runs since `since`; `lapses` counts the limits
    of this state that have passed, `alerted` is the last alert point told (50 or 80 percent), `escalated_at` says since
    when a person has been called. The customer has been told of the first `told` steps of the history.
    """

    ticket_id: str
    order_id: str
    kind: TicketKind
    state: TicketState
    opened_at: datetime
    updated_at: datetime
    line_ids: tuple[str, ...] = ()
    amount: int | None = None
    reason: str = ""
    deadline: datetime | None = None
    detail: dict[str, Any] = Field(default_factory=dict)
    owner: str = "assistant"
    history: tuple[TicketStep, ...] = ()
    since: datetime | None = None
    lapses: int = 0
    alerted: int = 0
    escalated_at: datetime | None = None
    held: Held | None = None
    told: int = 0


class Order(Frozen):
    """One order as the shop's system holds it. `paid` is what the customer paid in all, `refunded` what went back so
    far.
    """

    order_id: str
    customer_id: str
    platform: str
    region: str | None = None
    state: OrderState
    lines: tuple[OrderLine, ...]
    paid: int
    freight_paid: int = 0
    freight_free: bool = True
    refunded: int = 0
    compensated: int = 0
    coupons: tuple[str, ...] = ()
    created_at: datetime
    paid_at: datetime | None = None
    ship_promise_h: int | None = None
    ship_clicked_at: datetime | None = None
    shipped_at: datetime | None = None
    """First carrier scan, not the seller's click."""
    signed_at: datetime | None = None
    completed_at: datetime | None = None
    address: str = ""
    """Masked for display; the full text stays with the shop."""
    parcel: Parcel | None = None
    tickets: tuple[Ticket, ...] = ()
    freight_cover: Literal["none", "insurance", "return_service"] = "none"
    invoice: Literal["none", "requested", "issued", "reversed"] = "none"
    production_started: bool = False
    presale_deposit: int = 0
    note: str = ""

    @property
    def returnable(self) -> int:
        """What can still be paid back: refunds and compensation together never exceed what was paid."""
        return self.paid - self.refunded - self.compensated


class Customer(Frozen):
    customer_id: str
    name: str
    phone_tail: str = ""
    lang: Lang = "zh"
    platform: str = "taobao"
    member: bool = False
    note: str = ""


class Action(Frozen):
    """A write, with everything the backend needs to carry it out."""

    name: str
    order_id: str | None
    args: dict[str, Any] = Field(default_factory=dict)
    amount: int | None = None


class Receipt(Frozen):
    """A backend's answer to an action: what it did, under which key. `reference` is the backend's own number for it."""

    key: str
    reference: str
    action: str
    order_id: str | None
    amount: int | None = None
    at: datetime
    detail: dict[str, Any] = Field(default_factory=dict)


class Shop(Protocol):
    """A merchant's system. Reads are bound to a customer; a write happens once per key however often it is asked."""

    async def customer(self, customer_id: str) -> Customer | None: ...

    async def orders(self, customer_id: str) -> list[Order]:
        """The customer's own orders, newest first."""
        ...

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        """The customer's own order, or None: absent and somebody else's look the same."""
        ...

    async def execute(self, action: Action, *, key: str, customer_id: str, at: datetime) -> Receipt:
        """Carry out `action` once. The same key again returns the first receipt.

        Raises `EffectRefused` when the order does not allow it any more, `EffectUnknown` when the backend did not say,
        `Conflict` when the key was used for another action.
        """
        ...

    async def receipt(self, key: str) -> Receipt | None:
        """The receipt of an earlier `execute` with this key, or None if it never happened."""
        ...


@runtime_checkable
class Connected(Protocol):
    """A shop whose data lies in somebody else's system: it can be out of reach, and holds connections."""

    async def reachable(self) -> bool:
        """Whether the system answers now."""
        ...

    async def aclose(self) -> None: ...
