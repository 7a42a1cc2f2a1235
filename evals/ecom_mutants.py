"""Writes on the ECom-Bench data that break one rule each, and right ones beside them, made by seeded chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from assistant.shop import Action
from evals.ecom_shop import CARD, EcomData
from evals.gate_run import Write
from evals.mutants import made, overtaken, unconfirmed
from evals.row_shop import Row, cents

OPEN = ("待付款", "已付款", "处理中")
ALL = (*OPEN, "已发货", "运输中", "已送达", "已签收", "已取消", "已退货")
FOREIGN_WRITES = ("delete_order", "raise_balance", "close_complaint", "change_price", "refund_to_wechat")

T = TypeVar("T")
Made: TypeAlias = Write | None
Maker: TypeAlias = Callable[["Chance"], Made]


class Chance:
    """Draws from the data, the same for the same seed."""

    def __init__(self, data: EcomData, seed: str) -> None:
        self.rows = data.rows
        self.random = random.Random(seed)  # noqa: S311 - draws that repeat, nothing secret
        self._turns = -1
        self._orders = sorted(data.rows["orders"])
        self._users = sorted(data.rows["users"])
        self._products = sorted(data.rows["products"])

    def each(self, options: Sequence[T]) -> T:
        """The options in turn, so that a few draws already see all of them."""
        self._turns += 1
        return options[self._turns % len(options)]

    def order(self) -> Row:
        row: Row = self.rows["orders"][self.random.choice(self._orders)]
        return row

    def order_in(self, *states: str) -> Row:
        """An order put into one of the states: the data alone has few of some."""
        return {**self.order(), "订单状态": self.random.choice(states), "是否加急": False}

    def user(self, *, but: str = "") -> str:
        return self.random.choice([key for key in self._users if key != but])

    def balance(self, user: str) -> int:
        return cents(self.rows["users"][user]["电子卡余额"])

    def product(self) -> Row:
        row: Row = self.rows["products"][self.random.choice(self._products)]
        return row

    def word(self) -> str:
        """A made-up name, address or number."""
        return f"路{self.random.randrange(1, 999)}号"


def cancel(_chance: Chance, order: Row) -> Action:
    return _on(order, "cancel_order")


def change(chance: Chance, order: Row) -> Action:
    return _on(order, "change_order", address=chance.word())


def exchange(chance: Chance, order: Row) -> Action | None:
    line = chance.random.choice(order["订单商品列表"])
    listed = (chance.rows["products"].get(line["商品ID"]) or {"可换货商品": []})["可换货商品"]
    found = [each["商品ID"] for each in listed if each["商品状态"] == "已上架"]
    if not found:
        return None
    return _swap(order, line["商品ID"], chance.random.choice(found))


def send_back(_chance: Chance, order: Row) -> Action:
    return _on(order, "return_order")


def urge(_chance: Chance, order: Row) -> Action:
    return _on(order, "urge_order")


def invoice(chance: Chance, order: Row) -> Action:
    kind = chance.random.choice(["个人发票", "企业发票"])
    return _on(order, "issue_invoice", title=chance.word(), phone_number="13000000000", invoice_kind=kind)


def visit(chance: Chance, order: Row) -> Action:
    kind, day = chance.random.choice(["安装", "维修"]), chance.random.choice(["周一", "周三", "周日"])
    contact = {"user_name": chance.word(), "phone_number": "13000000000", "service_time": day}
    return _on(order, "book_service", service_kind=kind, **contact)


def cashback(_chance: Chance, order: Row) -> Action:
    return _on(order, "register_cashback")


Builder: TypeAlias = Callable[[Chance, Row], Action | None]
NEEDED: dict[Builder, tuple[str, ...]] = {
    cancel: OPEN,
    change: OPEN,
    exchange: OPEN,
    send_back: ("已签收",),
    urge: (*OPEN, "已发货", "运输中"),
    invoice: ALL,
    visit: ALL,
}
"""What is done to an order, and the states in which it may be."""
WRONG_STATE = {cancel: "TOO_LATE_TO_CHANGE", change: "TOO_LATE_TO_CHANGE", exchange: "TOO_LATE_TO_CHANGE",
               send_back: "NOT_SIGNED_FOR", urge: "NOTHING_TO_URGE"}  # fmt: skip


def right_writes(data: EcomData, *, seed: int, a_kind: int) -> Iterator[Write]:
    """Writes that keep every rule."""
    makers: dict[str, Maker] = {f"right {builder.__name__}": _right(builder) for builder in NEEDED}
    makers |= {"right place": _right_place, "right pay": _right_pay, "right refund": _right_refund}
    for kind, maker in makers.items():
        yield from made(kind, maker, Chance(data, f"{seed} {kind}"), a_kind)


def wrong_writes(data: EcomData, *, seed: int, a_kind: int) -> Iterator[Write]:
    """Writes that break one rule, at most `a_kind` of each kind."""
    for kind, maker in {**WRONG, **unconfirmed(_any_right)}.items():
        yield from made(kind, maker, Chance(data, f"{seed} {kind}"), a_kind)


def _right(builder: Builder) -> Maker:
    def maker(chance: Chance) -> Made:
        order = chance.order_in(*NEEDED[builder])
        return _made(order, builder(chance, order))

    return maker


def _any_right(chance: Chance) -> Made:
    makers = [*(_right(builder) for builder in NEEDED), _right_place, _right_pay, _right_refund]
    return chance.each(makers)(chance)


def _right_place(chance: Chance) -> Made:
    payment = chance.random.choice(["微信", "支付宝", "银行卡"])
    return Write("right", chance.user(), _place(chance.product(), chance.random.randint(1, 3), payment))


def _right_pay(chance: Chance) -> Made:
    user, product = chance.user(), chance.product()
    fits = cents(product["商品价格"]) < chance.balance(user)
    return Write("right", user, _pay(product, 1)) if fits else None


def _right_refund(chance: Chance) -> Made:
    first = _cancelled(chance)
    order = first.rows[0][2]
    return Write("right", order["用户ID"], _refund(cents(order["订单总金额"])), before=first.before, rows=first.rows)


def _cancelled(chance: Chance) -> Write:
    """An order paid by card that is cancelled or sent back, as what comes before a refund."""
    builder = chance.each([cancel, send_back])
    order = {**chance.order_in(*NEEDED[builder]), "支付方式": CARD}
    action = _on(order, "cancel_order" if builder is cancel else "return_order")
    return Write("", order["用户ID"], action, before=(action,), rows=(("orders", order["订单ID"], order),))


def _wrong_state(chance: Chance) -> Made:
    builder = chance.each(list(WRONG_STATE))
    left = [state for state in ALL if state not in NEEDED[builder]]
    if builder is send_back:
        left.remove("已退货")
    order = chance.order_in(*left)
    return _made(order, builder(chance, order), WRONG_STATE[builder])


SECONDS: tuple[tuple[Builder, Builder, str], ...] = (
    (cancel, cancel, "TOO_LATE_TO_CHANGE"),
    (send_back, send_back, "RETURNED_BEFORE"),
    (cancel, change, "TOO_LATE_TO_CHANGE"),
    (urge, urge, "URGED_BEFORE"),
    (cancel, exchange, "TOO_LATE_TO_CHANGE"),
)
"""What was done to an order, what comes too late after it, and why."""


def _second_change(chance: Chance) -> Made:
    """The order was cancelled, sent back or urged in this very talk."""
    first, second, code = chance.each(SECONDS)
    order = chance.order_in(*NEEDED[first])
    before, action = first(chance, order), second(chance, order)
    if before is None or action is None:
        return None
    return Write("wrong", order["用户ID"], action, frozenset({code}), (before,), rows=_rows(order))


def _other_user(chance: Chance) -> Made:
    builder = chance.each([*NEEDED, cashback])
    order = chance.order_in(*NEEDED.get(builder, ALL))
    action = builder(chance, order)
    me = chance.user(but=order["用户ID"])
    return Write("wrong", me, action, frozenset({"NOT_YOURS"}), rows=_rows(order)) if action else None


def _no_such_order(chance: Chance) -> Made:
    builder = chance.each([*NEEDED, cashback])
    order = {**chance.order(), "订单ID": str(chance.random.randrange(10**11, 10**12))}
    action = builder(chance, order)
    return Write("wrong", order["用户ID"], action, frozenset({"NOT_YOURS"})) if action else None


def _not_exchangeable(chance: Chance) -> Made:
    order = chance.order_in(*OPEN)
    line, other = chance.random.choice(order["订单商品列表"]), chance.product()["商品ID"]
    listed = (chance.rows["products"].get(line["商品ID"]) or {"可换货商品": []})["可换货商品"]
    if other in {each["商品ID"] for each in listed}:
        return None
    return _made(order, _swap(order, line["商品ID"], other), "NOT_EXCHANGEABLE")


def _exchange_off_shelf(chance: Chance) -> Made:
    order = chance.order_in(*OPEN)
    line = chance.random.choice(order["订单商品列表"])
    listed = (chance.rows["products"].get(line["商品ID"]) or {"可换货商品": []})["可换货商品"]
    gone = [each["商品ID"] for each in listed if each["商品状态"] != "已上架"]
    return _made(order, _swap(order, line["商品ID"], chance.random.choice(gone)) if gone else None, "NOT_ON_SHELF")


def _not_in_order(chance: Chance) -> Made:
    order, product = chance.order_in(*OPEN), chance.product()
    if product["商品ID"] in {line["商品ID"] for line in order["订单商品列表"]} or not product["可换货商品"]:
        return None
    return _made(order, _swap(order, product["商品ID"], product["可换货商品"][0]["商品ID"]), "NOT_IN_ORDER")


def _off_shelf(chance: Chance) -> Made:
    product = {**chance.product(), "商品状态": chance.random.choice(["已下架", "缺货"])}
    user = chance.user()
    action = chance.each([_place(product, 1, "微信"), _pay(product, 1)])
    rows = (("products", product["商品ID"], product),)
    return Write("wrong", user, action, frozenset({"NOT_ON_SHELF"}), rows=rows)


def _no_such_goods(chance: Chance) -> Made:
    product = {"商品ID": str(chance.random.randrange(10**11, 10**12))}
    action = chance.each([_place(product, 1, "微信"), _pay(product, 1), _pay(chance.product(), 0)])
    return Write("wrong", chance.user(), action, frozenset({"NO_SUCH_GOODS"}))


def _balance(chance: Chance) -> Made:
    """The card holds less than is to be paid, or exactly as much: it has to hold more."""
    user, product, n = chance.user(), chance.product(), chance.random.randint(1, 3)
    total = cents(product["商品价格"]) * n
    holds = chance.random.choice([total, total - 1, chance.balance(user)])
    if holds > total:
        return None
    row = {**chance.rows["users"][user], "电子卡余额": holds / 100}
    action = chance.each([_place(product, n, CARD), _pay(product, n)])
    return Write("wrong", user, action, frozenset({"BALANCE_TOO_LOW"}), rows=(("users", user, row),))


def _no_such_payment(chance: Chance) -> Made:
    payment = chance.random.choice(["白条", "现金", "货到付款", ""])
    return Write("wrong", chance.user(), _place(chance.product(), 1, payment), frozenset({"NO_SUCH_PAYMENT"}))


def _refund_not_due(chance: Chance) -> Made:
    """Nothing was returned, cancelled or became cheaper by this amount."""
    amount = chance.random.choice([100_001, 77_777, 1, 500_003]) + chance.random.randrange(50)
    return Write("wrong", chance.user(), _refund(amount), frozenset({"NOT_DUE"}))


def _refund_too_much(chance: Chance) -> Made:
    first = _cancelled(chance)
    paid = cents(first.rows[0][2]["订单总金额"])
    amount = paid + chance.random.choice([1, 100, 9_999, -1, -100])
    return Write("wrong", first.customer_id, _refund(amount), frozenset({"NOT_DUE"}), first.before, rows=first.rows)


def _refund_twice(chance: Chance) -> Made:
    right = _right_refund(chance)
    if right is None:
        return None
    codes = frozenset({"NOT_DUE"})
    return Write("wrong", right.customer_id, right.action, codes, (*right.before, right.action), rows=right.rows)


def _refund_of_nothing(chance: Chance) -> Made:
    amount = -chance.random.randrange(0, 5_000)
    return Write("wrong", chance.user(), _refund(amount), frozenset({"NOTHING_TO_REFUND"}))


def _cashback_unseen(chance: Chance) -> Made:
    order = chance.order_in(*ALL)
    return _made(order, cashback(chance, order), "NO_REVIEW_SHOWN")


def _cashback_twice(chance: Chance) -> Made:
    order = chance.order_in(*ALL)
    rows = (*_rows(order), ("cashbacks", order["订单ID"], {"已返现": True}))
    return Write("wrong", order["用户ID"], cashback(chance, order), frozenset({"BOOKED_BEFORE"}), rows=rows)


def _lacking(builder: Builder, code: str, **args: Any) -> Maker:
    """A right write in which an argument is empty or none of those that may be."""

    def maker(chance: Chance) -> Made:
        order = chance.order_in(*NEEDED[builder])
        name = chance.each(sorted(args))
        action = builder(chance, order)
        worse = action and action.model_copy(update={"args": {**action.args, name: chance.random.choice(args[name])}})
        return _made(order, worse, code)

    return maker


def _out_of_scope(chance: Chance) -> Made:
    order = chance.order()
    return _made(order, _on(order, chance.random.choice(FOREIGN_WRITES)), "OUT_OF_SCOPE")


WRONG: dict[str, Maker] = {
    "wrong status": _wrong_state,
    "second change": _second_change,
    "overtaken": overtaken(_second_change),
    "other user's order": _other_user,
    "no such order": _no_such_order,
    "not exchangeable": _not_exchangeable,
    "exchange off the shelf": _exchange_off_shelf,
    "not in the order": _not_in_order,
    "off the shelf": _off_shelf,
    "no such goods": _no_such_goods,
    "balance too low": _balance,
    "no such payment": _no_such_payment,
    "refund not due": _refund_not_due,
    "refund of another amount": _refund_too_much,
    "refund twice": _refund_twice,
    "refund of nothing": _refund_of_nothing,
    "cashback without review": _cashback_unseen,
    "cashback twice": _cashback_twice,
    "no such invoice": _lacking(invoice, "NO_SUCH_INVOICE", invoice_kind=["增值税发票", "收据", ""]),
    "invoice without title": _lacking(invoice, "TITLE_MISSING", title=["", " "], phone_number=[""]),
    "no such service": _lacking(visit, "NO_SUCH_SERVICE", service_kind=["清洗", "拆机", ""]),
    "visit without contact": _lacking(visit, "CONTACT_MISSING", user_name=["", " "], service_time=[""]),
    "nothing to change": _lacking(change, "NOTHING_TO_CHANGE", address=["", " "]),
    "not ours to do": _out_of_scope,
}


def _on(order: Row, name: str, **args: Any) -> Action:
    return Action(name=name, order_id=order["订单ID"], args=args)


def _swap(order: Row, old: str, new: str) -> Action:
    return _on(order, "exchange_item", original_product_id=old, exchange_product_id=new)


def _place(product: Row, n: int, payment: str) -> Action:
    goods = [f"{product['商品ID']} x {n}"]
    return Action(name="place_order", order_id=None, args={"goods": goods, "payment": payment})


def _pay(product: Row, n: int) -> Action:
    return Action(name="pay_by_card", order_id=None, args={"product_id": product["商品ID"], "quantity": n})


def _refund(amount: int) -> Action:
    return Action(name="refund_to_card", order_id=None, args={"refund_asked": amount})


def _rows(order: Row) -> tuple[tuple[str, str, Row], ...]:
    return (("orders", order["订单ID"], order),)


def _made(order: Row, action: Action | None, *codes: str) -> Made:
    return Write("", order["用户ID"], action, frozenset(codes), rows=_rows(order)) if action else None
