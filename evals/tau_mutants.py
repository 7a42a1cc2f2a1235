"""Writes on the retail data that break one rule each, and right ones beside them, made by seeded chance.

A wrong write is a right one with one thing changed, so that it is this thing that has to be found.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from assistant.shop import Action
from evals.gate_run import Write
from evals.mutants import made, overtaken, unconfirmed
from evals.row_shop import Row, cents
from evals.tau_shop import TauData

REASONS = ("no longer needed", "ordered by mistake")
BAD_REASONS = ("found it cheaper", "delivery takes too long", "changed my mind", "No Longer Needed", "")
FOREIGN_WRITES = ("refund_order", "undo_cancellation", "set_gift_card_balance", "delete_user", "modify_tracking")

T = TypeVar("T")
Made: TypeAlias = Write | None
Maker: TypeAlias = Callable[["Chance"], Made]


class Chance:
    """Draws from the data, the same for the same seed."""

    def __init__(self, data: TauData, seed: str) -> None:
        self.data = data
        self.random = random.Random(seed)  # noqa: S311 - draws that repeat, nothing secret
        self._turns = -1
        self._orders = sorted(data.rows["orders"])
        self._users = sorted(data.rows["users"])

    def each(self, options: Sequence[T]) -> T:
        """The options in turn, so that a few draws already see all of them."""
        self._turns += 1
        return options[self._turns % len(options)]

    def order(self, *statuses: str) -> Row:
        while True:
            row: Row = self.data.rows["orders"][self.random.choice(self._orders)]
            if not statuses or row["status"] in statuses:
                return row

    def user(self, key: str) -> Row:
        row: Row = self.data.rows["users"][key]
        return row

    def other_user(self, but: str) -> Row:
        return self.user(self.random.choice([key for key in self._users if key != but]))

    def address(self) -> dict[str, str]:
        row: dict[str, str] = self.user(self.random.choice(self._users))["address"]
        return dict(row)

    def items(self, order: Row) -> list[Row]:
        """One or more items of an order, no more than three."""
        n = self.random.randint(1, min(3, len(order["items"])))
        return self.random.sample(order["items"], n)

    def variant(self, item: Row, *, available: bool = True) -> str | None:
        """Another variant of an item's product."""
        variants = self.data.rows["products"][item["product_id"]]["variants"].values()
        found = [v["item_id"] for v in variants if v["available"] == available and v["item_id"] != item["item_id"]]
        return self.random.choice(sorted(found)) if found else None

    def method(self, order: Row, *, need: int = 0) -> str | None:
        """One of the customer's payment methods that can pay `need` cents."""
        methods = self.user(order["user_id"])["payment_methods"].values()
        found = [m["id"] for m in methods if m["source"] != "gift_card" or cents(m["balance"]) >= need]
        return self.random.choice(sorted(found)) if found else None


def cancel(chance: Chance, order: Row) -> Action:
    return _on(order, "cancel_pending_order", reason=chance.random.choice(REASONS))


def address(chance: Chance, order: Row) -> Action:
    return _on(order, "modify_pending_order_address", **chance.address())


def payment(chance: Chance, order: Row) -> Action | None:
    paid = order["payment_history"][0]
    methods = chance.user(order["user_id"])["payment_methods"].values()
    found = [
        m["id"]
        for m in methods
        if m["id"] != paid["payment_method_id"]
        and (m["source"] != "gift_card" or cents(m["balance"]) >= cents(paid["amount"]))
    ]
    method = chance.random.choice(sorted(found)) if found else None
    return _on(order, "modify_pending_order_payment", payment_method_id=method) if method else None


def swap(chance: Chance, order: Row, name: str) -> Action | None:
    """A change or exchange of some items for other variants that are available."""
    items = chance.items(order)
    new = [chance.variant(item) for item in items]
    if None in new:
        return None
    found = [each for each in new if each is not None]
    need = sum(cents(chance.data.variants[n]["price"]) - cents(i["price"]) for i, n in zip(items, found, strict=True))
    method = chance.method(order, need=need)
    old = [item["item_id"] for item in items]
    return _on(order, name, item_ids=old, new_item_ids=found, payment_method_id=method) if method else None


