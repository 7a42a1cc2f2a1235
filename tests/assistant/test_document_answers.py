"""What a merchant takes in answers shoppers, before anything general does; wishes and named goods come first."""

from __future__ import annotations

import pytest

from assistant.build import Parts, load_parts
from assistant.settings import Settings
from knowledge.documents import keep
from knowledge.ingest import ingest
from tests.assistant.talk import NOW, begin, shop_open

BOARDING = """# 宠物寄养须知

自2026年9月1日起施行。

## 寄养费用

小型犬每天 60 元，大型犬每天 120 元，猫每天 50 元。

## 取消

提前 24 小时取消全额退款。
"""
MOUNTING = "安装服务说明\n自2026年5月1日起，购买书柜、衣柜免费上门安装。\n墙面打孔每个 10 元。\n"
CARE = "材质,水温,可否机洗\n羊毛,30度以下,否\n纯棉,40度以下,是\n"
GIFT_CARDS = "# Gift cards\n\nGift cards are valid for 36 months from the day of purchase.\n"


SHIPPING = "# 发货与运费\n\n## 运费\n\n订单满 99 元包邮，不满 99 元收取运费 10 元。新疆、西藏另加 15 元。\n"
QUESTIONS = "问题,答案\n可以货到付款吗,本店不支持货到付款。\n"
TRADE_IN = "以旧换新活动规则\n活动时间：2026年11月1日至2026年11月30日\n旧家电最高抵扣 300 元。\n"


TWELFTH = "双十二活动规则\n活动时间：2026年12月10日至2026年12月12日。\n全场满 200 元减 30 元，可叠加店铺券。\n"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    inbox, documents = tmp_path_factory.mktemp("inbox"), tmp_path_factory.mktemp("shop") / "documents"
    files = {
        "寄养.md": BOARDING,
        "安装.txt": MOUNTING,
        "洗护.csv": CARE,
        "gift-cards.md": GIFT_CARDS,
        "双十二.txt": TWELFTH,
    }
    for name, text in files.items():
        (inbox / name).write_text(text, encoding="utf-8")
    keep(ingest([inbox], isolate=False), documents, at=NOW)
    return load_parts(Settings(), documents=documents)


@pytest.fixture(scope="module")
def new_shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, str]:
    """What a merchant has at first: a pack of a few lines, without goods or a table of delivery, and a folder."""
    pack, inbox = tmp_path_factory.mktemp("new"), tmp_path_factory.mktemp("files")
    (pack / "shop.yaml").write_text(
        "extends: cn_retail\nkey: mine\nname: {zh: 小店, en: Shop}\nplatforms: [taobao]\n", encoding="utf-8"
    )
    documents = tmp_path_factory.mktemp("new-shop") / "documents"
    (inbox / "发货.md").write_text(SHIPPING, encoding="utf-8")
    (inbox / "问答.csv").write_text(QUESTIONS, encoding="utf-8")
    (inbox / "换新.txt").write_text(TRADE_IN, encoding="utf-8")
    keep(ingest([inbox], isolate=False), documents, at=NOW)
    return load_parts(Settings(pack=str(pack)), documents=documents), str(pack)


async def said(parts: Parts, words: str, customer: str | None = None, pack: str = "demo") -> str:
    async with shop_open(parts, pack=pack) as assistant:
        talk = await begin(assistant, customer)
        await talk.say(words)
        return talk.said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("狗狗寄养一天多少钱", "大型犬每天 120 元"),  # a question of price, of which promotions know nothing
        ("寄养提前取消能退吗", "提前 24 小时取消全额退款"),
        ("书柜要自己装吗", "免费上门安装"),  # goods of ours are named among others
        ("墙上打孔收费吗", "墙面打孔每个 10 元"),
        ("how long are gift cards valid", "36 months"),
    ],
)
async def test_a_question_about_what_was_taken_in_is_answered_from_it(parts: Parts, words: str, told: str) -> None:
    answer = await said(parts, words)
    assert told in answer
    assert "[1]" in answer


@pytest.mark.parametrize(
    ("words", "customer", "not_told"),
    [
        ("有什么优惠", None, "资料"),
        ("我要取消订单", "c01", "24 小时"),
        ("双面羊毛大衣怎么洗", None, "30度"),
        ("退货运费谁出", None, "资料"),
    ],
)
async def test_what_it_is_not_about_is_answered_as_before(
    parts: Parts, words: str, customer: str | None, not_told: str
) -> None:
    assert not_told not in await said(parts, words, customer)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("运费怎么算，满多少包邮", "订单满 99 元包邮"),
        ("新疆运费多少", "另加 15 元"),
        ("可以货到付款吗", "不支持货到付款"),
        ("以旧换新最高抵多少", "最高抵扣 300 元"),  # of an order nobody has, to one who is not signed in
        ("现在下单什么时候发货", "最晚"),
    ],
)
async def test_a_new_shop_answers_from_what_it_took_in(new_shop: tuple[Parts, str], words: str, told: str) -> None:
    parts, pack = new_shop
    assert told in await said(parts, words, pack=pack)


@pytest.mark.parametrize("words", ["运费怎么算", "现在下单什么时候发货", "衣柜多少钱", "有什么活动", "M码适合多高的人"])
async def test_a_new_shop_asks_for_nothing_that_would_not_help(new_shop: tuple[Parts, str], words: str) -> None:
    parts, pack = new_shop
    answer = await said(parts, words, pack=pack)
    assert not any(asked in answer for asked in ("哪个省市", "哪一件商品", "没有适用的活动"))


async def test_the_price_of_what_the_shop_does_not_name_is_no_list_of_offers(parts: Parts) -> None:
    assert "哪一件商品" in await said(parts, "相框多少钱")
    assert "满300减30" in await said(parts, "现在买有什么优惠，多少钱起")


async def test_what_has_not_begun_is_told_with_the_day_on_which_it_does(parts: Parts) -> None:
    answer = await said(parts, "双十二怎么减")
    assert "满 200 元减 30 元" in answer
    assert "从2026年12月10日起才生效" in answer
    assert "双十二" not in await said(parts, "现在有什么优惠")


async def test_an_answer_of_a_sheet_names_the_question_it_answers(new_shop: tuple[Parts, str]) -> None:
    parts, pack = new_shop
    assert "· 可以货到付款吗》" in await said(parts, "可以货到付款吗", pack=pack)
