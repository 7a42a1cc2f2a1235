import pytest

from assistant.skills import authenticity
from assistant.skills.product_facts import FactsRequest, advise
from tests.assistant.demo_shop import demo_catalogue


@pytest.mark.parametrize(
    ("product", "question", "answer"),
    [
        ("tee-cotton", "这款是纯棉的吗", "棉 100%"),
        ("pajama-silk", "真丝能机洗吗", "不建议机洗"),
        ("coat-wool", "Can it be machine washed?", "Dry clean only"),
        ("powerbank-20k", "电池容量多大呀", "20000 毫安时"),
        ("earbuds-pro", "能用在iPhone15上吗", "蓝牙 5.4"),
        ("tote-canvas", "能放14寸的电脑吗", "可放 14 寸电脑"),
        ("watch-fit", "洗澡可以戴吗", "不可热水洗澡"),
        ("lamp-desk", "保修多久", "2 年"),
        ("loafer-leather", "How long is the warranty?", "120 days"),
        ("coat-wool", "支持无理由退货吗", "15天内无理由退货"),
    ],
)
def test_a_question_is_answered_in_the_words_of_the_page(product: str, question: str, answer: str) -> None:
    advice = advise(FactsRequest(product, question), demo_catalogue())
    assert advice.outcome == "found"
    assert answer in advice.text("en" if question.isascii() else "zh")


@pytest.mark.parametrize(("product", "question"), [("tee-cotton", "会起球吗"), ("airfryer-5l", "带不带蒸汽功能")])
def test_what_the_page_does_not_say_is_not_answered(product: str, question: str) -> None:
    advice = advise(FactsRequest(product, question), demo_catalogue())
    assert (advice.outcome, advice.facts) == ("no_data", ())
    assert "没有写" in advice.text("zh")
    assert "colleague" in advice.text("en")


def test_an_unknown_product_is_asked_for() -> None:
    assert advise(FactsRequest("nothing", "?"), demo_catalogue()).asks == ("product",)


def test_authenticity_rests_on_papers_alone() -> None:
    catalogue = demo_catalogue()
    documented = authenticity.advise(authenticity.AuthenticityRequest("phone-x12"), catalogue)
    silent = authenticity.advise(authenticity.AuthenticityRequest("coat-wool"), catalogue)
    assert "进网许可证" in documented.text("zh")
    assert silent.outcome == "no_papers"
    assert "不能替它作保证" in silent.text("zh")
    assert "genuine" not in silent.text("en")
