"""What the scripted shop's API is made of: its words, its JSON, and our orders written in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from assistant.shop import Customer, Order, OrderState, Receipt, Ticket

What = Literal[
    "CLOSE", "INTERCEPT", "RETURN", "SWAP", "QUALITY_RETURN", "REPAIR", "REPAIR_VISIT", "RESEND", "HURRY", "COMPLAINT",
    "PRICE_DIFF", "LATE_PAY", "GIFT", "PART_REFUND", "COVER", "ADVANCE", "READDRESS", "INVOICE", "VISIT", "NO_VISIT",
    "WITHDRAW", "ASK_PLATFORM", "POSTED", "DECLINE", "ACCEPT", "REOPEN",
]  # fmt: skip
ACTIONS: Mapping[str, What] = {
    "cancel_refund": "CLOSE", "intercept": "INTERCEPT", "return_refund": "RETURN", "exchange": "SWAP",
    "quality_return": "QUALITY_RETURN", "repair": "REPAIR", "book_repair": "REPAIR_VISIT", "resend": "RESEND",
    "urge_shipping": "HURRY", "complaint": "COMPLAINT", "price_protection": "PRICE_DIFF",
    "late_compensation": "LATE_PAY", "goodwill": "GIFT", "partial_refund": "PART_REFUND",
    "freight_compensation": "COVER", "advance_payment": "ADVANCE", "change_address": "READDRESS", "invoice": "INVOICE",
    "door_service": "VISIT", "cancel_visit": "NO_VISIT", "withdraw": "WITHDRAW", "platform_dispute": "ASK_PLATFORM",
    "ship_return": "POSTED", "decline_offer": "DECLINE", "accept_offer": "ACCEPT", "reopen": "REOPEN",
}  # fmt: skip
"""Our actions in this system's words."""

TradeStatus = Literal[
    "WAIT_PAY", "WAIT_SEND", "SENT", "ON_THE_WAY", "DELIVERING", "WAIT_PICKUP", "RECEIVED", "FINISHED", "CANCELLED",
    "REJECTED", "RECALLING", "BACK_AT_SELLER", "LOST",
]  # fmt: skip
STATUS: Mapping[OrderState, TradeStatus] = dict(zip(get_args(OrderState), get_args(TradeStatus), strict=True))
INSURANCE: Mapping[str, str] = {"none": "NONE", "insurance": "FREIGHT_INSURANCE", "return_service": "RETURN_BAO"}
CHANNEL = {"taobao": "TB", "tmall": "TM", "jd": "JD", "1688": "ALI"}


