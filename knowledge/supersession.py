"""When each published version of a document holds, given the others: the windows of versions, cut where one follows.

A version that begins later ends an earlier one at its own beginning. Of two that begin together, or one of which has no
known beginning, the one published later holds and the other never does. A found text that was read again replaces what
was read before it, whatever dates were guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from knowledge.clauses import SHANGHAI, Policy, Window

_NEVER = datetime(1970, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Published:
    """A published version; `order` says which of a document's versions was published later."""

    policy: Policy
    order: int


def in_time(published: Iterable[Published]) -> tuple[Policy, ...]:
    """The policies in the order given, each with the window that the other versions of its document leave it.

    One that never holds keeps an empty window: it can still be opened by its name, and is never found.
    """
    given = tuple(published)
    families: dict[tuple[str, str], list[Published]] = defaultdict(list)
    for each in given:
        families[each.policy.id, each.policy.lang].append(each)
    replacing = [each for each in given if each.policy.supersedes]
    return tuple(
        _cut(each, [*families[each.policy.id, each.policy.lang], *_named(each, replacing)])
        if len(families[each.policy.id, each.policy.lang]) > 1 or replacing
        else each.policy
        for each in given
    )


def _named(each: Published, replacing: Sequence[Published]) -> list[Published]:
    """Versions of other documents that say that they supersede this one."""
    policy = each.policy
    return [
        other
        for other in replacing
        if other.policy.id != policy.id
        and other.policy.lang == policy.lang
        and other.policy.supersedes in (policy.id, policy.key)
    ]


def _cut(each: Published, others: Sequence[Published]) -> Policy:
    policy = each.policy
    for other in others:
        if other is each:
            continue
        if _replaces_wholly(other, each):
            return _never(policy)
        start = other.policy.window.start
        if start is not None and not other.policy.undated and _goes_before(each, other):
            window = policy.window
            end = start if window.end is None else min(start, window.end)
            if policy.undated or (window.start is not None and end <= window.start):
                return _never(policy)
            policy = replace(policy, window=Window(window.start, end))
    return policy


def _goes_before(each: Published, other: Published) -> bool:
    """Whether `other` ends `each` at its beginning."""
    mine, its = _start(each), _start(other)
    if its is None:
        return False
    if mine is None:
        return other.order > each.order
    return mine < its and (other.order > each.order or not each.policy.as_found)


def _replaces_wholly(other: Published, each: Published) -> bool:
    mine, its = _start(each), _start(other)
    if other.order < each.order:
        return False
    if its is None:
        return True
    if mine is None:
        return each.policy.undated
    return its == mine or (its < mine and other.policy.as_found)


def _start(each: Published) -> datetime | None:
    return None if each.policy.undated else each.policy.window.start


def _never(policy: Policy) -> Policy:
    start = policy.window.start or _NEVER
    return replace(policy, window=Window(start, start), undated=False)