def change_items(chance: Chance, order: Row) -> Action | None:
    return swap(chance, order, "modify_pending_order_items")


def exchange(chance: Chance, order: Row) -> Action | None:
    return swap(chance, order, "exchange_delivered_order_items")


def send_back(chance: Chance, order: Row) -> Action:
    gifts = [m["id"] for m in chance.user(order["user_id"])["payment_methods"].values() if m["source"] == "gift_card"]
    method = chance.random.choice(sorted({order["payment_history"][0]["payment_method_id"], *gifts}))
    items = [item["item_id"] for item in chance.items(order)]
    return _on(order, "return_delivered_order_items", item_ids=items, payment_method_id=method)


Builder: TypeAlias = Callable[[Chance, Row], Action | None]
OF_PENDING: tuple[Builder, ...] = (cancel, address, payment, change_items)
OF_DELIVERED: tuple[Builder, ...] = (send_back, exchange)
SWAPS: tuple[Builder, ...] = (change_items, exchange)
NEEDED = {**dict.fromkeys(OF_PENDING, "pending"), **dict.fromkeys(OF_DELIVERED, "delivered")}


def right_writes(data: TauData, *, seed: int, a_kind: int) -> Iterator[Write]:
    """Writes that keep every rule, `a_kind` of each."""
    makers = {f"right {builder.__name__}": _right(builder, status) for builder, status in NEEDED.items()}
    for kind, maker in {**makers, "right home": _right_home}.items():
        yield from made(kind, maker, Chance(data, f"{seed} {kind}"), a_kind)


def wrong_writes(data: TauData, *, seed: int, a_kind: int) -> Iterator[Write]:
    """Writes that break one rule, `a_kind` of each kind."""
    for kind, maker in {**WRONG, **unconfirmed(_any_right)}.items():
        yield from made(kind, maker, Chance(data, f"{seed} {kind}"), a_kind)


def _right(builder: Builder, status: str) -> Maker:
    def maker(chance: Chance) -> Made:
        order = chance.order(status)
        action = builder(chance, order)
        return Write("right", order["user_id"], action) if action else None

    return maker


def _any_right(chance: Chance) -> Made:
    builder = chance.each(list(NEEDED))
    return _right(builder, NEEDED[builder])(chance)


def _right_home(chance: Chance) -> Made:
    user = chance.other_user("")
    return Write("wrong", user["user_id"], _home(chance, user["user_id"]))


def _home(chance: Chance, user_id: str) -> Action:
    return Action(name="modify_user_address", order_id=None, args={"user_id": user_id, **chance.address()})


def _wrong_status(chance: Chance) -> Made:
    builder = chance.each(list(NEEDED))
    order = chance.order(*({"pending", "processed", "delivered", "cancelled"} - {NEEDED[builder]}))
    code = "NOT_PENDING" if NEEDED[builder] == "pending" else "NOT_DELIVERED"
    return _wrong(order, builder(chance, order), code)


SECONDS: tuple[tuple[Builder, Builder, str], ...] = (
    *((change_items, second, "CHANGED_BEFORE") for second in OF_PENDING),
    *((first, second, "REQUESTED_BEFORE") for first in OF_DELIVERED for second in OF_DELIVERED),
    (payment, payment, "PAID_SEVERAL_TIMES"),
    *((cancel, second, "NOT_PENDING") for second in OF_PENDING),
)
"""What was done to an order, what comes too late after it, and why."""


def _second_change(chance: Chance) -> Made:
    """The order was changed, cancelled, sent back or exchanged in this very talk."""
    first, second, code = chance.each(SECONDS)
    order = chance.order(NEEDED[first])
    before, action = first(chance, order), second(chance, order)
    if before is None or action is None:
        return None
    return Write("wrong", order["user_id"], action, frozenset({code}), before=(before,))


