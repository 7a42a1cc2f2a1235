"""Commands that read finished conversations: summarise them, score them. Input: JSON or JSONL, one talk an object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_options import AsJson, Language, Now, PackName, instant_of, settings_from
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from assistant.build import Parts
    from assistant.conversation import Conversation, Entry, Logged
    from assistant.quality import Scorecard
    from assistant.summaries import Summary
    from assistant.transcripts import Transcript, Utterance

File = Annotated[Path, typer.Argument(help='Transcripts: {"id": …, "lines": [{"speaker": …, "text": …}]}.')]


def register(app: typer.Typer) -> None:
    app.command()(summarize)
    app.command()(score)


def summarize(
    file: File,
    *,
    pack: PackName = "demo",
    kind: Annotated[str, typer.Option("--kind", help="handover, wrap_up …")] = "handover",
    lang: Language = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Summarise finished conversations: what it is about, what was promised, what is left to do."""
    from typing import get_args

    from assistant.summaries import Kind
    from assistant.transcripts import read_transcripts
    from server.cli_talk import language_of

    if kind not in get_args(Kind):
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(get_args(Kind))}", param_hint="--kind")
    transcripts = read_transcripts(file)
    parts = _parts(pack)
    at = instant_of(now, "--now") or _now()
    spoken = language_of(lang, "中")
    summaries = [_summary(each, parts, at, kind=kind, lang=spoken) for each in transcripts]
    if as_json:
        print_json([each.model_dump(mode="json") for each in summaries])
        return
    for each in summaries:
        out().rule(each.conversation_id, style="dim")
        out().print(each.text, highlight=False, markup=False)


def score(file: File, *, pack: PackName = "demo", lang: Language = None, as_json: AsJson = False) -> None:
    """Score finished conversations with the pack's scorecard. Ends with 1 when one has a red line."""
    from assistant.quality import read_scorecard
    from assistant.quality import score as judge
    from assistant.transcripts import read_transcripts
    from knowledge.pack import load_pack
    from server.cli_talk import language_of

    rules = read_scorecard(load_pack(pack).data("scorecard"))
    spoken = language_of(lang, "中")
    cards = [judge(each, rules, lang=spoken) for each in read_transcripts(file)]
    if as_json:
        print_json([each.model_dump(mode="json") for each in cards])
    else:
        for card in cards:
            _print_card(card)
    if any(finding.red_line for card in cards for finding in card.deductions):
        raise typer.Exit(1)


def _print_card(card: Scorecard) -> None:
    from rich.table import Table

    capped = f" → {card.capped}" if card.capped is not None else ""
    out().print(f"[bold]{card.transcript}[/]  [cyan]{card.score}{capped}[/]  {card.level}", highlight=False)
    table = Table(show_edge=False, pad_edge=False, box=None)
    for name in ("", "turn", "item", "evidence"):
        table.add_column(name, style="dim" if name == "turn" else "")
    for finding in card.deductions:
        points = f"[red]{-finding.points:+d}[/]" if finding.red_line else f"{-finding.points:+d}"
        table.add_row(points, str(finding.turn), finding.label, finding.quote)
    if card.deductions:
        out().print(table)
    if card.not_checked:
        out().print(f"  not judged: {', '.join(card.not_checked)}", style="dim", highlight=False)


def _summary(transcript: Transcript, parts: Parts, at: datetime, **how: Any) -> Summary:
    from assistant.summaries import summarize as tell

    log = log_of(transcript, parts, at)
    return tell(_head(transcript, parts, log), log, phrase=parts.flows.phrase, **how)


def log_of(transcript: Transcript, parts: Parts, at: datetime) -> list[Logged]:
    """The transcript as a log, with what each of the customer's lines would have been understood as."""
    from assistant.conversation import Logged

    log: list[Logged] = []
    for line in transcript.lines:
        for entry in _entries(line, parts, at):
            log.append(Logged(seq=len(log) + 1, turn=line.turn, at=line.at or at, entry=entry))
    return log


def _entries(line: Utterance, parts: Parts, at: datetime) -> list[Entry]:
    from assistant.conversation import AgentSaid, Asked, DialogueState, Said, Understood

    if line.speaker == "agent":
        return [AgentSaid(agent="agent", client_id=f"line-{line.turn}", text=line.text)]
    if line.speaker == "assistant":
        return [Said(text=line.text)]
    heard = parts.understander.hear(line.text, DialogueState(), line.at or at)
    understood = Understood(
        lang=heard.lang, intents=heard.intents, acts=heard.acts, mood=heard.mood, risks=heard.risks,
        slots=heard.slots.model_dump(mode="json", exclude_defaults=True),
    )  # fmt: skip
    return [Asked(client_id=f"line-{line.turn}", text=line.text), understood]


def _head(transcript: Transcript, parts: Parts, log: list[Logged]) -> Conversation:
    from assistant.conversation import Conversation

    return Conversation(
        id=transcript.id,
        shop=parts.profile.key,
        customer_id=None,
        channel="transcript",
        opened_at=log[0].at,
        last_seq=log[-1].seq,
        turns=log[-1].turn,
        closed=True,
    )


def _parts(pack: str) -> Parts:
    from assistant.build import IN_MEMORY, load_parts

    with err().status("…", spinner="dots"):
        return load_parts(settings_from({"pack": pack, "database_url": IN_MEMORY}))


def _now() -> datetime:
    from assistant.clock import SystemClock

    return SystemClock().now()
