from assistant.skills.compare import CompareRequest, advise
from tests.assistant.demo_shop import NOW, demo_catalogue


def test_only_rows_that_differ_are_told_and_the_card_has_them_all() -> None:
    advice = advise(CompareRequest(("earbuds-air", "earbuds-pro"), NOW), demo_catalogue())
    assert advice.outcome == "compared"
    assert "降噪：通话降噪，无主动降噪；主动降噪最深 45 分贝" in advice.text("zh")
    assert "质保" not in advice.text("zh")
    card = advice.card("en")
    assert card
    assert card.data["columns"][0] == "Feather wireless earbuds"
    assert {row["label"]: row["differs"] for row in card.data["rows"]}["Warranty"] is False


def test_what_a_page_does_not_say_is_a_dash() -> None:
    advice = advise(CompareRequest(("earbuds-air", "headphone-anc"), NOW), demo_catalogue())
    water = next(row for row in advice.rows if row.label.zh == "防水")
    assert water.values[1].zh == "—"


def test_one_product_or_the_same_twice_is_not_a_comparison() -> None:
    assert advise(CompareRequest(("earbuds-air", "earbuds-air"), NOW), demo_catalogue()).asks == ("products",)
    assert advise(CompareRequest(("earbuds-air", "nothing"), NOW), demo_catalogue()).outcome == "ask"


def test_the_price_is_the_ordinary_one_as_of_now() -> None:
    advice = advise(CompareRequest(("coat-wool", "airfryer-5l"), NOW), demo_catalogue())
    assert [value.zh for value in advice.rows[0].values] == ["¥599.00", "¥289.00 起"]
