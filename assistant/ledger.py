"""The ledger: an append-only, hash-chained, signed list of what was permitted and what was done. Pure, no I/O.

An entry's `hash` is SHA-256 over its canonical JSON without `hash` and `signature`; `prev` is the hash of the entry
before it; `signature` is Ed25519 over the hash. So anyone with the public key can check offline that nothing was
edited, removed, moved or slipped in. A chain cannot show that its own tail was cut: for that, give `verify` the head
that was written down elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from assistant.approvals import LEVELS, Signer, missing, person_of, settled_by
from assistant.approvals import Finding as Found
from assistant.conversation import Frozen
from assistant.errors import LedgerBroken

EntryKind = Literal["genesis", "request", "approval", "permit", "effect", "finding", "resolution"]
EffectState = Literal["done", "unknown", "refused"]

NOTHING_BEFORE = "0" * 64
"""The `prev` of the first entry."""


class LedgerEntry(Frozen):
    """One line of a shop's ledger. `seq` counts from 1; the first entry is the genesis."""

    shop: str
    seq: int
    kind: EntryKind
    at: datetime
    body: dict[str, Any]
    prev: str
    hash: str
    signature: str


class Head(Frozen):
    """The end of a chain, signed on its own: kept apart from the chain it shows whether the tail was cut."""

    shop: str
    seq: int
    hash: str
    signature: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that holds: `n` entries, the last one with hash `head`."""

    n: int
    head: str


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one spelling per value. Raises `ValueError` on NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: Any) -> str:
    """The SHA-256 of a JSON value's canonical spelling, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def append(
    head: Head | None, kind: EntryKind, body: dict[str, Any], *, shop: str, at: datetime, key: Ed25519PrivateKey
) -> tuple[LedgerEntry, Head]:
    """The entry that follows `head` (None: the first one), and the new head."""
    content = {
        "shop": shop,
        "seq": head.seq + 1 if head else 1,
        "kind": kind,
        "at": at.isoformat(),
        "body": body,
        "prev": head.hash if head else NOTHING_BEFORE,
    }
    digest = sha256_of(content)
    entry = LedgerEntry.model_validate({**content, "hash": digest, "signature": _sign(key, digest)})
    return entry, Head(shop=shop, seq=entry.seq, hash=digest, signature=_sign(key, _head_digest(entry)))


def genesis_body(shop: str, key: Ed25519PublicKey) -> dict[str, Any]:
    """The first entry's body: whose ledger it is and under which key it is signed."""
    return {"shop": shop, "public_key": key_text(key)}


