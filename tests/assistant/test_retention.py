"""An offer stands beside the refund, once, and never after a no."""

from __future__ import annotations

import pytest

from assistant.build import Parts
from assistant.conversation import Decided, Proposed, Said
from assistant.retention import read_offers, stage_of
from knowledge.errors import XiaoerError
from tests.assistant.conftest import Talking

_TEXT = {"zh": "等", "en": "wait"}
ASKS = "外套太大了想退，没拆封"


async def test_an_offer_stands_behind_the_proposal_and_promises_not_to_touch_it(talking: Talking, parts: Parts) -> None:
    talk = await talking("c01")
    await talk.say(ASKS)
    assert talk.proposed == ["return_refund"]
    assert talk.decided[-1] == "DT-21 OFFER(ladder)"
    refund, offer = talk.said.index("¥699.00"), talk.said.index("也可以换一件")
    assert refund < talk.said.index(talk.fixed("please_confirm")) < offer
    assert talk.said.endswith(parts.offers.promise.zh)
    kinds = [type(entry) for entry in talk.turns[-1] if isinstance(entry, Said | Proposed)]
    assert kinds == [Said, Proposed]
    await talk.button("yes")
    assert talk.acted == ["return_refund done"]


async def test_an_offer_is_made_once(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say(ASKS)
    await talk.say(ASKS)
    offers = [entry for entry in talk.of(Decided) if entry.table == "DT-21" and entry.code.startswith("OFFER")]
    assert len(offers) == 1
    assert (await talk.state()).offers_made == 1


async def test_no_offer_follows_a_no(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("外套想退，没拆封")
    assert talk.decided[-1] != "DT-21 OFFER(ladder)"
    await talk.button("no")
    await talk.say(ASKS)
    assert "DT-21 OFFER(ladder)" not in talk.decided
    assert "也可以换一件" not in talk.said


async def test_without_a_reason_there_is_no_offer(talking: Talking) -> None:
    talk = await talking("c06")
    await talk.say("帮我取消订单")
    assert [table for table in talk.decided if table.startswith("DT-21")] == []


@pytest.mark.parametrize(
    ("state", "stage"),
    [("CREATED", "before_shipping"), ("PAID", "before_shipping"), ("IN_TRANSIT", "in_transit"),
     ("SIGNED", "after_receipt"),
     ("COMPLETED", "after_receipt"), ("AT_PICKUP_POINT", "in_transit")],
)  # fmt: skip
def test_an_order_stands_in_one_stage(state: str, stage: str) -> None:
    assert stage_of(state) == stage


def test_the_first_rung_for_the_reason_and_stage_is_taken(parts: Parts) -> None:
    offers = parts.offers
    before, after = offers.choose("wrong_size", "before_shipping"), offers.choose("wrong_size", "after_receipt")
    assert before
    assert after
    assert (before.id, after.id) == ("change-before-shipping", "exchange-size")
    assert offers.choose("wrong_size", "in_transit") is None
    assert offers.choose(None, "after_receipt") is None


def test_a_wrong_key_is_named() -> None:
    with pytest.raises(XiaoerError, match=r"offers\.yaml: `offers\.0\.stages\.0`"):
        read_offers({"offers": [{"id": "x", "reasons": [], "stages": ["later"], "kind": "wait", "text": _TEXT}]})
