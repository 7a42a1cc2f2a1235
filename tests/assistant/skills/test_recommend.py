from typing import Any

from assistant.catalogue import Catalogue
from assistant.skills.recommend import RecommendAdvice, RecommendRequest, advise
from tests.assistant.demo_shop import NOW, demo_catalogue


def recommend(wish: str, **fields: Any) -> RecommendAdvice:
    return advise(RecommendRequest(wish, NOW, **fields), demo_catalogue())


def test_what_is_recommended_is_within_the_budget_and_in_stock() -> None:
    advice = recommend("300以内耳机求推荐", budget=30000)
    assert advice.outcome == "fits"
    assert [item.product.id for item in advice.items] == ["earbuds-air"]
    assert all(item.price <= 30000 and item.variant.stock for item in advice.items)
    assert "在预算内" in advice.text("zh")


def test_the_budget_itself_is_still_within_it() -> None:
    assert recommend("轻羽耳机", budget=19900).outcome == "fits"
    assert recommend("轻羽耳机", budget=19899).outcome == "over_budget"


def test_when_nothing_fits_the_nearest_are_shown_as_such() -> None:
    advice = recommend("主动降噪耳机", budget=20000)
    assert advice.outcome == "over_budget"
    assert [item.price for item in advice.items] == sorted(item.price for item in advice.items)
    assert "¥200.00 以内没有合适的" in advice.text("zh")
    assert "over your budget" in advice.text("en")


def test_a_gift_is_for_the_person_named() -> None:
    advice = recommend("送妈妈的护肤品推荐一下")
    assert [item.product.id for item in advice.items] == ["cream-repair"]
    assert "送妈妈" in advice.text("zh")


def test_a_category_alone_is_enough() -> None:
    advice = recommend("想看看宠物用品")
    assert {item.product.category for item in advice.items} == {"pet_supplies"}


def test_a_wish_without_any_direction_is_asked_about() -> None:
    advice = recommend("推荐一下")
    assert (advice.outcome, advice.asks, advice.card("zh")) == ("ask", ("category",), None)


def test_sold_out_products_are_shown_only_as_sold_out() -> None:
    cup = {
        "name": {"zh": "陶瓷杯", "en": "Stoneware cup"},
        "category": "home",
        "variants": [{"sku": "cup-1", "price": 1000, "restock_at": "+2d"}],
    }
    advice = advise(RecommendRequest("陶瓷杯", NOW), Catalogue.from_data({"products": {"cup": cup}}, NOW))
    assert advice.outcome == "sold_out"
    assert "缺货，计划 11月24日 补货" in advice.text("zh")
    assert all(item.variant.stock for item in recommend("足金手绳").items)


def test_the_card_carries_the_reasons() -> None:
    card = recommend("智能手表", platform="jd").card("en")
    assert card
    first = card.data["items"][0]
    assert (first["product_id"], first["price_from"]) == ("watch-fit", 39900)
    assert "¥399.00" in first["why"]
    assert "watch-fit" not in [item.product.id for item in recommend("智能手表", platform="taobao").items]


def test_a_gift_for_one_is_never_one_that_is_meant_for_another() -> None:
    assert [item.product.id for item in recommend("a gift for my dad").items][:1] == ["watch-fit"]
    for wish in ("给爸爸买个礼物", "a present for dad"):
        assert not {"lipstick-rose", "ring-silver", "cream-repair"} & {
            item.product.id for item in recommend(wish, budget=30000).items
        }
