"""What customers claim, as facts a table may read and as answers to the question of the turn before.

A claim fills only facts whose source is the customer (`source: claimed`); what the shop's records know is never
overridden by what somebody typed.
"""

from __future__ import annotations

import re

from assistant.context import TurnContext
from assistant.flow_run import SLOTS
from assistant.flow_subject import chosen_order, other_goods
from assistant.follow_up import LAST
from assistant.naming import named_orders
from assistant.slot_words import INTACT_BOX, NOT_USED, REASONS, TAGS_ON
from assistant.ticket_words import step_in, tells_grounds, waybill_in
from assistant.trouble_words import trouble_facts
from assistant.visits import calls_off, read_window, service_in, tells_of_no_show
from knowledge.decision import Facts, FactValue
from knowledge.text import fold

FAULTS = frozenset(
    {
        "return_quality",
        "return_mismatch",
        "resend_missing",
        "repair",
        "warranty_claim",
        "damage_in_transit",
        "fresh_spoiled",
    }
)
"""Intents that tell of a fault: words enough to describe it need not be asked for again."""

DESCRIBES_FAULT = FAULTS - {"resend_missing", "fresh_spoiled"}
"""Intents that an answer to the question what is wrong may be taken for."""

VISITED = frozenset({"door_service", "repair", "warranty_claim"})
"""Intents that a visit at the door may come of."""

FREE_TEXT = SLOTS - {"return_waybill"} | {"product", "category"}
"""What any words may answer; all else is read from words of its own kind."""

_WHOLE = re.compile(
    "|".join(p.pattern for p in (TAGS_ON, NOT_USED, INTACT_BOX)) + r"|完好|没问题|都在|齐全|intact|as new|all there"
)
"""Words that say an item is whole without naming a flag: as whole as after trying it on."""

_FOOD = re.compile(r"食品|食物|吃|喝|过期|变质|发霉|十倍|10倍|\b(?:food|eat|ate|drink|expired|mou?ldy|ten times)\b")
"""Multiple damages asked for what is eaten are judged as food safety (DT-24 R2), else as alleged fraud (R1)."""

_FAULT = re.compile(dict(REASONS)["quality"].pattern + r"|瑕疵|划痕|污[点渍]|掉漆|\b(?:flaw|scratch|stain|dent)")
_NO_FAULT = re.compile(
    r"(?:没有?|不是|无|并非|不存在|不算)[^,，。;；]{0,6}(?:质量|坏|毛病|瑕疵|破|划痕)"
    r"|\b(?:no|not|nothing|isn't|without)\b[^,.;]{0,16}\b(?:fault\w*|defect\w*|broken|wrong|flaws?)\b"
)

_EXCHANGED = re.compile(r"换货|换(?:大|小|个|件|双|成|码)|\bexchang|\bswap")
_LEADS_TO_TITLE = re.compile(
    r"^(?:[开写填就给]?(?:公司|单位|企业|个人)(?:的|抬头)?|(?:发票)?抬头[是写开]?|company|personal)[\s:：,，]+",
    re.I,
)

_TELLING = 5
_SAYS_NO_MORE = re.compile(
    r"^.{0,6}(?:有|是)?质量.{0,3}问题.{0,2}$|^.{0,4}(?:有问题|坏了|坏的).{0,1}$|^.{0,12}\b(?:faulty|broken|defective)$"
)
"""Words that say there is a fault and not which."""
_MIN_WORDS = 2
_MAX_WORDS = 200


def claimed_facts(turn: TurnContext, intent: str) -> Facts:
    """Facts the customer has claimed in this talk: answers kept from earlier turns, then this message."""
    definitions = turn.engine.policies.facts
    claimed: Facts = {
        name: value
        for name, value in turn.state.slots.items()
        if name in definitions and definitions[name].source == "claimed"
    }
    if turn.heard.slots.condition:
        claimed["condition"] = list(turn.heard.slots.condition)
        turn.remember(slots={**turn.state.slots, "condition": list(turn.heard.slots.condition)})
    claimed |= _service_claims(turn, intent)
    at_fault = about_a_fault(turn) or turn.heard.slots.reason in {"quality", "missing_part"}
    if intent in {"freight_dispute", "freight_rule"} and at_fault:
        claimed["freight_cause"] = "seller_fault"
    elif intent in {"freight_dispute", "freight_rule"} and _EXCHANGED.search(fold(turn.words_for(intent))):
        claimed["freight_cause"] = "no_reason_exchange"
    if intent == "statutory_damages" and _FOOD.search(fold(turn.heard.text)):
        claimed["damages_kind"] = "food"
    return claimed


def _service_claims(turn: TurnContext, intent: str) -> Facts:
    """What is said of services at the door, and of freight that was paid; kept for the turns that follow."""
    claimed: Facts = {}
    if intent == "door_service":
        claimed["cancels_visit"] = calls_off(turn.words_for(intent))
        claimed["visit_missed"] = tells_of_no_show(turn.words_for(intent))
        if service := service_in(turn.words_for(intent)):
            claimed["door_kind"] = service
            turn.remember(slots={**turn.state.slots, "door_kind": service})
    if intent == "freight_payout" and turn.heard.slots.money:
        claimed["return_freight"] = turn.heard.slots.money
    return {**claimed, **trouble_facts(intent, turn.words_for(intent))}


