"""Options that several commands share, and how their values are read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from assistant.settings import Settings

PackName = Annotated[str, typer.Option("--pack", help="A shipped pack's name or a pack folder.")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where the shop's files live (.xiaoer/SHOP).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Now = Annotated[str | None, typer.Option("--now", help="The present instant, e.g. 2026-01-05T11:30 (Shanghai).")]
Language = Annotated[str | None, typer.Option("--lang", help="zh or en; else the language of the words.")]
Platform = Annotated[str | None, typer.Option("--platform", help="taobao, tmall, jd, 1688 …")]
Region = Annotated[str | None, typer.Option("--region", help="A province: 浙江 or zhejiang.")]
Category = Annotated[str | None, typer.Option("--category", help="e.g. apparel")]


def instant_of(text: str | None, option: str) -> datetime | None:
    """An instant from a date or time; without a zone it is Shanghai's, a date is its first moment."""
    if text is None:
        return None
    from knowledge.clauses import SHANGHAI

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no instant; write 2026-01-05 or 2026-01-05T11:30", param_hint=option
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=SHANGHAI)


def settings_from(given: dict[str, Any]) -> Settings:
    """Settings with what the command line names; the environment and the defaults give the rest."""
    from pydantic import ValidationError

    from assistant.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise typer.BadParameter(f"{name}: {first['msg']} (option or XIAOER_{name.upper()})") from None