def key_text(key: Ed25519PublicKey) -> str:
    """A public key as 64 hex digits; `key_from_text` reads it."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def key_from_text(text: str) -> Ed25519PublicKey:
    """Raises `ValueError` when `text` is not a key."""
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))


def dump(entries: Iterable[LedgerEntry]) -> Iterator[str]:
    """The JSON Lines form: one canonical line per entry, without line ends."""
    for entry in entries:
        yield line_of(entry)


def line_of(entry: LedgerEntry) -> str:
    return canonical({**entry.model_dump(mode="json", exclude={"at"}), "at": entry.at.isoformat()})


def load(lines: Iterable[str]) -> list[LedgerEntry]:
    """Read the JSON Lines form. Raises `LedgerBroken` at the first line that is not the canonical form of an entry."""
    entries = []
    for seq, line in enumerate(lines, start=1):
        try:
            entry = LedgerEntry.model_validate_json(line)
            spelled = line_of(entry)
        except (ValidationError, ValueError) as error:
            raise LedgerBroken(f"Line {seq} is not a ledger entry.", seq=seq) from error
        if spelled != line.rstrip("\r\n"):
            raise LedgerBroken(f"Line {seq} is not in canonical form.", seq=seq)
        entries.append(entry)
    return entries


def verify(entries: Iterable[LedgerEntry], public_key: Ed25519PublicKey, *, head: Head | None = None) -> Verified:
    """Check chain, signatures and sense of a whole ledger.

    Raises `LedgerBroken` with the `seq` of the first place that is wrong: an edited entry names itself, a removed one
    the place where it stood, a moved or inserted one the first place it disturbs. With `head`, a cut tail is found too.
    """
    previous: LedgerEntry | None = None
    sense = _Sense(public_key)
    for entry in entries:
        _check_link(entry, previous, public_key)
        sense.check(entry)
        previous = entry
    n, digest = (previous.seq, previous.hash) if previous else (0, NOTHING_BEFORE)
    if head is not None:
        _check_head(head, n, digest, public_key)
    return Verified(n, digest)


def verify_entry(entry: LedgerEntry, public_key: Ed25519PublicKey) -> None:
    """Check one entry by itself: its hash and its signature. Raises `LedgerBroken`."""
    content = {**entry.model_dump(mode="json", exclude={"hash", "signature", "at"}), "at": entry.at.isoformat()}
    if sha256_of(content) != entry.hash:
        raise LedgerBroken(f"Entry {entry.seq} does not match its hash.", seq=entry.seq)
    if not _signed(public_key, entry.hash, entry.signature):
        raise LedgerBroken(f"Entry {entry.seq} is not signed by this key.", seq=entry.seq)


def _check_link(entry: LedgerEntry, previous: LedgerEntry | None, public_key: Ed25519PublicKey) -> None:
    due, prev = (previous.seq + 1, previous.hash) if previous else (1, NOTHING_BEFORE)
    if entry.seq != due:
        raise LedgerBroken(f"Entry {due} is missing: entry {entry.seq} stands in its place.", seq=due)
    verify_entry(entry, public_key)
    if entry.prev != prev:
        raise LedgerBroken(f"Entry {due} does not follow from the one before it.", seq=due)
    if previous is not None and entry.shop != previous.shop:
        raise LedgerBroken(f"Entry {due} belongs to another shop.", seq=due)


def _check_head(head: Head, n: int, digest: str, public_key: Ed25519PublicKey) -> None:
    if not _signed(public_key, _head_digest(head), head.signature):
        raise LedgerBroken("The head is not signed by this key.", seq=head.seq)
    if head.seq > n:
        raise LedgerBroken(f"Entry {n + 1} is missing: the head stands at {head.seq}.", seq=n + 1)
    if head.seq < n:
        raise LedgerBroken(f"Entry {head.seq + 1} is behind the head.", seq=head.seq + 1)
    if head.hash != digest:
        raise LedgerBroken(f"Entry {n} is not the one the head names.", seq=n)


@dataclass
class _Asked:
    """A request as the entries so far tell it."""

    level: str
    args_hash: str
    drafted_by: str
    signers: list[Signer]
    refused: bool = False


class _Sense:
    """What entries must mean together: permits are issued once, effects rest on them and stay within them.

    What needed people was permitted by them: every role of its level, each by another person, none by the drafter.
    """

    def __init__(self, public_key: Ed25519PublicKey) -> None:
        self._key = key_text(public_key)
        self._permits: dict[str, dict[str, Any]] = {}
        self._proposals: set[str] = set()
        self._states: dict[str, str] = {}
        self._asked: dict[str, _Asked] = {}
        self._found: dict[str, list[Found]] = {}

    def check(self, entry: LedgerEntry) -> None:
        try:
            complaint = self._complaint(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerBroken(f"Entry {entry.seq} lacks what a {entry.kind} must have.", seq=entry.seq) from error
        if complaint:
            raise LedgerBroken(f"Entry {entry.seq}: {complaint}.", seq=entry.seq)

    def _complaint(self, entry: LedgerEntry) -> str:
        if entry.kind != "genesis" and entry.seq == 1:
            return "a ledger begins with its genesis"
        match entry.kind:
            case "genesis":
                return self._genesis(entry)
            case "request":
                return self._request(entry)
            case "approval":
                return self._approval(entry)
            case "permit":
                return self._permit(entry)
            case "effect":
                return self._effect(entry)
            case "finding":
                return self._finding(entry)
            case "resolution":
                return self._resolution(entry)

    def _genesis(self, entry: LedgerEntry) -> str:
        if entry.seq != 1:
            return "a ledger begins only once"
        if entry.body["public_key"] != self._key or entry.body["shop"] != entry.shop:
            return "the ledger was begun for another shop or key"
        return ""

    def _permit(self, entry: LedgerEntry) -> str:
        body = entry.body
        if complaint := self._unapproved(body):
            return complaint
        if body["permit_id"] in self._permits or body["proposal_id"] in self._proposals:
            return "this proposal was permitted before"
        if sha256_of(body["action"]) != body["args_hash"] or body["amount"] != body["action"]["amount"]:
            return "the permit does not match its own action"
        if not datetime.fromisoformat(body["issued_at"]) <= datetime.fromisoformat(body["expires_at"]):
            return "the permit ends before it begins"
        self._permits[body["permit_id"]] = body
        self._proposals.add(body["proposal_id"])
        return ""

    def _request(self, entry: LedgerEntry) -> str:
        body = entry.body
        before = self._asked.get(body["proposal_id"])
        if body["level"] not in LEVELS or sha256_of(body["action"]) != body["args_hash"]:
            return "the request does not match its own action, or names no level"
        if body["proposal_id"] in self._proposals:
            return "this proposal was permitted before"
        if before is None:
            self._asked[body["proposal_id"]] = _Asked(body["level"], body["args_hash"], body["drafted_by"], [])
            return ""
        if LEVELS.index(body["level"]) <= LEVELS.index(before.level) or before.refused:
            return "a request can only be raised to a higher level"
        if (body["args_hash"], body["drafted_by"]) != (before.args_hash, before.drafted_by):
            return "the request is for something else than before"
        before.level = body["level"]
        return ""

    def _approval(self, entry: LedgerEntry) -> str:
        body, asked = entry.body, self._asked.get(entry.body["proposal_id"])
        if asked is None or asked.args_hash != body["args_hash"] or body["proposal_id"] in self._proposals:
            return "nobody asked for this approval"
        signer = Signer.model_validate(body["signer"])
        if asked.refused:
            return "this request was refused before"
        if signer.person in {each.person for each in asked.signers} | {person_of(asked.drafted_by)}:
            return "nobody approves twice, or what they drafted"
        if body["verdict"] == "approve":
            asked.signers.append(signer)
        else:
            asked.refused = True
        return "" if body["verdict"] in ("approve", "refuse") else "an approval says yes or no"

    def _unapproved(self, body: dict[str, Any]) -> str:
        asked = self._asked.get(body["proposal_id"])
        level, named = body.get("level"), list(body.get("approved_by") or ())
        if asked is None:
            return "" if level is None and not named else "the permit names approvals that nobody asked for"
        if asked.refused or missing(asked.level, asked.signers, asked.drafted_by):  # type: ignore[arg-type]
            return "what needed people was permitted without them"
        same = (level, sorted(named)) == (asked.level, sorted(signer.by for signer in asked.signers))
        return "" if same and body["args_hash"] == asked.args_hash else "the permit names other approvals than given"

    def _finding(self, entry: LedgerEntry) -> str:
        body = entry.body
        if self._states.get(body["permit_id"]) != "unknown":
            return "a finding about an effect whose end is known"
        found = Found.model_validate(body["finding"])
        known = self._found.setdefault(body["permit_id"], [])
        if found.signer.person in {each.signer.person for each in known}:
            return "nobody finds twice"
        known.append(found)
        return ""

    def _resolution(self, entry: LedgerEntry) -> str:
        body = entry.body
        permit, findings = self._permits.get(body["permit_id"]), self._found.get(body["permit_id"], [])
        if permit is None or self._states.get(body["permit_id"]) != "unknown":
            return "a resolution of an effect whose end is known"
        settled = settled_by(findings, two=body["two"])
        if settled is None or (settled.outcome, settled.reference) != (body["outcome"], body["reference"]):
            return "a resolution that nobody found"
        if any(body[name] != permit[name] for name in ("proposal_id", "args_hash", "amount", "order_id")):
            return "the resolution is not of what was permitted"
        self._states[body["permit_id"]] = "done" if body["outcome"] == "done" else "refused"
        return ""

    def _effect(self, entry: LedgerEntry) -> str:
        body = entry.body
        permit = self._permits.get(body["permit_id"])
        if permit is None:
            return "no permit stands before this effect"
        state, before = body["state"], self._states.get(body["permit_id"])
        if state not in ("done", "unknown", "refused") or before in ("done", "refused") or before == state:
            return f"an effect that is {before} cannot become {state}"
        if any(body[name] != permit[name] for name in ("proposal_id", "args_hash", "amount", "order_id")):
            return "the effect is not the one permitted"
        if state == "done" and not _within(body["done_at"], permit):
            return "the effect lies outside its permit's time"
        self._states[body["permit_id"]] = state
        return ""


def _within(done_at: str, permit: dict[str, Any]) -> bool:
    start, end = (datetime.fromisoformat(permit[name]) for name in ("issued_at", "expires_at"))
    return start <= datetime.fromisoformat(done_at) <= end


def _sign(key: Ed25519PrivateKey, digest: str) -> str:
    return key.sign(bytes.fromhex(digest)).hex()


def _signed(key: Ed25519PublicKey, digest: str, signature: str) -> bool:
    try:
        given = bytes.fromhex(signature)
        key.verify(given, bytes.fromhex(digest))
    except (InvalidSignature, ValueError):
        return False
    return given.hex() == signature  # one spelling only: capitals or spaces would be an edit nobody sees


def _head_digest(head: Head | LedgerEntry) -> str:
    return sha256_of({"head_of": head.shop, "seq": head.seq, "hash": head.hash})
