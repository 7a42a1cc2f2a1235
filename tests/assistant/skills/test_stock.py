from assistant.skills.stock import StockRequest, advise
from tests.assistant.demo_shop import demo_catalogue


def test_a_sold_out_variant_names_the_planned_restock_without_promising_it() -> None:
    advice = advise(StockRequest("coat-wool", "驼色L码还有吗"), demo_catalogue())
    assert advice.outcome == "sold_out"
    assert "计划 11月28日 补货（以实际到货为准）" in advice.text("zh")
    assert "restock planned for 28 Nov" in advice.text("en")


def test_without_a_date_none_is_named() -> None:
    assert "补货时间未定" in advise(StockRequest("dress-linen", "S码"), demo_catalogue()).text("zh")


def test_few_pieces_are_counted_and_many_are_not() -> None:
    text = advise(StockRequest("coat-wool"), demo_catalogue()).text("zh")
    assert "黑色/L：仅剩 3 件" in text
    assert "驼色/M：有货" in text


def test_a_sku_is_taken_before_words() -> None:
    advice = advise(StockRequest("coat-wool", "黑色", sku="coat-wool-camel-s"), demo_catalogue())
    assert [row.variant.sku for row in advice.rows] == ["coat-wool-camel-s"]


def test_a_product_the_shop_does_not_have_is_not_invented() -> None:
    advice = advise(StockRequest("nothing"), demo_catalogue())
    assert (advice.outcome, advice.asks) == ("unknown", ("product",))


def test_a_size_that_is_not_made_is_said_not_to_be() -> None:
    assert advise(StockRequest("sneaker-run", "有43码吗"), demo_catalogue()).text("zh").startswith("这款没有 43 码。")
    told = advise(StockRequest("coat-wool", "do you have size xxl"), demo_catalogue()).text("en")
    assert told.startswith("It does not come in size XXL.")


def test_a_size_that_is_made_is_not_denied() -> None:
    assert "这款没有" not in advise(StockRequest("sneaker-run", "有42码吗"), demo_catalogue()).text("zh")
    assert "这款没有" not in advise(StockRequest("coat-wool", "驼色l号还有吗"), demo_catalogue()).text("zh")
    assert "这款没有" not in advise(StockRequest("avocado", "有43码吗"), demo_catalogue()).text("zh")
