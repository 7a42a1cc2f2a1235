"""After-sale tickets at work: the sweep that lets the clock act, people at the desk acting through permits, and telling
the customer what happened, each once.

Only for a shop whose tickets are our own; a connected shop keeps its tickets, and their clock, in its own system.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from assistant.context import Engine, citation_of
from assistant.conversation import Attached, Cited, Conversation, Entry, Lang, Logged, Said, Term
from assistant.dispute_pack import Material, PackedClause, PackedFile, pack_dispute
from assistant.errors import Conflict, EffectRefused, EffectUnknown, NotAuthorised, NotFound
from assistant.evidence import with_file
from assistant.order_facts import CUSTOMER_MOVES, card_of, newest_ticket, ticket_values
from assistant.orders import change_ticket
from assistant.permits import ATTEMPTS, Permits
from assistant.photos import FileChecks
from assistant.proposals import Grounds, Proposal, Settled, draft_proposal
from assistant.shop import Action, Order, Ticket
from assistant.store.conversations import ConversationStore
from assistant.store.files import Attachment, FileStore
from assistant.store.sql_shop import SqlShop
from assistant.store.ticket_talks import TicketTalks
from assistant.ticket_moves import STATUTORY, Actor
from assistant.tickets import due, is_open, moves_of
from assistant.wording import fill
from knowledge.errors import UnknownClause

log = structlog.get_logger("assistant")

DESK_EVENT = "ticket_event"
"""The action by which a person at the desk moves a ticket."""

_OWN = frozenset({"customer", "assistant"})
"""Steps by these were told where they were made."""

_SHOWN_BY_PHOTOS = frozenset({"condition", "condition_photos"})
"""Questions that people answer with a photo. No table decides by one: a person looks at it."""


@dataclass
class Swept:
    """What a sweep did: tickets that changed, and what was logged in which conversation."""

    changed: list[str] = field(default_factory=list[str])
    logged: list[tuple[Conversation, Logged]] = field(default_factory=list[tuple[Conversation, Logged]])


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person at the desk in the role they signed in with."""

    name: str
    role: Actor

    @property
    def who(self) -> str:
        return f"{self.role}:{self.name}"


