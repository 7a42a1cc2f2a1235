"""Commands that talk: one question, or a conversation in the terminal."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from server.cli_options import AsJson, DataDir, Language, Now, PackName, instant_of, settings_from
from server.cli_output import err, out, print_json, print_turn

if TYPE_CHECKING:
    from assistant.conversation import Conversation, Lang, Logged
    from assistant.settings import Settings
    from assistant.turn import Assistant

Customer = Annotated[str | None, typer.Option("--customer", help="Speak as this customer of the shop.")]
OrderId = Annotated[str | None, typer.Option("--order", help="The order the words are about.")]
Why = Annotated[bool, typer.Option("--why", help="Show what was understood and decided.")]

IN_MEMORY = "sqlite+aiosqlite://"


def register(app: typer.Typer) -> None:
    app.command()(ask)
    app.command()(chat)


def ask(
    text: Annotated[str, typer.Argument(help="What the customer writes.")],
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    customer: Customer = None,
    order: OrderId = None,
    now: Now = None,
    lang: Language = None,
    why: Why = False,
    as_json: AsJson = False,
) -> None:
    """Ask one question and print the answer. Nothing is kept."""
    settings = _settings(pack, data_dir, now)
    spoken = language_of(lang, text)
    conversation, entries = asyncio.run(_one_turn(settings, text, customer, order, spoken))
    if as_json:
        events = [entry.model_dump(mode="json") for entry in entries]
        print_json({"conversation": conversation.id, "lang": spoken, "events": events})
    else:
        print_turn(entries, spoken, why=why)


def chat(
    *,
    pack: PackName = "demo",
    data_dir: DataDir = None,
    customer: Customer = None,
    order: OrderId = None,
    now: Now = None,
    lang: Language = None,
    why: Why = False,
    as_json: AsJson = False,
) -> None:
    """Talk to the assistant in the terminal. An empty line or Ctrl+D ends it."""
    settings = _settings(pack, data_dir, now)
    asyncio.run(_talk(settings, customer, order, language_of(lang, "中"), why=why, as_json=as_json))


async def _one_turn(
    settings: Settings, text: str, customer: str | None, order: str | None, lang: Lang
) -> tuple[Conversation, list[Logged]]:
    async with started(settings) as assistant:
        await _known(assistant, customer)
        conversation = await assistant.open(customer, lang=lang, channel="terminal")
        entries = await _say(assistant, conversation, text, order, number=1)
        return conversation, entries


async def _talk(
    settings: Settings, customer: str | None, order: str | None, lang: Lang, *, why: bool, as_json: bool
) -> None:
    async with started(settings) as assistant:
        await _known(assistant, customer)
        conversation = await assistant.open(customer, lang=lang, channel="terminal")
        profile = assistant.profile
        if not as_json:
            out().rule(f"{profile.name.in_(lang)} · AI", style="dim")
            out().print(f"  {profile.greeting.in_(lang)}", highlight=False)
        number = 0
        while (text := await asyncio.to_thread(_read_line)) is not None:
            number += 1
            entries = await _say(assistant, conversation, text, order, number=number)
            if as_json:
                print_json([entry.model_dump(mode="json") for entry in entries])
            else:
                print_turn(entries, lang, why=why)


async def _say(
    assistant: Assistant, conversation: Conversation, text: str, order: str | None, *, number: int
) -> list[Logged]:
    from assistant.conversation import Asked, Logged

    asked = Asked(client_id=f"line-{number}", text=text, order_id=order)
    owner = conversation.customer_id
    first, _ = await assistant.accept(conversation.id, asked, customer_id=owner)
    replies = [
        event async for event in assistant.reply(conversation.id, customer_id=owner) if isinstance(event, Logged)
    ]
    return [first, *replies]


async def _known(assistant: Assistant, customer: str | None) -> None:
    from assistant.errors import NotFound

    if customer is not None and await assistant.engine.shop.customer(customer) is None:
        raise NotFound(f"The shop has no customer `{customer}`.", mend="Leave --customer out to ask as a visitor.")


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Assistant]:
    """The assistant of `settings`, started and closed again; a note on stderr while it starts."""
    from assistant.build import ARCHIVE_FOLDER, IN_MEMORY, INDEX_FOLDER, load_parts, open_assistant, shop_directory
    from knowledge.documents import DOCUMENTS_FOLDER
    from server.logs import configure

    # what is printed is for the reader; the log goes to stderr
    configure(sys.stderr, level=logging.WARNING)
    with err().status("…", spinner="dots"):
        directory = shop_directory(settings)
        # a shop that has files of its own keeps its index with them; a mere question makes no folder
        index_folder = directory / INDEX_FOLDER if directory.is_dir() else None
        archive = None if settings.database_url == IN_MEMORY else directory / ARCHIVE_FOLDER
        documents = directory / DOCUMENTS_FOLDER
        parts = load_parts(settings, index_folder=index_folder, documents=documents, archive=archive, wait=True)
        assistant = await open_assistant(settings, parts=parts)
    try:
        yield assistant
    finally:
        await assistant.close()


def _settings(pack: str, data_dir: Path | None, now: str | None) -> Settings:
    return settings_from(
        {"pack": pack, "data_dir": data_dir, "now": instant_of(now, "--now"), "database_url": IN_MEMORY}
    )


def language_of(named: str | None, text: str) -> Lang:
    if named is None:
        return "zh" if any("\u3400" <= char <= "\u9fff" for char in text) else "en"
    if named not in ("zh", "en"):
        raise typer.BadParameter(f"{named!r} is neither zh nor en", param_hint="--lang")
    return cast("Lang", named)


def _read_line() -> str | None:
    try:
        line: Any = input("› " if sys.stdin.isatty() else "")
    except EOFError:
        return None
    return str(line).strip() or None