def _other_user(chance: Chance) -> Made:
    builder = chance.each(list(NEEDED))
    order = chance.order(NEEDED[builder])
    action = builder(chance, order)
    me = chance.other_user(order["user_id"])
    if action and chance.random.random() < 0.5 and "payment_method_id" in action.args:
        action = _with(action, payment_method_id=min(me["payment_methods"]))
    return Write("wrong", me["user_id"], action, frozenset({"NOT_YOURS"})) if action else None


def _other_home(chance: Chance) -> Made:
    user = chance.other_user("")
    me = chance.other_user(user["user_id"])
    return Write("wrong", me["user_id"], _home(chance, user["user_id"]), frozenset({"NOT_YOURS"}))


def _foreign_method(chance: Chance) -> Made:
    builder = chance.each([b for b in NEEDED if b not in (cancel, address)])
    order = chance.order(NEEDED[builder])
    action = builder(chance, order)
    theirs = sorted(chance.other_user(order["user_id"])["payment_methods"])
    method = chance.random.choice([*theirs, "gift_card_0000000"])
    if method in chance.user(order["user_id"])["payment_methods"]:
        return None
    return _wrong(order, action and _with(action, payment_method_id=method), "METHOD_NOT_YOURS")


def _other_product(chance: Chance) -> Made:
    order, action = _swapped(chance)
    if action is None:
        return None
    at = chance.random.randrange(len(action.args["new_item_ids"]))
    product = chance.data.variants[action.args["new_item_ids"][at]]["product_id"]
    other = chance.random.choice(sorted(i for i, v in chance.data.variants.items() if v["product_id"] != product))
    return _wrong(order, _with(action, new_item_ids=_replaced(action, at, other)), "OTHER_PRODUCT")


def _unavailable(chance: Chance) -> Made:
    order, action = _swapped(chance)
    if action is None:
        return None
    at = chance.random.randrange(len(action.args["item_ids"]))
    item = next(each for each in order["items"] if each["item_id"] == action.args["item_ids"][at])
    gone = chance.variant(item, available=False)
    made = gone and _with(action, new_item_ids=_replaced(action, at, gone))
    return _wrong(order, made or None, "NOT_AVAILABLE")


def _same_option(chance: Chance) -> Made:
    order, action = _swapped(chance)
    made = action and _with(action, new_item_ids=_replaced(action, 0, action.args["item_ids"][0]))
    return _wrong(order, made, "SAME_OPTION")


def _unpaired(chance: Chance) -> Made:
    order, action = _swapped(chance)
    made = action and _with(action, new_item_ids=[*action.args["new_item_ids"], action.args["new_item_ids"][0]])
    return _wrong(order, made, "NOT_PAIRED")


def _not_in_order(chance: Chance) -> Made:
    builder = chance.each([send_back, change_items, exchange])
    order = chance.order(NEEDED[builder])
    action = builder(chance, order)
    if action is None:
        return None
    own = [item["item_id"] for item in order["items"]]
    stranger = chance.random.choice(sorted(set(chance.data.variants) - set(own)))
    # either an item that is not there, or one named more often than it was bought
    ids = [stranger] if chance.random.random() < 0.5 else [own[0]] * (own.count(own[0]) + 1)
    made = _with(action, item_ids=ids)
    if "new_item_ids" in made.args:
        made = _with(made, new_item_ids=made.args["new_item_ids"][:1] * len(ids))
    return _wrong(order, made, "NOT_IN_ORDER")


