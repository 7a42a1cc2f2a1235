"""Flows are data: what cannot work is named before anybody talks to them."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.flows import read_flows
from knowledge.decide import PolicySet
from knowledge.errors import XiaoerError
from knowledge.pack import load_pack

SAYS = {"zh": "好", "en": "all right"}
TEXT = {"zh": "取消", "en": "Cancel"}


def book(**flows: Any) -> dict[str, Any]:
    cancel = {"title": TEXT, "terms": [{"label": TEXT, "value": TEXT}], "done": TEXT}
    return {"flows": flows, "actions": {"cancel": cancel}}


def test_the_shipped_flows_are_sound_and_cover_every_intent() -> None:
    pack = load_pack("demo")
    flows = read_flows(pack.data("flows"))
    assert list(flows.problems()) == []
    assert set(pack.data("intents")["intents"]) - set(flows.flows) <= {"unclear"}


def test_every_code_a_table_may_give_has_a_word_for_the_people_at_the_desk() -> None:
    pack = load_pack("demo")
    flows = read_flows(pack.data("flows"))
    codes = {row.code for table in PolicySet(pack).tables() for row in table.rows if row.code}
    assert len(codes) > 100
    wordless = [code for code in codes for lang in ("zh", "en") if flows.phrase("code", code, lang) is None]
    assert wordless == []


def test_every_clause_a_flow_cites_stands_in_the_pack_in_both_languages() -> None:
    pack = load_pack("demo")
    headings = {
        (policy.id, policy.lang): {part.split("}")[0] for part in policy.text.split("{#")[1:]}
        for policy in pack.policies
    }
    flows = read_flows(pack.data("flows")).flows.values()
    cited = {ref for flow in flows for reply in flow.replies.values() for ref in reply.cite}
    assert cited
    missing = [ref for ref in cited for lang in ("zh", "en")
               if ref.partition("@*#")[2] not in headings.get((ref.partition("@*#")[0], lang), set())]  # fmt: skip
    assert missing == []


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (book(x={"replies": {"default": {**SAYS, "propse": "cancel"}}}), "flows.x.replies.default.propse"),
        (book(x={"subject": "parcel", "replies": {"default": SAYS}}), "flows.x.subject"),
        (book(x={"subject": "order", "states": ["SENT"], "replies": {"default": SAYS}}), "flows.x.states.0"),
        (book(x={"replies": {"default": {**SAYS, "card": "photo"}}}), "flows.x.replies.default.card"),
        ({"flows": {}}, "actions"),
        (book(x={}), "`x` says nothing"),
        (book(x={"replies": {"default": {**SAYS, "propose": "fly"}}}), "`fly`"),
        (book(x={"replies": {"default": {**SAYS, "next": "y"}}}), "`y`, which is no flow"),
        (book(x={"replies": {"default": {**SAYS, "go": "y"}}}), "`y`, which is no flow"),
        (book(x={"answer": "search", "otherwise": "y", "replies": {"default": SAYS}}), "`y`, which is no flow"),
        (book(x={"tables": ["DT-02"], "replies": {"ELIGIBLE": SAYS}}), "no reply for `HUMAN`"),
        (book(x={"replies": {"default": {"zh": "退款 {amount}", "en": "a refund"}}}), "other values in zh than in en"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named_by_its_key(data: dict[str, Any], named: str) -> None:
    with pytest.raises(XiaoerError) as wrong:
        read_flows(data)
    assert named in str(wrong.value)
    assert "flows.yaml" in str(wrong.value)


def test_a_code_finds_its_reply_exactly_then_by_kind_then_by_default() -> None:
    replies = {code: {"zh": code, "en": code} for code in ("HUMAN(rule)", "HUMAN", "default")}
    flow = read_flows(book(x={"replies": replies})).flows["x"]
    said = [reply.zh for code in ("HUMAN(rule)", "HUMAN(other)", "ELIGIBLE") if (reply := flow.reply(code))]
    assert said == ["HUMAN(rule)", "HUMAN", "default"]


def test_a_code_without_a_reply_has_none() -> None:
    assert read_flows(book(x={"replies": {"HUMAN": SAYS}})).flows["x"].reply("ELIGIBLE") is None
