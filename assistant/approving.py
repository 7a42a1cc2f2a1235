"""What people at the desk decide: they draft, approve and refuse proposals, and settle effects nobody knows the end of.

The customer still gives the yes to what a person drafts, and what is said to them afterwards rests on the ledger.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from assistant.approvals import Finding, Outcome, Request, Signature, Signer, higher, settled_by
from assistant.authority import SENSITIVE
from assistant.confirming import Confirming, Told
from assistant.context import Engine, TurnContext, decided_event
from assistant.conversation import Cited, Conversation, Entry, Frozen, HandedOff, Said, Term, Understood
from assistant.errors import Conflict, NotAuthorised, NotFound, ReasonMissing, ShopUnavailable
from assistant.order_facts import order_values
from assistant.orders import apply
from assistant.permits import ATTEMPTS, GivenChanged, Permits
from assistant.proposals import Grounds, Proposal, Settled, draft_proposal
from assistant.service_orders import case_at_fault
from assistant.shop import Action
from assistant.store.approval_store import ApprovalStore, Signed, resolved
from assistant.store.conversations import ConversationStore, Owner
from assistant.store.ownership import OwnershipStore
from assistant.store.proposals import Kept
from assistant.weighing import Weighing
from assistant.wording import fill, money

log = structlog.get_logger("assistant")

_LOOK_BACK = 200


class Draft(Frozen):
    """What a person proposes to a customer. Amounts in fen; `client_id` is the sender's own id for it."""

    client_id: str
    action: str
    order_id: str
    amount: int
    reason: str
    cause: str | None = None
    dispute_amount: int | None = None
    fault_established: bool = False
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a person's verdict: the request as it stands, and how the effect ended, if it was carried out."""

    request: Request
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """An effect nobody knows the end of: what people found so far, and what the shop's own records say now."""

    kept: Kept
    findings: tuple[Finding, ...]
    two: bool
    shop_says: str
    """`found`, `nothing`, `no_answer`, or `not_asked`."""
    reference: str | None = None


