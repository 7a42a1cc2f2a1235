"""ECom-Bench (XiaoduoAILab): its gold writes and look-ups replayed on our tools, and writes that break its rules.

    <folder>/ecom_bench/tasks.jsonl     53 personas with the writes and look-ups a perfect agent makes
    <folder>/ecom_bench/*.json          orders, products, users, parcels, invoices, services, cashbacks, discounts

The set has no final states. A naive reading of the gold arguments says what must have changed.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from assistant.errors import NotFound
from assistant.shop import Action
from evals.ecom_expected import expected, holds
from evals.ecom_mutants import right_writes, wrong_writes
from evals.ecom_shop import EcomData, EcomShop, Pictures
from evals.gate_run import GateRun, Outcome, Write, by_kind_and_clause, failures_of, held
from evals.intervals import Metric, share
from evals.report import Failure, Missed, Report
from evals.row_shop import cents
from knowledge.clauses import SHANGHAI

FOLDER = "ecom_bench"
NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
SEED = 20
A_KIND = 40
"""How many wrong writes are made of each kind at most: the set is small."""

_PICTURE = re.compile(r"https?://\S+\.(?:jpg|jpeg|png)")


@dataclass(frozen=True)
class Task:
    id: str
    customer_id: str
    has_pictures: bool
    writes: tuple[Mapping[str, Any], ...]
    look_ups: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Replayed:
    """How a task's gold writes ended, which look-ups found something, and where the state is not what they say."""

    task: Task
    writes: tuple[Outcome, ...]
    found: tuple[tuple[str, bool], ...]
    missed: tuple[Missed, ...]


def run(pack: str, data: Path, *, a_kind: int = A_KIND) -> Report:
    """Replay every task and try the wrong writes. Raises `FileNotFoundError` when the set is not there."""
    tasks, base = list(read_tasks(data / FOLDER)), EcomData.read(data / FOLDER)
    return asyncio.run(_run(pack, tasks, base, min(a_kind, len(base.rows["orders"]))))


async def _run(pack: str, tasks: Sequence[Task], base: EcomData, a_kind: int) -> Report:
    run = await GateRun.open(pack, NOW)
    try:
        unseen = [await replay(task, base, run, "unseen" if task.has_pictures else "none") for task in tasks]
        as_said = [await replay(task, base, run, "as_said" if task.has_pictures else "none") for task in tasks]
        wrong = [await run.try_write(write, EcomShop(base)) for write in wrong_writes(base, seed=SEED, a_kind=a_kind)]
        right = [await run.try_write(write, EcomShop(base)) for write in right_writes(base, seed=SEED, a_kind=a_kind)]
        ledgers = await run.ledgers_hold()
    finally:
        await run.aclose()
    return _report(pack, unseen, as_said, wrong, right, ledgers=ledgers)


def _report(
    pack: str,
    unseen: Sequence[Replayed],
    as_said: Sequence[Replayed],
    wrong: Sequence[Outcome],
    right: Sequence[Outcome],
    *,
    ledgers: Metric,
) -> Report:
    gold = [outcome for each in unseen for outcome in each.writes]
    with_pictures = [outcome for each in as_said for outcome in each.writes]
    look_ups = [found for each in unseen for found in each.found]
    states = [not each.missed for each in (*unseen, *as_said)]
    failures = [
        Failure(case=each.task.id, group="task", misses=each.missed) for each in (*unseen, *as_said) if each.missed
    ]
    return Report(
        suite="ecom-bench",
        pack=pack,
        n=len(unseen),
        metrics={
            "final_state": held(states),
            "gold_writes_done": held([o.done for o in gold]),
            "gold_writes_done_if_pictures_show_what_is_said": held([o.done for o in with_pictures]),
            "look_ups_found": held([found for _, found in look_ups]),
            "wrong_writes_denied": held([not o.done and not o.changed for o in wrong]),
            "denied_for_its_reason_with_a_clause": held([o.as_wanted for o in wrong]),
            "right_writes_done": held([o.as_wanted for o in right]),
            "ledgers_verify_with_every_effect": ledgers,
        },
        groups={**_not_done(gold), **_not_found(look_ups), **by_kind_and_clause(wrong)},
        failures=(*failures, *failures_of(wrong, "wrong write"), *failures_of(right, "right write")),
    )


