"""Write a policy that was read from somebody else's file as a policy file that a person can confirm in an editor.

The proposed date, platforms and status stand in its head, the words they rest on beside them as comments; the body is
the text as it was found, so that a span of it is a span of the original (`as_found: true`: it is cleaned before it is
searched and shown). What is only suggested (`Point.applied`) stays a comment. Until a person confirms it, the file may
be found and quoted with its date, and decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from knowledge.clauses import SHANGHAI, Policy
from knowledge.front_matter import body_start
from knowledge.register import Point

_AXES = ("platforms", "regions", "categories", "channels", "audiences")


def policy_file(policy: Policy, points: Sequence[Point] = ()) -> str:
    """The text of a policy file that `parse_policy` reads back as `policy`, whatever head its text has now."""
    lines = [
        "---",
        *_evidence(points),
        f"id: {policy.id}",
        f"version: {_quoted(policy.version)}",
        f"title: {_quoted(policy.title)}",
        f"lang: {policy.lang}",
        f"level: {policy.level}",
        *(line for axis in _AXES for line in _names(axis, sorted(getattr(policy.scope, axis)))),
        f"effective: {_window(policy)}",
        f"status: {policy.status}",
        f"source: {_quoted(policy.source)}",
        *([f"content_date: {_quoted(policy.content_date)}"] if policy.content_date else []),
        *(["as_found: true"] if policy.as_found else []),
        *([] if policy.confirmed else ["confirmed: false"]),
        "---",
    ]
    return "\n".join(lines) + "\n" + policy.text[body_start(policy.text) :]


def _evidence(points: Sequence[Point]) -> list[str]:
    if not points:
        return []
    lines = [
        f"#   {point.field}: {_plain(point.value)}{'' if point.applied else ' (suggested)'}: {_plain(point.quote)!r},"
        f" {_plain(point.why)}"
        for point in points
    ]
    return ["# Proposed, to be confirmed by a person. What each field rests on:", *lines]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _window(policy: Policy) -> str:
    if policy.undated:
        return "unknown"
    return f"[{_edge(policy.window.start)}, {_edge(policy.window.end)}]"


def _edge(at: datetime | None) -> str:
    if at is None:
        return "null"
    local = at.astimezone(SHANGHAI)
    midnight = local.hour == local.minute == local.second == 0
    return f"{local:%Y-%m-%d}" if midnight else _quoted(local.isoformat(timespec="seconds"))


def _names(key: str, names: list[str]) -> list[str]:
    return [f"{key}: [{', '.join(_quoted(name) for name in names)}]"] if names else []


def _quoted(text: str) -> str:
    """A JSON string is a YAML string."""
    return json.dumps(text, ensure_ascii=False)
