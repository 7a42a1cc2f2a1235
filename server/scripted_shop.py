"""Somebody else's shop system: a small server with an API of its own, over the demo shop's customers and orders.

For tests, demos and load, as the second server that a pack's `backend` connects to. Nothing in its API is named or
written as ours is: amounts are yuan in text, instants are milliseconds, states have other words. It fails in the ways
real systems do, as its `faults` say for each request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

import uvicorn
from fastapi import Body, Depends, FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from assistant.catalogue import Catalogue
from assistant.clock import Clock, SystemClock
from assistant.errors import EffectRefused
from assistant.orders import apply
from assistant.orders_data import load_orders
from assistant.shop import Action, Customer, Order, Receipt
from knowledge.pack import Pack, open_pack
from server.loopback import served
from server.trade_forms import (
    ACTIONS,
    BillWish,
    BuyerAnswer,
    CaseMove,
    CaseWish,
    Close,
    Payout,
    Readdress,
    Theirs,
    TradeAnswer,
    TradePage,
    TradesAnswer,
    VisitWish,
    VoucherAnswer,
    Wish,
    buyer_of,
    trade_of,
    voucher_of,
)

Fault = Literal[
    "execute_then_hang", "execute_then_500", "execute_then_garbage", "execute_twice", "late", "hang", "error_500",
    "rate_limit", "garbage", "slow", "another_buyer", "another_action", "redirect",
]  # fmt: skip
"""`execute_*` carry a write out and then say nothing, 500 or what is no JSON; `execute_twice` is a gateway that
delivers a request twice and answers twice in one body; `late` answers after `late_s`, `slow` carries out after it;
`hang`, `error_500`, `rate_limit` and `garbage` do nothing at all; `another_*` answer for somebody or something else.
"""

Faults: TypeAlias = Callable[[str, str], "Fault | None"]
"""Which fault a request has, by its `operationId` and the number in its path (empty where there is none)."""

Key: TypeAlias = Annotated[str | None, Header(alias="Idempotency-Key")]

_POLL_S = 0.02


class Refusal(Exception):
    """A request that is not carried out, as problem details."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status, self.code, self.detail = status, code, detail
        super().__init__(detail)


def no_faults(_operation: str, _number: str) -> Fault | None:
    return None


@dataclass
class Planned:
    """Faults in order for the writes, then none. `reads` are faults of reads by operation, without end."""

    writes: list[Fault] = field(default_factory=list[Fault])
    reads: dict[str, Fault] = field(default_factory=dict[str, Fault])

    def __call__(self, operation: str, _number: str) -> Fault | None:
        if operation in READS:
            return self.reads.get(operation)
        return self.writes.pop(0) if self.writes else None


READS = frozenset({"listTrades", "getTrade", "getBuyer", "getVoucher", "ping"})


@dataclass
class ScriptedShop:
    """The system's data. `done` lists every effect as it happened, so that a doubled one is seen.

    With `idempotent`, a request whose `Idempotency-Key` was seen before is answered from its voucher.
    """

    customers: dict[str, Customer]
    trades: dict[str, Order]
    clock: Clock
    faults: Faults = no_faults
    idempotent: bool = True
    token: str | None = None
    late_s: float = 0.3
    page_size: int = 5
    done: list[Receipt] = field(default_factory=list[Receipt])
    vouchers: dict[str, tuple[str, Receipt]] = field(default_factory=dict[str, tuple[str, Receipt]])
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    """Every request: its operation and headers."""

    @classmethod
    def of_demo(cls, clock: Clock, **options: Any) -> ScriptedShop:
        """The demo shop's customers and orders, dated relative to the clock."""
        chain, now = open_pack("demo"), clock.now()
        pack = Pack(chain[0].name, chain[0], chain, ())
        catalogue = Catalogue.from_data(pack.data("catalogue"), now, shop=pack.data("shop"))
        customers, orders = load_orders(pack.data("orders"), catalogue, now)
        return cls.holding(customers, orders, clock, **options)

    @classmethod
    def holding(cls, customers: list[Customer], orders: list[Order], clock: Clock, **options: Any) -> ScriptedShop:
        own = {customer.customer_id: customer for customer in customers}
        return cls(own, {order.order_id: order for order in orders}, clock, **options)

    def write(self, action: Action, buyer_no: str, key: str | None, digest: str) -> Receipt:
        """Carry a write out. Raises `Refusal`."""
        if self.idempotent and key in self.vouchers:
            used_for, voucher = self.vouchers[key]
            if used_for != digest:
                raise Refusal(422, "KEY_REUSED", "This key was used for another request.")
            return voucher
        trade = self.trades.get(action.order_id or "")
        if trade is None or trade.customer_id != buyer_no:
            raise Refusal(404, "NO_SUCH_TRADE", "There is no such trade.")
        at, serial = self.clock.now(), f"TX{len(self.done) + 1:08d}"
        try:
            self.trades[trade.order_id] = apply(trade, action, at, serial)
        except EffectRefused as error:
            raise Refusal(409, "NOT_ALLOWED", error.what) from error
        voucher = Receipt(
            key=key or serial,
            reference=serial,
            action=action.name,
            order_id=trade.order_id,
            amount=action.amount,
            at=at,
        )
        self.done.append(voucher)
        self.vouchers[voucher.key] = (digest, voucher)
        return voucher


