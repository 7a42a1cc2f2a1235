"""A shop whose orders live in somebody else's system, spoken to over HTTP as its OpenAPI document says.

    a read    is tried again with jitter, within a time limit, behind its circuit breaker → `ShopUnavailable`
    a write   is sent once, under `Idempotency-Key: <permit id>`
              never reached the system → tried again, then `EffectRefused` (nothing was done)
              409, 422 and other 4xx   → `EffectRefused`, in the system's own words; `Conflict` for a key used before
              anything else            → `EffectUnknown`: time-out, broken connection, 5xx, an answer nobody can read

Every answer is bounded in size, typed, and checked to speak of the customer and order that were asked about. Requests
go to the configured address only: redirects are not followed, and the environment's proxies are not used.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import stamina
import structlog
from pydantic import BaseModel, ValidationError

from assistant.backend import Backend, Call, Unreadable, at, fields_of, nested, values_for
from assistant.breaker import Breaker
from assistant.catalogue import Catalogue
from assistant.clock import Clock
from assistant.errors import Conflict, EffectRefused, EffectUnknown, NotDelivered, ShopUnavailable
from assistant.openapi import ApiDocument, Operation
from assistant.shop import Action, Customer, Order, Receipt
from knowledge.errors import XiaoerError

log = structlog.get_logger("assistant")

READ_ATTEMPTS = 3
CONNECT_ATTEMPTS = 3
MAX_BYTES = 4_000_000
MAX_PAGES = 20
_MAX_WORDS = 200
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNSURE_STATUS = frozenset({408, 425})
"""4xx that do not say that nothing was done: the request was given up on half way, or may be replayed."""
_TOO_BUSY = 429

M = TypeVar("M", bound=BaseModel)


class _TryAgain(Exception):
    """A read that failed in a way that may pass. `after` is how many seconds the system asks to wait."""

    def __init__(self, what: str, after: float | None = None) -> None:
        self.after = after
        super().__init__(what)


class HttpShop:
    """Implements `assistant.shop.Shop`. `base_url` comes from the settings, `backend` and `api` from the pack.

    Raises `XiaoerError` when the address is no http(s) one or an operation is not in the document.
    """

    def __init__(
        self,
        backend: Backend,
        api: ApiDocument,
        catalogue: Catalogue,
        *,
        base_url: str,
        token: str | None,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._backend = backend
        self._operations = {name: _operation(api, name, call) for name, call in backend.operations.items()}
        self._catalogue = catalogue
        self._base = _address(base_url)
        # one for each operation: what tells nothing of receipts may still tell of orders
        self._breakers = {name: Breaker(clock) for name in backend.operations}
        headers = {"Accept": "application/json", "User-Agent": "xiaoer"}
        if token:
            headers["Authorization"] = f"Bearer {token}"

        def client(patience_s: float, kept: int) -> httpx.AsyncClient:
            return httpx.AsyncClient(
                headers=headers,
                timeout=httpx.Timeout(patience_s, connect=backend.connect_timeout_s),
                limits=httpx.Limits(max_connections=50, max_keepalive_connections=kept),
                follow_redirects=False,
                trust_env=False,
                transport=transport,
            )

        self._reads = client(backend.read_timeout_s, 10)
        # a write has a connection of its own: one that the system closes in that moment would leave it unknown
        self._writes = client(backend.write_timeout_s, 0)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reads.aclose()
        await self._writes.aclose()

    async def reachable(self) -> bool:
        """Whether the system answers its `health` operation now; without one, whether its last reads succeeded."""
        if "health" not in self._operations:
            return not any(self._breakers[name].resting for name in ("orders", "order"))
        try:
            response = await self._get("health", {})
        except (httpx.TransportError, _TryAgain, XiaoerError):
            return False
        return response.is_success

    # ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def customer(self, customer_id: str) -> Customer | None:
        """What the system knows of a customer. Who they are was proven before; an outage leaves out only the name."""
        stranger = Customer(customer_id=customer_id, name="")
        if "customer" not in self._operations:
            return stranger
        try:
            found = await self._read("customer", {"customer_id": customer_id})
            if found is None:
                return None
            fields = {"name": "", **fields_of(self._backend.map.get("customer", {}), found), "customer_id": customer_id}
            return _typed(Customer, fields, "customer")
        except (ShopUnavailable, Unreadable):
            return stranger

    async def orders(self, customer_id: str) -> list[Order]:
        """The customer's own orders, newest first. One that cannot be read is left out and noted in the log.

        Raises `ShopUnavailable` when the system does not answer, or when no order of several can be read.
        """
        rows = await self._rows("orders", {"customer_id": customer_id})
        found, unread = [], 0
        for row in rows:
            try:
                order = self._order(row)
            except ShopUnavailable as error:
                unread += 1
                log.warning("order_unreadable", reason=error.what)
                continue
            if order.customer_id == customer_id:
                found.append(order)
            else:
                log.error("backend_answered_for_another_customer", operation="orders")
        if unread and not found:
            raise ShopUnavailable("No order of the shop's system can be read.", mend="Run `xiaoer check` on the pack.")
        return sorted(found, key=lambda order: (-order.created_at.timestamp(), order.order_id))

    async def order(self, customer_id: str, order_id: str) -> Order | None:
        """The customer's own order, or None: absent and somebody else's look the same."""
        found = await self._read("order", {"customer_id": customer_id, "order_id": order_id})
        if found is None:
            return None
        order = self._order(found)
        if order.customer_id != customer_id or order.order_id != order_id:
            log.error("backend_answered_for_another_customer", operation="order")
            return None
        return order

    async def receipt(self, key: str) -> Receipt | None:
        """The receipt of an earlier write with this key. Raises `EffectUnknown` when the system does not say."""
        if "receipt" not in self._operations:
            raise EffectUnknown("The shop's system has no operation that tells what became of a request.")
        try:
            found = await self._read("receipt", {"key": key})
            return None if found is None else self._receipt(found, key)
        except ShopUnavailable as error:
            raise EffectUnknown(error.what) from error

    # ── writes ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def execute(self, action: Action, *, key: str, customer_id: str, at: datetime) -> Receipt:
        """Send `action` once under `key`. Raises `EffectRefused`, `Conflict` or `EffectUnknown`, see above."""
        name = f"execute.{action.name}"
        call = self._backend.operations.get(name)
        if call is None:
            raise EffectRefused(f"The shop's system has no operation for {action.name}.")
        known = {**action.model_dump(mode="python"), "customer_id": customer_id, "key": key, "at": at}
        try:
            body = nested(values_for(call.body, known))
            request = self._request(self._writes, name, known, body=body, key=key)
        except (Unreadable, ShopUnavailable) as error:
            raise EffectRefused(f"The request cannot be written: {error.what}") from error
        response = await self._send_once(request)
        receipt = self._answer_to_write(response, key)
        if (receipt.action, receipt.order_id, receipt.amount) != (action.name, action.order_id, action.amount):
            raise EffectUnknown("The shop's system answered for another action, order or amount.")
        return receipt

    async def _send_once(self, request: httpx.Request) -> httpx.Response:
        """Raises `EffectUnknown` once the request may have arrived. Until then, connecting is tried again."""
        for attempt in range(1, CONNECT_ATTEMPTS + 1):
            try:
                return await _whole(self._writes, request)
            except _NOT_SENT as error:
                if attempt == CONNECT_ATTEMPTS:
                    what = f"The shop's system could not be reached ({type(error).__name__}); nothing was done."
                    raise NotDelivered(what) from error
                await asyncio.sleep(0.1 * attempt)
            except (httpx.TransportError, httpx.DecodingError, _TryAgain) as error:
                what = f"The shop's system did not say what it did ({type(error).__name__})."
                raise EffectUnknown(what) from error
        raise AssertionError("unreachable")

    def _answer_to_write(self, response: httpx.Response, key: str) -> Receipt:
        status = response.status_code
        if response.is_success:
            try:
                call = self._backend.map["receipt"]
                where = self._call_of(response).answer
                return self._receipt(_found(_json(response), where), key, rules=call)
            except (ShopUnavailable, Unreadable) as error:
                raise EffectUnknown(f"The answer of the shop's system cannot be read: {error.what}") from error
        if not 400 <= status < 500 or status in _UNSURE_STATUS:
            raise EffectUnknown(f"The shop's system answered {status}.")
        code, words = _problem(response)
        if code in self._backend.codes.pending:
            raise EffectUnknown("The shop's system is still carrying out an earlier request with this key.")
        if code in self._backend.codes.conflict:
            raise Conflict("This key was used for another request.")
        refusal = NotDelivered if status == _TOO_BUSY else EffectRefused
        raise refusal(words or f"The shop's system refused with {status}.")

    # ── one request ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _read(self, name: str, known: Mapping[str, Any]) -> Any:
        """What an operation answers, under its `answer`; None for 404. Raises `ShopUnavailable`."""
        response = await self._kept_trying(name, known)
        if response.status_code == 404:
            return None
        return _found(_json(response), self._backend.operations[name].answer)

    async def _rows(self, name: str, known: Mapping[str, Any]) -> list[Any]:
        """All rows of a list, page by page."""
        call = self._backend.operations[name]
        rows: list[Any] = []
        for number in range(MAX_PAGES):
            more = {call.pages.param: call.pages.first + number} if call.pages else {}
            response = await self._kept_trying(name, known, more)
            if response.status_code == 404:
                break
            page = _json(response)
            found = _found(page, call.answer)
            if not isinstance(found, list):
                raise ShopUnavailable("The shop's system did not answer with a list of orders.")
            rows += found
            if call.pages is None or at(page, call.pages.more) is not True:
                break
        return rows

    async def _kept_trying(
        self, name: str, known: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """The answer to a read, tried again while that may help. Raises `ShopUnavailable`."""
        breaker = self._breakers[name]
        if not breaker.admits():
            raise ShopUnavailable("The shop's system failed repeatedly and rests.")
        try:
            async for attempt in stamina.retry_context(
                on=_again, attempts=READ_ATTEMPTS, timeout=self._backend.read_timeout_s * 2,
                wait_initial=0.05, wait_jitter=0.05, wait_max=1.0,
            ):  # fmt: skip
                with attempt:
                    response = await self._get(name, known, more)
        except (httpx.TransportError, httpx.DecodingError, _TryAgain) as error:
            breaker.failed()
            why = str(error) if isinstance(error, _TryAgain) else type(error).__name__
            raise ShopUnavailable(f"The shop's system does not answer ({why}).") from error
        breaker.succeeded()
        if not response.is_success and response.status_code != 404:
            raise ShopUnavailable(f"The shop's system answered {response.status_code}.")
        return response

    async def _get(self, name: str, known: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> httpx.Response:
        response = await _whole(self._reads, self._request(self._reads, name, known, more=more))
        if response.status_code == 429 or response.status_code >= 500:
            raise _TryAgain(f"HTTP {response.status_code}", _seconds(response))
        return response

    def _request(
        self,
        client: httpx.AsyncClient,
        name: str,
        known: Mapping[str, Any],
        *,
        more: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> httpx.Request:
        """The request of an operation. A value goes where the document puts its parameter, and never leaves it."""
        operation, call = self._operations[name], self._backend.operations[name]
        path, query, headers = operation.path, dict[str, str](), dict[str, str]()
        for parameter, value in {**values_for(call.params, known), **(more or {})}.items():
            match operation.parameters[parameter].place:
                case "path":
                    path = path.replace(f"{{{parameter}}}", _segment(str(value)))
                case "query":
                    query[parameter] = str(value)
                case "header":
                    headers[parameter] = str(value)
        if key is not None:
            headers["Idempotency-Key"] = key
        url = self._base + path
        return client.build_request(
            operation.method, url, params=query, headers=headers, json=body if operation.body is not None else None,
            extensions={"timeout": client.timeout.as_dict(), "operation": name},
        )  # fmt: skip

    def _call_of(self, response: httpx.Response) -> Call:
        return self._backend.operations[response.request.extensions["operation"]]

    # ── their JSON as ours ───────────────────────────────────────────────────────────────────────────────────────

    def _order(self, row: Any) -> Order:
        try:
            fields = fields_of(self._backend.map["order"], row)
        except Unreadable as error:
            raise ShopUnavailable(f"An order of the shop's system cannot be read: {error.what}") from error
        lines = fields.get("lines")
        if isinstance(lines, list):
            fields["lines"] = [self._line(line, n) for n, line in enumerate(lines, 1)]
        for ticket in fields.get("tickets") or ():
            ticket.setdefault("order_id", fields.get("order_id"))
            ticket.setdefault("updated_at", ticket.get("opened_at"))
        order = _typed(Order, fields, "order")
        if min(order.paid, order.refunded, order.compensated, order.returnable) < 0 or not order.lines:
            raise ShopUnavailable("An order of the shop's system contradicts itself.")
        return order

    def _line(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        """A line with what the catalogue knows of its sku. Their own fields stand over it, but for the name: the
        catalogue has it in both languages.
        """
        sku = str(line.get("sku", ""))
        product = self._catalogue.by_sku(sku)
        if product is None:
            return {"line_id": f"L{number}", "product_id": sku, **line}
        variant = next(each for each in product.variants if each.sku == sku)
        return {
            "line_id": f"L{number}",
            "product_id": product.id,
            "options": variant.options,
            "item_class": product.item_class,
            "confirmed_at_purchase": product.confirm_at_purchase,
            **line,
            "name": product.name,
        }

    def _receipt(self, found: Any, key: str, *, rules: Mapping[str, Any] | None = None) -> Receipt:
        try:
            fields = fields_of(rules or self._backend.map["receipt"], found)
        except Unreadable as error:
            raise ShopUnavailable(f"A receipt of the shop's system cannot be read: {error.what}") from error
        receipt = _typed(Receipt, {"order_id": None, "key": key, **fields}, "receipt")
        if receipt.key != key:
            raise ShopUnavailable("The shop's system answered for another request.")
        return receipt


def _address(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise XiaoerError(
            "The address of the shop's system is not usable.", mend="Set XIAOER_BACKEND_URL to https://host/path."
        )
    return base_url.rstrip("/")


def _operation(api: ApiDocument, name: str, call: Call) -> Operation:
    operation = api.operations.get(call.id)
    unknown = set(call.params) - set(operation.parameters) if operation else set[str]()
    if operation is None or unknown:
        what = f"parameter `{min(unknown)}` of `{call.id}`" if unknown else f"operation `{call.id}`"
        raise XiaoerError(
            f"`backend.operations.{name}` names the {what}, which {api.path.name} does not have.",
            mend="Run `xiaoer check` on the pack.",
        )
    return operation


def _segment(value: str) -> str:
    """A value as one segment of a path: it can neither add segments nor step out of them."""
    if value in {"", ".", ".."}:
        raise ShopUnavailable("This cannot stand in an address.")
    return quote(value, safe="")


async def _whole(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send and read the whole answer, up to `MAX_BYTES`."""
    response = await client.send(request, stream=True)
    try:
        read = bytearray()
        async for piece in response.aiter_bytes():
            read += piece
            if len(read) > MAX_BYTES:
                raise _TryAgain("the answer is too large")
    finally:
        await response.aclose()
    return httpx.Response(response.status_code, headers=_plain_headers(response), content=bytes(read), request=request)


