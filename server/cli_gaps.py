"""`xiaoer gaps`: what customers ask and the shop's texts do not answer, with a start of what is missing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli_docs import moment
from server.cli_options import AsJson, DataDir, Now, PackName, instant_of, settings_from
from server.cli_output import err, out, print_json

if TYPE_CHECKING:
    from assistant.content_report import ClauseUse, ContentReport
    from assistant.settings import Settings

DAYS = 30
_REASONS = {
    "not_sure": "no sure answer",
    "not_understood": "not understood",
    "not_on_page": "not on the product's page",
    "gave_up": "handed to a person",
}


def register(app: typer.Typer) -> None:
    app.command()(gaps)


def gaps(
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    since: Annotated[str | None, typer.Option("--since", help="From this day on; else the last 30 days.")] = None,
    drafts: Annotated[
        Path | None, typer.Option("--drafts", help="A folder to write the drafts to; files there stay as they are.")
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Questions without a sure answer, alike ones together; clauses cited most and never; what is said to be stale.

    Each gap comes with the start of a policy file: a head, a heading and the questions. The rule is yours to write.
    """
    settings = settings_from({"pack": pack, "data_dir": data_dir, "now": instant_of(now, "--now")})
    with err().status("…", spinner="dots"):
        report = asyncio.run(_report(settings, instant_of(since, "--since")))
    written = _write(report, drafts) if drafts is not None else []
    if as_json:
        from server.content_routes import gaps_view

        print_json({**gaps_view(report).model_dump(mode="json"), "written": [str(path) for path in written]})
    else:
        _print(report, written)


async def _report(settings: Settings, since: datetime | None) -> ContentReport:
    from assistant.build import open_content_alone

    content, database = await open_content_alone(settings)
    try:
        return await content.report(since or moment(settings) - timedelta(days=DAYS))
    finally:
        await database.aclose()


def _write(report: ContentReport, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for drafted in report.gaps:
        path = folder / drafted.draft.file
        if not path.exists():
            path.write_text(drafted.draft.text, encoding="utf-8")
            written.append(path)
    return written


def _print(report: ContentReport, written: list[Path]) -> None:
    window = f"{report.since:%Y-%m-%d} – {report.until:%Y-%m-%d}"
    _line(f"{report.unanswered} questions without a sure answer, {window}", "bold")
    for drafted in report.gaps:
        gap = drafted.gap
        reasons = ", ".join(f"{_REASONS.get(name, name)} {count}" for name, count in gap.reasons.items())
        _line(f"{gap.times:>4} × {gap.question}")
        _line(f"       {reasons} · last {gap.last_at:%Y-%m-%d}", "dim")
        for each in gap.questions[1:4]:
            _line(f"       {each.text}", "dim")
        for near in drafted.nearest[:1]:
            _line(f"       nearest: {near.ref} ({near.score:.2f})", "dim")
    _uses("Cited most", report.most[:10])
    _uses(f"Never cited: {report.never_total} of {report.in_force_total} in force", report.never[:10])
    if report.reports:
        _line("Said to be out of date", "bold")
    for stale in report.reports:
        ended = "" if stale.in_force else " (no longer in force)"
        _line(f"  {stale.report.ref}{ended} · {stale.report.agent}: {stale.report.reason}")
    for path in written:
        _line(f"  {path}", "dim")


def _uses(title: str, uses: tuple[ClauseUse, ...]) -> None:
    if uses:
        _line(title, "bold")
    for use in uses:
        times = f"{use.times:>4} × " if use.times else "       "
        _line(f"{times}{use.ref}  {' › '.join(use.heading) or use.title}")


def _line(text: str, style: str = "") -> None:
    out().print(text, style=style, highlight=False, markup=False, soft_wrap=True)
