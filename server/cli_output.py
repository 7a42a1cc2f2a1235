"""What the command line prints: people get colour and layout, programs one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.conversation import Citation, Lang, Logged, Proposed

_ENDS = {
    "done": ("✓", "已办理", "done"),
    "unknown": ("?", "结果核实中", "being checked"),
    "refused": ("!", "没有办理", "not carried out"),
}
"""How an effect ended: a mark, and the words in both languages."""


def out() -> Console:
    from rich.console import Console

    return Console()


def err() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def print_json(value: Any, *, file: TextIO | None = None) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2), file=file or sys.stdout)


def yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100}.{abs(fen) % 100:02d}"


def print_turn(entries: Sequence[Logged], lang: Lang, *, why: bool = False) -> None:
    """One turn as a person reads it: words, cards, a proposal's terms, the quotes; with `why`, the decisions too."""
    from rich.markdown import Markdown
    from rich.padding import Padding

    from server.cli_cards import print_card

    console = out()
    for logged in entries:
        entry = logged.entry
        match entry.kind:
            case "said":
                console.print(Padding(Markdown(entry.text), (0, 0, 0, 2)))
                for card in entry.cards:
                    print_card(card, lang, console)
            case "proposed":
                _print_proposal(entry, lang, console)
            case "cited":
                _print_citation(entry.citation, lang, console)
            case "acted":
                mark, *words = _ENDS[entry.state]
                amount = f" {yuan(entry.amount)}" if entry.amount is not None else ""
                receipt = f" · {entry.receipt}" if entry.receipt else ""
                console.print(f"  {mark} {words[lang == 'en']}{amount}{receipt}", style="green", markup=False)
            case "handed_off":
                console.print("  → " + ("已转人工" if lang == "zh" else "handed to a person"), style="yellow")
            case "failed":
                console.print(f"  ! {entry.text}", style="red")
            case "decided" if why:
                amount = f" {yuan(entry.amount)}" if entry.amount is not None else ""
                console.print(f"  · {entry.table} {entry.row} → {entry.code}{amount}  {entry.policy}", style="dim")
            case "understood" if why:
                intents = ", ".join(f"{guess.name} {guess.confidence:.2f}" for guess in entry.intents)
                console.print(f"  · {entry.lang} · {intents or '—'} · {entry.mood}", style="dim")
            case "done" if entry.quick_replies:
                labels = "  ".join(f"[{reply.label}]" for reply in entry.quick_replies)
                console.print(f"  {labels}", style="cyan", markup=False)
            case _:
                pass


def _print_citation(citation: Citation, lang: Lang, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    since = f"{citation.in_force_from:%Y-%m-%d}" if citation.in_force_from else "…"
    until = f"{citation.in_force_to:%Y-%m-%d}" if citation.in_force_to else "…"
    words = "有效" if lang == "zh" else "in force"
    head = f"[{citation.mark}] {citation.title} · {citation.clause} · {words} {since} – {until}"
    console.print(Padding(Text(head, style="dim"), (0, 0, 0, 2)))
    console.print(Padding(Text(f"“{' '.join(citation.text.split())}”", style="dim italic"), (0, 0, 0, 6)))


def _print_proposal(proposed: Proposed, lang: Lang, console: Console) -> None:
    from rich.box import ROUNDED
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    terms = Table.grid(padding=(0, 2))
    terms.add_column(no_wrap=True)
    terms.add_column(overflow="fold")
    for term in proposed.terms:
        terms.add_row(Text(term.label, style="dim"), Text(term.value, overflow="fold"))
    until = "有效至" if lang == "zh" else "until"
    panel = Panel(
        terms, title=proposed.title, title_align="left", box=ROUNDED, expand=False,
        subtitle=f"{until} {proposed.expires_at:%m-%d %H:%M}", subtitle_align="right",
    )  # fmt: skip
    console.print(panel)
