"""Who said what when: the form in which scoring reads a live conversation and an imported transcript alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError

from assistant.conversation import AgentSaid, Asked, Frozen, HandedOff, Logged, Said, Speaker, TakenOver
from knowledge.errors import XiaoerError


class Utterance(Frozen):
    """One line. `turn` counts from 1; `at` is None in transcripts without times, which timing checks then leave out."""

    turn: int
    speaker: Speaker
    text: str
    at: AwareDatetime | None = None


class Transcript(Frozen):
    """A talk as lines, with what the log knows besides: when it was handed to a person."""

    id: str
    lines: tuple[Utterance, ...]
    handed_off: tuple[int, ...] = Field(default=())


def of_log(conversation_id: str, log: Sequence[Logged]) -> Transcript:
    """The transcript of a conversation's log."""
    lines: list[Utterance] = []
    handed: list[int] = []
    for logged in log:
        entry = logged.entry
        speaker: Speaker | None = None
        text = ""
        if isinstance(entry, Asked):
            speaker, text = "customer", entry.text
        elif isinstance(entry, Said):
            speaker, text = "assistant", entry.text
        elif isinstance(entry, AgentSaid):
            speaker, text = "agent", entry.text
        elif isinstance(entry, HandedOff | TakenOver):
            handed.append(logged.turn)
        if speaker:
            lines.append(Utterance(turn=max(logged.turn, 1), speaker=speaker, text=text, at=logged.at))
    return Transcript(id=conversation_id, lines=tuple(lines), handed_off=tuple(handed))


def read_transcripts(path: Path) -> list[Transcript]:
    """Transcripts of a JSON or JSONL file: one object `{id, lines: [{speaker, text, at?}]}` each.

    Raises `XiaoerError` with file:line for what is not one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise XiaoerError(f"{path}: cannot be read ({error}).", mend="Give a UTF-8 JSON or JSONL file.") from error
    rows = [(n, row) for n, row in enumerate(text.splitlines(), start=1) if row.strip()]
    if text.lstrip().startswith("[") or (text.lstrip().startswith("{") and len(rows) > 1 and not _is_json(rows[0][1])):
        rows = [(1, text)]
    found: list[Transcript] = []
    for number, row in rows:
        try:
            value = json.loads(row)
            found += [
                _transcript(each, f"{path.stem}-{number}") for each in (value if isinstance(value, list) else [value])
            ]
        except (json.JSONDecodeError, ValidationError, TypeError, AttributeError) as error:
            what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise XiaoerError(
                f"{path}:{number}: no transcript: {what}.",
                mend='Write {"id": …, "lines": [{"speaker": …, "text": …}]}.',
            ) from error
    if not found:
        raise XiaoerError(f"{path}: holds no transcript.", mend="Give at least one.")
    return found


def _is_json(row: str) -> bool:
    try:
        json.loads(row)
    except json.JSONDecodeError:
        return False
    return True


def _transcript(row: dict[str, object], fallback: str) -> Transcript:
    lines = []
    turn = 0
    raw = row.get("lines")
    for line in raw if isinstance(raw, list) else []:
        if line.get("speaker") == "customer":
            turn += 1
        lines.append(Utterance.model_validate({"turn": max(turn, 1), **line}))
    if not lines:
        raise TypeError("`lines` is empty or absent")
    return Transcript(id=str(row.get("id", fallback)), lines=tuple(lines))


def gap(earlier: datetime | None, later: datetime | None) -> timedelta | None:
    """The time between two lines, None when either is unknown."""
    return later - earlier if earlier is not None and later is not None else None
