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


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    inbox, documents = tmp_path_factory.mktemp("inbox"), tmp_path_factory.mktemp("shop") / "documents"
    files = {"寄养.md": BOARDING, "安装.txt": MOUNTING, "洗护.csv": CARE, "gift-cards.md": GIFT_CARDS}
    for name, text in files.items():
        (inbox / name).write_text(text, encoding="utf-8")
    keep(ingest([inbox], isolate=False), documents, at=NOW)
    return load_parts(Settings(), documents=documents)


async def said(parts: Parts, words: str, customer: str | None = None) -> str:
    async with shop_open(parts) as assistant:
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