class Approving:
    """The verbs of the desk that need authority. `context_of` makes the frame in which the assistant speaks."""

    def __init__(
        self,
        engine: Engine,
        permits: Permits,
        conversations: ConversationStore,
        *,
        approvals: ApprovalStore,
        ownership: OwnershipStore,
        weighing: Weighing,
        confirming: Confirming,
        context_of: Callable[[Conversation], Awaitable[TurnContext]],
    ) -> None:
        self._engine = engine
        self._permits = permits
        self._conversations = conversations
        self._store = approvals
        self._ownership = ownership
        self._weighing = weighing
        self._confirming = confirming
        self._context_of = context_of

    @property
    def store(self) -> ApprovalStore:
        return self._store

    # ── drafting ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def draft(self, conversation_id: str, signer: Signer, draft: Draft) -> Proposal:
        """Propose money to the customer in one's own name, as DT-20 allows; the same `client_id` gives the first one.

        Raises `NotAuthorised` (not the owner, or DT-20 forbids it), `NotFound` (no such order or action), `CapReached`,
        `EffectRefused` and `Conflict`.
        """
        if signer.role == "legal":
            raise NotAuthorised("Legal approves; it does not propose.")
        head = await self._ownership.require_owner(conversation_id, signer.name)
        if head.customer_id is None:
            raise NotAuthorised("A visitor who is not signed in has no orders.")
        proposal_id = _draft_id(conversation_id, signer, draft.client_id)
        try:
            before = (await self._permits.find(proposal_id)).proposal
        except NotFound:
            return await self._propose_again(head, signer, draft, proposal_id)
        wanted = (draft.action, draft.order_id, draft.amount)
        if (before.action.name, before.action.order_id, before.action.amount) != wanted:
            raise Conflict("This client id was used for another proposal.")
        return before

    async def _propose_again(self, head: Conversation, signer: Signer, draft: Draft, proposal_id: str) -> Proposal:
        """Propose, and again when the customer wrote in between."""
        for _ in range(ATTEMPTS):
            try:
                return await self._propose(head, signer, draft, proposal_id)
            except Conflict:
                head = await self._ownership.require_owner(head.id, signer.name)
        raise Conflict("The conversation moves on too fast.", mend="Try again.")

    async def _propose(self, head: Conversation, signer: Signer, draft: Draft, proposal_id: str) -> Proposal:
        now, words = self._engine.clock.now(), self._engine.flows.actions.get(draft.action)
        if words is None or words.purpose not in ("goodwill", "advance") or head.customer_id is None:
            raise NotFound("There is no such action for people to propose.")
        standing = await self._weighing.standing(head.customer_id, draft.order_id)
        # an advance payment pays what the case at fault was promised: named, that promise is its room
        case = case_at_fault(standing.order) if words.purpose == "advance" else None
        args = {"ticket_id": case.ticket_id} if case is not None else {}
        action = Action(name=draft.action, order_id=draft.order_id, amount=draft.amount, args=args)
        grounds = Grounds(
            purpose=words.purpose, reason=draft.reason, cause=draft.cause, dispute_amount=draft.dispute_amount,
            fault_established=draft.fault_established or case is not None,
            sensitive=draft.sensitive or await self._is_sensitive(head.id),
        )  # fmt: skip
        self._weighing.require_room(standing, action)
        apply(standing.order, action, now, "")  # raises what the shop would refuse after the yes
        weighed = self._weighing.of(standing, grounds, action, signer.by, now)
        if weighed.forbidden is not None:
            raise NotAuthorised(f"{weighed.forbidden.table} {weighed.forbidden.row} does not allow this proposal.")
        context = await self._context_of(head)
        lang = head.state.lang
        shown = order_values(standing.order, standing.order.lines, self._engine, lang)
        shown |= {"action_amount": money(draft.amount), "reason": draft.reason}
        proposal = draft_proposal(
            conversation=head, action=action, title=words.title.in_(lang),
            terms=[Term(label=t.label.in_(lang), value=fill(t.value.in_(lang), shown)) for t in words.terms],
            decisions=weighed.decisions, at=now, lifetime=timedelta(minutes=self._engine.profile.proposal_minutes),
            drafted_by=signer.by, proposal_id=proposal_id, level=weighed.level, grounds=grounds,
        )  # fmt: skip
        if context.open_proposal is not None:
            await self._confirming.withdraw(context.open_proposal, context)
        state = head.state.model_copy(update={"proposal_id": proposal_id})
        events: list[Entry] = [*(decided_event(d, draft.order_id) for d in weighed.decisions), proposal.as_event()]
        await self._conversations.commit(head, events, at=now, state=state, proposals=[proposal], turn_done=False)
        return proposal

    async def _is_sensitive(self, conversation_id: str) -> bool:
        recent = await self._conversations.recent(conversation_id, _LOOK_BACK)
        return any(SENSITIVE & set(each.entry.risks) for each in recent if isinstance(each.entry, Understood))

    # ── approvals ────────────────────────────────────────────────────────────────────────────────────────────────

    async def approve(self, proposal_id: str, signer: Signer, reason: str = "") -> Judged:
        """Sign an approval; the last one that is needed carries the proposal out and tells the customer.

        More may have been given since it was asked for: then a higher level is needed, and this one waits on. Raises
        `NotFound`, `ProposalExpired`, `Conflict` (decided before), `NotAuthorised` (the drafter, the same person again,
        another level, or DT-20 forbids it) and `CapReached`.
        """
        signed = None
        for _ in range(ATTEMPTS):
            try:
                signed = await self._sign(proposal_id, signer, reason)
                break
            except GivenChanged:
                continue
        if signed is None:
            raise GivenChanged("Too much is given to this customer at once.")
        if signed.permit is None:
            return Judged(signed.request)
        kept = await self._permits.find(proposal_id)
        settled = await self._permits.execute(signed.permit, self._engine.clock.now())
        await self._tell(kept.proposal, settled)
        return Judged(signed.request, settled)

    async def _sign(self, proposal_id: str, signer: Signer, reason: str) -> Signed:
        now = self._engine.clock.now()
        kept, request = await self._store.find(proposal_id)
        proposal = kept.proposal
        level, given = request.level, None
        standing = await self._permits.standing(proposal.customer_id, proposal.action.order_id)
        if request.state == "awaiting" and proposal.action.amount and proposal.action.order_id and standing is None:
            raise ShopUnavailable("The order cannot be read.", mend="Try again, or check it in the shop's system.")
        if standing is not None and request.state == "awaiting":
            self._weighing.require_signer(standing, proposal, signer, now)
            self._weighing.require_room(standing, proposal.action)
            given = standing.given
            weighed, _ = await self._weighing.weigh(proposal, now)
            if weighed.forbidden is not None:
                raise NotAuthorised(f"{weighed.forbidden.table} {weighed.forbidden.row} rules this out.")
            level = higher(level, weighed.level or level)
        return await self._store.approve(
            proposal_id,
            Signature(signer=signer, verdict="approve", at=now, reason=reason),
            level,
            lifetime=self._permits.lifetime,
            caps=self._weighing.caps(proposal.action, now, level=level, drafted_by=proposal.drafted_by),
            seen=given,
        )

    async def refuse(
        self, proposal_id: str, signer: Signer, reason: str, *, rule: str = "", appeal: str = ""
    ) -> Judged:
        """Refuse what the customer agreed to. A reason is owed; for a statutory claim also rule and appeal path.

        Raises `ReasonMissing`, `UnknownClause` for a rule the pack does not hold, and as `approve` does.
        """
        now = self._engine.clock.now()
        kept, _ = await self._store.find(proposal_id)
        if not reason.strip() or (self.is_statutory(kept.proposal) and not (rule.strip() and appeal.strip())):
            raise ReasonMissing("A refusal needs a reason; that of a statutory claim its rule and where to appeal.")
        head = await self._conversations.get(kept.proposal.conversation_id, customer_id=None)
        context = await self._context_of(head)
        clause = self._engine.index.clause(rule, context.lang) if rule else None
        context.evidence.text(reason, appeal, kept.proposal.title)
        context.evidence.act("handed_off")
        values = {"title": kept.proposal.title, "reason": reason.strip()}
        text = fill(context.say("approval_refused"), values)
        context.told.extend((reason, appeal))
        cited: list[Entry] = []
        if clause is not None:
            mark = context.cite_clause(clause)
            text += fill(context.say("approval_rule"), {"rule": mark.title}) + f"[{mark.mark}]"
            cited = [Cited(citation=mark)]
        if appeal:
            text += "\n\n" + fill(context.say("approval_appeal"), {"appeal": appeal.strip()})
        tell: list[Entry] = [Said(text=text), *cited, HandedOff(reason="approval_refused", note=kept.proposal.title)]
        signature = Signature(signer=signer, verdict="refuse", at=now, reason=reason, rule=rule, appeal=appeal)
        return Judged(await self._store.refuse(proposal_id, signature, tell=tell))

    def is_statutory(self, proposal: Proposal) -> bool:
        """Whether a refusal touches what a law gives the customer."""
        levels = {policy.key: policy.level for policy in self._engine.policies.pack.policies}
        due = proposal.grounds is not None and proposal.grounds.purpose == "statutory_refund"
        return due or any(levels.get(ref.partition("#")[0]) == "statute" for ref in proposal.clauses)

    async def late(self) -> dict[str, Conversation]:
        """The conversations whose request nobody decided in time, by id."""
        now, found = self._engine.clock.now(), await self._store.requests(("awaiting",))
        ids = [request.conversation_id for _, request in found if now > request.expires_at]
        return {each: await self._conversations.get(each, customer_id=None) for each in ids}

    async def expire(self) -> list[str]:
        """Bring requests nobody decided in time back to a person, and tell their customers. The proposals' ids."""
        now, ended = self._engine.clock.now(), []
        for kept, request in await self._store.requests(("awaiting",)):
            if now <= request.expires_at:
                break
            head = await self._conversations.get(request.conversation_id, customer_id=None)
            context = await self._context_of(head)
            context.evidence.act("handed_off")
            text = fill(context.say("approval_expired"), {"title": kept.proposal.title})
            late = HandedOff(reason="approval_expired", urgent=True, note=kept.proposal.title)
            if await self._store.expire(request.proposal_id, now, tell=[Said(text=text), late]):
                ended.append(request.proposal_id)
        return ended

    # ── effects nobody knows the end of ──────────────────────────────────────────────────────────────────────────

    async def uncertain(self, *, look_up: bool = True) -> list[Uncertain]:
        """Effects nobody knows the end of, oldest first; with `look_up`, what the shop's records say now (reads)."""
        kept = await self._permits.proposals.unknown()
        return list(await asyncio.gather(*(self._uncertain(each, look_up) for each in kept)))

    async def _uncertain(self, kept: Kept, look_up: bool) -> Uncertain:
        permit_id = kept.permit.permit_id if kept.permit else ""
        findings = tuple(await self._store.findings(permit_id))
        says, reference = await self._permits.records_say(permit_id) if look_up else ("not_asked", None)
        return Uncertain(kept, findings, self._needs_two(kept.proposal), says, reference)

    def _needs_two(self, proposal: Proposal) -> bool:
        return (proposal.action.amount or 0) > self._engine.profile.front_line_limit

    async def settle(
        self, permit_id: str, signer: Signer, outcome: Outcome, *, reference: str = "", note: str = ""
    ) -> Settled | None:
        """Put down what a person found out. None while a second person has to find the same (above the agent's limit).

        Raises `NotFound`, `Conflict` (its end is known), `NotAuthorised` (the same person twice, or legal), and
        `ReasonMissing`: what was done has a reference, what was not done an explanation.
        """
        if signer.role == "legal":
            raise NotAuthorised("Legal does not settle effects.")
        if not (reference if outcome == "done" else note).strip():
            raise ReasonMissing("Name the shop system's reference, or how you know that it was not done.")
        now = self._engine.clock.now()
        finding = Finding(signer=signer, outcome=outcome, at=now, reference=reference.strip(), note=note.strip())
        await self._store.find_out(permit_id, finding)
        return await self._resolve(permit_id)

    async def _resolve(self, permit_id: str) -> Settled | None:
        kept, _ = await self._permits.proposals.issued(permit_id)
        two = self._needs_two(kept.proposal)
        found = settled_by(await self._store.findings(permit_id), two=two)
        if found is None or kept.settled is None:
            return None
        head = await self._conversations.get(kept.proposal.conversation_id, customer_id=None)
        context = await self._context_of(head)
        settled = resolved(kept.settled, found)
        told = await self._confirming.found_out(settled, kept.proposal, context)
        tell = [settled.as_event(kept.proposal.terms), *self._spoken(context, told)]
        return await self._store.resolve(permit_id, self._engine.clock.now(), two=two, tell=tell)

    # ── recovery ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def recover(self) -> list[Settled]:
        """Finish what a kill left open: permits without an end, and findings that settle an effect."""
        ends = await self._permits.recover(self._engine.clock.now(), tell=self._told_after_crash)
        for kept in await self._permits.proposals.unknown():
            if kept.permit is not None and (settled := await self._resolve(kept.permit.permit_id)):
                ends.append(settled)
        return ends

    async def _told_after_crash(self, kept: Kept, settled: Settled) -> Sequence[Entry]:
        """Words for an end that no open turn will tell: people approved it, or a person owns the talk."""
        head = await self._conversations.get(kept.proposal.conversation_id, customer_id=None)
        if head.owner == "assistant" and (kept.permit is None or kept.permit.level is None):
            return ()
        context = await self._context_of(head)
        return self._spoken(context, await self._confirming.words(settled, kept.proposal, context, record=True))

    async def _tell(self, proposal: Proposal, settled: Settled) -> None:
        """Record the end of an approved proposal and tell it, also when the customer writes meanwhile.

        What was done must not stay unrecorded because the talk moves on faster than the words for it: at last they go
        in behind whatever stands there, and the talk stays in the hands it is in.
        """
        for _ in range(ATTEMPTS):
            opening = await self._conversations.opening(proposal.conversation_id, customer_id=None)
            head, waiting = opening.conversation, opening.waiting
            context = await self._context_of(head)
            told = await self._confirming.words(settled, proposal, context, record=True)
            spoken = self._spoken(context, told)
            # it waited for this approval alone: the assistant goes on, unless something else is unanswered
            back = head.owner == "queue" and waiting is None and told.hand_off is None
            needed = told.hand_off is not None and head.owner == "assistant"
            owner: Owner | None = "assistant" if back else "queue" if needed else None
            entries = [settled.as_event(proposal.terms), *spoken]
            try:
                await self._conversations.commit(
                    head, entries, at=self._engine.clock.now(), owner=owner, settled=[settled], turn_done=back
                )
            except Conflict:
                continue
            return
        await self._permits.proposals.settle(settled, self._engine.clock.now(), tell=spoken)

    def _spoken(self, context: TurnContext, told: Told) -> list[Entry]:
        """The words as the guard passes them."""
        text = told.text
        if violations := context.violations(text):
            log.error("guard_stopped", conversation=context.conversation.id, kinds=[v.kind for v in violations])
            text = context.say("not_sure")
        return [Said(text=text, cards=told.cards), *([told.hand_off] if told.hand_off else [])]


def _draft_id(conversation_id: str, signer: Signer, client_id: str) -> str:
    """One id per client id: unguessable, because the conversation's is."""
    return hashlib.sha256(f"{conversation_id}\n{signer.person}\n{client_id}".encode()).hexdigest()[:32]
