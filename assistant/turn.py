"""The engine: a few verbs that chat, desk and offline evaluation share.

One turn: load the conversation · understand · plan and act · decide · guard · append all of it in one transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import structlog

from assistant.approving import Approving
from assistant.claims import note_claims
from assistant.confirming import Confirming, Told
from assistant.context import Engine, TurnContext
from assistant.conversation import (
    AgentSaid,
    Answered,
    Asked,
    Cited,
    Closed,
    Conversation,
    Done,
    Entry,
    HandedOff,
    Lang,
    Logged,
    QuickReply,
    Rated,
    Said,
    TurnEvent,
    Understood,
)
from assistant.errors import ModelUnavailable, NotFound, ProposalExpired, ProposalSettled, ShopUnavailable
from assistant.meanwhile import Meanwhile
from assistant.permits import Permits
from assistant.planner import FlowPlanner, Planner, Saying, issues_of
from assistant.profile import ShopProfile
from assistant.proposals import Proposal, Settled
from assistant.quality import Scorecard, score
from assistant.risk import RiskNote, risk_notes
from assistant.rule_questions import prepare_search
from assistant.shop import Connected
from assistant.store.approval_store import ApprovalStore
from assistant.store.conversations import ConversationStore
from assistant.store.database import Database
from assistant.store.ownership import OwnershipStore, QueuePlace
from assistant.store.proposals import Past
from assistant.suggestions import Suggestion, suggest_replies
from assistant.summaries import Kind, Summary, summarize
from assistant.transcripts import Transcript
from assistant.unanswered import gap_of
from assistant.understanding import Understander
from assistant.verdict import moved_on, supersedes, verdict_on
from assistant.weighing import Weighing
from assistant.wording import fill

log = structlog.get_logger("assistant")

_RECENT = 40


@dataclass
class _Turn:
    """What one turn appends."""

    context: TurnContext
    entries: list[Entry]
    settled: tuple[Settled, ...] = ()
    hand_off: HandedOff | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    planner: str = "flow"


class Assistant:
    """The assistant of one shop. It holds no state of its own between turns; the log does."""

    def __init__(
        self,
        engine: Engine,
        conversations: ConversationStore,
        permits: Permits,
        understander: Understander,
        planner: Planner,
        *,
        database: Database,
    ) -> None:
        self.engine = engine
        self.conversations = conversations
        self.permits = permits
        self._understander = understander
        self._planner = planner
        self._flows = FlowPlanner()
        self._meanwhile = Meanwhile()
        self.database = database
        self.ownership = OwnershipStore(database, engine.profile.key)
        weighing = Weighing(engine, permits)
        approvals = ApprovalStore(database, permits.ledger, permits.proposals, engine.profile.key, steps=permits.steps)
        self._confirming = Confirming(engine, permits, approvals, weighing)
        self.approvals = Approving(
            engine, permits, conversations, approvals=approvals, ownership=self.ownership, weighing=weighing,
            confirming=self._confirming, context_of=self._silent_context,
        )  # fmt: skip

    async def close(self) -> None:
        """Release the database and the shop's connections. The assistant cannot be used afterwards."""
        if isinstance(self.engine.shop, Connected):
            await self.engine.shop.aclose()
        await self.database.aclose()

    @property
    def profile(self) -> ShopProfile:
        return self.engine.profile

    async def open(self, customer_id: str | None, *, lang: Lang = "zh", channel: str = "widget") -> Conversation:
        """Begin a conversation. `customer_id` None is a visitor who is not signed in."""
        return await self.conversations.open(
            self.profile.key, customer_id, channel=channel, lang=lang, at=self.engine.clock.now()
        )

    async def accept(self, conversation_id: str, asked: Asked, *, customer_id: str | None) -> tuple[Logged, bool]:
        """Log a message before anything is done about it. False when this `client_id` was taken before.

        Raises `InvalidMessage`, `NotFound`, and `Conflict` for the same id with other words.
        """
        asked = asked.model_copy(update={"text": self._understander.clean(asked.text)})
        return await self.conversations.ask(
            conversation_id, asked, self.engine.clock.now(), customer_id=customer_id, shop=self.profile.key
        )

    async def reply(self, conversation_id: str, *, customer_id: str | None) -> AsyncIterator[Logged | Saying]:
        """Answer what is unanswered, oldest first. Silent while a person owns the conversation; while it waits for one,
        only what changes nothing is answered.
        """
        while True:
            opening = await self.conversations.opening(conversation_id, customer_id=customer_id, shop=self.profile.key)
            conversation, waiting = opening.conversation, opening.waiting
            if waiting is None or conversation.owner == "agent" or conversation.closed:
                return
            if isinstance(waiting.entry, Answered):
                turn = await self._after_answer(conversation, waiting.entry)
            else:
                assert isinstance(waiting.entry, Asked)
                turn = await self._heard(conversation, waiting.entry, opening.past)
                async for saying in self._answer(turn, waiting.entry):
                    yield saying
            for logged in await self._commit(turn, waiting.turn):
                yield logged
            if turn.context.conversation.turns <= waiting.turn:
                return

    async def _heard(self, conversation: Conversation, asked: Asked, past: Past) -> _Turn:
        context = await self._context(conversation, asked, past)
        heard = context.heard
        understood = Understood(
            lang=heard.lang,
            intents=heard.intents,
            acts=heard.acts,
            slots=heard.slots.model_dump(mode="json", exclude_defaults=True),
            mood=heard.mood,
            risks=heard.risks,
        )
        return _Turn(context, [understood])

    async def _answer(self, turn: _Turn, asked: Asked) -> AsyncIterator[Saying]:
        try:
            async for saying in self._respond(turn, asked):
                yield saying
        except ShopUnavailable as error:
            await self._without_shop(turn, asked, error)

    async def _respond(self, turn: _Turn, asked: Asked) -> AsyncIterator[Saying]:
        """Serve the message: as an answer to what is open, else by the planner. Raises `ShopUnavailable`."""
        context = turn.context
        verdict = verdict_on(context)
        if context.unfinished is not None and context.heard.yes:
            await self._tell(turn, await self._confirming.ended(context.unfinished, context))
        elif verdict is not None and context.open_proposal is not None:
            await self._answered_in_words(turn, context.open_proposal, verdict, asked)
        else:
            async for saying in self._plan(turn, asked):
                yield saying

    async def _without_shop(self, turn: _Turn, asked: Asked, error: ShopUnavailable) -> None:
        """The shop's own system does not answer, and this message needed it: say so, and call a person."""
        log.warning("shop_unavailable", conversation=turn.context.conversation.id, reason=error.what)
        turn.context = await self._context(turn.context.conversation, asked)
        turn.entries, turn.hand_off, turn.quick_replies = turn.entries[:1], None, ()
        turn.context.evidence.act("handed_off")
        self._take(turn, Said(text=turn.context.say("shop_unavailable")))
        self._take(turn, HandedOff(reason="shop_unavailable"))

    async def _plan(self, turn: _Turn, asked: Asked) -> AsyncIterator[Saying]:
        """Let the planner speak; when a model fails, the same turn falls back to the flows."""
        context = turn.context
        if context.conversation.owner == "queue":
            async for item in self._planned(turn, self._meanwhile):
                yield item
            return
        try:
            async for item in self._planned(turn, self._planner):
                yield item
        except ModelUnavailable as error:
            log.warning("model_unavailable", conversation=context.conversation.id, reason=error.what)
            fresh = await self._context(context.conversation, asked)
            turn.context, turn.entries, turn.hand_off, turn.quick_replies = fresh, turn.entries[:1], None, ()
            async for item in self._planned(turn, self._flows):
                yield item

    async def _planned(self, turn: _Turn, planner: Planner) -> AsyncIterator[Saying]:
        replaces = turn.context.open_proposal is not None and supersedes(turn.context)
        await prepare_search(turn.context)
        async for event in planner.run(turn.context):
            if isinstance(event, Saying):
                yield event
            else:
                self._take(turn, event)
        context = turn.context
        if context.open_proposal is not None and (
            context.proposals or turn.hand_off or (replaces and moved_on(context))
        ):
            # an older proposal beside a new matter would make a yes ambiguous: the newer one stands
            await self._confirming.withdraw(context.open_proposal, context)
            if not context.proposals:
                context.remember(proposal_id=None)
        await self._tell_the_place(turn)

    async def _tell_the_place(self, turn: _Turn) -> None:
        """Behind a hand-off: which place in the queue the customer has, and how long that takes as far as is known."""
        context, called = turn.context, turn.hand_off
        if called is None or called.urgent or context.conversation.owner != "assistant":
            return
        ahead = await self.ownership.next_place(context.now)
        minutes = None if ahead.expected_wait is None else max(1, round(ahead.expected_wait.total_seconds() / 60))
        turn.hand_off = called.model_copy(update={"place": ahead.place, "wait_minutes": minutes})
        turn.entries[turn.entries.index(called)] = turn.hand_off
        context.evidence.number(ahead.place, minutes or 0)
        words = context.say("in_queue" if minutes is None else "in_queue_for")
        self._take(turn, Said(text=fill(words, {"place": str(ahead.place), "minutes": str(minutes)})))

    def _take(self, turn: _Turn, event: TurnEvent) -> None:
        """Append an event behind what tools have logged meanwhile; words only if the guard passes them."""
        context = turn.context
        turn.entries.extend(context.events)
        context.events.clear()
        if isinstance(event, Done):
            turn.quick_replies, turn.planner = event.quick_replies, event.planner
            return
        if isinstance(event, HandedOff):
            turn.hand_off = event
        if not isinstance(event, Said):
            turn.entries.append(event)
            return
        violations = context.violations(event.text)
        if violations:
            log.error("guard_stopped", conversation=context.conversation.id, kinds=[v.kind for v in violations])
            turn.entries.append(Said(text=context.say("not_sure")))
            return
        turn.entries.append(event)
        cited = {entry.citation.clause for entry in turn.entries if isinstance(entry, Cited)}
        shown = [c for c in context.citations if c.clause not in cited and f"[{c.mark}]" in event.text]
        turn.entries.extend(Cited(citation=c) for c in shown)

    # ── answers to a proposal ────────────────────────────────────────────────────────────────────────────────────

    async def confirm(
        self,
        conversation_id: str,
        proposal_id: str,
        answer: Literal["yes", "no"],
        *,
        client_id: str,
        customer_id: str | None,
    ) -> AsyncIterator[Logged]:
        """Answer a proposal by button. The yes is logged with its permit before anything is carried out.

        Raises `NotFound` (absent, or somebody else's), `ProposalExpired`, `ProposalSettled`.
        """
        conversation = await self._own(conversation_id, customer_id)
        kept = await self.permits.find(proposal_id)
        if kept.proposal.conversation_id != conversation_id or kept.proposal.customer_id != conversation.customer_id:
            raise NotFound("There is no such proposal.")
        answered = Answered(proposal_id=proposal_id, answer=answer, client_id=client_id)
        context = await self._context(conversation, Asked(client_id=client_id, text=""))
        told = await self._confirming.answer(kept.proposal, answered, context)
        turn = _Turn(context, [])
        await self._tell(turn, told)
        turn.context.conversation = await self.conversations.get(conversation_id, customer_id=None)
        recent = await self.conversations.recent(conversation_id, _RECENT)
        opened = next(e for e in reversed(recent) if isinstance(e.entry, Answered) and e.entry.client_id == client_id)
        yield opened
        for logged in await self._commit(turn, opened.turn):
            yield logged

    async def _answered_in_words(
        self, turn: _Turn, proposal: Proposal, verdict: Literal["yes", "no"], asked: Asked
    ) -> None:
        context = turn.context
        answered = Answered(proposal_id=proposal.proposal_id, answer=verdict, client_id=f"words:{asked.client_id}")
        try:
            told = await self._confirming.answer(proposal, answered, context, logged=False)
            turn.entries.append(answered)
        except ProposalExpired:
            told = Told(context.say("expired"), again=True)
        except ProposalSettled:
            told = Told(context.say("settled"))
        await self._tell(turn, told)
        context.conversation = await self.conversations.get(context.conversation.id, customer_id=None)

    async def _after_answer(self, conversation: Conversation, answered: Answered) -> _Turn:
        """Tell the end of a proposal whose answer was logged but never replied to: the process died in between."""
        context = await self._context(conversation, Asked(client_id=answered.client_id, text=""))
        turn = _Turn(context, [])
        kept = await self.permits.find(answered.proposal_id)
        await self._tell(turn, await self._confirming.ended(kept, context))
        return turn

    async def _tell(self, turn: _Turn, told: Told) -> None:
        """Put the end of a proposal into words, then take up what waited behind it."""
        context = turn.context
        if told.settled:
            # what `recover` has recorded stands in the log already
            turn.settled = (told.settled,) if told.record else ()
            turn.entries += [told.settled.as_event(told.terms)] if told.record else []
        self._take(turn, Said(text=told.text, cards=told.cards))
        if told.hand_off:
            self._take(turn, told.hand_off)
        flow = context.state.flow if told.again else None
        waiting = (*((flow,) if flow else ()), *context.state.pending)
        context.open_proposal = None
        context.remember(proposal_id=None, flow=None, waiting_for=None, pending=())
        if waiting and not told.hand_off and context.conversation.owner == "assistant":
            async for event in self._flows.serve(context, list(waiting), taken_up=not told.again):
                self._take(turn, event)

    # ── for people at the desk ───────────────────────────────────────────────────────────────────────────────────

    async def suggest(self, conversation_id: str) -> list[Suggestion]:
        """Up to three replies to what the customer said last, each with citations. Nothing is written."""
        conversation = await self.conversations.get(conversation_id, customer_id=None, shop=self.profile.key)
        recent = await self.conversations.recent(conversation_id, _RECENT)
        for asked in [e.entry for e in reversed(recent) if isinstance(e.entry, Asked)]:
            context = await self._context(conversation, asked)
            context.remember(waiting_for=None, pending=(), parked=())
            # asking for a person is what brought the talk here; what it is about was said before
            if issues_of(context) not in ([], ["human_request"], ["greeting_chat"]):
                return await suggest_replies(context)
        return []

    async def summarize(self, conversation_id: str, *, kind: Kind = "handover") -> Summary:
        """A summary of the conversation, in the shop's first language."""
        conversation = await self.conversations.get(conversation_id, customer_id=None, shop=self.profile.key)
        log = await self.conversations.read(conversation_id, limit=5000)
        order = None
        if conversation.customer_id and conversation.state.order_id:
            order = await self.engine.shop.order(conversation.customer_id, conversation.state.order_id)
        lang = self.profile.languages[0]
        return summarize(conversation, log, kind=kind, phrase=self.engine.flows.phrase, order=order, lang=lang)

    def score(self, transcript: Transcript, *, lang: Lang = "zh") -> Scorecard:
        """Score a transcript, live (`transcripts.of_log`) or imported."""
        return score(transcript, self.engine.scorecard, lang=lang)

    async def risk_notes(self, customer_id: str) -> list[RiskNote]:
        """Notes for an agent's eyes. They decide nothing."""
        return risk_notes(await self.engine.shop.orders(customer_id), self.engine.clock.now())

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def place_in_queue(self, conversation_id: str) -> QueuePlace | None:
        """The place among those who wait for a person and the wait to expect; None when it waits for none."""
        return await self.ownership.place_in_queue(conversation_id, self.engine.clock.now())

    async def take_over(self, conversation_id: str, agent: str, *, supervises: bool = False) -> list[Logged]:
        """A person owns the talk from now on; the assistant is silent until it is given back."""
        return await self.ownership.take(conversation_id, agent, self.engine.clock.now(), supervises=supervises)

    async def give_back(self, conversation_id: str, agent: str, *, supervises: bool = False) -> list[Logged]:
        return await self.ownership.give_back(conversation_id, agent, self.engine.clock.now(), supervises=supervises)

    async def agent_say(self, conversation_id: str, said: AgentSaid) -> tuple[Logged, bool]:
        """Log an agent's words, once per `client_id`."""
        return await self.conversations.agent_said(conversation_id, said, self.engine.clock.now())

    async def hand_off(
        self, conversation_id: str, reason: str, *, customer_id: str | None = None, urgent: bool = False
    ) -> list[Logged]:
        """Put the talk into the desk's queue."""
        conversation = await self._own(conversation_id, customer_id)
        if conversation.owner != "assistant":
            return []
        text = self.engine.flows.text("handed_off", conversation.lang)
        events: list[Entry] = [Said(text=text), HandedOff(reason=reason, urgent=urgent)]
        return await self._note(conversation_id, *events, owner="queue")

    async def rate(self, conversation_id: str, rated: Rated, *, customer_id: str | None) -> list[Logged]:
        await self._own(conversation_id, customer_id)
        return await self._note(conversation_id, rated)

    async def close_conversation(self, conversation_id: str, *, customer_id: str | None) -> list[Logged]:
        await self._own(conversation_id, customer_id)
        return await self._note(conversation_id, Closed(by="customer"))

    async def sweep(self) -> list[tuple[Conversation, list[Logged]]]:
        """What the clock does: approvals nobody gave in time go back to people, and silence before a supervisor.

        The conversations that changed as they were, each with what was logged since.
        """
        now = self.engine.clock.now()
        heads = await self.approvals.late()
        quiet = now - timedelta(minutes=self.profile.owner_silence_minutes)
        heads |= {head.id: head for head in await self.ownership.silent(quiet)}
        await self.approvals.expire()
        await self.ownership.escalate_silent(quiet, now)
        return [(head, await self.conversations.read(head.id, after=head.last_seq)) for head in heads.values()]

    async def recover(self) -> list[Logged]:
        """Finish what a kill left open: permits without an effect, messages without an answer. Returns what was
        logged.
        """
        await self.approvals.recover()
        done: list[Logged] = []
        for conversation, _ in await self.conversations.unanswered(self.profile.key):
            replies = self.reply(conversation.id, customer_id=conversation.customer_id)
            done += [item async for item in replies if isinstance(item, Logged)]
        return done

    # ── one turn's frame ─────────────────────────────────────────────────────────────────────────────────────────

    async def _own(self, conversation_id: str, customer_id: str | None) -> Conversation:
        return await self.conversations.get(conversation_id, customer_id=customer_id, shop=self.profile.key)

    async def _silent_context(self, conversation: Conversation) -> TurnContext:
        """A turn to speak in when the customer has asked nothing."""
        return await self._context(conversation, Asked(client_id="", text=""))

    async def _context(self, conversation: Conversation, asked: Asked, past: Past | None = None) -> TurnContext:
        now = self.engine.clock.now()
        who = conversation.customer_id
        past = past or await self.permits.proposals.past(conversation)
        kept = past.proposal
        action = kept.proposal.action.name if kept and kept.state == "open" else None
        context = TurnContext(
            engine=self.engine,
            conversation=conversation,
            asked=asked,
            heard=self._understander.hear(asked.text, conversation.state, now, action=action),
            customer=await self.engine.shop.customer(who) if who else None,
            now=now,
            state=conversation.state,
            open_proposal=kept.proposal if kept and kept.state == "open" else None,
            given=past.given,
            unfinished=kept if kept and (kept.permit or kept.state == "awaiting") else None,
        )
        context.evidence.text(asked.text, self.profile.name.zh, self.profile.name.en)
        context.remember(lang=context.heard.lang, mood=context.heard.mood)
        if context.heard.slots.order_id or asked.order_id:
            context.remember(order_id=asked.order_id or context.heard.slots.order_id)
        note_claims(context)
        if asked.sku or context.heard.slots.sku:
            context.remember(sku=asked.sku or context.heard.slots.sku)
        return context

    async def _commit(self, turn: _Turn, number: int) -> list[Logged]:
        context = turn.context
        turn.entries.extend(context.events)
        context.events.clear()
        gap = gap_of(context, turn.entries, planner=turn.planner)
        done = Done(turn=number, quick_replies=turn.quick_replies, planner=turn.planner, gap=gap)
        context.conversation, logged = await self.conversations.commit(
            context.conversation,
            [*turn.entries, done],
            at=self.engine.clock.now(),
            state=context.state,
            owner="queue" if turn.hand_off and context.conversation.owner == "assistant" else None,
            proposals=context.proposals,
            settled=turn.settled,
            turn_done=True,
        )
        return logged

    async def _note(
        self,
        conversation_id: str,
        *entries: Entry,
        owner: Literal["assistant", "agent", "queue"] | None = None,
        agent: str | None = None,
    ) -> list[Logged]:
        conversation = await self.conversations.get(conversation_id, customer_id=None, shop=self.profile.key)
        _, logged = await self.conversations.commit(
            conversation, entries, at=self.engine.clock.now(), owner=owner, agent=agent, turn_done=False
        )
        return logged


__all__ = ["Assistant", "Saying"]
