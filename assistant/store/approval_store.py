"""Approvals and findings as they are kept: each change is one transaction with its ledger entry and its log entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from assistant.approvals import Finding, Level, Request, RequestState, Signature, may_sign, missing, settled_by
from assistant.authority import Given
from assistant.conversation import (
    Answered,
    ApprovalAsked,
    ApprovalDecided,
    Entry,
    Resolved,
)
from assistant.errors import Conflict, NotAuthorised, ProposalExpired
from assistant.ledger import EntryKind
from assistant.proposals import Permit, Proposal, Settled
from assistant.steps import Steps, unobserved
from assistant.store import approvals as rows
from assistant.store import log
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore
from assistant.store.proposals import Cap, Kept, ProposalStore, check_yes
from assistant.store.schema import proposals

T = TypeVar("T")

_PERMITTED = {"permit_id", "proposal_id", "args_hash", "amount", "order_id"}


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of an approval: the request as it stands now, and the permit once nobody is missing."""

    request: Request
    permit: Permit | None


class ApprovalStore:
    """The approval requests and findings of one shop."""

    def __init__(
        self, database: Database, ledger: LedgerStore, kept: ProposalStore, shop: str, *, steps: Steps = unobserved
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._kept = kept
        self._shop = shop
        self._steps = steps

    async def ask(
        self,
        proposal: Proposal,
        level: Level,
        *,
        at: datetime,
        until: datetime,
        answered: Answered | None = None,
    ) -> Request:
        """The customer's yes to what people must allow: open → awaiting.

        Raises `NotFound` and `ProposalSettled` as `permit` does, and `ProposalExpired`.
        """

        def work(connection: Connection) -> Request:
            self._ledger.lock(connection, self._shop)
            stored = self._kept.answerable(
                connection, proposal.proposal_id, proposal.customer_id, proposal.conversation_id, ("open",)
            )
            check_yes(stored, args_hash=proposal.args_hash, at=at)
            self._kept.move(connection, stored.proposal_id, "open", {"state": "awaiting"})
            rows.ask(connection, stored, level, at=at, until=until)
            self._write(connection, "request", _request_body(stored, level, until), at)
            if answered is not None:
                log.post(connection, log.head(connection, stored.conversation_id), answered, at)
            asked = ApprovalAsked(proposal_id=stored.proposal_id, level=level, expires_at=until)
            self._log(connection, stored.conversation_id, [asked], at)
            return rows.request(connection, self._shop, stored.proposal_id)

        return await self._step("request", work)

    async def find(self, proposal_id: str) -> tuple[Kept, Request]:
        """Raises `NotFound`."""

        def work(connection: Connection) -> tuple[Kept, Request]:
            request = rows.request(connection, self._shop, proposal_id)
            return self._kept.load(connection, proposals.c.proposal_id == proposal_id), request

        return await self._database.read(work)

    async def requests(
        self, states: Sequence[RequestState], *, conversation_id: str | None = None
    ) -> list[tuple[Kept, Request]]:
        """Requests in these states with their proposals, the one that expires first before the others."""

        def work(connection: Connection) -> list[tuple[Kept, Request]]:
            found = rows.requests(connection, self._shop, states, conversation_id=conversation_id)
            return [(self._kept.load(connection, proposals.c.proposal_id == r.proposal_id), r) for r in found]

        return await self._database.read(work)

    async def approve(
        self,
        proposal_id: str,
        signature: Signature,
        level: Level,
        *,
        lifetime: timedelta,
        caps: Collection[Cap] = (),
        seen: Sequence[Given] | None = None,
    ) -> Signed:
        """Sign; when nobody is missing any more, awaiting → permitted in the same transaction.

        `level` may be higher than what was asked for: more was given meanwhile. Raises `NotFound`, `ProposalExpired`,
        `Conflict` (decided meanwhile, or `GivenChanged`) and `NotAuthorised` (drafted it, signed before, or is not
        needed).
        """
        at = signature.at

        def work(connection: Connection) -> Signed:
            self._ledger.lock(connection, self._shop)
            proposal, request = self._awaiting(connection, proposal_id, at)
            if level != request.level:
                rows.raise_level(connection, proposal_id, level)
                self._write(connection, "request", _request_body(proposal, level, request.expires_at), at)
            before = [each.signer for each in request.signatures]
            if not may_sign(level, before, proposal.drafted_by, signature.signer):
                raise NotAuthorised("This person cannot approve it.", mend="Ask somebody else of the level it needs.")
            self._sign(connection, proposal, signature)
            signers = [*before, signature.signer]
            permit = None
            if not missing(level, signers, proposal.drafted_by):
                self._kept.check_sums(connection, proposal, caps=caps, seen=seen)
                rows.change(connection, proposal_id, "approved", at)
                permit = self._kept.issue(
                    connection, proposal, before="awaiting", at=at, by=signature.signer.by, lifetime=lifetime,
                    level=level, signers=signers,
                )  # fmt: skip
                self._steps("permit.written")
            return Signed(rows.request(connection, self._shop, proposal_id), permit)

        signed = await self._step("approval", work)
        if signed.permit is not None:
            self._steps("permit.committed")
        return signed

    async def refuse(self, proposal_id: str, signature: Signature, *, tell: Sequence[Entry]) -> Request:
        """awaiting → rejected, with the words for the customer. Raises as `approve` does."""
        at = signature.at

        def work(connection: Connection) -> Request:
            self._ledger.lock(connection, self._shop)
            proposal, request = self._awaiting(connection, proposal_id, at)
            before = [each.signer for each in request.signatures]
            if not may_sign(request.level, before, proposal.drafted_by, signature.signer):
                raise NotAuthorised("This person cannot decide it.", mend="Ask somebody of the level it needs.")
            self._sign(connection, proposal, signature)
            rows.change(connection, proposal_id, "refused", at)
            self._kept.move(connection, proposal_id, "awaiting", {"state": "rejected"})
            self._log(connection, proposal.conversation_id, tell, at, queue=True)
            return rows.request(connection, self._shop, proposal_id)

        return await self._step("refusal", work)

    async def expire(self, proposal_id: str, at: datetime, *, tell: Sequence[Entry]) -> bool:
        """awaiting → lapsed, because nobody decided in time: the conversation goes to a person. False when it was
        decided meanwhile.
        """

        def work(connection: Connection) -> bool:
            request = rows.request(connection, self._shop, proposal_id)
            if request.state != "awaiting" or at <= request.expires_at:
                return False
            rows.change(connection, proposal_id, "expired", at)
            self._kept.move(connection, proposal_id, "awaiting", {"state": "lapsed"})
            late = ApprovalDecided(proposal_id=proposal_id, verdict="expired")
            self._log(connection, request.conversation_id, [late, *tell], at, queue=True)
            return True

        return await self._step("expiry", work)

    # ── effects nobody knows the end of ──────────────────────────────────────────────────────────────────────────

    async def findings(self, permit_id: str) -> list[Finding]:
        """What people have found out about an effect so far, oldest first."""
        return await self._database.read(lambda connection: rows.findings(connection, permit_id))

    async def find_out(self, permit_id: str, finding: Finding) -> list[Finding]:
        """Keep what a person found out, with its ledger entry; nothing is settled yet. All findings so far.

        Raises `NotFound`, `Conflict` (its end is known), `NotAuthorised` (the same person twice).
        """

        def work(connection: Connection) -> list[Finding]:
            self._ledger.lock(connection, self._shop)
            self._unknown(connection, permit_id)
            rows.sign(connection, self._shop, permit_id, finding)
            body = {"permit_id": permit_id, "finding": finding.model_dump(mode="json")}
            self._write(connection, "finding", body, finding.at)
            return rows.findings(connection, permit_id)

        return await self._step("finding", work)

    async def resolve(self, permit_id: str, at: datetime, *, two: bool, tell: Sequence[Entry]) -> Settled:
        """Settle an effect by what people found: unknown → done or refused, with the words for the customer.

        Raises `Conflict` when the findings do not settle it, or it was settled before.
        """

        def work(connection: Connection) -> Settled:
            self._ledger.lock(connection, self._shop)
            kept = self._unknown(connection, permit_id)
            findings = rows.findings(connection, permit_id)
            found = settled_by(findings, two=two)
            if found is None or kept.permit is None or kept.settled is None:
                raise Conflict("What was found so far does not settle it.")
            settled = resolved(kept.settled, found)
            body = {
                **settled.model_dump(mode="json", include=_PERMITTED),
                "outcome": found.outcome, "reference": found.reference, "two": two,
                "by": [each.signer.by for each in findings],
            }  # fmt: skip
            self._write(connection, "resolution", body, at)
            changes = {"state": settled.state, "settled": settled.model_dump_json()}
            self._kept.move(connection, settled.proposal_id, "unknown", changes)
            note = Resolved(
                proposal_id=settled.proposal_id, permit_id=permit_id, outcome=found.outcome,
                by=tuple(each.signer.by for each in findings), note=found.note,
            )  # fmt: skip
            self._log(connection, kept.proposal.conversation_id, [note, *tell], at)
            return settled

        return await self._step("resolution", work)

    # ── in the caller's transaction ──────────────────────────────────────────────────────────────────────────────

    async def _step(self, name: str, work: Callable[[Connection], T]) -> T:
        def watched(connection: Connection) -> T:
            done = work(connection)
            self._steps(f"{name}.written")
            return done

        done = await self._database.write(watched)
        self._steps(f"{name}.committed")
        return done

    def _awaiting(self, connection: Connection, proposal_id: str, at: datetime) -> tuple[Proposal, Request]:
        request = rows.request(connection, self._shop, proposal_id)
        if request.state != "awaiting":
            raise Conflict("This request was decided before.")
        if at > request.expires_at:
            raise ProposalExpired("The customer's yes is too old to act on.", mend="Propose it again.")
        return self._kept.load(connection, proposals.c.proposal_id == proposal_id).proposal, request

    def _sign(self, connection: Connection, proposal: Proposal, signature: Signature) -> None:
        rows.sign(connection, self._shop, proposal.proposal_id, signature)
        body = {
            "proposal_id": proposal.proposal_id,
            "args_hash": proposal.args_hash,
            **signature.model_dump(mode="json"),
        }
        self._write(connection, "approval", body, signature.at)
        said = ApprovalDecided(
            proposal_id=proposal.proposal_id, verdict=signature.verdict, by=signature.signer.name,
            role=signature.signer.role, reason=signature.reason, rule=signature.rule, appeal=signature.appeal,
        )  # fmt: skip
        self._log(connection, proposal.conversation_id, [said], signature.at)

    def _unknown(self, connection: Connection, permit_id: str) -> Kept:
        kept = self._kept.load(connection, proposals.c.permit_id == permit_id)
        if kept.state != "unknown":
            raise Conflict("The end of this effect is known.")
        return kept

    def _write(self, connection: Connection, kind: EntryKind, body: dict[str, Any], at: datetime) -> None:
        self._ledger.append(connection, kind, body, shop=self._shop, at=at)

    def _log(
        self,
        connection: Connection,
        conversation_id: str,
        entries: Sequence[Entry],
        at: datetime,
        *,
        queue: bool = False,
    ) -> None:
        """Append to the log; with `queue` the talk goes to a person, if none has it."""
        head = log.head(connection, conversation_id)
        waits = queue and head.owner == "assistant" and not head.closed
        extra = {"owner": "queue", "agent": None, "queued_at": at} if waits else None
        log.append(connection, head, entries, at=at, turn=head.turns, waits=waits, extra=extra)


def resolved(unknown: Settled, found: Finding) -> Settled:
    """How an effect ended once people found out."""
    if found.outcome == "done":
        return unknown.model_copy(update={"state": "done", "receipt": found.reference, "reason": found.note})
    return unknown.model_copy(update={"state": "refused", "reason": found.note or "it was not carried out"})


def _request_body(proposal: Proposal, level: Level, until: datetime) -> dict[str, Any]:
    return {
        "proposal_id": proposal.proposal_id,
        "action": proposal.action.model_dump(mode="json"),
        "args_hash": proposal.args_hash,
        "amount": proposal.action.amount,
        "level": level,
        "drafted_by": proposal.drafted_by,
        "customer_id": proposal.customer_id,
        "expires_at": until.isoformat(),
    }