def _plain_headers(response: httpx.Response) -> list[tuple[str, str]]:
    """Headers without what spoke of the form on the wire: the content is decoded already."""
    wire = {"content-encoding", "content-length", "transfer-encoding"}
    return [(name, value) for name, value in response.headers.multi_items() if name not in wire]


def _again(error: Exception) -> bool | float:
    if isinstance(error, _TryAgain):
        return True if error.after is None else min(error.after, 2.0)
    return isinstance(error, httpx.TransportError)


def _seconds(response: httpx.Response) -> float | None:
    """`Retry-After` (RFC 9110 §10.2.3) in its form of seconds."""
    value = response.headers.get("retry-after", "")
    # isdigit alone takes `²`, which is no number
    return float(value) if value.isascii() and value.isdigit() else None


def _json(response: httpx.Response) -> Any:
    """The JSON of an answer, decimals kept exactly. Raises `ShopUnavailable`."""
    try:
        return json.loads(response.content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ShopUnavailable("The shop's system answered with what is no JSON.") from error


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _found(answer: Any, where: str) -> Any:
    found = at(answer, where)
    if found is None:
        raise ShopUnavailable(f"The answer of the shop's system has nothing at `{where}`.")
    return found


def _typed(model: type[M], fields: Mapping[str, Any], what: str) -> M:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        names: Sequence[str] = sorted({".".join(map(str, issue["loc"])) for issue in error.errors()})
        raise ShopUnavailable(f"The {what} of the shop's system cannot be read: {', '.join(names[:5])}.") from error


def _problem(response: httpx.Response) -> tuple[str, str]:
    """The code and the words of problem details (RFC 9457): kept short, one line, data and nothing more."""
    try:
        body = _json(response)
    except ShopUnavailable:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    code = str(body.get("code") or str(body.get("type") or "").rstrip("/").rpartition("/")[2])
    words = str(body.get("detail") or body.get("title") or "")
    return code, " ".join(words.split())[:_MAX_WORDS]
