"""The command for effects nobody knows the end of: list them, and put down what a person found out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_options import AsJson, DataDir, PackName, settings_from
from server.cli_output import out, print_json

if TYPE_CHECKING:
    from assistant.approvals import Signer
    from assistant.approving import Uncertain
    from assistant.settings import Settings


def register(app: typer.Typer) -> None:
    app.command()(effects)


def effects(
    permit: Annotated[str | None, typer.Argument(help="The permit to settle; without it all are listed.")] = None,
    *,
    done: Annotated[str | None, typer.Option("--done", help="It happened: the shop system's reference.")] = None,
    not_done: Annotated[str | None, typer.Option("--not-done", help="It did not: how you know.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who found out: agent:NAME or supervisor:NAME.")] = None,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List effects nobody knows the end of, or settle one. Nothing is ever carried out again."""
    settings = settings_from({"pack": pack, "data_dir": data_dir})
    if permit is None:
        if done or not_done or by:
            raise typer.BadParameter("name the permit to settle", param_hint="PERMIT")
        found = asyncio.run(_list(settings))
        _show(found, as_json=as_json)
        return
    if (done is None) == (not_done is None):
        raise typer.BadParameter("say either --done REFERENCE or --not-done NOTE", param_hint="--done")
    state = asyncio.run(_settle(settings, permit, _signer(by), done, not_done))
    if as_json:
        print_json({"permit": permit, "settled": state is not None, "state": state or "unknown"})
    elif state is None:
        out().print("Noted. A second person has to find the same.")
    else:
        out().print(f"[green]✓[/] settled as {state}", highlight=False)


def _signer(by: str | None) -> Signer:
    from pydantic import ValidationError

    from assistant.approvals import Signer

    role, _, name = (by or "").partition(":")
    try:
        signer = Signer.model_validate({"name": name.strip(), "role": role})
    except ValidationError:
        signer = None
    if signer is None or not signer.name:
        raise typer.BadParameter("write agent:NAME or supervisor:NAME", param_hint="--by")
    return signer


async def _list(settings: Settings) -> list[Uncertain]:
    from assistant.build import open_assistant

    assistant = await open_assistant(settings)
    try:
        return await assistant.approvals.uncertain()
    finally:
        await assistant.close()


async def _settle(
    settings: Settings, permit: str, signer: Signer, done: str | None, not_done: str | None
) -> str | None:
    from assistant.build import open_assistant

    assistant = await open_assistant(settings)
    try:
        if done is not None:
            settled = await assistant.approvals.settle(permit, signer, "done", reference=done)
        else:
            settled = await assistant.approvals.settle(permit, signer, "not_done", note=not_done or "")
    finally:
        await assistant.close()
    return settled.state if settled is not None else None


def _show(found: list[Uncertain], *, as_json: bool) -> None:
    rows = [_row(each) for each in found]
    if as_json:
        print_json({"effects": rows})
        return
    if not rows:
        out().print("Nothing is uncertain.")
    for row in rows:
        out().print(
            f"{row['permit']}  {row['action']}  {row['order'] or '—'}  {row['amount'] or 0} fen", highlight=False
        )
        two = ", two people have to find the same" if row["needs_two"] else ""
        out().print(f"  the shop's records: {row['shop_says']} {row['reference'] or ''}{two}", style="dim")
        for finding in row["findings"]:
            out().print(f"  {finding}", style="dim", highlight=False)


def _row(each: Uncertain) -> dict[str, Any]:
    proposal = each.kept.proposal
    return {
        "permit": each.kept.permit.permit_id if each.kept.permit else None,
        "conversation": proposal.conversation_id,
        "action": proposal.action.name,
        "order": proposal.action.order_id,
        "amount": proposal.action.amount,
        "needs_two": each.two,
        "shop_says": each.shop_says,
        "reference": each.reference,
        "findings": [f"{f.signer.by}: {f.outcome} {f.reference or f.note}" for f in each.findings],
    }
