from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from assistant.orders_data import load_orders
from assistant.shop import Customer, Order, OrderState, TicketState
from knowledge.errors import XiaoerError
from tests.assistant.demo_shop import NOW, demo_catalogue, demo_pack


def demo(now: datetime = NOW) -> tuple[list[Customer], list[Order]]:
    return load_orders(demo_pack().data("orders"), demo_catalogue(now), now)


def one(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "customer_id": "c1",
        "state": "SIGNED",
        "paid_at": "-6d@20:15",
        "shipped_at": "-5d@18:40",
        "signed_at": "-3d@12:20",
        "lines": [{"sku": "tee-cotton-white-m", "qty": 2}],
        "parcel": {"carrier": "中通快递", "waybill": "7", "scans": [["-5d@18:40", "杭州", "picked_up"]]},
        **changes,
    }
    scans = {"picked_up": {"zh": "已揽收", "en": "Picked up"}}
    kept = {key: value for key, value in row.items() if value is not None}
    return {"scans": scans, "customers": {"c1": {"name": "林晓雨"}}, "orders": {"431207856093318264": kept}}


def read(**changes: Any) -> Order:
    return load_orders(one(**changes), demo_catalogue(), NOW)[1][0]


def test_the_demo_shop_is_large_enough_to_show_every_state() -> None:
    customers, orders = demo()
    catalogue = demo_catalogue()
    assert len(catalogue.products) >= 40
    assert len({product.category for product in catalogue.products}) >= 8
    assert len(customers) >= 25
    assert len(orders) >= 80
    assert {order.state for order in orders} == set(get_args(OrderState))
    assert len({ticket.state for order in orders for ticket in order.tickets}) >= len(get_args(TicketState)) - 3
    assert {order.platform for order in orders} == {"taobao", "jd"}
    assert {order.invoice for order in orders} == {"none", "requested", "issued", "reversed"}
    assert {order.freight_cover for order in orders} == {"none", "insurance", "return_service"}


def test_the_demo_orders_were_signed_on_the_days_that_matter() -> None:
    _, orders = demo()
    days = {(NOW.date() - order.signed_at.date()).days for order in orders if order.signed_at}
    assert {1, 6, 7, 8, 15, 20} <= days


@pytest.mark.parametrize("now", ["2026-03-01T00:01:00+08:00", "2026-11-22T23:59:00+08:00", "2027-02-28T12:00:00+00:00"])
def test_the_demo_orders_hold_together_at_any_clock(now: str) -> None:
    at = datetime.fromisoformat(now)
    customers, orders = demo(at)
    assert all(customer.note for customer in customers)
    for order in orders:
        scans = [scan.at for scan in order.parcel.scans] if order.parcel else []
        assert scans == sorted(scans)
        assert all(scan <= at for scan in scans)
        assert not scans or scans[0] == order.shipped_at
        assert all(ticket.opened_at <= ticket.updated_at <= at for ticket in order.tickets)


def test_order_numbers_look_like_the_platforms_own_and_end_differently() -> None:
    _, orders = demo()
    assert all(len(o.order_id) == (12 if o.platform == "jd" else 18) and o.order_id.isdigit() for o in orders)
    assert len({order.order_id[-4:] for order in orders}) == len(orders)


def test_an_order_below_its_list_price_names_the_promotion_that_was_in_force() -> None:
    _, orders = demo()
    promotions = {promotion.id: promotion for promotion in demo_catalogue().promotions}
    for order in orders:
        reduced = sum(line.unit_paid * line.qty for line in order.lines) + order.freight_paid - order.paid
        if order.paid_at and reduced:
            assert all(promotions[name].in_force(order.paid_at) for name in order.coupons)
            assert order.coupons, order.order_id


def test_phones_and_addresses_are_masked() -> None:
    customers, orders = demo()
    assert all(len(customer.phone_tail) == 4 for customer in customers)
    assert all("*" in order.address for order in orders)


def test_the_catalogue_fills_in_names_options_classes_and_the_price_at_payment() -> None:
    order = read()
    line = order.lines[0]
    assert (line.name.zh, line.options["尺码"], line.item_class) == ("新疆长绒棉T恤", "M", "normal")
    assert (line.unit_paid, order.paid, order.platform) == (7900, 15800, "taobao")
    assert read(lines=[{"sku": "coat-wool-camel-m"}]).lines[0].unit_paid == 69900
    assert read(lines=[{"sku": "phone-x12-256"}]).lines[0].confirmed_at_purchase
    assert read(lines=[{"sku": "phone-x12-256"}]).ship_promise_h == 24


def test_what_the_row_says_wins() -> None:
    line = {"sku": "ring-silver-engraved", "unit_paid": 1, "item_class": "customised", "confirmed_at_purchase": True}
    order = read(lines=[line], paid=5, platform="jd", ship_promise_h=12)
    assert (order.paid, order.platform, order.ship_promise_h) == (5, "jd", 12)
    assert order.lines[0].item_class == "customised"


def test_an_unpaid_order_paid_nothing() -> None:
    order = read(state="CREATED", paid_at=None, shipped_at=None, signed_at=None, parcel=None)
    assert (order.paid, order.created_at) == (0, NOW - timedelta(hours=1))


def test_scans_take_their_words_from_the_list_or_bring_them() -> None:
    own = {"zh": "在路上", "en": "On the way"}
    parcel = {"carrier": "圆通速递", "waybill": "8", "scans": [["-5d@18:40", "杭州", own]]}
    order = read(parcel=parcel)
    assert order.parcel
    assert order.parcel.scans[0].text.en == "On the way"
    with pytest.raises(XiaoerError, match="no scan word `flown`"):
        read(parcel=parcel | {"scans": [["-5d@18:40", "杭州", "flown"]]})


def test_rows_may_be_lists_that_carry_their_ids() -> None:
    data = one()
    data["orders"] = [{"order_id": key, **row} for key, row in data["orders"].items()]
    data["customers"] = [{"customer_id": "c1", "name": "林晓雨"}]
    customers, orders = load_orders(data, demo_catalogue(), NOW)
    assert (customers[0].customer_id, orders[0].order_id) == ("c1", "431207856093318264")
    data["customers"] *= 2
    with pytest.raises(XiaoerError, match="customer c1 stands twice"):
        load_orders(data, demo_catalogue(), NOW)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customer_id": "c9"}, "no customer `c9`"),
        ({"lines": [{"sku": "hat"}]}, "no sku `hat`"),
        ({"lines": []}, "needs lines"),
        ({"state": "FLYING"}, "`state`"),
        ({"colour": 1}, "`colour`"),
        ({"signed_at": None}, "SIGNED needs `signed_at`"),
        ({"state": "IN_TRANSIT"}, "IN_TRANSIT cannot have `signed_at`"),
        ({"parcel": None}, "SIGNED needs `shipped_at` and a parcel"),
        ({"signed_at": "-6d@10:00"}, "`signed_at` is before `shipped_at`"),
        ({"signed_at": "+1d"}, "`signed_at` is in the future"),
        ({"refunded": 15000, "compensated": 801}, "more was paid back"),
        ({"signed_at": "soon"}, "`soon` is not an instant"),
        (
            {"tickets": [{"kind": "repair", "state": "DRAFT", "opened_at": "-1d", "line_ids": ["L2"]}]},
            "ticket names lines",
        ),
    ],
)
def test_a_row_that_contradicts_itself_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(XiaoerError, match=message) as caught:
        read(**changes)
    assert "431207856093318264" in str(caught.value)


def test_paid_back_in_full_is_not_too_much() -> None:
    assert read(refunded=15000, compensated=800).returnable == 0
