"""Write a policy that was read from somebody else's file as a policy file that a person can confirm in an editor.

The proposed date, platforms and status stand in its head, each line of evidence beside them as a comment; the body is
the text as it was found, so that a span of it is a span of the original (`as_found: true`: it is cleaned before it is
searched and shown). A guessed region stays a comment: it would hide the text from everybody whose region is unknown.
Until a person writes `confirmed: true`, the file may be found and quoted with its date, and decides nothing.
"""

from __future__ import annotations

import json
from datetime import datetime

from knowledge.clauses import SHANGHAI, Policy
from knowledge.dates import Dating
from knowledge.front_matter import body_start


def policy_file(policy: Policy, dating: Dating | None = None) -> str:
    """The text of a policy file that `parse_policy` reads back as `policy`, whatever head its text has now."""
    lines = [
        "---",
        *_evidence(dating),
        f"id: {policy.id}",
        f"version: {_quoted(policy.version)}",
        f"title: {_quoted(policy.title)}",
        f"lang: {policy.lang}",
        f"level: {policy.level}",
        *_names("platforms", sorted(policy.scope.platforms)),
        f"effective: {_window(policy)}",
        f"status: {policy.status}",
        f"source: {_quoted(policy.source)}",
        *([f"content_date: {_quoted(policy.content_date)}"] if policy.content_date else []),
        *(["as_found: true"] if policy.as_found else []),
        *([] if policy.confirmed else ["confirmed: false"]),
        "---",
    ]
    return "\n".join(lines) + "\n" + policy.text[body_start(policy.text) :]


def _evidence(dating: Dating | None) -> list[str]:
    if dating is None:
        return []
    regions = [f"# It speaks of these regions: {', '.join(dating.regions)}."] if dating.regions else []
    rests_on = [f"#   {' '.join(evidence.text.split())!r}: {evidence.says}" for evidence in dating.evidence]
    return ["# Proposed; confirm it with `confirmed: true`. What each guess rests on:", *rests_on, *regions]


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