def create_shop_app(shop: ScriptedShop) -> FastAPI:
    """The system's API. `PUT /faults` sets the fault of an operation while it runs: `{"closeTrade": "error_500"}`."""
    app = FastAPI(title="Example trade system", version="3.2", docs_url=None, redoc_url=None)

    async def may_call(request: Request) -> None:
        if shop.token is not None and request.headers.get("authorization") != f"Bearer {shop.token}":
            raise Refusal(401, "WHO_ARE_YOU", "The token is missing or wrong.")

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> Response:
        return _problem(refusal)

    allowed = [Depends(may_call)]
    _reads(app, shop, allowed)
    _writes(app, shop, allowed)

    @app.put("/faults", include_in_schema=False)
    async def fail(planned: Annotated[dict[str, Fault], Body()]) -> dict[str, Fault]:
        shop.faults = lambda operation, _: planned.get(operation)
        return planned

    return app


def _reads(app: FastAPI, shop: ScriptedShop, allowed: list[Any]) -> None:
    @app.get("/api/ping", operation_id="ping", dependencies=allowed)
    async def ping(request: Request) -> Response:
        return await _serve(shop, request, "ping", lambda: {"code": 0, "data": {}})

    @app.get("/api/buyers/{buyerNo}", operation_id="getBuyer", response_model=BuyerAnswer, dependencies=allowed)
    async def buyer(request: Request, buyerNo: str) -> Response:  # noqa: N803 - their name
        return await _serve(shop, request, "getBuyer", lambda: _ok(buyer_of(_own(shop.customers, buyerNo))))

    @app.get("/api/trades", operation_id="listTrades", response_model=TradesAnswer, dependencies=allowed)
    async def trades(
        request: Request,
        buyer_no: Annotated[str, Query(alias="buyerNo")],
        page_no: Annotated[int, Query(alias="pageNo", ge=1)] = 1,
    ) -> Response:
        def page() -> dict[str, Any]:
            own = [trade_of(each) for each in shop.trades.values() if each.customer_id == buyer_no]
            if request.state.fault == "another_buyer":
                own = [trade_of(each) for each in shop.trades.values()]
            start = (page_no - 1) * shop.page_size
            rows = own[start : start + shop.page_size]
            return _ok(TradePage(rows=rows, has_next=start + shop.page_size < len(own)))

        return await _serve(shop, request, "listTrades", page)

    @app.get("/api/trades/{tradeNo}", operation_id="getTrade", response_model=TradeAnswer, dependencies=allowed)
    async def trade(request: Request, tradeNo: str, buyer_no: Annotated[str, Query(alias="buyerNo")]) -> Response:  # noqa: N803
        def one() -> dict[str, Any]:
            found = _own(shop.trades, tradeNo)
            if found.customer_id != buyer_no and request.state.fault != "another_buyer":
                raise Refusal(404, "NO_SUCH_TRADE", "There is no such trade.")
            return _ok(trade_of(found))

        return await _serve(shop, request, "getTrade", one)

    @app.get("/api/requests/{requestNo}", operation_id="getVoucher", response_model=VoucherAnswer, dependencies=allowed)
    async def voucher(request: Request, requestNo: str) -> Response:  # noqa: N803
        return await _serve(shop, request, "getVoucher", lambda: _ok(voucher_of(_own(shop.vouchers, requestNo)[1])))


