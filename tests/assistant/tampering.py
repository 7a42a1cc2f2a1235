"""A ledger with the decisions behind it, and somebody who tampers with its export in every way there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.conversation import Conversation
from assistant.errors import LedgerBroken
from assistant.ledger import Head, LedgerEntry, append, canonical, dump, genesis_body, load, sha256_of, verify
from assistant.proposals import draft_proposal, permit_for, settle
from assistant.reproof import Recorded, lines_of, read_lines, reprove
from assistant.shop import Action, Receipt
from knowledge.archive import archive_pack, archived, open_archived
from knowledge.decide import PolicySet
from knowledge.errors import XiaoerError
from tests.assistant.store.world import NOW
from tests.knowledge.oracle.compare import decided
from tests.knowledge.oracle.generate import Draw
from tests.knowledge.shipped_pack import shipped

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
TABLES = ("DT-05", "DT-13", "DT-14", "DT-19", "DT-20")


@dataclass(frozen=True)
class Export:
    """What a shop hands to an auditor. `head` was written down elsewhere."""

    lines: tuple[str, ...]
    decisions: tuple[str, ...]
    archive: Path
    head: Head


def exported(permits: int, archive: Path, *, seed: int = 0) -> Export:
    """A ledger of `permits` permits on real decisions, each carried out."""
    rng = random.Random(seed)
    policies = PolicySet(shipped().pack, kept_as=archive_pack(shipped().pack, archive))
    draw = Draw(policies.facts, rng)
    entry, head = append(None, "genesis", genesis_body("demo", KEY.public_key()), shop="demo", at=NOW, key=KEY)
    entries, recorded = [entry], []

    def write(kind: Any, body: dict[str, Any]) -> None:
        nonlocal head
        entry, head = append(head, kind, body, shop="demo", at=NOW, key=KEY)
        entries.append(entry)

    for number in range(permits):
        table = rng.choice(TABLES)
        decision = decided(policies, table, draw.case(table))
        talk = Conversation(id=f"C{number}", shop="demo", customer_id=f"U{number % 7}", opened_at=NOW)
        action = Action(name="refund", order_id=f"O{number}", amount=decision.amount or 1, args={"why": "迟"})
        proposal = draft_proposal(
            conversation=talk, action=action, title="退款", terms=(), decisions=[decision], clauses=["law/x@1#y"],
            at=NOW, proposal_id=f"Q{number}",
        )  # fmt: skip
        permit = permit_for(proposal, at=NOW, lifetime=timedelta(minutes=10), by="assistant")
        write("permit", permit.model_dump(mode="json"))
        receipt = Receipt(
            key=permit.permit_id,
            reference=f"R{number}",
            action="refund",
            order_id=f"O{number}",
            amount=action.amount,
            at=NOW,
        )
        end = settle(permit, talk.id, "done", receipt=receipt, done_at=NOW)
        write("effect", end.model_dump(mode="json", exclude={"conversation_id"}))
        recorded.append(
            Recorded(permit_id=permit.permit_id, proposal_id=proposal.proposal_id, decisions=proposal.decisions)
        )
    return Export(tuple(dump(entries)), tuple(lines_of(recorded)), archive, head)


def opened(export: Export) -> dict[str, PolicySet]:
    """The packs of the archive, read once: opening one takes longer than proving a ledger."""
    return {digest: PolicySet(open_archived(export.archive, digest)) for digest in archived(export.archive)}


def found(export: Export, packs: dict[str, PolicySet] | None = None) -> str:
    """What an auditor finds wrong, empty when nothing is."""
    try:
        entries = load(export.lines)
        verify(entries, KEY.public_key(), head=export.head)
        proof = reprove(entries, read_lines(export.decisions), export.archive, opened=packs)
    except LedgerBroken as broken:
        return f"entry {broken.seq}: {broken.what}"
    except XiaoerError as error:
        return error.what
    return "; ".join(f"permit {finding.permit_id}: {finding.what}" for finding in proof.findings)


Lines = list[str]


def _edit_character(lines: Lines, rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    line = lines[at]
    place = rng.randrange(len(line))
    lines[at] = line[:place] + rng.choice([c for c in '0189abz"{}[,: ¥迟' if c != line[place]]) + line[place + 1 :]


def _drop_character(lines: Lines, rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    place = rng.randrange(len(lines[at]))
    lines[at] = lines[at][:place] + lines[at][place + 1 :]


def _edit_value(lines: Lines, rng: random.Random) -> None:
    """As a careful forger would: the line stays in canonical form, and its own hash is reckoned anew."""
    at = rng.randrange(1, len(lines))
    entry = load([*lines])[at]
    body = dict(entry.body)
    name = rng.choice(sorted(body))
    body[name] = _other(body[name], rng)
    lines[at] = canonical({**_fields(entry), "body": body, "hash": sha256_of({**_content(entry), "body": body})})


def _sign_with_another_key(lines: Lines, rng: random.Random) -> None:
    """The rest of the chain written anew under a key of the forger's own."""
    entries = load([*lines])
    at = rng.randrange(1, len(entries))
    before = entries[at - 1]
    head = Head(shop=before.shop, seq=before.seq, hash=before.hash, signature=before.signature)
    for place in range(at, len(entries)):
        entry, head = append(
            head, entries[place].kind, entries[place].body, shop="demo", at=entries[place].at, key=OTHER_KEY
        )
        lines[place] = next(dump([entry]))


