"""The command line: `xiaoer`. Every command has `--json`; it ends with 0 (fine), 1 (the check failed) or 2 (usage).

Commands live in `cli_*.py` by subject and import what they need when they run, so that `xiaoer --help` is instant.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from knowledge.errors import PackError, XiaoerError
from server import (
    cli_bench,
    cli_documents,
    cli_effects,
    cli_eval,
    cli_gaps,
    cli_knowledge,
    cli_ledger,
    cli_mcp,
    cli_policy,
    cli_talk,
    cli_tickets,
    cli_transcripts,
)
from server.cli_options import AsJson, Now, PackName, instant_of
from server.cli_output import err, out, print_json

app = typer.Typer(
    name="xiaoer",
    help="A shop assistant whose every promise is lawful, cited and within its authority.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli_talk.register(app)
cli_knowledge.register(app)
cli_documents.register(app)
cli_ledger.register(app)
cli_policy.register(app)
cli_tickets.register(app)
cli_effects.register(app)
cli_transcripts.register(app)
cli_eval.register(app)
cli_bench.register(app)
cli_mcp.register(app)
cli_gaps.register(app)

EXIT_FAILED = 1
EXIT_USAGE = 2


@app.callback(invoke_without_command=True)
def _root(show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if show_version:
        out().print(version("xiaoer"), highlight=False)
        raise typer.Exit


@app.command()
def serve(
    *,
    pack: PackName = "demo",
    host: Annotated[str | None, typer.Option(help="Address to listen on; demo sign-in works on loopback only.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 picks a free one.")] = None,
    now: Now = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the shop's files live (.xiaoer/SHOP).")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty data directory.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the shop page in a browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Serve the shop: widget, desk and API. Stop it with Ctrl+C; running turns are finished first."""
    from server.cli_serve import run

    given = {"pack": pack, "host": host, "port": port, "now": instant_of(now, "--now"), "data_dir": data_dir}
    run(given, fresh=fresh, open_page=open_page, as_json=as_json)


def main() -> None:
    """The `xiaoer` command."""
    try:
        app()
    except XiaoerError as error:
        _explain(error)
        sys.exit(_exit_code(error))


def _exit_code(error: XiaoerError) -> int:
    from assistant.errors import LedgerBroken

    return EXIT_FAILED if isinstance(error, LedgerBroken) else EXIT_USAGE


def _explain(error: XiaoerError) -> None:
    """What is wrong, where, and what to do about it, on stderr."""
    from rich.text import Text

    if "--json" in sys.argv:
        place = {"where": error.where} if isinstance(error, PackError) else {}
        print_json({"error": type(error).__name__, "what": error.what, **place, "mend": error.mend}, file=sys.stderr)
        return
    head = error.where if isinstance(error, PackError) else "Error"
    err().print(Text.assemble((f"{head}: ", "bold red"), error.what), highlight=False, soft_wrap=True)
    if error.mend:
        err().print(f"  {error.mend}", style="dim", highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
