"""Facts of the talk itself rather than of an order: what was heard, and what nothing has shown to be so."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assistant.context import TurnContext
from knowledge.decision import Facts
from knowledge.text import fold

UNPROVEN = (
    "fake_or_recalled", "right_clearly_due", "seller_fault_proven", "over_authority", "identity_failed",
    "statutory_rejection", "rule_contested", "repeated_threat", "asked_for_person", "damages_asked", "out_of_scope",
    "image_suspect", "return_swapped", "swap_proof", "good_proof", "abuse_confirmed", "organised", "reseller_bulk",
    "bait_price", "price_error_confirmed", "error_reported_in_time", "gross_mismatch", "cannot_return",
    "burden_reallocated",
)  # fmt: skip
"""What holds only when a tool or a person has found it so."""

ASKS: Mapping[str, re.Pattern[str]] = {
    "data_request": re.compile(
        r"(?:删除|删掉|注销|导出|复制|更正|撤回).{0,8}(?:信息|数据|资料|账号|授权)|(?:信息|数据|资料).{0,6}(?:删|注销|导出)"
        r"|(?:delete|erase|export|copy of|correct) (?:all )?(?:of )?my (?:personal )?(?:data|information|account)"
    ),
    "asks_internal": re.compile(
        r"内部|成本价|进价|系统提示|提示词|风险分|(?:别的|其他|别人)的?(?:买家|顾客|客户)"
        r"|(?:机器人|助手|你们?).{0,6}(?:最多能?(?:赔|补|退)|额度|权限)"
        r"|\b(?:system prompt|internal|cost price|risk score|your (?:limit|authority|cap)|other (?:buyer|customer)s?)\b"
    ),
    "claims_official": re.compile(
        r"我是(?:警察|公安|法院|平台|淘宝|京东|快递|市场监管)"
        r"|\bi(?:'m| am) (?:from )?(?:the )?(?:police|court|platform)"
    ),
    "gift_receiver": re.compile(r"别人送(?:我|给我)|朋友送的|收到的礼物|\b(?:it was|as) a gift\b|gifted to me"),
}
"""Kinds of request that DT-23 tells apart, by the words they are made in. A match only picks the kinder or safer
reply.
"""


def talk_facts(turn: TurnContext) -> Facts:
    """Facts of the talk itself rather than of an order: what was heard, and what nothing has shown to be so."""
    state, heard, said = turn.state, turn.heard, fold(turn.heard.text)
    risks = set(heard.risks)
    intents = {guess.name for guess in heard.intents}
    return {
        **dict.fromkeys(UNPROVEN, False),
        **{name: bool(pattern.search(said)) for name, pattern in ASKS.items()},
        "now": turn.now,
        "logged_in": turn.customer is not None,
        "owns_order": True,
        "offers_used": state.offers_made,
        "offers_max": turn.engine.profile.retention_max_offers,
        "said_no": state.refused_offer,
        "unanswered": state.misses,
        "confidence": 1.0,
        "answer_confidence": turn.engine.profile.answer_confidence,
        "integrity_risk": "none",
        "weak_signals": 0,
        "late_exception": "none",
        "strong_anger": heard.mood == "very_angry",
        "threat": bool(risks & {"12315", "media"}),
        "legal_threat": "12315" in risks,
        "review_threat": "threat_bad_review" in intents,
        "safety": "safety" in risks,
        "injury": "safety" in risks,
        "ill": "safety" in risks,
        "minor": "minor" in risks,
        "injection": "injection" in risks,
        "off_platform": "off_platform" in risks,
    }
