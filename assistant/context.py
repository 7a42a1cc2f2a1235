"""What one turn works with: the engine's parts, the customer's words as understood, and what has been found so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from assistant.authority import Given
from assistant.catalogue import Catalogue
from assistant.clock import Clock
from assistant.conversation import (
    Asked,
    Citation,
    Conversation,
    Decided,
    DialogueState,
    Lang,
    QuickReply,
    TurnEvent,
)
from assistant.flows import FlowBook
from assistant.guard import Evidence, Violation, check
from assistant.profile import ShopProfile
from assistant.proposals import Proposal
from assistant.quality import ScorecardRules
from assistant.retention import OfferBook
from assistant.shop import Customer, Order, Shop
from assistant.store.proposals import Kept
from assistant.understanding import Understanding
from knowledge.clauses import Clause, Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, Facts
from knowledge.errors import UnknownClause
from knowledge.live_index import Clauses
from knowledge.quotes import quote_of

WORDS = "words"
"""The slot that keeps the part of an earlier message that speaks of an issue still waiting, by intent."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts a turn needs, chosen once by `build`."""

    profile: ShopProfile
    policies: PolicySet
    index: Clauses
    catalogue: Catalogue
    shop: Shop
    flows: FlowBook
    offers: OfferBook
    scorecard: ScorecardRules
    clock: Clock


@dataclass
class TurnContext:
    """One turn in the making. Planners and flows read the engine and add to `events`, `evidence` and `proposals`."""

    engine: Engine
    conversation: Conversation
    asked: Asked
    heard: Understanding
    customer: Customer | None
    now: datetime
    state: DialogueState
    open_proposal: Proposal | None = None
    unfinished: Kept | None = None
    """A proposal whose yes was carried out, or begun, without the customer having been told: the process died then."""
    evidence: Evidence = field(default_factory=Evidence)
    events: list[TurnEvent] = field(default_factory=list[TurnEvent])
    citations: list[Citation] = field(default_factory=list[Citation])
    proposals: list[Proposal] = field(default_factory=list[Proposal])
    told: list[str] = field(default_factory=list[str])
    """What tools have said in words of their own, which a reply may repeat."""
    more_orders: list[str] = field(default_factory=list[str])
    """Further orders the same wish was said of: they are served after the one at hand."""
    only_order: str | None = None
    """The order that is served now, when it was one of several."""
    taken: set[str] = field(default_factory=set[str])
    """The names of the fixed texts that were taken: a model may word them otherwise."""
    given: tuple[Given, ...] = ()
    """The money the customer was permitted before: what authority is reckoned from."""
    _orders: list[Order] | None = None

    @property
    def lang(self) -> Lang:
        return self.heard.lang

    def words_for(self, intent: str) -> str:
        """The part of the message that speaks of `intent`: with several issues in it, each is answered from its own."""
        kept = self.state.slots.get(WORDS, {}).get(intent)
        here = next((g.words for g in self.heard.intents if g.name == intent and g.words), None)
        return here or kept or self.heard.text

    def say(self, name: str) -> str:
        """A fixed text of the pack in the customer's language."""
        self.taken.add(name)
        return self.engine.flows.text(name, self.lang)

    def remember(self, **changes: Any) -> None:
        """Change what is kept for the next turn."""
        if any(getattr(self.state, name) != value for name, value in changes.items()):
            self.state = self.state.model_copy(update=changes)

    @property
    def known_orders(self) -> list[Order]:
        """The customer's own orders, if this turn has read them already."""
        return self._orders or []

    async def orders(self) -> list[Order]:
        """The customer's own orders, newest first; empty when nobody is signed in."""
        if self._orders is None:
            own = await self.engine.shop.orders(self.customer.customer_id) if self.customer else []
            self._orders = own
        return self._orders

    def decide(self, table: str, facts: Facts, place: Place, *, event_time: datetime, order_id: str | None) -> Decision:
        """Ask a table and log its answer. The clause in force at `event_time` decides."""
        return self._told(self._asked(table, facts, place, event_time), order_id)

    def ask_aside(
        self,
        table: str,
        facts: Facts,
        place: Place,
        tells: Callable[[Decision], bool],
        *,
        event_time: datetime,
        order_id: str | None,
    ) -> Decision | None:
        """The same, but an answer that tells nothing is left out of the talk and its log."""
        decision = self._asked(table, facts, place, event_time)
        return self._told(decision, order_id) if tells(decision) else None

    def _asked(self, table: str, facts: Facts, place: Place, event_time: datetime) -> Decision:
        policies = self.engine.policies
        declared = policies.facts
        known = {
            name: value
            for name, value in facts.items()
            if name in declared and (value is not None or declared[name].nullable)
        }
        return policies.decide(table, known, at=event_time, place=place, decided_at=self.now)

    def _told(self, decision: Decision, order_id: str | None) -> Decision:
        policies = self.engine.policies
        formula, appeal = policies.formula(decision, self.lang), policies.appeal(decision, self.lang)
        decision = replace(decision, formula=formula, appeal=appeal)
        self.events.append(decided_event(decision, order_id))
        self.evidence.money(decision.amount)
        self.evidence.instant(decision.deadline)
        if decision.formula:
            self.evidence.text(decision.formula)
        for value in decision.read.values():
            if isinstance(value, datetime):
                self.evidence.instant(value)
        return decision

    def cite(self, ref: str) -> Citation | None:
        """Cite a clause by reference: a machine-checked quote with a mark that counts from 1. None if the pack has
        none.
        """
        try:
            clause = self.engine.index.clause(ref, self.lang)
        except UnknownClause:
            return None
        return self.cite_clause(clause) if _for_customers(clause) else None

    def cite_clause(self, clause: Clause) -> Citation:
        for known in self.citations:
            if known.clause == clause.ref:
                return known
        citation = citation_of(clause, len(self.citations) + 1)
        self.citations.append(citation)
        self.evidence.text(citation.text, citation.title)
        return citation

    def violations(self, text: str) -> list[Violation]:
        """What in `text` nothing of this turn supports."""
        quotes = [words for citation in self.citations for words in (citation.text, citation.title)] + self.told
        return check(text, self.evidence, quotes=quotes)

    def marks(self, refs: Sequence[str]) -> str:
        """The marks of the clauses that can be cited to a customer: `[1][2]`."""
        found = [self.cite(ref) for ref in refs]
        return "".join(f"[{citation.mark}]" for citation in found if citation)


