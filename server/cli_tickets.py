"""The command for after-sale cases: take one out as a dispute pack."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli_options import AsJson, DataDir, PackName, settings_from
from server.cli_output import out, print_json

if TYPE_CHECKING:
    from assistant.conversation import Lang
    from assistant.settings import Settings

tickets = typer.Typer(help="After-sale cases of the shop.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(tickets, name="tickets")


@tickets.command()
def export(
    ticket_id: Annotated[str, typer.Argument(metavar="ID", help="The number of the case.")],
    *,
    to: Annotated[Path | None, typer.Option("--to", help="Where to write it; else ID.zip here.")] = None,
    english: Annotated[bool, typer.Option("--english", help="Write its page in English.")] = False,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the dispute pack of a case: timeline, messages, files with hashes, clauses, ledger entries; one zip."""
    settings = settings_from({"pack": pack, "data_dir": data_dir})
    content = asyncio.run(_packed(settings, ticket_id, "en" if english else "zh"))
    path = to or Path(f"{ticket_id}.zip")
    path.write_bytes(content)
    if as_json:
        print_json({"ticket_id": ticket_id, "path": str(path), "bytes": len(content)})
    else:
        out().print(f"✓ {path}, {len(content)} bytes")


async def _packed(settings: Settings, ticket_id: str, lang: Lang) -> bytes:
    from assistant.build import open_after_sale, open_assistant
    from assistant.errors import NotFound

    assistant = await open_assistant(settings)
    try:
        after_sale = open_after_sale(assistant, settings)
        if after_sale is None:
            raise NotFound("This shop keeps its tickets elsewhere.")
        return await after_sale.dispute_pack(ticket_id, lang)
    finally:
        await assistant.close()