def note_claims(turn: TurnContext) -> None:
    """Keep what the message states and a later turn may need: reason, address, invoice title, wanted variant."""
    slots, waybill = turn.heard.slots, waybill_in(turn.heard.text)
    said = {
        "reason": slots.reason,
        "address": slots.address,
        "invoice_title": " ".join(word for word in (slots.invoice_title, slots.tax_id) if word) or None,
        "target_variant": slots.target_variant or _wanted(turn),
        "height_cm": slots.height_cm,
        "weight_kg": slots.weight_kg,
        "foot_cm": slots.foot_cm,
        "region": slots.city or slots.region,
        "budget_max": slots.budget_max,
        "visit_time": _visit(turn),
        "appeal_why": turn.heard.text[:_MAX_WORDS] if tells_grounds(turn.heard.text) else None,
        "return_waybill": waybill if waybill and step_in(turn.heard.text) == "ticket_ship_return" else None,
    }
    found: dict[str, FactValue] = {name: value for name, value in said.items() if value is not None}
    if slots.condition and turn.state.waiting_for:
        found["condition"] = list(slots.condition)
    fault = next(
        (g.words or turn.heard.text for g in turn.heard.intents if g.name in FAULTS or states_fault(g.words)), None
    )
    if fault and _tells(fault) and turn.state.waiting_for != "defect":
        found["defect"] = fault[:_MAX_WORDS]
    if found:
        turn.remember(slots={**turn.state.slots, **found})


def _tells(fault: str) -> bool:
    said = fold(fault).strip(" 。.!！")
    return len(said) >= _TELLING and not _SAYS_NO_MORE.search(said)


def states_fault(words: str) -> bool:
    """Whether `words` say that the goods are at fault: what is then wanted is no return without a reason."""
    said = fold(words)
    return _FAULT.search(said) is not None and not _NO_FAULT.search(said)


def told_of_fault(turn: TurnContext) -> bool:
    """Whether what the talk is about right now is a fault: its claim awaits a yes, or was the matter just before."""
    if turn.heard.slots.reason not in {None, "quality", "missing_part"}:
        return False  # another reason is given
    waiting = turn.open_proposal
    if waiting is not None:
        return waiting.action.name == "quality_return"
    return turn.conversation.state.slots.get(LAST) in DESCRIBES_FAULT


def about_a_fault(turn: TurnContext) -> bool:
    """Whether a fault of the goods talked about was told earlier on, whatever else was asked since."""
    if other_goods(turn, turn.state.order_id):
        return False
    return told_of_fault(turn) or "defect" in turn.state.slots


def _visit(turn: TurnContext) -> str | None:
    """A time named while a visit is talked about is when it shall be."""
    about = turn.state.flow in VISITED or any(g.name in VISITED for g in turn.heard.intents)
    window = read_window(turn.heard.text, turn.now) if about else None
    return str(window) if window is not None else None


def _wanted(turn: TurnContext) -> str | None:
    """A size or colour named while an exchange is talked about is what is wanted instead."""
    slots = turn.heard.slots
    exchanging = turn.state.flow == "exchange" or any(g.name == "exchange" for g in turn.heard.intents)
    return " ".join(word for word in (slots.colour, slots.size) if word) or None if exchanging else None


def read_answer(asked: str, turn: TurnContext) -> FactValue:
    """The message as an answer to the question for `asked`; None when it is not one."""
    slots, text = turn.heard.slots, turn.heard.text.strip()
    if asked == "order_id":
        return slots.order_id or slots.order_tail or turn.asked.order_id or chosen_order(turn) or _names_an_order(turn)
    if asked in {"condition", "condition_photos"}:
        whole = turn.heard.yes or _WHOLE.search(fold(text))
        return list(slots.condition) or (["tried_on"] if whole else None)
    if asked == "return_waybill":
        return waybill_in(text)
    if asked == "visit_time":
        window = read_window(text, turn.now)
        return str(window) if window is not None else None
    if asked == "door_kind":
        return service_in(text)
    if asked == "line":
        return "all" if slots.everything else text or None
    if asked == "size_measures":
        return "given" if slots.height_cm or slots.weight_kg or slots.foot_cm else None
    if asked == "region":
        return slots.city or slots.region
    if asked == "budget":
        return slots.budget_max or slots.money
    if asked in SLOTS:
        fault = asked == "defect" and any(g.name in DESCRIBES_FAULT for g in turn.heard.intents)  # no sound: no denial
        if not fault and (turn.heard.yes is not None or slots.everything or (slots.condition and asked != "defect")):
            return None  # a yes, or an answer to another question, is no address or title
        known = {"address": slots.address, "invoice_title": slots.invoice_title, "target_variant": slots.target_variant}
        text = _LEADS_TO_TITLE.sub("", text) if asked == "invoice_title" else text
        return known.get(asked) or (text if _MIN_WORDS <= len(text) <= _MAX_WORDS else None)
    return _fact(asked, text, turn)


def _names_an_order(turn: TurnContext) -> str | None:
    """Words may name an order by a product in it; which one is meant is for `find_order` to see."""
    return "named" if named_orders(turn.heard.text, turn.known_orders, turn.engine.catalogue) else None


def _fact(asked: str, text: str, turn: TurnContext) -> FactValue:
    definition = turn.engine.policies.facts.get(asked)
    slots = turn.heard.slots
    if definition is None:
        return text if asked in {"product", "category"} and text else None
    match definition.type:
        case "bool":
            return turn.heard.yes
        case "money":
            return slots.money
        case "int":
            return slots.quantity
        case "instant":
            return slots.date
        case "enum":
            return next((value for value in definition.values if value in text.lower()), None)
        case _:
            return text if _MIN_WORDS <= len(text) <= _MAX_WORDS else None