Writing: TypeAlias = Callable[[str, str], Callable[[Callable[..., Awaitable[Response]]], Any]]


def _writes(app: FastAPI, shop: ScriptedShop, allowed: list[Any]) -> None:
    def write(path: str, operation: str) -> Callable[[Callable[..., Awaitable[Response]]], Any]:
        return app.post(
            f"/api/trades/{{tradeNo}}{path}", operation_id=operation, response_model=VoucherAnswer, dependencies=allowed
        )

    _trade_writes(write, shop)
    _case_writes(write, shop)


async def _carry_out(
    shop: ScriptedShop, request: Request, operation: str, action: Action, *, wish: Wish, key: str | None
) -> Response:
    digest = json.dumps([operation, request.url.path, wish.model_dump(mode="json")], sort_keys=True)
    return await _serve(
        shop, request, operation, lambda: _ok(voucher_of(shop.write(action, wish.buyer_no, key, digest)))
    )


def _trade_writes(write: Writing, shop: ScriptedShop) -> None:
    @write("/closures", "closeTrade")
    async def close(request: Request, tradeNo: str, wish: Close, key: Key = None) -> Response:  # noqa: N803
        action = Action(name="cancel_refund", order_id=tradeNo, amount=_fen(wish.refund_yuan))
        return await _carry_out(shop, request, "closeTrade", action, wish=wish, key=key)

    @write("/intercepts", "interceptParcel")
    async def intercept(request: Request, tradeNo: str, wish: Wish, key: Key = None) -> Response:  # noqa: N803
        return await _carry_out(
            shop, request, "interceptParcel", Action(name="intercept", order_id=tradeNo), wish=wish, key=key
        )

    @write("/payouts", "payOut")
    async def pay(request: Request, tradeNo: str, wish: Payout, key: Key = None) -> Response:  # noqa: N803
        args = {"ticket_id": wish.case_no} if wish.case_no else {}
        action = Action(name=_OURS[wish.pay_type], order_id=tradeNo, amount=_fen(wish.yuan), args=args)
        return await _carry_out(shop, request, "payOut", action, wish=wish, key=key)

    @write("/receiver", "changeReceiver")
    async def readdress(request: Request, tradeNo: str, wish: Readdress, key: Key = None) -> Response:  # noqa: N803
        action = Action(name="change_address", order_id=tradeNo, args={"address": wish.receiver})
        return await _carry_out(shop, request, "changeReceiver", action, wish=wish, key=key)

    @write("/bills", "applyBill")
    async def bill(request: Request, tradeNo: str, wish: BillWish, key: Key = None) -> Response:  # noqa: N803
        action = Action(name="invoice", order_id=tradeNo, args={"invoice_title": wish.title})
        return await _carry_out(shop, request, "applyBill", action, wish=wish, key=key)


def _case_writes(write: Writing, shop: ScriptedShop) -> None:
    @write("/after-sales", "openCase")
    async def open_case(request: Request, tradeNo: str, wish: CaseWish, key: Key = None) -> Response:  # noqa: N803
        named = {"line_ids": wish.rows, "target_variant": wish.target, "defect": wish.memo, "visit_time": wish.visit}
        action = Action(
            name=_OURS[wish.case_type], order_id=tradeNo, amount=_fen(wish.money),
            args={name: value for name, value in named.items() if value},
        )  # fmt: skip
        return await _carry_out(shop, request, "openCase", action, wish=wish, key=key)

    @write("/visits", "bookVisit")
    async def visit(request: Request, tradeNo: str, wish: VisitWish, key: Key = None) -> Response:  # noqa: N803
        args = {"door_kind": _SERVICES[wish.service], "visit_time": wish.visit, "address": wish.address}
        action = Action(name="door_service", order_id=tradeNo, args={n: v for n, v in args.items() if v})
        return await _carry_out(shop, request, "bookVisit", action, wish=wish, key=key)

    @write("/visits/cancellation", "dropVisit")
    async def drop(request: Request, tradeNo: str, wish: Wish, key: Key = None) -> Response:  # noqa: N803
        return await _carry_out(
            shop, request, "dropVisit", Action(name="cancel_visit", order_id=tradeNo), wish=wish, key=key
        )

    @write("/moves", "moveCase")
    async def move(request: Request, tradeNo: str, wish: CaseMove, key: Key = None) -> Response:  # noqa: N803
        args = {"ticket_id": wish.case_no, **({"waybill": wish.mail_no} if wish.mail_no else {})}
        action = Action(name=_OURS[wish.move], order_id=tradeNo, args=args)
        return await _carry_out(shop, request, "moveCase", action, wish=wish, key=key)


