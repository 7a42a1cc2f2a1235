"""Commands about what the shop has promised: find it, decide by it, check it, begin it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_options import (
    AsJson,
    Category,
    DataDir,
    Language,
    PackName,
    Platform,
    Region,
    instant_of,
    settings_from,
)
from server.cli_output import err, out, print_json, yuan

if TYPE_CHECKING:
    from assistant.settings import Settings
    from knowledge.check import Problem
    from knowledge.clauses import Hit, Lang, Place
    from knowledge.grounds import Explained

At = Annotated[str | None, typer.Option("--at", help="The event's instant; the version in force then decides.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Search what was in force at this instant.")]


def register(app: typer.Typer) -> None:
    app.command()(search)
    app.command()(decide)
    app.command()(check)
    app.command()(init)


def _now() -> datetime:
    from assistant.clock import SystemClock

    return SystemClock().now()


# ── search ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def search(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    as_of: AsOf = None,
    platform: Platform = None,
    region: Region = None,
    category: Category = None,
    channel: Annotated[str | None, typer.Option("--channel", help="e.g. live")] = None,
    agent: Annotated[bool, typer.Option("--agent", help="Also what is for the shop's own people.")] = False,
    lang: Language = None,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many clauses.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Find clauses of the pack and of the shop's documents, as of an instant and in a place, with both scores.

    What has no known date is found too, and marked.
    """
    from knowledge.scope_words import place_of
    from server.cli_talk import language_of

    settings = settings_from({"pack": pack, "data_dir": data_dir})
    spoken = language_of(lang, text)
    at = instant_of(as_of, "--as-of") or _now()
    place = place_of(platform, region, category, channel, "agent" if agent else "customer")
    hits = _hits(settings, text, at=at, place=place, lang=spoken, k=k)
    if as_json:
        from server.views import hit_view

        print_json([hit_view(hit).model_dump(mode="json") for hit in hits])
    elif not hits:
        out().print("  没有找到相关条款。" if spoken == "zh" else "  Nothing relevant found.")
    else:
        _print_hits(hits)


def _hits(settings: Settings, text: str, *, at: datetime, place: Place, lang: Lang, k: int) -> list[Hit]:
    from assistant.build import open_index

    with err().status("…", spinner="dots"):
        index = open_index(settings)
    return index.search(text, as_of=at, place=place, lang=lang, k=k, include_undated=True)


def _print_hits(hits: list[Hit]) -> None:
    from rich.markup import escape
    from rich.padding import Padding
    from rich.text import Text

    console = out()
    for number, hit in enumerate(hits, start=1):
        clause = hit.clause
        policy = clause.policy
        since = f"{policy.window.start:%Y-%m-%d}" if policy.window.start else "…"
        until = f"{policy.window.end:%Y-%m-%d}" if policy.window.end else "…"
        head = f"[bold]{number}  {escape(' › '.join(clause.heading) or policy.title)}[/]"
        again = "" if hit.reranked is None else f" · reranked {hit.reranked:.2f}"
        scores = f"[cyan]{hit.score:.2f}[/] [dim]BM25 {hit.lexical:.1f} · cos {hit.dense:.2f}{again}[/]"
        console.print(f"{head}  {scores}", highlight=False, soft_wrap=True)
        window = "no known date" if policy.undated else f"{since} – {until}"
        status = "" if policy.status == "in_force" or policy.undated else f" · {policy.status}"
        line = f"   {clause.ref} · {policy.level} · {window}{status}{'' if policy.confirmed else ' · to confirm'}"
        console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)
        words = " ".join(clause.shown.split())
        shown = f"{words[:200]}{'…' if len(words) > 200 else ''}"
        console.print(Padding(Text(shown), (0, 0, 0, 3)), highlight=False)


# ── decide ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide(
    table: Annotated[str, typer.Argument(help="A table's id, e.g. DT-02.")],
    *,
    facts: Annotated[str, typer.Option("--facts", help="A JSON object, or @FILE with one; money in fen.")] = "{}",
    pack: PackName = "demo",
    at: At = None,
    decided_at: Annotated[
        str | None, typer.Option("--decided-at", help="When the case is judged (default --at).")
    ] = None,
    platform: Platform = None,
    region: Region = None,
    category: Category = None,
    lang: Annotated[str, typer.Option("--lang", help="zh or en: the language of quotes, formula and appeal.")] = "zh",
    as_json: AsJson = False,
) -> None:
    """Run one decision table and say what it rests on: clauses with quotes, formula, deadline, who acts, appeal."""
    from knowledge.decide import PolicySet
    from knowledge.facts import check_facts
    from knowledge.grounds import explain
    from knowledge.pack import load_pack
    from knowledge.scope_words import place_of
    from server.cli_talk import language_of

    spoken = language_of(lang, "")
    policies = PolicySet(load_pack(pack))
    decision = policies.decide(
        table,
        check_facts(policies.facts, _facts(facts)),
        at=instant_of(at, "--at") or _now(),
        place=place_of(platform, region, category),
        decided_at=instant_of(decided_at, "--decided-at"),
    )
    explained = explain(policies, decision, spoken)
    if as_json:
        from server.views import plain

        told = {"result": explained.result, "title": explained.title, **plain(explained.decision)}
        print_json({**told, "questions": list(explained.questions), "quotes": plain(list(explained.grounds))})
    else:
        _print_decision(explained)