def _balance(chance: Chance) -> Made:
    """A gift card that cannot pay the difference, or the order."""
    builder = chance.each([payment, change_items, exchange])
    order = chance.order(NEEDED[builder])
    methods = chance.user(order["user_id"])["payment_methods"].values()
    cards = [m for m in methods if m["source"] == "gift_card"]
    if not cards:
        return None
    card = cards[0]
    if builder is payment:
        paid = order["payment_history"][0]
        if paid["payment_method_id"] == card["id"] or cents(card["balance"]) >= cents(paid["amount"]):
            return None
        action: Action | None = _on(order, "modify_pending_order_payment", payment_method_id=card["id"])
    else:
        action = builder(chance, order)
        if action is None or _difference(chance, order, action) <= cents(card["balance"]):
            return None
        action = _with(action, payment_method_id=card["id"])
    return _wrong(order, action, "BALANCE_TOO_LOW")


def _reason(chance: Chance) -> Made:
    order = chance.order("pending")
    action = _with(cancel(chance, order), reason=chance.random.choice(BAD_REASONS))
    return _wrong(order, action, "REASON_NOT_ACCEPTED")


def _refund_way(chance: Chance) -> Made:
    order = chance.order("delivered")
    paid = order["payment_history"][0]["payment_method_id"]
    methods = chance.user(order["user_id"])["payment_methods"].values()
    others = sorted(m["id"] for m in methods if m["source"] != "gift_card" and m["id"] != paid)
    action = _with(send_back(chance, order), payment_method_id=others[0]) if others else None
    return _wrong(order, action, "OTHER_REFUND_WAY")


def _same_method(chance: Chance) -> Made:
    order = chance.order("pending")
    paid = order["payment_history"][0]["payment_method_id"]
    return _wrong(order, _on(order, "modify_pending_order_payment", payment_method_id=paid), "SAME_METHOD")


def _half_address(chance: Chance) -> Made:
    order = chance.order("pending")
    lacking = chance.random.choice(["address1", "city", "state", "zip", "country"])
    whole = chance.each([address(chance, order), _home(chance, order["user_id"])])
    return _wrong(order, _with(whole, **{lacking: " "}), "ADDRESS_INCOMPLETE")


def _out_of_scope(chance: Chance) -> Made:
    order = chance.order()
    return _wrong(order, _on(order, chance.random.choice(FOREIGN_WRITES)), "OUT_OF_SCOPE")


WRONG: dict[str, Maker] = {
    "wrong status": _wrong_status,
    "second change": _second_change,
    "overtaken": overtaken(_second_change),
    "other user's order": _other_user,
    "other user's profile": _other_home,
    "foreign payment method": _foreign_method,
    "changed product": _other_product,
    "not available": _unavailable,
    "same option": _same_option,
    "not paired": _unpaired,
    "not in the order": _not_in_order,
    "balance too low": _balance,
    "cancel reason": _reason,
    "refund to another method": _refund_way,
    "same payment method": _same_method,
    "address incomplete": _half_address,
    "not ours to do": _out_of_scope,
}


def _on(order: Row, name: str, **args: Any) -> Action:
    return Action(name=name, order_id=order["order_id"], args=args)


def _with(action: Action, **args: Any) -> Action:
    return action.model_copy(update={"args": {**action.args, **args}})


def _wrong(order: Row, action: Action | None, code: str) -> Made:
    return Write("wrong", order["user_id"], action, frozenset({code})) if action else None


def _swapped(chance: Chance) -> tuple[Row, Action | None]:
    builder = chance.each(SWAPS)
    order = chance.order(NEEDED[builder])
    return order, builder(chance, order)


def _replaced(action: Action, at: int, item_id: str) -> list[str]:
    return [item_id if index == at else each for index, each in enumerate(action.args["new_item_ids"])]


def _difference(chance: Chance, order: Row, action: Action) -> int:
    prices = {item["item_id"]: cents(item["price"]) for item in order["items"]}
    pairs = zip(action.args["item_ids"], action.args["new_item_ids"], strict=True)
    return sum(cents(chance.data.variants[new]["price"]) - prices[old] for old, new in pairs)