_OURS: Mapping[str, str] = {what: name for name, what in ACTIONS.items()}
_SERVICES = {"FETCH": "pickup_return", "SWAP": "swap", "REPAIR": "repair", "INSTALL": "deliver_install"}


async def _serve(shop: ScriptedShop, request: Request, operation: str, work: Callable[[], dict[str, Any]]) -> Response:
    """Do the work and answer, with whatever fault this request has."""
    shop.requests.append((operation, dict(request.headers)))
    number = next(iter(request.path_params.values()), "")
    fault = request.state.fault = shop.faults(operation, number)
    if fault == "hang":
        return await _silence(request)
    if fault == "error_500":
        return _problem(Refusal(500, "OOPS", "scripted failure"))
    if fault == "rate_limit":
        return _problem(Refusal(429, "SLOW_DOWN", "Too many requests."), {"Retry-After": "0"})
    if fault == "garbage":
        return Response("<html>系统繁忙</html>", media_type="application/json")
    if fault == "redirect":
        return RedirectResponse("http://169.254.169.254/latest/meta-data", status_code=307)
    if fault == "slow":
        await asyncio.sleep(shop.late_s)
    try:
        answer = work()
        if fault == "execute_twice":
            answer = work()
    except Refusal as refusal:
        return _problem(refusal)
    return await _answer(shop, request, fault, answer)


async def _answer(shop: ScriptedShop, request: Request, fault: Fault | None, answer: dict[str, Any]) -> Response:
    match fault:
        case "execute_then_hang":
            return await _silence(request)
        case "execute_then_500":
            return _problem(Refusal(500, "OOPS", "scripted failure after the work was done"))
        case "execute_then_garbage":
            return Response("{not json", media_type="application/json")
        case "execute_twice":
            return Response(json.dumps(answer) * 2, media_type="application/json")
        case "late":
            await asyncio.sleep(shop.late_s)
        case "another_action":
            answer = {**answer, "data": {**answer["data"], "what": "INVOICE", "yuan": "0.01"}}
    return JSONResponse(answer)


async def _silence(request: Request) -> Response:
    while not await request.is_disconnected():  # noqa: ASYNC110 - a request has no event for it
        await asyncio.sleep(_POLL_S)
    return Response()


def _problem(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    body = {"type": f"https://trade.example/problems/{refusal.code}", "title": "Not done", "status": refusal.status,
            "detail": refusal.detail, "code": refusal.code}  # fmt: skip
    return JSONResponse(body, refusal.status, dict(headers or {}), media_type="application/problem+json")


def _ok(data: Theirs) -> dict[str, Any]:
    return {"code": 0, "data": data.model_dump(mode="json", by_alias=True)}


def _own(table: Mapping[str, Any], name: str) -> Any:
    if name not in table:
        raise Refusal(404, "NOT_FOUND", "There is no such thing.")
    return table[name]


def _fen(yuan: str | None) -> int | None:
    if yuan is None:
        return None
    whole, _, part = yuan.partition(".")
    if not whole.isdigit() or not (part or "0").isdigit() or len(part) > 2:
        raise Refusal(422, "BAD_AMOUNT", "An amount is written 12.34.")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def running(shop: ScriptedShop) -> AbstractContextManager[str]:
    """Serve on a free loopback port in a thread; yields the base URL to configure."""
    return served(create_shop_app(shop))


if __name__ == "__main__":
    import sys

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9090
    demo = ScriptedShop.of_demo(SystemClock(), token="demo-backend-token")  # noqa: S106 - the example's own
    uvicorn.run(create_shop_app(demo), host="127.0.0.1", port=port)