class AfterSale:
    """The tickets of one shop."""

    def __init__(
        self,
        engine: Engine,
        shop: SqlShop,
        *,
        conversations: ConversationStore,
        permits: Permits,
        talks: TicketTalks,
        files: FileStore,
    ) -> None:
        self.engine = engine
        self.files = files
        self.checks = FileChecks()
        self.shop = shop
        self.conversations = conversations
        self.permits = permits
        self.talks = talks

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def find(self, ticket_id: str, *, customer_id: str | None = None) -> tuple[Order, Ticket]:
        """A ticket and its order; with `customer_id`, only the customer's own. Raises `NotFound`."""
        order = await self.shop.order_of_ticket(ticket_id)
        if order is None or customer_id not in (None, order.customer_id):
            raise NotFound("There is no such ticket.")
        return order, next(ticket for ticket in order.tickets if ticket.ticket_id == ticket_id)

    async def files_of(self, order: Order, ticket: Ticket) -> list[Attachment]:
        """What was sent for `ticket`, and what was sent for its order before any case of it, when `ticket` is the first
        that followed: a photo of the goods is asked for before there is a case.
        """
        sent = await self.files.of_order(order.order_id)
        return [each for each in sent if (each.ticket_id or _followed(order, each.at)) == ticket.ticket_id]

    async def of_customer(self, customer_id: str) -> list[tuple[Order, Ticket]]:
        """The customer's own tickets, the open ones first, then the newest."""
        orders = await self.shop.orders(customer_id)
        both = [(order, ticket) for order in orders for ticket in order.tickets]
        return sorted(both, key=lambda pair: (not is_open(pair[1]), -pair[1].updated_at.timestamp(), pair[1].ticket_id))

    async def waiting(self, limit: int = 200) -> list[tuple[Order, Ticket]]:
        """Open tickets of the shop: those a person was called for, then by how much of their limit has passed."""
        orders = await self.shop.open_ticket_orders(limit=limit)
        both = [(order, ticket) for order in orders for ticket in order.tickets if is_open(ticket)]
        last = datetime.max.replace(tzinfo=self.engine.clock.now().tzinfo)
        return sorted(both, key=lambda pair: (pair[1].escalated_at is None, -pair[1].alerted, pair[1].deadline or last))

    # ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────

    async def sweep(self) -> Swept:
        """Apply every alert and time-out that is due, each once, and tell the customers. Again, it does nothing."""
        now, swept = self.engine.clock.now(), Swept()

        def struck(order: Order) -> Order:
            return order.model_copy(update={"tickets": tuple(due(ticket, now) for ticket in order.tickets)})

        for order in await self.shop.due_orders(now):
            after = await self.shop.change_order(order.order_id, struck)
            before = {ticket.ticket_id: ticket for ticket in order.tickets}
            tickets = after.tickets if after else ()
            swept.changed += [t.ticket_id for t in tickets if t != before.get(t.ticket_id)]
        for order in await self.shop.untold_orders():
            swept.logged += await self.tell(order)
        if swept.changed:
            log.info("tickets_swept", changed=len(swept.changed), told=len(swept.logged))
        return swept

    async def tell(self, order: Order) -> list[tuple[Conversation, Logged]]:
        """Tell the order's customer of every step that was made elsewhere, where they have a conversation open."""
        said: list[tuple[Conversation, Logged]] = []
        for ticket in order.tickets:
            if ticket.told >= len(ticket.history):
                continue
            if any(step.by not in _OWN and step.event != "take" for step in ticket.history[ticket.told :]):
                try:
                    said += await self._say(order, ticket)
                except Conflict:
                    continue  # the talk has moved on meanwhile: the next sweep tells
            await self._note_told(order.order_id, ticket)
        return said

    async def _say(self, order: Order, ticket: Ticket) -> list[tuple[Conversation, Logged]]:
        came_from = [p.conversation_id for p, _ in await self.talks.proposals_of(order.order_id, ticket.ticket_id)]
        talk = await self.talks.open_talk(order.customer_id, came_from)
        ref = f"{ticket.ticket_id}#{len(ticket.history)}"
        if talk is None or await self.talks.was_told(talk.id, ref):
            return []
        words, cited = self.words(ticket, talk.lang)
        card = card_of(ticket, self.engine, talk.lang)
        entries: list[Entry] = [Said(text=words, cards=(card,), ref=ref), *cited]
        _, logged = await self.conversations.commit(talk, entries, at=self.engine.clock.now(), turn_done=False)
        return [(talk, entry) for entry in logged]

    async def _note_told(self, order_id: str, ticket: Ticket) -> None:
        def noted(order: Order) -> Order:
            tickets = tuple(
                each.model_copy(update={"told": len(ticket.history)}) if each.ticket_id == ticket.ticket_id else each
                for each in order.tickets
            )
            return order.model_copy(update={"tickets": tickets})

        await self.shop.change_order(order_id, noted)

    def words(self, ticket: Ticket, lang: Lang) -> tuple[str, list[Cited]]:
        """What a customer is told about the newest step, and the quotation of the rule that a rejection rests on."""
        flows, step = self.engine.flows, ticket.history[-1]
        values = ticket_values(ticket, flows, lang)
        event = flows.phrase("ticket_event", step.event, lang) if step.from_state == step.to_state else None
        shown = {
            "kind": values["ticket_kind"],
            "ticket": ticket.ticket_id,
            "state": event or values["ticket_state"],
            "next": values["ticket_next"],
        }
        text = fill(flows.text("ticket_update", lang), shown)
        text += f"\n\n{step.why}" if step.why and ":" in step.by else ""
        if step.to_state != "REJECTED" or step.clause is None:
            return text, []
        cited = citation_of(self.engine.index.clause(step.clause, lang), 1)
        rule = fill(flows.text("approval_rule", lang), {"rule": cited.title}).strip()
        return f"{text}\n\n{rule}[{cited.mark}]", [Cited(citation=cited)]

    # ── the customer ─────────────────────────────────────────────────────────────────────────────────────────────

    async def propose(
        self,
        conversation: Conversation,
        ticket_id: str,
        event: str,
        *,
        client_id: str,
        waybill: str = "",
        why: str = "",
    ) -> tuple[Proposal, list[Logged]]:
        """Put an event of the customer's own before them as a proposal; their yes carries it out. The same client id
        again gives the first one and logs nothing.

        Raises `NotFound`, `MoveRefused`, and `Conflict` when the conversation is closed or has moved on.
        """
        proposal_id = hashlib.sha256(f"{conversation.id} {client_id}".encode()).hexdigest()[:32]
        name = CUSTOMER_MOVES.get(event, event)
        given = {"waybill": waybill, "why": why}
        args = {"ticket_id": ticket_id} | {name: words for name, words in given.items() if words}
        try:
            before = (await self.permits.find(proposal_id)).proposal
        except NotFound:
            pass  # the first time
        else:
            if (before.action.name, before.action.args) != (name, args):
                raise Conflict("This client id was used for something else.", mend="Use a new one.")
            return before, []
        if conversation.closed or conversation.customer_id is None:
            raise Conflict("The conversation is closed.", mend="Open a new one.")
        order, ticket = await self.find(ticket_id, customer_id=conversation.customer_id)
        now, lang, flows = self.engine.clock.now(), conversation.lang, self.engine.flows
        change_ticket(order, ticket_id, event, by="customer", who="customer", at=now, args=args)
        words = flows.actions[name]
        values = {
            **ticket_values(ticket, flows, lang),
            "ticket": ticket_id,
            "return_waybill": waybill,
            "appeal_why": why,
        }
        drafted = draft_proposal(
            conversation=conversation,
            action=Action(name=name, order_id=order.order_id, args=args),
            title=words.title.in_(lang),
            terms=[Term(label=t.label.in_(lang), value=fill(t.value.in_(lang), values)) for t in words.terms],
            decisions=(),
            at=now,
            lifetime=timedelta(minutes=self.engine.profile.proposal_minutes),
            proposal_id=proposal_id,
        )
        await self._withdraw_open(conversation, now)
        _, logged = await self.conversations.commit(
            conversation,
            [Said(text=flows.text("please_confirm", lang)), drafted.as_event()],
            at=now,
            state=conversation.state.model_copy(update={"proposal_id": proposal_id}),
            proposals=[drafted],
            turn_done=False,
        )
        return drafted, logged

    async def _withdraw_open(self, conversation: Conversation, now: datetime) -> None:
        """Two open proposals would make a yes ambiguous: the newer one stands."""
        if conversation.state.proposal_id is None:
            return
        kept = await self.permits.find(conversation.state.proposal_id)
        if kept.state == "open":
            who = kept.proposal
            await self.permits.decline(
                who.proposal_id, customer_id=who.customer_id, conversation_id=who.conversation_id, at=now
            )

    async def attach(
        self, conversation: Conversation, content: bytes, *, name: str, client_id: str, ticket_id: str | None = None,
        shows: str | None = None,
    ) -> tuple[Attachment, list[Logged]]:  # fmt: skip
        """Take a file as evidence: for the ticket named, else for the open one of the order talked about. The log gets
        the file and what is still missing; a ticket that waits for evidence goes on. Once per client id.

        Raises `FileRefused`, `Conflict`, `NotFound` (somebody else's ticket), `StoreUnavailable`.
        """
        if conversation.closed or conversation.customer_id is None:
            raise Conflict("The conversation is closed.", mend="Open a new one.")
        checked = await self.checks.of(content)
        order, ticket = await self._meant(conversation, ticket_id)
        sent = Attachment(
            file_id="",
            client_id=client_id,
            customer_id=conversation.customer_id,
            conversation_id=conversation.id,
            order_id=order.order_id if order else None,
            ticket_id=ticket.ticket_id if ticket else None,
            shows=shows,
            name=name,
            media_type=checked.media_type,
            size=checked.size,
            sha256=checked.sha256,
            phash=checked.phash,
            at=self.engine.clock.now(),
        )
        kept, new = await self.files.add(sent, checked, content)
        if not new:
            # sent again: when the first attempt died before the log had the file, it is noted now
            entries = [logged.entry for logged in await self.conversations.read(conversation.id, limit=5000)]
            new = not any(isinstance(entry, Attached) and entry.file_id == kept.file_id for entry in entries)
        return kept, (await self._note_file(conversation, kept, ticket) if new else [])

    async def _meant(self, conversation: Conversation, ticket_id: str | None) -> tuple[Order | None, Ticket | None]:
        """The order and ticket a file is for."""
        if ticket_id is not None:
            return await self.find(ticket_id, customer_id=conversation.customer_id)
        talked_of, who = conversation.state.order_id, conversation.customer_id
        order = await self.shop.order(who, talked_of) if who and talked_of else None
        newest = newest_ticket(order) if order else None
        return order, newest if newest is not None and is_open(newest) else None

    async def _note_file(self, conversation: Conversation, kept: Attachment, ticket: Ticket | None) -> list[Logged]:
        flows, lang = self.engine.flows, conversation.lang
        lines = [fill(flows.text("file_received", lang), {"name": kept.name})]
        if ticket is not None:
            listed = partial(_with_evidence, ticket_id=ticket.ticket_id, kept=kept)
            await self.shop.change_order(ticket.order_id, listed)
            _, ticket = await self.find(ticket.ticket_id)
            missing = flows.evidence.missing(ticket, lang)
            between = "、" if lang == "zh" else "; "
            lines += [
                fill(flows.text("evidence_missing", lang), {"missing": between.join(missing)})
                if missing
                else flows.text("evidence_complete", lang)
            ]
        elif conversation.state.waiting_for in _SHOWN_BY_PHOTOS and conversation.owner == "assistant":
            lines.append(flows.text("photo_of_goods", lang))
        fields = kept.model_dump(
            include={"client_id", "file_id", "name", "media_type", "size", "order_id", "ticket_id"}
        )
        entries: list[Entry] = [Attached(**fields), Said(text="".join(lines) if lang == "zh" else " ".join(lines))]
        for attempt in range(ATTEMPTS):
            head = await self.conversations.get(conversation.id, customer_id=None)
            try:
                _, logged = await self.conversations.commit(head, entries, at=kept.at, turn_done=False)
                break
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
        return logged

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def act(
        self, ticket_id: str, event: str, colleague: Colleague, args: Mapping[str, Any]
    ) -> tuple[Ticket, list[tuple[Conversation, Logged]]]:
        """Move a ticket as a person at the desk, through a permit as every write; the ticket after it, and what its
        customer was told.

        Raises `NotFound`, `UnknownClause` for a rule the pack does not hold, `EffectRefused` (`MoveRefused` with what
        is allowed instead), `NotAuthorised` when money rests on no clause or no claim of law, and `EffectUnknown`.
        """
        order, before = await self.find(ticket_id)
        kind, now = before.kind, self.engine.clock.now()
        given = {name: value for name, value in args.items() if value not in (None, "", [], ())}
        if "rule" in given:
            self.engine.index.clause(given["rule"], "zh")  # what is paid or refused rests on a clause that exists
        sent = {**given, "ticket_id": ticket_id, "event": event, "by": colleague.role, "who": colleague.who}
        # what the machine would refuse gets no permit
        after = change_ticket(order, ticket_id, event, by=colleague.role, who=colleague.who, at=now, args=given)
        paid = after.refunded - order.refunded
        if paid and kind not in STATUTORY:
            raise NotAuthorised(
                f"A case of the kind {kind} pays nothing by itself.",
                mend="Draft a goodwill or an advance payment in the talk: it is weighed and approved there.",
            )
        action = Action(name=DESK_EVENT, order_id=order.order_id, args=sent, amount=paid or None)
        earlier = await self.talks.proposals_of(order.order_id, ticket_id)
        # what was refused, or whose end nobody knows, is no ground for paying
        clauses = [clause for proposal, settled in earlier if settled.state == "done" for clause in proposal.clauses]
        talk = await self._talk_for(order, [proposal.conversation_id for proposal, _ in earlier])
        drafted = draft_proposal(
            conversation=talk,
            action=action,
            title=f"{ticket_id} {event}",
            terms=(),
            decisions=(),  # a person's event rests on the request's clauses and on the rule they name
            clauses=[*dict.fromkeys([*([given["rule"]] if "rule" in given else []), *clauses])],
            at=now,
            drafted_by=colleague.who,
            grounds=Grounds(purpose="statutory_refund", cause=ticket_id) if paid else None,
        )
        await self.conversations.commit(talk, [], at=now, proposals=[drafted], turn_done=False)
        permit = await self.permits.authorise(
            drafted.proposal_id,
            customer_id=order.customer_id,
            conversation_id=talk.id,
            args_hash=drafted.args_hash,
            at=now,
            by=colleague.who,
        )
        settled = await self.permits.execute(permit, now)
        await self._record(settled, now)
        if settled.state == "refused":
            raise EffectRefused(settled.reason)
        if settled.state == "unknown":
            raise EffectUnknown(settled.reason)
        told = await self.tell((await self.find(ticket_id))[0])
        return (await self.find(ticket_id))[1], told

    async def _record(self, settled: Settled, now: datetime) -> None:
        """Write the end into the ledger; the customer is told of the ticket's step, not of the desk's permit."""
        for _ in range(ATTEMPTS):
            head = await self.conversations.get(settled.conversation_id, customer_id=None)
            try:
                await self.conversations.commit(head, [], at=now, settled=[settled], turn_done=False)
            except Conflict:
                continue  # the talk has moved on
            return
        await self.permits.proposals.settle(settled, now)

    async def _talk_for(self, order: Order, came_from: Sequence[str]) -> Conversation:
        """The conversation a desk's permit is filed under."""
        talk = await self.talks.open_talk(order.customer_id, came_from)
        if talk is not None:
            return talk
        key, now = self.engine.profile.key, self.engine.clock.now()
        return await self.conversations.open(key, order.customer_id, channel="desk", lang="zh", at=now)

    async def dispute_pack(self, ticket_id: str, lang: Lang) -> bytes:
        """Everything about a case as one zip, see `assistant.dispute_pack`. Raises `NotFound`."""
        order, ticket = await self.find(ticket_id)
        writes = await self.talks.proposals_of(order.order_id, ticket_id)
        sent = await self.files_of(order, ticket)
        talks = dict.fromkeys([*(p.conversation_id for p, _ in writes), *(each.conversation_id for each in sent)])
        messages = [entry for talk in talks for entry in await self.conversations.read(talk, limit=5000)]
        refs = [clause for proposal, _ in writes for clause in proposal.clauses]
        refs += [step.clause for step in ticket.history if step.clause]
        refs += [entry.entry.citation.clause for entry in messages if isinstance(entry.entry, Cited)]
        files = [
            PackedFile(each.name, each.media_type, each.sha256, each.at, "customer", await self.files.original(each))
            for each in sent
        ]
        material = Material(
            order=order,
            ticket=ticket,
            labels=self._labels(lang),
            messages=messages,
            files=files,
            clauses=[clause for ref in dict.fromkeys(refs) if (clause := self._clause(ref, lang))],
            ledger=await self.talks.ledger_of([settled.permit_id for _, settled in writes]),
        )
        return await asyncio.to_thread(pack_dispute, material, lang)

    def _labels(self, lang: Lang) -> dict[str, str]:
        kinds = ("ticket_state", "ticket_kind", "ticket_event")
        phrases = self.engine.flows.phrases
        return {code: words.in_(lang) for kind in kinds for code, words in phrases.get(kind, {}).items()}

    def _clause(self, ref: str, lang: Lang) -> PackedClause | None:
        try:
            clause = self.engine.index.clause(ref, lang)
        except UnknownClause:
            return None
        policy = clause.policy
        window = policy.window
        return PackedClause(
            clause.ref, policy.title, policy.version, clause.shown, policy.source, window.start, window.end
        )

    def moves(self, ticket: Ticket, colleague: Colleague) -> list[tuple[str, tuple[str, ...]]]:
        """The events this person may send now, each with what it cannot go without."""
        found = moves_of(ticket, colleague.role, self.engine.clock.now())
        return list({move.event: (move.event, move.needs) for move in found}.values())


def _with_evidence(order: Order, *, ticket_id: str, kept: Attachment) -> Order:
    """The order with a file listed on its ticket, which goes on when it waited for one."""
    tickets = tuple(
        with_file(each, kept.medium, kept.shows) if each.ticket_id == ticket_id else each for each in order.tickets
    )
    listed = order.model_copy(update={"tickets": tickets})
    try:
        return change_ticket(listed, ticket_id, "give_evidence", by="customer", who="customer", at=kept.at, args={})
    except EffectRefused:
        return listed  # it waits for something else


def _followed(order: Order, at: datetime) -> str | None:
    """The first of the order's cases that was opened after `at`."""
    after = [(ticket.opened_at, ticket.ticket_id) for ticket in order.tickets if ticket.opened_at >= at]
    return min(after)[1] if after else None
