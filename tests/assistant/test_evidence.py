from __future__ import annotations

from typing import Any, get_args

import pytest

from assistant.evidence import read_evidence, with_file
from assistant.shop import Ticket, TicketKind
from assistant.ticket_moves import ANSWERED, INSTANT, STATUTORY
from knowledge.errors import XiaoerError
from knowledge.pack import load_pack
from tests.assistant.store.world import NOW

BOOK = read_evidence(load_pack("cn_retail").data("evidence"))


def ticket(kind: TicketKind = "return_refund", reason: str = "", **more: Any) -> Ticket:
    fields: dict[str, Any] = {"state": "PENDING_SELLER", "opened_at": NOW, "updated_at": NOW} | more
    return Ticket(ticket_id="T1", order_id="O1", kind=kind, reason=reason, **fields)


@pytest.mark.parametrize("kind", sorted(STATUTORY - INSTANT | (ANSWERED - {"invoice"})))
def test_every_claim_that_can_be_disputed_has_a_list(kind: TicketKind) -> None:
    assert BOOK.of(ticket(kind)) is not None
    assert kind in get_args(TicketKind)


@pytest.mark.parametrize(
    ("reason", "kind", "dispute"),
    [
        ("收到就烂了三个", "return_refund", "fresh_food"),
        ("小猫确诊猫瘟", "complaint", "pet_illness"),
        ("脸上起红疹", "return_refund", "allergy"),
        ("怀疑是假货", "return_refund", "fake"),
        ("台灯闪烁", "repair", "hidden_defect"),
        ("the lamp is not working", "repair", "hidden_defect"),
        ("杯子有划痕", "return_refund", "visible_defect"),
        ("", "resend", "missing_item"),
        ("", "refund_only_in_transit", "not_received"),
    ],
)
def test_the_customers_words_choose_the_list_before_the_kind_does(reason: str, kind: TicketKind, dispute: str) -> None:
    found = BOOK.of(ticket(kind, reason))
    assert found is not None
    assert found[0] == dispute


def test_each_file_fills_one_item_the_one_it_was_sent_for_first() -> None:
    opened = ticket("resend")
    assert len(BOOK.missing(opened, "zh")) == 3
    named = with_file(opened, "image", "contents")
    assert BOOK.missing(named, "en") == ["a photo of the parcel", "a photo of the label with the weight"]
    filled = with_file(with_file(named, "image", None), "image", None)
    assert BOOK.missing(filled, "zh") == []
    assert len(BOOK.missing(with_file(opened, "pdf", None), "zh")) == 3, "a paper is no photo"
    assert BOOK.missing(ticket("resend", state="CLOSED"), "zh") == []


def test_both_languages_say_something_for_every_item() -> None:
    for name, dispute in BOOK.disputes.items():
        texts = [dispute.label, *(item.label for item in dispute.items.values()), *dispute.seller.values()]
        assert all(text.zh and text.en for text in texts), name


def test_a_wrong_expression_is_named() -> None:
    with pytest.raises(XiaoerError, match=r"evidence.yaml: `disputes.x.words`"):
        read_evidence({"disputes": {"x": {"label": {"zh": "a", "en": "b"}, "kinds": ["repair"], "words": ["("]}}})
