"""What the demo shop says in prose is what its `shop.yaml` states in figures."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from knowledge.pack import Pack, load_pack
from knowledge.splitting import split


@cache
def demo() -> Pack:
    return load_pack("demo")


def clause(policy: str, anchor: str, lang: str = "zh") -> str:
    found = [
        piece.text
        for each in demo().policies
        if each.id == policy and each.lang == lang
        for piece in split(each)
        if piece.anchor == anchor
    ]
    assert len(found) == 1
    return found[0]


def regions() -> dict[str, dict[str, Any]]:
    return {region["name"]["zh"]: region for region in demo().data("shop")["delivery"]["regions"]}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_shipping_promise_is_the_shop_s_own(lang: str) -> None:
    assert f"{demo().data('shop')['ship_promise_h']}" in clause("shop/shipping-promise", "within-48h", lang)
    assert f"{demo().data('shop')['delivery']['cutoff_hour']}:00" in clause("shop/shipping-promise", "cutoff", lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_price_protection_lasts_as_long_as_the_shop_says(lang: str) -> None:
    assert f"{demo().data('shop')['price_protect_days']}" in clause("shop/our-price-protection", "fifteen-days", lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_free_shipping_starts_where_the_shop_says(lang: str) -> None:
    assert f"{demo().data('shop')['delivery']['free_over'] // 100}" in clause("shop/shipping-fee", "free-over-99", lang)


def test_the_remote_surcharges_are_those_of_the_shop() -> None:
    text = clause("shop/shipping-fee", "remote-surcharge")
    remote = {name: region["surcharge"] // 100 for name, region in regions().items() if region.get("surcharge")}
    assert {name for name in remote if name in text} == set(remote)
    for name, yuan in remote.items():
        after = text[text.index(name) :]
        assert after[after.index("补") :].partition("补")[2].strip().removeprefix("要").strip().startswith(str(yuan)), (
            name
        )


def test_the_regions_without_service_are_those_of_the_shop() -> None:
    closed = {name for name, region in regions().items() if region.get("served") is False}
    assert {name for name in regions() if name in clause("shop/shipping-fee", "not-served")} == closed
    no_fresh = {name for name, region in regions().items() if region.get("fresh") is False}
    assert {name for name in regions() if name in clause("shop/shipping-fee", "fresh-remote")} == no_fresh


def test_the_service_hours_are_those_of_the_shop() -> None:
    hours = demo().data("shop")["hours"]["zh"]
    start, end = hours.partition("每天 ")[2].partition("，")[0].split("–")
    text = clause("shop/service-hours", "people")
    assert start in text
    assert end in text


def test_the_member_coupon_is_the_one_the_shop_runs() -> None:
    coupon = demo().data("shop")["promotions"]["coupon-member-20"]
    text = clause("shop/membership", "member-coupon")
    assert f"满 {coupon['over'] // 100} 减 {coupon['off'] // 100}" in text