def _facts(text: str) -> dict[str, Any]:
    source = text
    if text.startswith("@"):
        try:
            source = Path(text[1:]).read_text(encoding="utf-8")
        except OSError as error:
            raise typer.BadParameter(f"{text[1:]}: {error.strerror}", param_hint="--facts") from None
    try:
        found = json.loads(source)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"no JSON at character {error.pos}: {error.msg}", param_hint="--facts") from None
    if not isinstance(found, dict):
        raise typer.BadParameter('give an object, e.g. {"signed": true}', param_hint="--facts")
    return found


def _print_decision(explained: Explained) -> None:
    from rich.table import Table
    from rich.text import Text

    console, decision = out(), explained.decision
    style = {"ASK": "yellow", "HUMAN": "yellow", "CONTESTED": "yellow"}.get(decision.kind, "bold")
    where = f"{decision.table} {decision.row} · {decision.policy}"
    console.print(f"[{style}]{explained.result}[/]  [dim]{where}[/]", highlight=False, soft_wrap=True)
    lines = Table.grid(padding=(0, 2))
    amount = yuan(decision.amount) if decision.amount is not None else None
    rows = {
        "amount": f"{amount}  {decision.formula or ''}" if amount else None,
        "deadline": f"{decision.deadline:%Y-%m-%d %H:%M %Z}" if decision.deadline else None,
        "needs": ", ".join(decision.needs),
        "ask": "\n".join(explained.questions),
        "by": decision.actor,
        "appeal": decision.appeal,
        "clauses": "\n".join(f"{each.ref}\n{' '.join(each.quote.text.split())}" for each in explained.grounds),
        "read": "\n".join(f"{name} = {value}" for name, value in decision.read.items()),
    }
    for name, value in rows.items():
        if value:
            lines.add_row(f"  {name}", Text(value))
    console.print(lines, highlight=False)
    for further in decision.also:
        console.print(f"  also {further}  {further.table} {further.row}", style="dim", highlight=False)


# ── check and init ───────────────────────────────────────────────────────────────────────────────────────────────────


def check(
    pack: Annotated[str | None, typer.Argument(help="A pack folder or a shipped pack's name.")] = None,
    *,
    named: Annotated[str | None, typer.Option("--pack", help="The same, as other commands take it.")] = None,
    cases: Annotated[bool, typer.Option("--cases/--no-cases", help="Play the pack's cases.jsonl.")] = True,
    as_json: AsJson = False,
) -> None:
    """Compile a pack: tables, clauses, windows, flows, shop data, cases. Ends with 1 when something must be mended."""
    chosen = pack or named or "demo"
    problems = _problems_of(chosen, cases=cases)
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        from server.views import plain

        print_json({"pack": chosen, "errors": len(errors), "problems": [plain(problem) for problem in problems]})
    else:
        _print_problems(chosen, problems)
    if errors:
        raise typer.Exit(1)


def _problems_of(pack: str, *, cases: bool) -> list[Problem]:
    """What the compiler finds; rows of data once policies and flows hold; cases once all else does."""
    from assistant.pack_check import data_problems
    from knowledge.check import check_pack
    from knowledge.pack import load_pack
    from server.cli_eval import pack_case_problems

    problems = check_pack(pack)
    if not any(problem.severity == "error" for problem in problems):
        problems += data_problems(load_pack(pack), _now())
    if cases and not any(problem.severity == "error" for problem in problems):
        problems += pack_case_problems(pack, load_pack(pack).path)
    return problems


def _print_problems(pack: str, problems: list[Problem]) -> None:
    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        err().print(
            f"[{colour}]{problem.severity}[/] [bold]{problem.file}:{problem.line}[/] {problem.what}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        if problem.mend:
            err().print(f"      {problem.mend}", style="dim", highlight=False, soft_wrap=True)
    worst = "error" if any(problem.severity == "error" for problem in problems) else ""
    mark = "[red]✗[/]" if worst else "[green]✓[/]"
    out().print(f"{mark} {pack}: {len(problems)} to look at" if problems else f"{mark} {pack}: nothing to mend")


def init(
    directory: Annotated[Path, typer.Argument(help="A new folder.")],
    name: Annotated[str, typer.Option("--name", help="The shop's name.")] = "我的小店",
    *,
    pack: Annotated[str, typer.Option("--pack", help="The pack to extend.")] = "cn_retail",
    as_json: AsJson = False,
) -> None:
    """Begin a pack of your own: it extends cn_retail, so the law and the platforms' rules already hold."""
    from knowledge.pack import open_pack
    from server.new_pack import write_pack

    open_pack(pack)
    written = write_pack(directory, name, parent=pack)
    if as_json:
        print_json({"pack": str(directory), "files": [str(path) for path in written]})
        return
    for path in written:
        out().print(f"  {path}", highlight=False)
    out().print(f"\n  xiaoer check {directory}\n  xiaoer serve --pack {directory}", style="dim", highlight=False)
