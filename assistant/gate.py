"""The gate for writes that somebody else plans: a chat model, another agent, a script.

    propose   scope table → the write's own table → a proposal with its terms, or a denial with its clauses
    confirm   the write's table once more (the world has moved) → the customer's yes → permit → effect → ledger

Whoever calls it holds no handle to the shop. Facts come from the shop's records and never from the caller, except for
arguments that `facts.yaml` marks as `claimed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias

from assistant.context import decided_event
from assistant.conversation import Answered, Conversation, Entry, Term
from assistant.errors import NotAuthorised, NotFound, ProposalExpired, ProposalSettled
from assistant.permits import Permits
from assistant.proposals import ASSISTANT, PROPOSAL_LIFETIME, Proposal, Settled, draft_proposal
from assistant.shop import Action
from assistant.store.conversations import ConversationStore
from assistant.wording import fill, placeholders
from assistant.write_rules import ALLOW, WriteBook, WriteRule
from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, Facts
from knowledge.errors import FactTypeError, XiaoerError

Answer: TypeAlias = Literal["yes", "no", "none", "late", "settled", "other_terms", "second_person"]
"""What became of the question whether the customer agrees, as the consent table is asked about it."""


class Records(Protocol):
    """What the shop's system knows about a write that is wanted."""

    async def facts(self, action: Action, customer_id: str) -> Facts:
        """The facts the write's table may read, seen with the rights of this customer: what belongs to somebody else
        looks like what is not there.
        """
        ...


@dataclass(frozen=True, slots=True)
class Denied:
    """A write that is not made, and the decision that says why, with its clauses."""

    decision: Decision

    @property
    def code(self) -> str:
        return self.decision.code

    @property
    def clauses(self) -> tuple[str, ...]:
        return self.decision.clauses


class MistakenCall(XiaoerError):
    """A write was asked for with arguments missing, unknown or of the wrong type: a mistake of the caller."""


