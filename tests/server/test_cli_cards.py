from __future__ import annotations

import io
import re
from typing import Any, get_args

import pytest
from rich.console import Console

from assistant.conversation import Card, Lang
from server.cli_cards import print_card

ORDER: dict[str, Any] = {
    "order_id": "497359296037519664", "state": "SIGNED", "state_label": "已签收", "step": 4, "paid": 69900,
    "paid_at": "2026-11-17T20:15:00+08:00", "shipped_at": None, "signed_at": "2026-11-20T12:20:00+08:00",
    "lines": [{"name": "大衣", "options": "黑色/M", "qty": 1, "unit_paid": 69900, "product_id": "P1"}],
    "parcel": {"carrier": "中通快递", "waybill": "777", "last_scan": "已签收"},
    "tickets": [{"ticket_id": "S1", "kind": "resend", "kind_label": "补发", "state": "PENDING_SELLER",
                 "state_label": "等商家处理"}],
}  # fmt: skip
CASE: dict[str, Any] = {
    "ticket_id": "S1", "order_id": "4973", "kind_label": "补发", "state_label": "等商家处理", "party": "商家",
    "next_step": "最晚明天前有结果。", "by_when": "2026-11-24T00:00:00+08:00", "amount": None,
    "missing": ["外箱照片", "面单照片"], "can": ["ask_platform"], "history": [],
}  # fmt: skip
PRODUCT = {"product_id": "P1", "name": "大衣", "price_from": 59900, "stock": 3, "why": "通勤", "attributes": ["羊毛"]}
SIZES = [{"size": "M", "values": ["84–88"], "recommended": True}, {"size": "L", "values": ["88–92"]}]
SCAN = {"at": "2026-11-20T12:20:00+08:00", "place": "杭州市", "text": "已签收"}
CARDS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "order": (
        ORDER,
        ("497359296037519664", "已签收", "¥699.00", "11月17日 20:15", "中通快递 · 777", "补发："),
    ),
    "orders": ({"items": [ORDER]}, ("大衣 黑色/M ×1", "已签收", "¥699.00", "497359296037519664")),
    "products": ({"items": [PRODUCT]}, ("大衣", "¥599.00", "3", "通勤")),
    "comparison": (
        {"columns": ["甲", "乙"], "rows": [{"label": "面料", "values": ["羊毛", "棉"], "differs": True}]},
        ("甲", "乙", "面料", "羊毛", "棉"),
    ),
    "size": ({"columns": ["胸围 cm"], "rows": SIZES, "why": "按胸围选 M"}, ("胸围 cm", "✓ M", "84–88", "按胸围选 M")),
    "case": (CASE, ("S1", "等商家处理", "最晚明天前有结果。", "11月23日 24:00", "商家", "外箱照片、面单照片")),
    "parcel": (
        {"carrier": "中通快递", "waybill": "777", "scans": [SCAN]},
        ("中通快递", "777", "11月20日 12:20", "杭州市"),
    ),
}


def printed(kind: Any, lang: Lang) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_card(Card(kind=kind, title="标题", data=CARDS[kind][0]), lang, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_kind_of_card_can_be_printed() -> None:
    assert set(CARDS) == set(get_args(Card.model_fields["kind"].annotation))


@pytest.mark.parametrize("kind", CARDS)
def test_a_card_is_printed_in_words_and_never_in_the_keys_of_its_data(kind: str) -> None:
    shown = printed(kind, "zh")
    for words in ("标题", *CARDS[kind][1]):
        assert words in shown
    for foreign in (shown, printed(kind, "en")):
        assert not re.search(r"[a-z]_[a-z]|SIGNED|PENDING|True|None", foreign), foreign
