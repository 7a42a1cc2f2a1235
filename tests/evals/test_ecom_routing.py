from __future__ import annotations

import json
from pathlib import Path

from assistant.taxonomy import Taxonomy
from evals import ecom_routing
from evals.ecom_routing import ROUTES, Persona, read
from knowledge.pack import load_pack

SAID = "画像\n<意图一>\n你想取消订单 https://shop.example/1?a=b，不想要了\n<\\意图一>\n<意图二>给订单开发票<\\意图二>\n"
TOOLS = ("manage_order", "manage_invoice", "get_gift_info_tool")


def write(folder: Path) -> Path:
    (folder / "ecom_bench").mkdir()
    calls = [{"name": name, "arguments": {}} for name in TOOLS]
    task = {"instruction": SAID, "metadata": {"actions": calls[:2], "searches": calls[2:]}}
    (folder / "ecom_bench" / "tasks.jsonl").write_text(json.dumps(task, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def test_wishes_are_read_one_by_one_without_their_links(tmp_path: Path) -> None:
    (found,) = read(write(tmp_path) / "ecom_bench" / "tasks.jsonl")
    assert found == Persona(("你想取消订单 ，不想要了", "给订单开发票"), frozenset(TOOLS))


def test_every_route_begins_at_an_intent_of_the_taxonomy() -> None:
    assert set(ROUTES) <= set(Taxonomy.parse(load_pack("cn_retail").data("intents")).intents)


def test_gold_tools_are_counted_as_led_to_or_not(tmp_path: Path) -> None:
    report = ecom_routing.run("cn_retail", write(tmp_path))
    assert {tool: metric.value for tool, metric in report.groups.items()} == {
        "manage_order": 1, "manage_invoice": 1, "get_gift_info_tool": 0,
    }  # fmt: skip
    assert report.metrics["gold_tools_led_to_of_those_an_intent_knows"].value == 1
    assert report.metrics["gold_tools_led_to"].n == 3