class WriteGate:
    """The one way to a write for callers outside the dialogue. `place` is where the shop sells."""

    def __init__(
        self,
        policies: PolicySet,
        book: WriteBook,
        permits: Permits,
        conversations: ConversationStore,
        records: Records,
        *,
        place: Place | None = None,
        lifetime: timedelta = PROPOSAL_LIFETIME,
    ) -> None:
        self._policies = policies
        self._book = book
        self._permits = permits
        self._conversations = conversations
        self._records = records
        self._place = place or Place()
        self._lifetime = lifetime

    async def propose(self, call: Action, conversation_id: str, *, customer_id: str, at: datetime) -> Proposal | Denied:
        """The proposal of `call`, kept and waiting for its yes, or the denial. Either stands in the conversation's log.

        The amount is the table's, whatever the caller named. Raises `NotFound` for somebody else's conversation and
        `MistakenCall`.
        """
        talk = await self._conversations.get(conversation_id, customer_id=customer_id)
        decisions = await self._judge(call, customer_id, at)
        verdict = decisions[-1]
        events: list[Entry] = [decided_event(decision, call.order_id) for decision in decisions]
        if verdict.code != ALLOW:
            await self._conversations.commit(talk, events, at=at, turn_done=False)
            return Denied(verdict)
        proposal = self._draft(call, talk, decisions, at)
        events.append(proposal.as_event())
        await self._conversations.commit(talk, events, at=at, proposals=[proposal], turn_done=False)
        return proposal

    async def confirm(
        self,
        proposal_id: str,
        answered: Answered | None,
        *,
        args_hash: str,
        customer_id: str,
        conversation_id: str,
        at: datetime,
    ) -> Settled | Denied:
        """Carry out what was proposed, upon the customer's own answer to exactly these terms.

        Raises `NotFound` for somebody else's conversation, and what `Permits.execute` raises.
        """
        talk = await self._conversations.get(conversation_id, customer_id=customer_id)
        try:
            kept = await self._permits.find(proposal_id)
        except NotFound:
            return self._upon("none", at)
        if answered is None or answered.proposal_id != proposal_id:
            return self._upon("none", at)
        try:
            if answered.answer == "no":
                await self._permits.decline(
                    proposal_id, customer_id=customer_id, conversation_id=talk.id, at=at, answered=answered
                )
                return self._upon("no", at)
            agreed = self._upon("yes", at)
            if agreed.code != ALLOW:
                return agreed
            if kept.state == "open" and (changed := await self._changed(kept.proposal, customer_id, at)):
                await self._permits.decline(proposal_id, customer_id=customer_id, conversation_id=talk.id, at=at)
                return Denied(changed)
            permit = await self._permits.authorise(
                proposal_id,
                customer_id=customer_id,
                conversation_id=talk.id,
                args_hash=args_hash,
                at=at,
                by=ASSISTANT,
                answered=answered,
            )
        except (ProposalExpired, ProposalSettled, NotFound, NotAuthorised) as error:
            return self._upon(next(answer for kind, answer in _REFUSALS.items() if isinstance(error, kind)), at)
        settled = await self._permits.execute(permit, at)
        talk = await self._conversations.get(talk.id, customer_id=customer_id)
        acted = settled.as_event(kept.proposal.terms)
        await self._conversations.commit(talk, [acted], at=at, settled=[settled], turn_done=True)
        return settled

    async def _judge(self, call: Action, customer_id: str, at: datetime) -> list[Decision]:
        """The decisions about `call`: the last one is the verdict."""
        scope = self._decide(self._book.scope, {"write": call.name}, at)
        if scope.code != ALLOW:
            return [scope]
        rule = self._book.writes.get(call.name)
        if rule is None:
            raise MistakenCall(f"writes.yaml has no `{call.name}`, which {self._book.scope} allows.")
        _check_args(rule, call)
        known = {**self._claimed(call), **await self._records.facts(call, customer_id), "write": call.name}
        return [scope, self._decide(rule.table, known, at)]

    async def _changed(self, proposal: Proposal, customer_id: str, at: datetime) -> Decision | None:
        """The decision of now, if it no longer allows what was proposed, or not at this amount."""
        if customer_id != proposal.customer_id:
            return None  # `authorise` refuses it, without telling whether there is such a proposal
        verdict = (await self._judge(proposal.action, customer_id, at))[-1]
        if verdict.code != ALLOW:
            return verdict
        same = verdict.amount == proposal.action.amount
        return None if same else self._upon("other_terms", at).decision

    def _claimed(self, call: Action) -> Facts:
        facts = self._policies.facts
        return {name: value for name, value in call.args.items() if name in facts and facts[name].source == "claimed"}

    def _decide(self, table: str, facts: Facts, at: datetime) -> Decision:
        known = {name: value for name, value in facts.items() if name in self._policies.facts}
        try:
            return self._policies.decide(table, known, at=at, place=self._place)
        except FactTypeError as error:
            raise MistakenCall(error.what, mend=error.mend) from error

    def _upon(self, answer: Answer, at: datetime) -> Denied:
        """What the consent table says of an answer, as the denial it is unless it says `ALLOW`."""
        return Denied(self._decide(self._book.consent, {"answer": answer}, at))

    def _draft(self, call: Action, talk: Conversation, decisions: list[Decision], at: datetime) -> Proposal:
        rule, verdict = self._book.writes[call.name], decisions[-1]
        values = {name: _shown(value) for name, value in {**verdict.read, **call.args}.items()}
        values |= {"order_id": call.order_id or "—", "amount": _plain(verdict.amount)}
        values |= {name: "—" for term in rule.terms for name in placeholders(term.value.in_(talk.lang)) - values.keys()}
        terms = [
            Term(label=term.label.in_(talk.lang), value=fill(term.value.in_(talk.lang), values)) for term in rule.terms
        ]
        return draft_proposal(
            conversation=talk,
            action=call.model_copy(update={"amount": verdict.amount}),
            title=rule.title.in_(talk.lang),
            terms=terms,
            decisions=decisions,
            clauses=self._upon("none", at).clauses,
            at=at,
            lifetime=self._lifetime,
            needs_agent=verdict.actor != "bot",
        )


_REFUSALS: dict[type[XiaoerError], Answer] = {
    ProposalExpired: "late",
    ProposalSettled: "settled",
    NotFound: "other_terms",
    NotAuthorised: "second_person",
}


def _check_args(rule: WriteRule, call: Action) -> None:
    given = set(call.args) | ({"order_id"} if call.order_id else set())
    missing, unknown = set(rule.args) - given, given - {*rule.args, *rule.optional}
    if missing or unknown:
        fault = f"lacks {sorted(missing)}" if missing else f"does not take {sorted(unknown)}"
        raise MistakenCall(f"`{call.name}` {fault}.", mend="See writes.yaml for its arguments.")


def _shown(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else "—" if value is None else str(value)


def _plain(fen: int | None) -> str:
    return "—" if fen is None else f"{fen // 100}.{fen % 100:02d}"