class Theirs(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Amounts(Theirs):
    pay_total: str
    post_fee: str
    returned: str
    gifted: str


class Goods(Theirs):
    row_no: str
    sku_code: str
    title: str
    quantity: int
    deal_price: str


class Trace(Theirs):
    time: int
    site: str
    desc: str
    desc_en: str


class Express(Theirs):
    company: str
    mail_no: str
    traces: list[Trace]


class AfterSale(Theirs):
    case_no: str
    case_type: str
    case_status: str
    money: str | None
    opened: int
    due: int | None
    visit: str | None
    fault: Literal["SELLER"] | None


class Trade(Theirs):
    trade_no: str
    buyer_no: str
    channel: Literal["TB", "TM", "JD", "ALI"]
    province: str | None
    status: TradeStatus
    amounts: Amounts
    placed: int
    paid: int | None
    sent: int | None
    arrived: int | None
    finished: int | None
    promise_hours: int | None
    free_post: bool
    insurance: Literal["NONE", "FREIGHT_INSURANCE", "RETURN_BAO"]
    bill: Literal["NONE", "APPLIED", "DONE", "REVERSED"]
    receiver: str
    making: bool
    earnest: str
    promotions: list[str]
    goods: list[Goods]
    express: Express | None
    after_sales: list[AfterSale]


class Buyer(Theirs):
    buyer_no: str
    nick: str
    mobile_tail: str
    locale: Literal["zh_CN", "en_US"]
    vip: bool
    channel: Literal["TB", "TM", "JD", "ALI"]


class Voucher(Theirs):
    """What was done for a request."""

    request_no: str
    serial_no: str
    what: What
    trade_no: str
    yuan: str | None
    done_at: int


class TradePage(Theirs):
    rows: list[Trade]
    has_next: bool


class BuyerAnswer(Theirs):
    code: int = 0
    data: Buyer


class TradeAnswer(Theirs):
    code: int = 0
    data: Trade


class TradesAnswer(Theirs):
    code: int = 0
    data: TradePage


class VoucherAnswer(Theirs):
    code: int = 0
    data: Voucher


class Wish(Theirs):
    """What every write carries."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    buyer_no: str
    memo: str = ""


class Close(Wish):
    refund_yuan: str | None = None


class CaseWish(Wish):
    case_type: Literal["RETURN", "SWAP", "QUALITY_RETURN", "REPAIR", "REPAIR_VISIT", "RESEND", "HURRY", "COMPLAINT"]
    rows: list[str] = Field(default_factory=list)
    money: str | None = None
    target: str = ""
    visit: str | None = None


class Payout(Wish):
    pay_type: Literal["PRICE_DIFF", "LATE_PAY", "GIFT", "PART_REFUND", "COVER", "ADVANCE"]
    yuan: str
    case_no: str | None = None


class VisitWish(Wish):
    service: Literal["FETCH", "SWAP", "REPAIR", "INSTALL"]
    visit: str
    address: str | None = None


class CaseMove(Wish):
    move: Literal["WITHDRAW", "ASK_PLATFORM", "POSTED", "DECLINE", "ACCEPT", "REOPEN"]
    case_no: str
    mail_no: str | None = None


class Readdress(Wish):
    receiver: str


class BillWish(Wish):
    title: str


# ── the demo's data in this system's words ───────────────────────────────────────────────────────────────────────────


def buyer_of(customer: Customer) -> Buyer:
    return Buyer(
        buyer_no=customer.customer_id,
        nick=customer.name,
        mobile_tail=customer.phone_tail,
        locale="en_US" if customer.lang == "en" else "zh_CN",
        vip=customer.member,
        channel=CHANNEL[customer.platform],
    )


def trade_of(order: Order) -> Trade:
    express = order.parcel and Express(
        company=order.parcel.carrier,
        mail_no=order.parcel.waybill,
        traces=[
            Trace(time=_ms(scan.at) or 0, site=scan.place, desc=scan.text.zh, desc_en=scan.text.en)
            for scan in order.parcel.scans
        ],
    )
    return Trade(
        trade_no=order.order_id,
        buyer_no=order.customer_id,
        channel=CHANNEL[order.platform],
        province=order.region,
        status=STATUS[order.state],
        amounts=Amounts(
            pay_total=_yuan(order.paid) or "0.00",
            post_fee=_yuan(order.freight_paid) or "0.00",
            returned=_yuan(order.refunded) or "0.00",
            gifted=_yuan(order.compensated) or "0.00",
        ),
        placed=_ms(order.created_at) or 0,
        paid=_ms(order.paid_at),
        sent=_ms(order.shipped_at),
        arrived=_ms(order.signed_at),
        finished=_ms(order.completed_at),
        promise_hours=order.ship_promise_h,
        free_post=order.freight_free,
        insurance=INSURANCE[order.freight_cover],
        bill={"none": "NONE", "requested": "APPLIED", "issued": "DONE", "reversed": "REVERSED"}[order.invoice],
        receiver=order.address,
        making=order.production_started,
        earnest=_yuan(order.presale_deposit) or "0.00",
        promotions=list(order.coupons),
        goods=[
            Goods(
                row_no=line.line_id,
                sku_code=line.sku,
                title=line.name.zh,
                quantity=line.qty,
                deal_price=_yuan(line.unit_paid) or "0.00",
            )
            for line in order.lines
        ],
        express=express,
        after_sales=[_case(ticket) for ticket in order.tickets],
    )


def _case(ticket: Ticket) -> AfterSale:
    return AfterSale(
        case_no=ticket.ticket_id,
        case_type=ticket.kind.upper(),
        case_status=ticket.state,
        money=_yuan(ticket.amount),
        opened=_ms(ticket.opened_at) or 0,
        due=_ms(ticket.deadline),
        visit=ticket.detail.get("window"),
        fault="SELLER" if ticket.detail.get("fault") == "seller" else None,
    )


def voucher_of(receipt: Receipt) -> Voucher:
    return Voucher(
        request_no=receipt.key,
        serial_no=receipt.reference,
        what=ACTIONS[receipt.action],
        trade_no=receipt.order_id or "",
        yuan=_yuan(receipt.amount),
        done_at=_ms(receipt.at) or 0,
    )


def _ms(at: datetime | None) -> int | None:
    return None if at is None else (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else f"{fen // 100}.{fen % 100:02d}"