def _delete(lines: Lines, rng: random.Random) -> None:
    start = rng.randrange(len(lines))
    del lines[start : start + rng.choice((1, 1, 1, 2, 5))]


def _cut_tail(lines: Lines, rng: random.Random) -> None:
    del lines[-rng.randrange(1, min(len(lines), 9)) :]


def _swap(lines: Lines, rng: random.Random) -> None:
    one, other = rng.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]


def _repeat(lines: Lines, rng: random.Random) -> None:
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))


ON_THE_LEDGER: tuple[Callable[[Lines, random.Random], None], ...] = (
    *(_edit_character, _drop_character, _edit_value, _sign_with_another_key, _delete, _cut_tail, _swap, _repeat),
)  # fmt: skip


def tampered(export: Export, rng: random.Random) -> tuple[str, Export]:
    """One random forgery of the ledger, and what it is called."""
    forge = rng.choice(ON_THE_LEDGER)
    lines = list(export.lines)
    forge(lines, rng)
    return forge.__name__.strip("_").replace("_", " "), Export(
        tuple(lines), export.decisions, export.archive, export.head
    )


def tampered_decisions(export: Export, rng: random.Random) -> tuple[str, Export]:
    """One random forgery of the decisions that go with the ledger. The order of their lines says nothing."""
    lines = list(export.decisions)
    match rng.randrange(4):
        case 0:
            name = "edit of a fact or outcome"
            at = rng.randrange(len(lines))
            kept = read_lines([lines[at]])[0]
            decision = dict(kept.decisions[0])
            field = rng.choice(("code", "amount", "row", "read", "at", "place", "pack", "clauses"))
            decision[field] = _other(decision[field], rng)
            lines[at] = next(lines_of([kept.model_copy(update={"decisions": (decision,)})]))
        case 1:
            name = "deletion of decisions"
            del lines[rng.randrange(len(lines))]
        case 2:
            name = "swap of decisions"
            one, other = (read_lines([line])[0] for line in rng.sample(lines, 2))
            moved = one.model_copy(update={"decisions": other.decisions})
            lines = [line for line in lines if read_lines([line])[0].permit_id != one.permit_id]
            lines.append(next(lines_of([moved])))
        case _:
            name = "cut of decisions"
            at = rng.randrange(len(lines))
            lines[at] = lines[at][: rng.randrange(1, len(lines[at]))]
    return name, Export(export.lines, tuple(lines), export.archive, export.head)


def _fields(entry: LedgerEntry) -> dict[str, Any]:
    return {**entry.model_dump(mode="json", exclude={"at"}), "at": entry.at.isoformat()}


def _content(entry: LedgerEntry) -> dict[str, Any]:
    return {name: value for name, value in _fields(entry).items() if name not in {"hash", "signature"}}


def _other(value: Any, rng: random.Random) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((-1, 1, 100))
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list | tuple):
        return [*value, "x"]
    if isinstance(value, dict):
        name = rng.choice(sorted(value)) if value else "x"
        return {**value, name: _other(value.get(name), rng)}
    return "x"
