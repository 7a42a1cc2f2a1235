"""The retail domain of tau2-bench: its gold actions replayed on our tools, and writes that break its rules.

<folder>/tau_retail/db.json                        products, users, orders
<folder>/tau_retail/tasks_train.jsonl              tasks with the actions a perfect agent takes
<folder>/tau_retail/expected_states_train.jsonl    per task: every row that must have changed, and what must fail
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from assistant.errors import NotFound
from assistant.shop import Action
from evals.gate_run import GateRun, Outcome, Write, by_kind_and_clause, failures_of, held
from evals.intervals import Metric
from evals.report import Failure, Missed, Report
from evals.tau_mutants import right_writes, wrong_writes
from evals.tau_shop import LOOK_UPS, TauData, TauShop
from knowledge.clauses import SHANGHAI
from knowledge.expressions import ExpressionError

FOLDER = "tau_retail"
NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
TO_A_PERSON = "transfer_to_human_agents"
SEED = 20
A_KIND = 80
"""How many wrong writes are made of each kind at most."""


@dataclass(frozen=True)
class Task:
    """A task: its gold actions, which of them must fail, and the rows that must have changed at the end."""

    id: str
    actions: tuple[Mapping[str, Any], ...]
    failing: Mapping[int, str]
    changed: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Replayed:
    """How a task went: each look-up and write as it had to end or not, and the final state."""

    task: Task
    look_ups: tuple[bool, ...]
    writes: tuple[Outcome, ...]
    missed: tuple[Missed, ...]
    same_state: bool


def run(pack: str, data: Path, *, a_kind: int = A_KIND) -> Report:
    """Replay every task and try the wrong writes. Raises `FileNotFoundError` when the set is not there."""
    tasks, base = list(read_tasks(data / FOLDER)), TauData.read(data / FOLDER / "db.json")
    return asyncio.run(_run(pack, tasks, base, min(a_kind, len(base.rows["orders"]))))


async def _run(pack: str, tasks: Sequence[Task], base: TauData, a_kind: int) -> Report:
    run = await GateRun.open(pack, NOW)
    try:
        replayed = [await replay(task, base, run) for task in tasks]
        wrong = [await run.try_write(write, TauShop(base)) for write in wrong_writes(base, seed=SEED, a_kind=a_kind)]
        right = [await run.try_write(write, TauShop(base)) for write in right_writes(base, seed=SEED, a_kind=a_kind)]
        ledgers = await run.ledgers_hold()
    finally:
        await run.aclose()
    return _report(pack, replayed, wrong, right, ledgers=ledgers)


def _report(
    pack: str, replayed: Sequence[Replayed], wrong: Sequence[Outcome], right: Sequence[Outcome], *, ledgers: Metric
) -> Report:
    gold = [outcome for each in replayed for outcome in each.writes]
    must_fail = [outcome for outcome in gold if outcome.write.codes]
    look_ups = [ok for each in replayed for ok in each.look_ups]
    metrics = {
        "final_state": held([each.same_state for each in replayed]),
        "gold_writes_done": held([o.as_wanted for o in gold if not o.write.codes]),
        "look_ups_as_listed": held(look_ups) if look_ups else None,
        "gold_writes_that_must_fail_denied": held([o.as_wanted for o in must_fail]) if must_fail else None,
        "wrong_writes_denied": held([not o.done and not o.changed for o in wrong]),
        "denied_for_its_reason_with_a_clause": held([o.as_wanted for o in wrong]),
        "right_writes_done": held([o.as_wanted for o in right]),
        "ledgers_verify_with_every_effect": ledgers,
    }
    failures = [Failure(case=each.task.id, group="task", misses=each.missed) for each in replayed if each.missed]
    return Report(
        suite="tau-retail",
        pack=pack,
        n=len(replayed),
        metrics={name: metric for name, metric in metrics.items() if metric is not None},
        groups=by_kind_and_clause(wrong),
        failures=(*failures, *failures_of(wrong, "wrong write"), *failures_of(right, "right write")),
    )


def read_tasks(folder: Path) -> Iterator[Task]:
    expected = {each["task_id"]: each for each in _lines(folder / "expected_states_train.jsonl")}
    for each in _lines(folder / "tasks_train.jsonl"):
        states = expected[each["id"]]
        yield Task(
            id=each["id"],
            actions=tuple(each["evaluation_criteria"]["actions"]),
            failing={failing["action"]: failing["error"] for failing in states["failing_actions"]},
            changed=states["changed"],
        )


async def replay(task: Task, base: TauData, run: GateRun) -> Replayed:
    """Take the gold actions in order, each write proposed and agreed to, and compare what is left changed."""
    shop, look_ups, writes, missed = TauShop(base), list[bool](), list[Outcome](), list[Missed]()
    customer_id = _customer(task, base)
    for index, action in enumerate(task.actions):
        name, args, must_fail = action["name"], action["arguments"], index in task.failing
        if name == TO_A_PERSON:
            continue
        if name in LOOK_UPS:
            as_listed = _fails(shop, name, args, customer_id) == must_fail
            look_ups.append(as_listed)
            ended = "as listed" if as_listed else "not as listed"
        else:
            codes = frozenset({_CODES.get(task.failing[index], "")} if must_fail else ())
            outcome = await run.try_write(Write("gold", customer_id, call(name, args), codes), shop)
            writes.append(outcome)
            as_listed, ended = outcome.as_wanted, outcome.code
        if not as_listed:
            missed.append(Missed(step=index + 1, what=name, expected="fails" if must_fail else "done", found=ended))
    missed += _differences(task, shop)
    same = not any(miss.what == "state" for miss in missed)
    return Replayed(task, tuple(look_ups), tuple(writes), tuple(missed), same)


_CODES = {"Insufficient gift card balance to pay for the price difference": "BALANCE_TOO_LOW"}
"""What the benchmark's own tools say of a gold write they refuse, and the code with which we must."""


def call(name: str, args: Mapping[str, Any]) -> Action:
    """A benchmark's tool call as our action."""
    return Action(name=name, order_id=args.get("order_id"), args={k: v for k, v in args.items() if k != "order_id"})


def _customer(task: Task, base: TauData) -> str:
    """Who is signed in: whom the task's look-ups identify, else whose order or profile it is about."""
    shop = TauShop(base)
    for index, action in enumerate(task.actions):
        args = action["arguments"]
        if action["name"].startswith("find_user_id") and index not in task.failing:
            return str(shop.look_up(action["name"], args, ""))
    for action in task.actions:
        args = action["arguments"]
        order = base.rows["orders"].get(args.get("order_id", ""))
        if order or "user_id" in args:
            return str(order["user_id"] if order else args["user_id"])
    return ""


def _fails(shop: TauShop, name: str, args: Mapping[str, Any], customer_id: str) -> bool:
    try:
        shop.look_up(name, args, customer_id)
    except (NotFound, ExpressionError):
        return True
    return False


def _differences(task: Task, shop: TauShop) -> Iterator[Missed]:
    ours = shop.moved()
    theirs = {f"{kind} {key}": row for kind, rows in task.changed.items() for key, row in rows.items()}
    for name in sorted(ours.keys() | theirs.keys()):
        mine, due = comparable(ours.get(name)), comparable(theirs.get(name))
        if mine != due:
            yield Missed(step=0, what="state", expected=f"{name}: {due}", found=str(mine))


def comparable(value: Any) -> Any:
    """A row with its money rounded to the cent: the benchmark's own tools leave binary fractions of it behind."""
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items() if item is not None}
    return [comparable(item) for item in value] if isinstance(value, list) else value


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())
