"""Write what was proposed for a foreign document as front matter, so that a person can confirm it in an editor.

The guesses of platform and region stand in it, each line of evidence beside them as a comment. The *cleaned* text
follows, for a file with front matter is taken at its word and never cleaned again; the original file is left alone.
Until a person sets `status: in_force`, the file may be found and quoted, but decides nothing.
"""

from __future__ import annotations

import json

from knowledge.clauses import Policy
from knowledge.cleaning import clean
from knowledge.dates import Dating


def proposed_file(policy: Policy, dating: Dating) -> str:
    """The text of a policy file that `parse_policy` reads back, for a policy that `ingest` proposed."""
    start = policy.window.start
    effective = "unknown" if policy.undated or start is None else f"[{start:%Y-%m-%d}, null]"
    lines = [
        "---",
        "# Proposed, to be confirmed. What each guess rests on:",
        *(f"#   {' '.join(evidence.text.split())!r}: {evidence.says}" for evidence in dating.evidence),
        f"id: {policy.id}",
        f"version: {_quoted(policy.version)}",
        f"title: {_quoted(policy.title)}",
        f"lang: {policy.lang}",
        f"level: {policy.level}",
        *_names("platforms", dating.platforms),
        *_names("regions", dating.regions),
        f"effective: {effective}",
        f"status: {policy.status}",
        f"source: {_quoted(policy.source)}",
        *([f"content_date: {_quoted(dating.content_date)}"] if dating.content_date else []),
        "---",
    ]
    return "\n".join(lines) + "\n" + clean(policy.text).text + "\n"


def _names(key: str, names: tuple[str, ...]) -> list[str]:
    return [f"{key}: [{', '.join(_quoted(name) for name in names)}]"] if names else []


def _quoted(text: str) -> str:
    """A JSON string is a YAML string."""
    return json.dumps(text, ensure_ascii=False)
