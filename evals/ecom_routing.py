"""From the wishes of ECom-Bench's personas to its tools, by our intents alone: without a model and without tuning.

A persona states its wishes one by one, in the third person. Each is read by the pack's intent model; what an intent
would need of the set's tools is the table below. Gold are the tools a task's perfect agent uses, in any order.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.intents import IntentModel
from assistant.taxonomy import Taxonomy
from evals.ecom_bench import FOLDER
from evals.gate_run import held
from evals.report import Report
from knowledge.embedding import Usem3Embedder
from knowledge.pack import load_pack

_WISH = re.compile(r"<意图[^>\\/]*>(.*?)<[\\/]*意图[^>]*>", re.S)
_LINK = re.compile(r"https?://\S+?(?=[，。,、]|\s|$)")

_RETURN = ("manage_return", "manage_order_tool")
ROUTES: dict[str, tuple[str, ...]] = {
    "product_spec": ("get_product_info_tool",),
    "product_compare": ("compare_products_info_tool",),
    "product_usage": ("get_installation_service_info_tool",),
    "promo_query": ("get_discount_info_tool",),
    "coupon_issue": ("get_discount_info_tool",),
    "price_query": ("get_product_info_tool",),
    "order_status": ("manage_order_tool",),
    "track_parcel": ("get_logistics_info_tool",),
    "delivery_exception": ("get_logistics_info_tool",),
    "shipping_time_query": ("get_logistics_info_tool",),
    "urge_shipping": ("manage_urgent",),
    "change_address": ("manage_order",),
    "cancel_order": ("manage_order",),
    "change_order_item": ("manage_exchange_tool", "manage_exchange"),
    "exchange": ("manage_exchange_tool", "manage_exchange"),
    "refund_only": _RETURN,
    "return_no_reason": _RETURN,
    "return_quality": _RETURN,
    "return_mismatch": _RETURN,
    "price_protection": ("manage_ecard",),
    "invoice_request": ("manage_invoice",),
    "repair": ("get_repair_info_tool", "schedule_service"),
    "warranty_claim": ("get_repair_info_tool", "schedule_service"),
    "warranty_policy_query": ("get_repair_info_tool",),
    "door_service": ("schedule_service",),
}
"""What each of our intents would call. Gifts, spare parts, fault codes, cashbacks and orders placed by the assistant
are nothing our taxonomy knows.
"""


@dataclass(frozen=True)
class Persona:
    wishes: tuple[str, ...]
    tools: frozenset[str]


def run(pack: str, data: Path) -> Report:
    """How many of the gold tools the intents lead to, and how many of the tools they lead to are gold."""
    personas = list(read(data / FOLDER / "tasks.jsonl"))
    model = IntentModel.train(Taxonomy.parse(load_pack(pack).data("intents")), Usem3Embedder())
    reachable = {tool for tools in ROUTES.values() for tool in tools}
    routed, right, known = list[bool](), list[bool](), list[bool]()
    by_tool: dict[str, list[bool]] = defaultdict(list)
    for persona in personas:
        guesses = [guess.name for wish in persona.wishes for guess in model.understand(wish)]
        found = {tool for name in guesses for tool in ROUTES.get(name, ())}
        for tool in sorted(persona.tools):
            by_tool[tool].append(tool in found)
        routed += [tool in found for tool in persona.tools]
        known += [tool in found for tool in persona.tools & reachable]
        right += [tool in persona.tools for tool in found]
    return Report(
        suite="ecom-routing",
        pack=pack,
        n=len(personas),
        metrics={
            "gold_tools_led_to": held(routed),
            "gold_tools_led_to_of_those_an_intent_knows": held(known),
            "tools_led_to_that_are_gold": held(right),
        },
        groups={tool: held(flags) for tool, flags in sorted(by_tool.items())},
    )


def read(path: Path) -> Iterator[Persona]:
    """The personas of a set: wishes without their links, and the gold tools by name."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            each = json.loads(line)
            wishes = tuple(_LINK.sub("", wish).strip() for wish in _WISH.findall(each["instruction"]))
            calls = (*each["metadata"]["actions"], *each["metadata"]["searches"])
            yield Persona(wishes, frozenset(call["name"] for call in calls))
