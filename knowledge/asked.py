"""What a clause is asked for, in customers' words (`asked.yaml`): searched with the clause, never shown nor quoted.

People seldom ask in the words of a rule (刚买完就便宜了 for price protection). The file names a clause by policy and
anchor, for all its versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from knowledge.clauses import LANGS, Policy
from knowledge.errors import PackError
from knowledge.splitting import split
from knowledge.yaml_text import Way, YamlText

FILE = "asked"
"""`asked.yaml`: policy id → anchor → language → questions."""


def with_asked(policies: Iterable[Policy], files: Iterable[YamlText]) -> Iterator[Policy]:
    """The policies, each with what its clauses are asked for. Of several `files` the first that names a clause counts.

    Raises `PackError` with file and line for what is not of that form.
    """
    told: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
    for document in files:
        for (policy_id, anchor, lang), questions in _rows(document):
            told.setdefault((policy_id, lang), {}).setdefault(anchor, questions)
    for policy in policies:
        asked = told.get((policy.id, policy.lang))
        yield replace(policy, asked=asked) if asked else policy


def without_clause(policies: Iterable[Policy], files: Iterable[YamlText]) -> Iterator[PackError]:
    """Where `files` name a clause that no version of a policy has."""
    held: dict[tuple[str, str], set[str]] = {}
    for policy in policies:
        held.setdefault((policy.id, policy.lang), set()).update(clause.anchor for clause in split(policy))
    for document in files:
        for (policy_id, anchor, lang), _ in _rows(document):
            if anchor not in held.get((policy_id, lang), ()):
                what = f"There is no clause `{policy_id}#{anchor}` in {lang}."
                yield PackError(
                    what, file=document.path, line=document.line(policy_id, anchor), mend="Correct its name."
                )


def _rows(document: YamlText) -> Iterator[tuple[tuple[str, str, str], tuple[str, ...]]]:
    for policy, anchors in _mapping(document, (), document.data or {}).items():
        for anchor, languages in _mapping(document, (policy,), anchors).items():
            for lang, questions in _mapping(document, (policy, anchor), languages).items():
                listed = isinstance(questions, list) and all(isinstance(each, str) for each in questions)
                if lang not in LANGS or not listed:
                    what = f"`{lang}` must be one of {', '.join(LANGS)}, with a list of questions."
                    raise _fault(document, (policy, anchor), what)
                yield (policy, anchor, lang), tuple(questions)


def _mapping(document: YamlText, way: Way, data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise _fault(document, way, "A mapping is expected: policy → anchor → language → questions.")
    return {str(key): value for key, value in data.items()}


def _fault(document: YamlText, way: Way, what: str) -> PackError:
    return PackError(what, file=document.path, line=document.line(*way), mend="See the packs that are shipped.")
