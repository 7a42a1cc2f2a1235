"""Make old decisions again: each one behind a permit, from its own facts, under the pack that was archived then.

The ledger names the pack by its content hash and the decisions by theirs, so neither can be exchanged unseen. Pure but
for reading the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from assistant.conversation import Frozen
from assistant.ledger import LedgerEntry, canonical, sha256_of
from knowledge.archive import open_archived
from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision
from knowledge.errors import XiaoerError

_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


class Recorded(Frozen):
    """The decisions behind one permit, with their facts: what the shop keeps, and customers never see."""

    permit_id: str
    proposal_id: str
    decisions: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not hold: the permit's entry `seq`, the table if it is one decision, and what is wrong."""

    seq: int
    permit_id: str
    table: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Reproof:
    """`same` decisions came out as they did. `undated` had no archived pack; `older` permits recorded no decisions."""

    permits: int = 0
    same: int = 0
    undated: int = 0
    older: int = 0
    packs: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.findings


@dataclass
class _Tally:
    permits: int = 0
    same: int = 0
    undated: int = 0
    older: int = 0
    packs: dict[str, PolicySet | str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def reprove(
    entries: Iterable[LedgerEntry],
    recorded: Iterable[Recorded],
    archive: Path,
    *,
    opened: dict[str, PolicySet] | None = None,
) -> Reproof:
    """Decide everything that permits rest on once more. `entries` are of a chain that was verified.

    Decisions that are not there, were changed, or come out otherwise are findings, and so is a pack that is not in
    `archive` or is not what its name says. `opened` are packs that were read and checked before.
    """
    known = {each.permit_id: each for each in recorded}
    tally = _Tally(packs={**opened} if opened else {})
    for entry in entries:
        if entry.kind == "permit":
            _permit(entry, known.get(entry.body["permit_id"]), archive, tally)
    return Reproof(
        tally.permits, tally.same, tally.undated, tally.older, tuple(sorted(tally.packs)), tuple(tally.findings)
    )


def lines_of(recorded: Iterable[Recorded]) -> Iterator[str]:
    """The JSON Lines form, one permit a line."""
    for each in recorded:
        yield canonical(each.model_dump(mode="json"))


def read_lines(lines: Iterable[str]) -> list[Recorded]:
    """Read the JSON Lines form. Raises `XiaoerError` that names the line."""
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Recorded.model_validate_json(line))
        except ValueError as error:
            raise XiaoerError(f"Line {number} of the decisions is not one.") from error
    return found


def _permit(entry: LedgerEntry, recorded: Recorded | None, archive: Path, tally: _Tally) -> None:
    tally.permits += 1
    permit_id, digest = str(entry.body["permit_id"]), entry.body.get("decisions_hash")
    if digest is None:
        tally.older += 1
        return

    def find(what: str, table: str | None = None) -> None:
        tally.findings.append(Finding(entry.seq, permit_id, table, what))

    if recorded is None:
        find("its decisions are not there")
        return
    if sha256_of(list(recorded.decisions)) != digest:
        find("its decisions are not the ones the ledger names")
        return
    for kept in recorded.decisions:
        if kept.get("pack") is None:
            tally.undated += 1
            continue
        policies = _policies(str(kept["pack"]), archive, tally)
        if isinstance(policies, str):
            find(policies, str(kept["table"]))
        elif changed := difference(kept, policies):
            find(changed, str(kept["table"]))
        else:
            tally.same += 1


def _policies(digest: str, archive: Path, tally: _Tally) -> PolicySet | str:
    """The tables of an archived pack, or why there are none."""
    if digest not in tally.packs:
        try:
            tally.packs[digest] = PolicySet(open_archived(archive, digest), kept_as=digest)
        except XiaoerError as error:
            tally.packs[digest] = error.what
    return tally.packs[digest]


def difference(kept: Mapping[str, Any], policies: PolicySet) -> str:
    """How the decision comes out otherwise under `policies` than it was recorded; empty when it does not."""
    before = _DECISION.validate_python(dict(kept))
    try:
        again = decide_again(before, policies)
    except XiaoerError as error:
        return f"cannot be decided again: {error.what}"
    for was, now in zip((before, *before.also), (again, *again.also), strict=False):
        for name in ("code", "amount", "deadline", "row", "policy", "clauses"):
            if getattr(was, name) != getattr(now, name):
                return f"{name} was {getattr(was, name)}, now {getattr(now, name)}"
    return "" if len(before.also) == len(again.also) else "more or fewer rows match than then"


def decide_again(before: Decision, policies: PolicySet) -> Decision:
    """The same question, put to `policies`. Raises `XiaoerError` for a table or fact they do not have."""
    if before.at is None:
        raise XiaoerError("The decision names no time.")
    place = before.place or Place()
    return policies.decide(before.table, before.read, at=before.at, place=place, decided_at=before.decided_at)