def _not_done(gold: Sequence[Outcome]) -> dict[str, Metric]:
    """The gold writes that are not done, by what said so: of a picture nobody has, or by the set's own rules."""
    found = Counter((o.write.action.name, o.code, next(iter(o.clauses), "")) for o in gold if not o.done)
    return {f"gold not done: {name} {code} {clause}": share(n, len(gold)) for (name, code, clause), n in found.items()}


def _not_found(look_ups: Sequence[tuple[str, bool]]) -> dict[str, Metric]:
    absent = Counter(name for name, found in look_ups if not found)
    return {f"look-up not found: {name}": share(n, len(look_ups)) for name, n in absent.items()}


def read_tasks(folder: Path) -> Iterator[Task]:
    with (folder / "tasks.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            each = json.loads(line)
            yield Task(
                id=each["annotator"],
                customer_id=each["user_id"],
                has_pictures=bool(_PICTURE.search(each["instruction"])),
                writes=tuple(each["metadata"]["actions"]),
                look_ups=tuple(each["metadata"]["searches"]),
            )


async def replay(task: Task, base: EcomData, run: GateRun, pictures: Pictures) -> Replayed:
    """Look everything up, then make the gold writes in order, each proposed and agreed to."""
    shop = EcomShop(base, pictures)
    found = tuple((each["name"], _finds(shop, each, task.customer_id)) for each in task.look_ups)
    outcomes = [await run.try_write(Write("gold", task.customer_id, call(write)), shop) for write in task.writes]
    due = expected([outcome.write.action for outcome in outcomes if outcome.done], task.customer_id, base)
    moved = {name: row for name, row in shop.moved().items() if not name.startswith("card ")}
    missed = [
        Missed(step=0, what="state", expected=f"{name}: {due.get(name)}", found=str(moved.get(name)))
        for name in sorted(due.keys() | moved.keys())
        if not holds(moved.get(name), due.get(name))
    ]
    return Replayed(task, tuple(outcomes), found, tuple(missed))


def _finds(shop: EcomShop, look_up: Mapping[str, Any], customer_id: str) -> bool:
    try:
        shop.look_up(look_up["name"], look_up["arguments"], customer_id)
    except NotFound:
        return False
    return True


def call(write: Mapping[str, Any]) -> Action:
    """A gold write of the set as our action."""
    args = write["arguments"]
    name, taken = _CALLS[write["name"], args.get("action")]
    return Action(name=name, order_id=args.get("order_id"), args=taken(args))


def _named(**names: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Our argument names and those of the set; what a write leaves out stays out."""
    return lambda args: {ours: args[theirs] for ours, theirs in names.items() if theirs in args}


_CALLS: dict[tuple[str, str | None], tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    ("manage_order", "取消"): ("cancel_order", _named()),
    ("manage_order", "修改"): ("change_order", _named(address="address", phone_number="phone_number")),
    ("manage_order", "增加"): (
        "place_order",
        lambda args: {
            "goods": [f"{each['product_id']} x {each['quantity']}" for each in args["product_info_list"]],
            "payment": args["payment"],
        },
    ),
    ("manage_return", None): ("return_order", _named()),
    ("manage_exchange", "换货"): (
        "exchange_item",
        _named(original_product_id="original_product_id", exchange_product_id="exchange_product_id"),
    ),
    ("manage_ecard", "余额使用"): ("pay_by_card", _named(product_id="product_id", quantity="quantity")),
    ("manage_ecard", "退款"): ("refund_to_card", lambda args: {"refund_asked": cents(args["amount"])}),
    ("manage_urgent", None): ("urge_order", _named()),
    ("manage_invoice", None): (
        "issue_invoice",
        _named(title="title", phone_number="phone_number", invoice_kind="invoice_type"),
    ),
    ("schedule_service", None): (
        "book_service",
        _named(
            user_name="user_name",
            phone_number="phone_number",
            service_kind="service_type",
            service_time="service_time",
        ),
    ),
    ("register_cashback_by_review", "返现"): ("register_cashback", _named()),
}
