from datetime import timedelta

import pytest

from assistant.catalogue import Catalogue
from assistant.skills import eta, freight
from tests.assistant.demo_shop import NOW, demo_catalogue


def test_the_shipping_promise_is_firm_and_the_arrival_an_estimate() -> None:
    advice = eta.advise(eta.EtaRequest(NOW, "到乌鲁木齐几天", "tee-cotton"), demo_catalogue())
    assert advice.ship_by == NOW + timedelta(hours=48)
    assert "11月24日 11:30" in advice.text("zh")
    assert "不是承诺" in advice.text("zh")
    assert "not a promise" in advice.text("en")


def test_a_product_with_its_own_shipping_promise_keeps_it() -> None:
    assert eta.advise(eta.EtaRequest(NOW, "上海", "phone-x12"), demo_catalogue()).ship_by == NOW + timedelta(hours=24)


def test_without_a_known_region_it_asks() -> None:
    assert eta.advise(eta.EtaRequest(NOW), demo_catalogue()).asks == ("region",)
    assert freight.advise(freight.FreightRequest("火星"), demo_catalogue()).asks == ("region",)


@pytest.mark.parametrize(("region", "product"), [("拉萨", "cherry-box"), ("香港", "tee-cotton")])
def test_where_the_shop_cannot_deliver_it_says_so(region: str, product: str) -> None:
    catalogue = demo_catalogue()
    assert eta.advise(eta.EtaRequest(NOW, region, product), catalogue).outcome == "not_served"
    assert freight.advise(freight.FreightRequest(region, product), catalogue).outcome == "not_served"


@pytest.mark.parametrize(
    ("region", "product", "goods", "outcome", "fee"),
    [
        ("上海", "tee-cotton", None, "free", 0),
        ("新疆", "tee-cotton", None, "surcharge", 1500),
        ("北京", "cookie-near", None, "fee", 800),
        ("北京", "cookie-near", 9899, "fee", 800),
        ("北京", "cookie-near", 9900, "free", 0),
    ],
)
def test_the_fee_follows_the_table(region: str, product: str, goods: int | None, outcome: str, fee: int) -> None:
    advice = freight.advise(freight.FreightRequest(region, product, goods), demo_catalogue())
    assert (advice.outcome, advice.fee) == (outcome, fee)
    assert region in advice.text("zh")


def test_a_shop_without_a_table_of_delivery_says_when_goods_leave_and_asks_nothing() -> None:
    advice = eta.advise(eta.EtaRequest(NOW, "上海"), Catalogue(()))
    assert (advice.outcome, advice.asks, advice.ship_by) == ("leaves", (), NOW + timedelta(hours=48))
    assert "?" not in advice.text("en")


def test_who_names_no_place_hears_from_which_value_freight_is_waived() -> None:
    text = freight.advise(freight.FreightRequest(), demo_catalogue()).text("zh")
    assert "免基础运费" in text
    assert "哪个省市" in text
