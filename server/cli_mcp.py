"""`xiaoer mcp`: the shop's policies for programs that speak the Model Context Protocol, over stdin and stdout."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from server.cli_options import DataDir, Now, PackName, instant_of, settings_from

_INSTALL = 'pip install "xiaoer[mcp]"'


def register(app: typer.Typer) -> None:
    app.command()(mcp)


def mcp(
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    now: Now = None,
    agent: Annotated[bool, typer.Option("--agent", help="Quote what is for the shop's own people too.")] = False,
) -> None:
    """Serve the read-only tools search_clauses and decide over stdio, until stdin closes.

    A client starts this command itself. It reads policies and documents; customers, orders and conversations cannot be
    reached, and nothing can be written.
    """
    from assistant.build import open_live_index
    from assistant.clock import FixedClock, SystemClock
    from assistant.profile import read_profile
    from knowledge.decide import PolicySet
    from knowledge.errors import XiaoerError
    from knowledge.pack import load_pack

    try:
        from server.mcp_tools import policy_server
    except ModuleNotFoundError as error:
        raise XiaoerError(f"`xiaoer mcp` needs the package {error.name}.", mend=_INSTALL) from None
    settings = settings_from({"pack": pack, "data_dir": data_dir, "now": instant_of(now, "--now")})
    clock = FixedClock(settings.now) if settings.now else SystemClock()
    pack_read = load_pack(settings.pack)
    profile = read_profile(pack_read.data("shop"), key=pack_read.name)
    audience: Literal["agent", "customer"] = "agent" if agent else "customer"
    index, policies = open_live_index(settings), PolicySet(pack_read)
    policy_server(index, policies, clock.now, sure_at=profile.answer_confidence, audience=audience).run("stdio")