@dataclass(frozen=True, slots=True)
class Question:
    """The one question of a turn: the fact or slot it asks for, its words and buttons."""

    asks: str
    text: str
    quick_replies: tuple[QuickReply, ...] = ()


def citation_of(clause: Clause, mark: int) -> Citation:
    """The whole clause as the quotation with this mark."""
    quote, policy = quote_of(clause, clause.text), clause.policy
    return Citation(
        mark=mark,
        clause=clause.ref,
        policy=policy.key,
        title=policy.title,
        text=quote.reading or quote.text,
        start=quote.start,
        end=quote.end,
        level=policy.level,
        in_force_from=policy.window.start,
        in_force_to=policy.window.end,
        status=policy.status,
    )


def decided_event(decision: Decision, order_id: str | None) -> Decided:
    return Decided(
        table=decision.table,
        row=decision.row,
        code=decision.code,
        policy=decision.policy,
        clauses=decision.clauses,
        needs=decision.needs,
        amount=decision.amount,
        formula=decision.formula,
        deadline=decision.deadline,
        actor=decision.actor,
        appeal=decision.appeal,
        read={
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in decision.read.items()
        },
        order_id=order_id,
    )


def _for_customers(clause: Clause) -> bool:
    """Clauses for agents only are never shown to a customer."""
    audiences = clause.policy.scope.audiences
    return not audiences or "customer" in audiences
